"""What signing brings along."""

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from enrollment.journey import Step
from enrollment.parts import Part
from portal.parts import SIGNER, WORKER
from signing import arrivals, dossier, metrics, pages, sheet, waits
from signing.audited import MESSAGES, VERBS, references
from signing.demo import people
from signing.steps import acts, verifying

PART = Part(
    begins={
        **dict.fromkeys((Step.PLAN, Step.PAYMENT, Step.ACTIVATION), arrivals.give_up),
        **dict.fromkeys(arrivals.BEFORE, arrivals.sent_back),
        **dict.fromkeys((Step.PIN, Step.REVIEW), arrivals.waits),
        Step.ISSUANCE: arrivals.due,
        Step.STOPPED: arrivals.stopped,
    },
    erased=arrivals.erased,
    lives=arrivals.lives,
    papers=dossier.papers,
    is_sound=dossier.is_sound,
    rows=sheet.rows,
    sheets=sheet.sheets,
    verbs=VERBS,
    messages=MESSAGES,
    references=references,
    walks=people.STEPS,
    schedule={
        "signing.tasks.act": 5,
        "signing.tasks.beat": 10,
        "signing.tasks.examine": 10,
        "signing.tasks.seal": 10,
        "signing.tasks.issue": 10,
        "signing.tasks.fill_pool": 10,
        "signing.tasks.tidy": 3600,
        "signing.tasks.recheck": 86400,
        "signing.tasks.restamp": 86400,
    },
    queues={"signing.tasks.examine": WORKER, "signing.tasks.*": SIGNER},
    keeps=(
        (
            _("Xác nhận ký số; mã PIN không được lưu ở đâu"),
            format_lazy(_("xóa sau {days} ngày"), days=acts.KEPT.days),
        ),
        (
            _("Tệp gửi để kiểm tra chữ ký"),
            format_lazy(_("tệp: đọc xong là xóa; kết quả: {minutes} phút"), minutes=verifying.LASTS.seconds // 60),
        ),
    ),
    gauges=metrics.standing,
    places=pages.places,
    watches=waits.WATCHES,
    waits=waits.waits,
    typed={_("Mã PIN ký số"): people.DEMO_PIN},
    benches="signing.demo.benches",
)
