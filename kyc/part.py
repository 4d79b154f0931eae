"""What kyc brings along."""

from django.conf import settings
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from enrollment.journey import Step
from enrollment.parts import Part
from kyc import dossier, erasure, metrics, sheet, waits
from kyc.audited import MESSAGES, VERBS, references
from kyc.demo import doors, tasks
from kyc.steps import capture, kinship, policing
from kyc.steps.review import arriving
from portal.parts import SIGNER

REVIEWING = ("kyc.view_case", "kyc.view_evidence", "kyc.change_case")
PART = Part(
    changes={"policy": policing.POLICY},
    guarded={
        "kyc_policy": {"desk": "SELECT, INSERT, UPDATE", "": "SELECT"},
        "kyc_decision": {
            **dict.fromkeys(("desk", "worker"), "SELECT, INSERT, UPDATE"),
            "": "SELECT, UPDATE (note, answers)",  # which are erased with the application
        },
        "kyc_remark": {
            **dict.fromkeys(("desk", "public"), "SELECT, INSERT"),
            "": "SELECT, UPDATE (words)",
        },
        "kyc_savedfilter": {"desk": "SELECT, INSERT, UPDATE, DELETE", "": "SELECT"},
    },
    sheltered={"kyc_remark": "kind = 'answer'"},  # a customer answers, and writes no note of ours
    begins={Step.CAPTURE: capture.arrived, Step.REVIEW: arriving.received, Step.STOPPED: arriving.stopped},
    erased=erasure.erased,
    papers=dossier.papers,
    seen=dossier.pictures,
    counter=((_("Cho khách đăng ký ở nhà thử lại khuôn mặt"), "admin:case_face_again"),),
    is_sound=dossier.is_sound,
    hands=dossier.hands,
    rows=sheet.rows,
    signals=kinship.signals,
    verbs=VERBS,
    messages=MESSAGES,
    references=references,
    permissions={
        **dict.fromkeys(("reviewer", "approver"), REVIEWING),
        "supervisor": (*REVIEWING, "kyc.view_policy", "kyc.add_policy", "kyc.change_policy", "kyc.confirm_policy"),
        "operator": ("kyc.confirm_policy",),
        "auditor": ("kyc.view_case", "kyc.view_policy"),
    },
    schedule={
        "kyc.tasks.check_evidence": 15,
        "kyc.tasks.keep_deadlines": 60,
        "kyc.tasks.tidy": 3600,
        **({tasks.seed_files.name: 15} if settings.DEMO_FILES else {}),
    },
    queues={tasks.seed_files.name: SIGNER},  # the demo's people sign, so they walk where the keys are
    keeps=(
        (
            _("Ảnh giấy tờ, video khuôn mặt đã được chụp lại"),
            format_lazy(_("xóa {days} ngày sau khi có ảnh mới"), days=capture.KEPT_AFTER_REPLACED.days),
        ),
    ),
    gauges=metrics.standing,
    watches=waits.WATCHES,
    waits=waits.waits,
    doors=doors.doors,
    stops={Step.REVIEW: doors.stop},
    benches="kyc.demo.benches",
)
