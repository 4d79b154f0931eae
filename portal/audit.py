"""Who did what about whom: append-only and tamper-evident, without a lock that writers share.

Each entry carries a MAC of its own. Every few seconds a sealer closes the entries written since then in one batch,
chained to the batch before and signed; the head goes to an anchor outside the database. So a changed, removed, swapped
or added entry breaks its batch, and a cut tail or a restored old dump falls short of the anchor (promise P7)."""

import hashlib
import hmac
import json
import os
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import structlog
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from portal import logs, sealing
from portal.gateways import keys
from portal.models import Event, Seal, User

log = structlog.get_logger(__name__)
BATCH = 2000
BEGINNING = "0" * 64
VERBS: dict[str, Any] = {  # as staff read them; a test finds a verb that is missing here
    "account activated": _("Kích hoạt tài khoản"),
    "account changed": _("Sửa tài khoản"),
    "account opened": _("Mở tài khoản"),
    "application erased": _("Xóa dữ liệu hồ sơ"),
    "application opened up": _("Mở số giấy tờ của hồ sơ"),
    "application resumed": _("Tiếp tục hồ sơ trên máy khác"),
    "application stopped": _("Dừng hồ sơ"),
    "applications searched": _("Tìm hồ sơ"),
    "authority made": _("Tạo khóa cấp chứng thư số"),
    "branch changed": _("Sửa đơn vị"),
    "case assigned": _("Giao hồ sơ"),
    "case planted": _("Gài hồ sơ mẫu"),
    "case taken over": _("Lấy lại hồ sơ người khác giữ"),
    "certificate intended": _("Chuẩn bị cấp chứng thư số"),
    "certificate issued": pgettext_lazy("đã", "Cấp chứng thư số"),
    "certificate restored": _("Khôi phục chứng thư số"),
    "certificate revoked": _("Thu hồi chứng thư số"),
    "certificate suspended": _("Tạm dừng chứng thư số"),
    "code resent": _("Gửi lại mã kích hoạt"),
    "consent withdrawn": _("Rút lại đồng ý"),
    "contract begun": _("Bắt đầu ký hợp đồng"),
    "contract sealed": _("Đóng dấu hợp đồng"),
    "contract signed": _("Khách ký hợp đồng"),
    "demo sign-in": _("Vào từ bàn trình diễn"),
    "evidence looked at": _("Xem ảnh giấy tờ, khuôn mặt"),
    "face tries allowed": _("Cho làm lại bước khuôn mặt"),
    "file appraised": _("Thẩm định hồ sơ"),
    "file approved": _("Duyệt hồ sơ"),
    "file opened": _("Mở hồ sơ thẩm định"),
    "invoices tried again": _("Phát hành lại hóa đơn"),
    "master key made": _("Tạo khóa chủ"),
    "messages resent": _("Gửi lại tin"),
    "minutes signed": _("Khách ký biên bản nghiệm thu"),
    "paper looked at": _("Xem tài liệu đã ký"),
    "password changed": _("Đổi mật khẩu"),
    "password reset asked": _("Xin đặt lại mật khẩu"),
    "password reset": _("Đặt lại mật khẩu"),
    "payment received": _("Nhận thanh toán"),
    "people searched": _("Tìm tài khoản"),
    "pin locked": _("Mã PIN bị khóa"),
    "pin made": _("Tạo mã PIN"),
    "plan changed": _("Sửa gói cước"),
    "policy changed": _("Sửa chính sách"),
    "policy live": _("Áp dụng chính sách"),
    "policy retired": _("Thôi áp dụng chính sách"),
    "policy tried": _("Chạy thử chính sách"),
    "recovery codes generated": _("Tạo mã dự phòng"),
    "refund done": _("Đã hoàn tiền"),
    "refund due": _("Chờ hoàn tiền"),
    "rejection objected to": _("Khiếu nại từ chối"),
    "roles changed": _("Đổi vai trò"),
    "roles confirmed": _("Xác nhận vai trò"),
    "sample judged": _("Xem lại mù"),
    "sealed again": _("Niêm phong lại"),
    "second factor": _("Lớp xác thực thứ hai"),
    "sessions ended": _("Đăng xuất thiết bị"),
    "sign-in": _("Đăng nhập"),
    "sign-out": _("Đăng xuất"),
    "totp activated": _("Bật ứng dụng xác thực"),
    "totp deactivated": _("Tắt ứng dụng xác thực"),
    "webauthn added": _("Thêm khóa sinh trắc học"),
    "webauthn removed": _("Gỡ khóa sinh trắc học"),
}
RESULTS: dict[str, Any] = {"ok": _("được"), "refused": _("bị từ chối")}


@dataclass(frozen=True)
class Scene:
    """Who is at work and from where; the middleware sets it, so that steps need not know of requests."""

    actor: User | None = None
    place: str = ""


scene: ContextVar[Scene] = ContextVar("scene", default=Scene())  # noqa: B039 (frozen)


def record(
    verb: str, about: models.Model | str = "", *, actor: User | None = None, result: str = "ok", **details: Any
) -> Event:
    """One entry, in the transaction of the change it tells of. Details name no one: ids and kinds only."""
    who = actor or scene.get().actor
    event = Event(
        at=timezone.now(),
        actor=who,
        role=",".join(who.roles) if who else "",
        branch=who.branch.name if who and who.branch else "",
        verb=verb,
        about=f"{about._meta.model_name}:{about.pk}" if isinstance(about, models.Model) else about,
        result=result,
        place=scene.get().place,
        request_id=logs.request_id(),
        details=details,
    )
    event.mac = mac_of(event)
    event.save(force_insert=True)
    log.info("audit", verb=verb, about=event.about, actor=event.actor_id, result=result)
    return event


def mac_of(event: Event) -> str:
    told = [
        event.at.isoformat(),
        event.actor_id,
        event.role,
        event.branch,
        event.verb,
        event.about,
        event.result,
        event.place,
        event.request_id,
        event.details,
    ]
    text = json.dumps(told, sort_keys=True, ensure_ascii=False)
    return hmac.new(_key("audit entry"), text.encode(), hashlib.sha256).hexdigest()


def _key(purpose: str) -> bytes:
    return sealing.derived(keys.provider().keyring().index, purpose)


# ── Sealing ──


def seal_all() -> int:
    sealed = 0
    while seal := seal_batch():
        sealed += seal.count
    anchor_missing()
    return sealed


def seal_batch() -> Seal | None:
    """Close what stands open. Of two sealers at once the unique number lets one win; the other's turn comes again."""
    try:
        with transaction.atomic():
            return _sealed_batch()
    except IntegrityError:
        return None


def _sealed_batch() -> Seal | None:
    entries = list(Event.objects.filter(seal=None).order_by("id").values_list("id", "mac")[:BATCH])
    if not entries:
        return None
    last = Seal.objects.order_by("-number").first()
    number, total = (last.number + 1, last.total) if last else (1, 0)
    digest = digest_of(last.digest if last else BEGINNING, number, entries)
    seal = Seal.objects.create(
        number=number,
        count=len(entries),
        total=total + len(entries),
        digest=digest,
        signature=_signer().sign(_head(number, total + len(entries), digest)).hex(),
        sealed_at=timezone.now(),
    )
    marked = Event.objects.filter(pk__in=[entry for entry, _of in entries], seal=None).update(seal=seal)
    if marked != len(entries):
        raise IntegrityError("another sealer was faster")
    return seal


def digest_of(before: str, number: int, entries: list[tuple[int, str]]) -> str:
    chain = hashlib.sha256(f"{before} {number}".encode())
    for entry, mac in entries:
        chain.update(f" {entry} {mac}".encode())
    return chain.hexdigest()


def _head(number: int, total: int, digest: str) -> bytes:
    return f"audit {number} {total} {digest}".encode()


def _signer() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(_key("audit signature"))


def public_key() -> str:
    """For an outsider who holds an anchor line: the head's signature is checked with this."""
    raw = _signer().public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return raw.hex()


def anchor_missing() -> None:
    """The heads, outside the database: appended to a file (put it on another machine) and told to the log. Whatever an
    earlier run left out (killed, disk full, another node's turn) is made good here."""
    newest = Seal.objects.order_by("-number").values_list("number", flat=True).first() or 0
    last = _last_anchored()
    if newest <= last:
        return
    settings.AUDIT_ANCHOR.parent.mkdir(parents=True, exist_ok=True)
    file = os.open(settings.AUDIT_ANCHOR, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        if _ends_in_mid_line():
            os.write(file, b"\n")  # an earlier run was stopped in mid-line; its head is written again below
        for seal in Seal.objects.filter(number__gt=last).order_by("number").iterator():
            told = {"number": seal.number, "total": seal.total, "digest": seal.digest, "signature": seal.signature}
            os.write(file, json.dumps({**told, "at": seal.sealed_at.isoformat()}).encode() + b"\n")
            log.info("audit sealed", number=seal.number, total=seal.total, digest=seal.digest)
        os.fsync(file)
    finally:
        os.close(file)


def _tail() -> bytes:
    """The anchor's end, without reading the years before it."""
    try:
        with settings.AUDIT_ANCHOR.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - 4096))
            return file.read()
    except FileNotFoundError:
        return b""


def _ends_in_mid_line() -> bool:
    end = _tail()[-1:]
    return bool(end) and end != b"\n"


def _last_anchored() -> int:
    return max((told["number"] for line in _tail().split(b"\n") if (told := _told(line))), default=0)


def _told(line: bytes) -> dict[str, Any] | None:
    """A whole line, or None for a stump that a stopped writer left (the head stands again in a later line)."""
    try:
        told: dict[str, Any] = json.loads(line)
    except ValueError:
        return None
    return told


# ── Verifying ──


def verify() -> Iterator[str]:
    """Every fault found, the first one first. Nothing yielded means that nothing was changed, added or removed."""
    public = _signer().public_key()
    # Asked before the anchor is read: on a portal at work another head may come between the two.
    newest = Seal.objects.order_by("-number").values_list("number", flat=True).first() or 0
    anchored: dict[int, str] = {}
    for told in _anchored(at_least=newest):
        if not _is_ours(public, told["signature"], _head(told["number"], told["total"], told["digest"])):
            yield f"anchor of seal {told['number']}: its signature is not ours"
            return
        anchored[told["number"]] = told["digest"]
    if newest and newest not in anchored:
        yield f"seal {newest}: not in the anchor at {settings.AUDIT_ANCHOR}; verify where the anchor is kept"
        return
    digest, total = BEGINNING, 0
    for number, seal in enumerate(Seal.objects.filter(number__lte=newest).order_by("number").iterator(), 1):
        if seal.number != number:
            yield f"seal {number}: missing"
            return
        entries = []
        for event in Event.objects.filter(seal=seal).order_by("id").iterator():
            if not hmac.compare_digest(event.mac, mac_of(event)):
                yield f"entry {event.pk}: its content was changed"
                return
            entries.append((event.pk, event.mac))
        digest, total = digest_of(digest, number, entries), total + seal.count
        if fault := _fault_of(seal, entries, digest, total, public):
            yield fault
            return
        if anchored.pop(number, digest) != digest:
            yield f"seal {number}: differs from the anchor outside the database"
            return
    if cut := set(anchored) - set(Seal.objects.filter(number__in=anchored).values_list("number", flat=True)):
        yield f"seal {min(cut)}: anchored outside but not in the database: the tail was cut or an old copy restored"
        return
    for event in Event.objects.filter(seal=None).order_by("id").iterator():
        if not hmac.compare_digest(event.mac, mac_of(event)):
            yield f"entry {event.pk}: its content was changed"
            return
    known = Seal.objects.values("pk")
    stray = Event.objects.exclude(seal=None).exclude(seal__in=known).order_by("id").values_list("id", flat=True).first()
    if stray is not None:
        yield f"entry {stray}: belongs to a seal that does not exist"


def _fault_of(seal: Seal, entries: list[tuple[int, str]], digest: str, total: int, public: Ed25519PublicKey) -> str:
    span = f"entries {entries[0][0]} to {entries[-1][0]}" if entries else "no entries left"
    if len(entries) != seal.count:
        return f"seal {seal.number} ({span}): {len(entries)} entries where {seal.count} were sealed"
    if digest != seal.digest or total != seal.total:
        return f"seal {seal.number} ({span}): entries were swapped, replaced or renumbered"
    if not _is_ours(public, seal.signature, _head(seal.number, seal.total, seal.digest)):
        return f"seal {seal.number}: its signature is not ours"
    return ""


def _is_ours(public: Ed25519PublicKey, signature: str, head: bytes) -> bool:
    try:
        public.verify(bytes.fromhex(signature), head)
    except (InvalidSignature, ValueError):
        return False
    return True


def _anchored(at_least: int) -> Iterator[dict[str, Any]]:
    """Every head in the file. A seal is anchored a moment after it is made: wait that moment before calling it missing."""
    for _moment in range(20):
        if _last_anchored() >= at_least:
            break
        time.sleep(0.1)
    if settings.AUDIT_ANCHOR.exists():
        with settings.AUDIT_ANCHOR.open("rb") as lines:
            yield from (told for line in lines if (told := _told(line)))


# ── What the database itself refuses ──

_FIXED = ["at", "actor_id", "role", "branch", "verb", "about", "result", "place", "request_id", "details", "mac"]
POSTGRESQL = [
    """CREATE FUNCTION portal_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF TG_OP = 'UPDATE' AND TG_TABLE_NAME = 'portal_event' THEN
        IF to_jsonb(OLD)->>'seal_id' IS NULL AND to_jsonb(NEW) - 'seal_id' = to_jsonb(OLD) - 'seal_id' THEN
          RETURN NEW;
        END IF;
      END IF;
      RAISE EXCEPTION 'the audit trail is append-only';
    END $$""",
    *[
        f"CREATE TRIGGER {table}_{kind} BEFORE {what} ON {table} FOR EACH {each} EXECUTE FUNCTION portal_append_only()"
        for table in ("portal_event", "portal_seal")
        for kind, what, each in (("fixed", "UPDATE OR DELETE", "ROW"), ("kept", "TRUNCATE", "STATEMENT"))
    ],
]
POSTGRESQL_UNDONE = [
    *[
        f"DROP TRIGGER {table}_{kind} ON {table}"
        for table in ("portal_event", "portal_seal")
        for kind in ("fixed", "kept")
    ],
    "DROP FUNCTION portal_append_only",
]
_REFUSE = "BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END"
_TAKEN = "EXISTS (SELECT 1 FROM portal_event WHERE id = NEW.id)"
_UNCHANGED = " AND ".join(f"OLD.{name} IS NEW.{name}" for name in ["id", *_FIXED])
SQLITE = [
    f"CREATE TRIGGER portal_event_fixed BEFORE UPDATE ON portal_event WHEN NOT (OLD.seal_id IS NULL AND {_UNCHANGED}) {_REFUSE}",
    f"CREATE TRIGGER portal_event_kept BEFORE DELETE ON portal_event {_REFUSE}",
    # REPLACE would delete without asking the trigger above.
    f"CREATE TRIGGER portal_event_new BEFORE INSERT ON portal_event WHEN {_TAKEN} {_REFUSE}",
    f"CREATE TRIGGER portal_seal_fixed BEFORE UPDATE ON portal_seal {_REFUSE}",
    f"CREATE TRIGGER portal_seal_kept BEFORE DELETE ON portal_seal {_REFUSE}",
]
SQLITE_UNDONE = [f"DROP TRIGGER {line.split()[2]}" for line in SQLITE]


def guard(execute: Callable[[str], Any], vendor: str) -> None:
    for line in POSTGRESQL if vendor == "postgresql" else SQLITE:
        execute(line)


def unguard(execute: Callable[[str], Any], vendor: str) -> None:
    for line in POSTGRESQL_UNDONE if vendor == "postgresql" else SQLITE_UNDONE:
        execute(line)
