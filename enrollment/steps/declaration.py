"""Declaring who one is. The database decides who holds a number; see Application.is_duplicate for whoever comes second."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import IO, Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from enrollment import card, corrections, identity, parts, places
from enrollment.identity import Card, Declaration, Document, faults
from enrollment.journey import SENDERS_BACK, Channel
from enrollment.models import Application, Ward
from enrollment.parts import Referred
from enrollment.steps import introducing, payment, recognition
from enrollment.steps.inviting import INVITE
from portal import sealing
from portal.allowances import Limit
from portal.models import User
from portal.refusals import Refusal

SCANS = Limit("card scans", 200, timedelta(hours=1))


def keep_draft(application: Application, typed: dict[str, Any]) -> bool:
    """What was typed so far; a page that is out of step keeps nothing."""
    draft = application.sealed("draft", typed)
    current = Application.objects.filter(pk=application.pk, step=application.step, moves=application.moves)
    return current.update(draft=draft, touched_at=timezone.now(), reminded_at=None) == 1


def fill_from_card(application: Application, photo: IO[bytes], size: int, typed: Mapping[str, Any]) -> dict[str, str]:
    SCANS.require(str(application.pk), _("Quý khách đã quét nhiều lần. Vui lòng tự nhập thông tin."))
    return fill(application, card.read(photo, size), typed)


def fill_from_text(application: Application, text: str, typed: Mapping[str, Any]) -> dict[str, str]:
    """By a reader at a counter, which types what it read."""
    SCANS.require(str(application.pk), _("Đã quét nhiều lần trong một giờ. Hãy tự nhập thông tin."))
    return fill(application, card.typed(text, timezone.localdate()), typed)


def fill(application: Application, scanned: Card, typed: Mapping[str, Any]) -> dict[str, str]:
    """What the QR on the card says, and what follows from it for certain, goes into the draft; an address that was typed
    stays. That a card was read, and whose, is kept apart from what is typed over it."""
    filled = {
        "number": scanned.number,
        "full_name": scanned.full_name,
        "birth_date": f"{scanned.birth_date:%d/%m/%Y}",
        "sex": scanned.sex,
        "issued_on": f"{scanned.issued_on:%d/%m/%Y}",
        "document": Document.CITIZEN.value,
        "nationality": "Việt Nam",
    }
    if issuer := identity.issuer_on(scanned.issued_on):
        filled["issued_by"] = issuer
    if not typed.get("ward") or "ward" in typed.get("from_card", ()):
        filled |= address_of(scanned.residence)
    read = {"from_card": sorted(filled), "residence": scanned.residence, recognition.CARD_READ: scanned.number}
    keep_draft(application, {**typed, **filled, **read})
    return filled


def address_of(residence: str) -> dict[str, str]:
    """The ward of today by the map; where the old one was divided, the person chooses (near)."""
    place, wards = places.residence(residence), near(residence)
    address = {"address": place.detail} if place.detail else {}
    if len({ward.province_id for ward in wards}) == 1:
        address["province"] = wards[0].province_id
    return {**address, **({"ward": wards[0].code} if len(wards) == 1 else {})}


def near(residence: str) -> list[Ward]:
    """Of today, the wards in which a residence as the card says it may lie."""
    codes = places.residence(residence).wards
    wards = Ward.objects.select_related("province").in_bulk(codes)
    return [wards[code] for code in codes if code in wards]


def declare(application: Application, declaration: Declaration) -> None:
    if wrong := next(faults(declaration, timezone.localdate()), None):
        raise Refusal("declaration-wrong", wrong[1], status=400)
    introducing.check_unaltered(application, declaration)
    if theirs := next(of_staff(application, declaration), None):
        raise Refusal("contact-of-staff", theirs[1], status=400)
    if application.user and User.username_for(declaration.number) != application.user.username:
        raise Refusal(
            "another-person",
            _("Chứng thư số mới phải mang số giấy tờ của tài khoản đang đăng nhập."),
            status=400,
        )
    known = application.user is None and User.objects.with_number(declaration.number) is not None
    if known:
        recognition.check(application, declaration.number)
    try:
        _declare(application, declaration, is_duplicate=known)
    except IntegrityError:
        recognition.check(application, declaration.number)
        if application.user:  # known to be the same person: there is nothing to hide
            raise Refusal(
                "open-application", _("Quý khách đang có một hồ sơ khác đang mở cho số giấy tờ này.")
            ) from None
        _declare(application, declaration, is_duplicate=True)


def of_staff(application: Application, declaration: Declaration) -> Iterator[tuple[str, Any]]:
    """At a counter: codes and contract go to the customer alone, never to whoever helps them or works beside."""
    if application.channel != Channel.COUNTER:
        return
    staff = User.objects.filter(is_staff=True)
    if staff.filter(phone_index=sealing.blind_index("phone", declaration.phone)).exists():
        yield "phone", _("Đây là số điện thoại của nhân viên VNPT. Nhập số của chính khách: mã xác nhận gửi tới đó.")
    if staff.filter(email_index=sealing.blind_index("email", declaration.email.lower())).exists():
        yield "email", _("Đây là email của nhân viên VNPT. Nhập email của chính khách: hợp đồng gửi tới đó.")


def kept_as_it_was(application: Application, declaration: Declaration) -> Iterator[tuple[str, Any]]:
    """What VNPT asked to have corrected and is declared again just so: it may be right, but then it is said."""
    before, asked_again = application.declaration, application.reached in SENDERS_BACK
    if before and asked_again and (same := corrections.unchanged(application.items, before, declaration)):
        said = _("VNPT đề nghị sửa: %(what)s. Tôi đã xem lại trên giấy tờ; thông tin đã khai là đúng.")
        yield "as-it-is", said % {"what": ", ".join(str(name) for name in same)}


def sender(application: Application, declaration: Declaration) -> Referred | None:
    """Whose code was named; a code that ended after it was declared goes on saying what it said then."""
    before, branch, agent = application.declaration, application.referred_branch, application.referred_agent
    if before and before.referral == declaration.referral and branch and agent:
        return Referred(branch, agent)
    return parts.referred(declaration.referral) if declaration.referral else None


def sent(application: Application, declaration: Declaration) -> dict[str, Any]:
    """Nobody sends themselves, nor whom they serve at the counter."""
    known = sender(application, declaration)
    own = known and (known.agent == application.agent or known.agent.username == User.username_for(declaration.number))
    counts = None if own else known
    return {"referred_branch": counts and counts.branch, "referred_agent": counts and counts.agent}


@transaction.atomic
def _declare(application: Application, declaration: Declaration, *, is_duplicate: bool) -> None:
    application.hold()
    before = application.declaration
    same = before is not None and (before.number, before.phone) == (declaration.number, declaration.phone)
    if not same and payment.is_paid(application) and not may_change_phone(application, declaration):
        raise Refusal(
            "already-paid",
            _("Đơn hàng đã được thanh toán nên số giấy tờ và số điện thoại không đổi được nữa. Cần đổi, gọi 18001260."),
        )
    if before and before.phone != declaration.phone:  # a device that came in by the phone of before
        INVITE.end(application)
    application.finish(
        changed=before is not None and before != declaration,
        is_duplicate=is_duplicate,
        # Proved for this number and this phone, and for nobody who comes second.
        phone_confirmed_at=application.phone_confirmed_at if same and not is_duplicate else None,
        proved_at=application.proved_at if same and before and before.email == declaration.email else None,
        draft=None,
        language=application.language if application.agent_id else get_language() or application.language,
        **sent(application, declaration),
        **application.as_declared(declaration),
    )


def may_change_phone(application: Application, declaration: Declaration) -> bool:
    """Also of what is paid, where its owner stands at the counter: the new phone is proved and agreed to anew."""
    before = application.declaration
    at_counter = application.channel == Channel.COUNTER and application.user_id is None
    return at_counter and before is not None and before.number == declaration.number
