"""The agent vouches for what only somebody at the counter can see. Without a right word of theirs nothing is issued there."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from enrollment import dossier
from enrollment.counter.models import Attestation
from enrollment.counter.steps import rechecking
from enrollment.counter.steps.serving import check_serves
from enrollment.journey import Channel, Step
from enrollment.models import Application
from portal import audit
from portal.models import User
from portal.refusals import Refusal, out_of_step

VERSION = "1"
WORDS = {
    "original": _("Tôi đã xem bản gốc giấy tờ, còn hạn, không có dấu hiệu sửa chữa."),
    "same-person": _("Người đứng trước tôi và ảnh trên giấy tờ, ảnh vừa chụp là một người."),
    "free-will": _("Khách tự nguyện đăng ký, hiểu mình đăng ký gì, không ai ép hay làm thay."),
}


@transaction.atomic
def attest(application: Application, by: User, *, shown: str, said: set[str]) -> None:
    """Of what the page showed; the turn is the customer's from here on."""
    application.hold()
    check_serves(application, by)
    check_said(said)
    if application.step != Step.HANDOVER or application.branch is None:
        raise out_of_step()
    if dossier.seen(application) != shown:
        raise Refusal("file-changed", _("Hồ sơ vừa thay đổi. Hãy tải lại trang và xem lại trước khi cam kết."))
    attestation = Attestation(application=application, seen=shown, agent=by, branch=application.branch, version=VERSION)
    attestation.mac = attestation.mac_of_row
    attestation.save(force_insert=True)
    audit.record("attested", application, user=by, seen=shown[:16])
    application.finish()


def check_said(said: set[str]) -> None:
    """All of it or nothing."""
    if said != set(WORDS):
        raise Refusal(
            "not-attested",
            _("Cần xác nhận đủ ba điều. Điều nào không đúng thì không bàn giao: dừng hồ sơ hoặc gọi trưởng quầy."),
            status=422,
        )


def latest(application: Application) -> Attestation | None:
    return Attestation.objects.filter(application=application).select_related("agent", "branch").order_by("-pk").first()


def is_right(application: Application) -> bool:
    """Ours, and of what lies in the file now."""
    attestation = latest(application)
    return attestation is not None and attestation.is_ours and attestation.seen == dossier.seen(application)


# ── Its part of the file ──


def papers(application: Application) -> dict[str, Any]:
    attestation = latest(application) if application.channel == Channel.COUNTER else None
    doubted = [row.mac for row in rechecking.doubts(application)] if attestation else []
    return {"attestation": attestation.mac, **({"doubted": doubted} if doubted else {})} if attestation else {}


def is_sound(application: Application) -> bool:
    return application.channel != Channel.COUNTER or is_right(application)


def is_doubted(application: Application) -> bool:
    return bool(rechecking.doubts(application))


def hands(application: Application) -> set[int]:
    """Also of whoever attested what was changed since, or doubts it."""
    attested = Attestation.objects.filter(application=application).values_list("agent", flat=True)
    return {*attested, *(row.by_id for row in rechecking.doubts(application))}


def rows(application: Application) -> list[tuple[str, str]]:
    """For staff."""
    attestation = latest(application)
    if attestation is None:
        return []
    words = _("%(agent)s, %(branch)s") if is_right(application) else _("%(agent)s, %(branch)s (không còn khớp hồ sơ)")
    said = str(words) % {"agent": attestation.agent.full_name, "branch": attestation.branch}
    doubts = [
        (str(_("Trưởng quầy nghi ngờ cam kết")), f"{row.by.full_name}: {row.words}")
        for row in rechecking.doubts(application)
    ]
    return [(str(_("Cam kết tại quầy")), said), *doubts]
