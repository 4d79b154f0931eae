"""What enrollment brings along."""

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from enrollment import dossier, metrics, pages, seeds, waits
from enrollment.audited import MESSAGES, VERBS, references
from enrollment.demo import doors, tour
from enrollment.journey import Step
from enrollment.models import ORDERED
from enrollment.nine import NINE
from enrollment.parts import Part
from enrollment.steps import activation, confirmation, holding, introducing, leaving, linking, payment, subscribing

APPLICATIONS, REPORTS = "enrollment.view_application", "enrollment.view_report"
PART = Part(
    guarded={
        # Two people's word is the desk's to write, and where a policy stands for the first the worker's.
        "enrollment_approval": {
            **dict.fromkeys(("desk", "worker"), "SELECT, INSERT, UPDATE"),
            "": "SELECT, UPDATE (voided_at)",
        },
        # What VNeID said is written by whom it was said to, and forgotten on schedule.
        "enrollment_introduction": {
            **dict.fromkeys(("public", "worker"), "SELECT, INSERT, UPDATE, DELETE"),
            "": "SELECT",
        },
        "enrollment_province": {"": "SELECT"},
        "enrollment_ward": {"": "SELECT"},
    },
    sells={ORDERED: payment.Seller()},
    begins={
        **dict.fromkeys(linking.STATES, linking.arrived),
        Step.PAYMENT: payment.arrived,
        Step.ACTIVATION: activation.arrived,
        Step.CONTRACT: subscribing.arrived,
        Step.CONFIRMATION: confirmation.arrived,
    },
    papers=dossier.papers,
    seen=dossier.declared,
    is_sound=dossier.is_ours,
    hands=dossier.hands,
    rows=holding.rows,
    verbs=VERBS,
    messages=MESSAGES,
    references=references,
    permissions={
        **dict.fromkeys(("agent", "lead", "reviewer", "approver"), (APPLICATIONS,)),
        "auditor": (APPLICATIONS, REPORTS),
        **dict.fromkeys(("supervisor", "operator"), (APPLICATIONS, REPORTS, "enrollment.change_application")),
    },
    schedule={
        "enrollment.tasks.tidy": 3600,
        "enrollment.tasks.report": 10,
    },
    keeps=(
        (
            _("Điều VNeID cho biết mà không thành hồ sơ"),
            format_lazy(_("xóa sau {hours} giờ"), hours=introducing.WAITS_FOR.seconds // 3600),
        ),
        (
            _("Hồ sơ chưa hoàn tất"),
            format_lazy(
                _("dừng sau {few} ngày không thao tác, hoặc {many} ngày từ khi có mã kích hoạt; được nhắc trước"),
                few=leaving.PATIENCE[0].expires.days,
                many=leaving.PATIENCE[1].expires.days,
            ),
        ),
        (
            _("Hồ sơ nhân viên quầy khai giúp mà khách chưa đồng ý"),
            format_lazy(
                _("dừng sau {few} ngày không thao tác và xóa {erased} ngày sau đó"),
                few=leaving.PATIENCE[2].expires.days,
                erased=leaving.ERASE_UNAGREED_AFTER.days,
            ),
        ),
        (
            _("Hồ sơ đã dừng: thông tin khai, ảnh, video, chữ ký vẽ"),
            format_lazy(_("xóa {days} ngày sau khi dừng, cùng khóa của hồ sơ"), days=leaving.ERASE_AFTER.days),
        ),
        (
            _("Hồ sơ đã có chứng thư số, hợp đồng, biên bản"),
            _("giữ khi chứng thư số còn dùng và sau đó theo thời hạn luật định; chưa có lịch xóa tự động"),
        ),
    ),
    seed=seeds.seed,
    gauges=metrics.gauges,
    watches=waits.WATCHES,
    places=pages.places,
    waits=waits.waits,
    doors=doors.doors,
    urls=(*doors.urls, *tour.urls),
    line=NINE,
    legs=tour.LEGS,
    tour=tour.tour,
    reached=doors.reached,
    benches="enrollment.demo.benches",
)
