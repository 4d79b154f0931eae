"""Approval: appraised by one person, approved by another, both of exactly the file as it was shown.

Whoever issues a certificate asks `granted`, which believes no status: it computes the file's hash anew and checks the
approval's own seal (promises P5 and P6)."""

import hmac

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enrollment import dossier
from enrollment.journey import Step
from enrollment.models import Application, Approval
from portal import audit, sealing
from portal.models import User
from portal.refusals import Refusal


def changed() -> Refusal:
    return Refusal("file-changed", _("Hồ sơ đã thay đổi từ lúc mở trang. Hãy tải lại và xem lại trước khi quyết định."))


def check_stranger(application: Application, by: User) -> None:
    """Nobody decides about a file in which the own hands were, or about himself."""
    if by.pk in dossier.hands_of(application):
        raise Refusal(
            "own-hands",
            _("Người mở, hỗ trợ, chụp giấy tờ hay giới thiệu khách của hồ sơ không được thẩm định hay duyệt hồ sơ đó."),
            status=403,
        )


@transaction.atomic
def appraise(application: Application, file_hash: str, by: User | None = None, policy: str = "") -> Approval:
    """The first of the two. Without a person it is a policy, whose clean machine checks stand for one."""
    application.hold()
    if by:
        check_stranger(application, by)
    if bool(by) == bool(policy) or dossier.digest(application) != file_hash:
        raise changed()
    void(application)
    approval = Approval(
        application=application, file_hash=file_hash, appraised_by=by, policy=policy, appraised_at=timezone.now()
    )
    approval.mac = mac_of(approval)
    try:
        with transaction.atomic():
            approval.save()
    except IntegrityError as taken:
        raise changed() from taken
    audit.record("file appraised", application, policy=policy, hash=file_hash[:16])
    return approval


@transaction.atomic
def approve(application: Application, file_hash: str, by: User) -> Approval:
    application.hold()
    check_stranger(application, by)
    approval = Approval.objects.filter(application=application, voided_at=None, approved_at=None).first()
    if approval is None or approval.file_hash != file_hash or not is_intact(approval, application):
        raise changed()
    if not dossier.is_sound(application):
        raise Refusal(
            "not-whole",
            _(
                "Hồ sơ chưa trọn vẹn: hợp đồng chưa đóng dấu xong hoặc có tệp không đọc được. Thử lại sau ít phút; "
                "nếu vẫn vậy, hãy gửi trả để khách làm lại."
            ),
        )
    if approval.appraised_by_id == by.pk:
        raise Refusal("same-person", _("Người duyệt phải khác người thẩm định."), status=403)
    approval.approved_by, approval.approved_at = by, timezone.now()
    approval.mac = mac_of(approval)
    pending = Approval.objects.filter(pk=approval.pk, voided_at=None, approved_at=None)
    if pending.update(approved_by=by, approved_at=approval.approved_at, mac=approval.mac) != 1:
        raise changed()
    audit.record("file approved", application, hash=file_hash[:16])
    return approval


def void(application: Application) -> None:
    Approval.objects.filter(application=application, voided_at=None).update(voided_at=timezone.now())


def granted(application: Application) -> Approval | None:
    """The authority to issue: at the step of issuing, two hands, unaltered, and of the file as it lies there now."""
    approval = Approval.objects.filter(application=application, voided_at=None).exclude(approved_at=None).first()
    if approval is None or approval.approved_by_id == approval.appraised_by_id or not is_intact(approval, application):
        return None
    at_issuance = Application.objects.filter(pk=application.pk, step=Step.ISSUANCE).exists()
    decided = {approval.approved_by_id, approval.appraised_by_id} - {None}
    if not at_issuance or decided & dossier.hands_of(application) or not dossier.is_sound(application):
        return None
    return approval


def is_intact(approval: Approval, application: Application) -> bool:
    return hmac.compare_digest(approval.mac, mac_of(approval)) and approval.file_hash == dossier.digest(application)


def mac_of(approval: Approval) -> str:
    """A row written by other means than ours has no right one."""
    row = (
        approval.application_id,
        approval.file_hash,
        approval.appraised_by_id,
        approval.policy,
        approval.appraised_at.isoformat(),
        approval.approved_by_id,
        approval.approved_at and approval.approved_at.isoformat(),
    )
    return sealing.blind_index("approval", repr(row))
