"""Capture: pieces come in and may come again; what was sent is looked at, and kept as pixels of our own or refused with
a reason. Three failed tries of the face lead to the counter."""

import hashlib
import io
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import IO, Any

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enrollment.card import MAX_BYTES
from enrollment.journey import Step
from enrollment.models import Application, Trail
from enrollment.steps.pairing import Errand
from kyc.gateways import eyes
from kyc.models import Evidence, Piece, Upload
from kyc.reading import picture
from kyc.steps.sparing import needed
from portal import audit, isolation, jobs, sealing
from portal.allowances import Limit
from portal.models import SealedFile, User
from portal.refusals import Refusal, out_of_step

PIECE = 256 * 1024
LARGEST = {"card-front": MAX_BYTES, "card-back": MAX_BYTES, "face": 8_000_000}
UPLOADS = Limit("evidence uploads", 120, timedelta(days=1))
LOOK_TAKES = timedelta(seconds=30)
# By whoever sits at a desk without a camera: a phone is let into this one step.
PHONE = Errand("capture phone", Q(step=Step.CAPTURE), timedelta(minutes=10), stays=timedelta(minutes=30))
Files = dict[str, tuple[SealedFile, str]]  # by kind: the sealed file and the digest of its pixels
Given = dict[str, tuple[dict[str, bytes], dict[str, Any]]]  # by item: pictures as they are stored, and what was found
INSIST_AFTER = (
    2  # refusals of an item, after which a soft fault is left to the reviewer: an old phone takes no better one
)
KEPT_AFTER_REPLACED = timedelta(days=30)
KINDS = {"card-front": ("card-front",), "card-back": ("card-back",), "face": ("face-far", "face-near", "face-film")}

SAID: dict[str, Any] = {
    "not-a-photo": _("Tệp này không phải ảnh đọc được. Quý khách hãy chụp lại, hoặc chọn ảnh JPEG hay PNG."),
    "replaced": _("Ảnh này đã được thay bằng một ảnh khác vừa gửi."),
    "not-read": _("Chưa xem được tệp vừa gửi. Quý khách vui lòng chụp lại."),
    "photo-too-large": _("Ảnh quá lớn. Quý khách hãy chọn ảnh JPEG nhỏ hơn, hoặc chụp bằng máy ảnh."),
    "small": _("Ảnh quá nhỏ để đọc chữ. Quý khách dùng máy ảnh điện thoại, hoặc chọn ảnh lớn hơn."),
    "dark": _("Ảnh quá tối. Quý khách chụp ở nơi sáng hơn."),
    "glare": _("Ảnh bị lóa. Quý khách nghiêng nhẹ giấy tờ hoặc tránh đèn."),
    "blurred": _("Ảnh bị mờ. Quý khách giữ chắc máy, chờ một giây rồi chụp."),
    "far": _("Giấy tờ quá nhỏ trong ảnh. Quý khách đưa máy lại gần cho vừa khung."),
    "back-shown": _("Đây là mặt sau. Quý khách lật giấy tờ, chụp mặt có ảnh chân dung."),
    "front-shown": _("Đây là mặt trước. Quý khách lật giấy tờ, chụp mặt có ba dòng chữ in máy ở cuối thẻ."),
    "late": _("Đoạn ghi đến quá hạn nên không dùng được. Quý khách làm lại; nếu cần thời gian, hãy chọn chế độ chậm."),
    "wrong-film": _("Đoạn ghi không đúng với lần thử này. Quý khách vui lòng làm lại."),
    "no-face": _("Chưa thấy rõ khuôn mặt. Quý khách bỏ khẩu trang, kính râm, đứng nơi sáng rồi làm lại."),
    "not-followed": _(
        "Khuôn mặt chưa theo khung xa – gần. Quý khách làm lại, chậm rãi theo khung; có thể chọn chế độ chậm."
    ),
    "still": _("Chưa thấy chuyển động. Quý khách vui lòng tự đứng trước máy ảnh và làm lại."),
}
REPLACED = {"refused": "replaced"}
SOFT = {"small", "dark", "glare", "blurred", "far", "front-shown", "back-shown"}


def no(code: str) -> Refusal:
    return Refusal(code, SAID[code], status=422)


# ── What is there and what is left ──


def missing(application: Application, evidence: dict[str, Evidence] | None = None) -> list[str]:
    """The items still to be given, in their order: never given, or sent back since."""
    evidence = Evidence.of(application) if evidence is None else evidence
    asked_again: Mapping[str, str] = application.items if Step.CAPTURE in application.redo else {}
    asked_at = (
        Trail.objects.filter(application=application, verb="sent back")
        .order_by("-pk")
        .values_list("at", flat=True)
        .first()
        if asked_again
        else None
    )

    def is_there(item: str) -> bool:
        kinds = [evidence.get(kind) for kind in KINDS[item]]
        if not all(kinds):
            return False
        return not (
            item in asked_again and asked_at and any(picture and picture.created_at < asked_at for picture in kinds)
        )

    return [item for item in needed(application) if not is_there(item)]


def arrived(application: Application) -> None:
    """Where nothing is to be shown, the step is done as soon as it is reached."""
    if not needed(application):
        finish(application)


def finish(application: Application) -> None:
    if missing(application):
        raise Refusal("evidence-missing", _("Còn ảnh chưa chụp. Quý khách vui lòng chụp đủ rồi bấm Tiếp theo."))
    application.finish(changed=True)


# ── Pieces ──


def begin(application: Application, key: uuid.UUID, item: str, size: int, way: str) -> Upload:
    """The same key twice is the same upload; a new one for the item takes the place of what lay unfinished. What came
    whole is being looked at, and is not taken away from under that look."""
    if item not in needed(application) or not 0 < size <= LARGEST[item]:
        raise no("photo-too-large") if item in LARGEST and size > LARGEST[item] else out_of_step()
    known = Upload.objects.filter(key=key).first()
    if known is None:
        UPLOADS.require(
            str(application.pk),
            _("Quý khách đã gửi quá nhiều ảnh hôm nay. Vui lòng thử lại ngày mai hoặc đến quầy VNPT."),
        )
        eyes.READER.wake()
        known = make_room(application, key, item, {"size": size, "way": way})
    if (known.application_id, known.item, known.size) != (application.pk, item, size):
        raise out_of_step()
    known.application = application
    return known


@transaction.atomic
def make_room(application: Application, key: uuid.UUID, item: str, facts: Mapping[str, Any]) -> Upload:
    """All who write here take the application first, then its uploads, then their pieces: so nobody waits in a circle,
    and nothing goes from under somebody's hands."""
    application.hold()
    waiting = Upload.objects.filter(application=application, item=item, received__lt=F("size"), answer__isnull=True)
    unfinished = list(waiting.exclude(key=key).select_for_update().values_list("pk", flat=True))
    Upload.objects.filter(pk__in=unfinished).update(answer=REPLACED)
    Piece.objects.filter(upload__in=unfinished).delete()
    upload, _new = Upload.objects.get_or_create(key=key, defaults={"application": application, "item": item, **facts})
    return upload


@transaction.atomic
def take_in(application: Application, item: str, file: IO[bytes], size: int, way: str) -> Upload:
    """A whole file at once: at no moment does it lie there unfinished."""
    application.hold()
    upload, start = begin(application, uuid.uuid4(), item, size, way), 0
    while piece := file.read(PIECE):
        start = receive(upload, start, piece)
    return upload


@transaction.atomic
def receive(upload: Upload, start: int, piece: bytes) -> int:
    """How much has come so far. A piece that is here already, or comes out of turn, changes nothing."""
    if piece and len(piece) <= PIECE and start + len(piece) <= upload.size:
        in_turn = Upload.objects.filter(pk=upload.pk, received=start, answer__isnull=True)
        if in_turn.update(received=F("received") + len(piece)):
            sealed = sealing.seal(piece, place_of(upload), upload.data_key.opened())
            Piece.objects.create(upload=upload, start=start, sealed=sealed)
    standing = Upload.objects.filter(pk=upload.pk).values_list("received", "answer").first()
    if standing is None or standing[1] == REPLACED:
        raise replaced()
    return int(standing[0])


def replaced() -> Refusal:
    return Refusal("replaced", SAID["replaced"], status=410)


def claim(upload: Upload) -> bool:
    """Whether it came whole and nobody is looking at it: one look at a time, and another if that one died."""
    now = timezone.now()
    free = Q(claimed_at=None) | Q(claimed_at__lt=now - LOOK_TAKES)
    return bool(
        Upload.objects.filter(free, pk=upload.pk, received=F("size"), answer__isnull=True).update(claimed_at=now)
    )


def place_of(upload: Upload) -> str:
    return f"kyc_piece.{upload.key}"


def whole(upload: Upload) -> bytes:
    key, place = upload.data_key.opened(), place_of(upload)
    return b"".join(sealing.unseal(piece.sealed, place, key) for piece in upload.pieces.order_by("start"))


def conclude(upload: Upload, answer: dict[str, Any]) -> bool:
    """One answer for one upload, whoever else may be working on the same bytes."""
    if not Upload.objects.filter(pk=upload.pk, answer__isnull=True).update(answer=answer):
        return False
    upload.answer = answer
    upload.pieces.all().delete()
    return True


def refuse(upload: Upload, code: str) -> None:
    with transaction.atomic():
        conclude(upload, {"refused": code})


# ── Cards ──


def take_card(upload: Upload, *, insist: bool = False) -> None:
    """Look at what was sent; keep it, or say why not."""
    try:
        looked_at = eyes.card(whole(upload))
    except isolation.Failed:
        return refuse(upload, "not-read")
    if looked_at is None:
        return refuse(upload, "not-a-photo")
    image, seen = looked_at
    fault = seen.fault(upload.item)
    if fault and not (insist and fault in SOFT and may_insist(upload.application, upload.item)):
        return refuse(upload, fault)
    facts = {**seen.facts, "insisted": fault}
    with stored(upload.application, {upload.item: picture.kept(image)}) as files, transaction.atomic():
        check_still_capturing(upload.application)
        if conclude(upload, {"kept": True}):
            keep(upload.application, files, upload.way, facts)
    return None


def may_insist(application: Application, item: str) -> bool:
    refused = Upload.objects.filter(application=application, item=item, answer__refused__in=sorted(SOFT))
    return refused.count() >= INSIST_AFTER


def check_still_capturing(application: Application) -> None:
    """In a transaction: nothing is added to a file that went on to review this very moment."""
    application.hold()
    if not Application.objects.filter(pk=application.pk, step=Step.CAPTURE, moves=application.moves).exists():
        raise out_of_step()


@contextmanager
def stored(application: Application, pictures: Mapping[str, bytes]) -> Iterator[Files]:
    """Sealed and stored before any transaction, for that takes its time; what no evidence names in the end goes again."""
    files = {
        kind: (SealedFile.store(io.BytesIO(pixels), "image/jpeg", application.data_key), pixels)
        for kind, pixels in pictures.items()
    }
    try:
        yield {kind: (file, digest(pixels)) for kind, (file, pixels) in files.items()}
    finally:
        mine = {file.pk: file for file, _pixels in files.values()}
        named = set(Evidence.objects.filter(file__in=mine).values_list("file", flat=True))
        for pk in set(mine) - named:
            mine[pk].forget()


def digest(pixels: bytes) -> str:
    """What an approval binds to; keyed, so that it tells nothing to whoever only has the database."""
    return sealing.blind_index("evidence", hashlib.sha256(pixels).hexdigest())


def keep(
    application: Application, files: Files, way: str, facts: dict[str, Any] | None, by: User | None = None
) -> None:
    """These pictures count from now on. Who of staff took them at a counter had a hand in the file."""
    now, actor = timezone.now(), audit.actor.get().user
    by = by or (actor if actor and actor.is_staff else None)
    Evidence.objects.filter(application=application, kind__in=files, replaced_at=None).update(replaced_at=now)
    for kind, (file, pixels_digest) in files.items():
        Evidence.objects.create(
            application=application,
            kind=kind,
            way=way,
            file=file,
            digest=pixels_digest,
            facts=facts,
            by=by,
            created_at=now,
        )
    Application.objects.filter(pk=application.pk).update(touched_at=now, reminded_at=None)


def give(application: Application, given: Given, *, way: str = "camera", by: User | None = None) -> None:
    """Pictures that were looked at already."""
    for pictures, facts in given.values():
        with stored(application, pictures) as files:
            keep(application, files, way, facts, by)


def is_sound(evidence: Evidence) -> bool:
    """Whether the stored pixels are those that were kept."""
    file = evidence.file
    return file is not None and digest(file.read()) == evidence.digest


# ── On schedule ──


def tidy() -> None:
    """Unfinished uploads; pictures replaced long ago; files whose key was erased with their person."""
    now = timezone.now()
    Upload.objects.filter(created_at__lt=now - timedelta(days=1)).delete()
    kept = Evidence.objects.exclude(file=None).select_related("file")
    old = kept.filter(replaced_at__lt=now - KEPT_AFTER_REPLACED).exclude(application__step=Step.REVIEW)
    for rows in (old, kept.exclude(file__data_key__erased_at=None)):
        jobs.each(jobs.through(rows), drop)


@transaction.atomic
def drop(evidence: Evidence) -> None:
    """The picture goes; that there was one, and whose hand took it, stays."""
    file = evidence.file
    assert file
    Evidence.objects.filter(pk=evidence.pk).update(file=None, facts=None)
    file.forget()
