"""What the counter brings along."""

from django.utils.translation import gettext_lazy as _

from enrollment.counter import pages, waits
from enrollment.counter.demo import doors, people
from enrollment.counter.rights import LEAD, OVERSEE, SERVE
from enrollment.counter.steps import attesting, referring
from enrollment.parts import Part

PART = Part(
    guarded={
        "counter_attestation": {"desk": "SELECT, INSERT", "": "SELECT"},
        "counter_recheck": {"desk": "SELECT, INSERT", "": "SELECT"},
        "counter_referral": {"desk": "SELECT, INSERT, UPDATE", "": "SELECT"},
        "counter_rehearsal": {"desk": "SELECT, INSERT, UPDATE", "": "SELECT"},
    },
    permissions={"agent": (SERVE,), "lead": (LEAD,), **dict.fromkeys(("supervisor", "auditor"), (OVERSEE,))},
    referred=referring.referred,
    verbs={
        "attested": _("Cam kết tại quầy"),
        "attestation rechecked": _("Kiểm tra cam kết tại quầy"),
        "file taken over": _("Tiếp nhận hồ sơ của nhân viên khác"),
        "guest left": _("Khách rời quầy"),
        "rehearsal passed": _("Đạt bài diễn tập"),
        "rehearsal failed": _("Chưa đạt bài diễn tập"),
        "known customer goes on": _("Khách nói hồ sơ đang có không phải của mình, mở hồ sơ khác"),
        "moved to counter": _("Nhận hồ sơ của khách từ quầy khác"),
        "referral code made": _("Tạo mã giới thiệu"),
    },
    papers=attesting.papers,
    is_sound=attesting.is_sound,
    is_doubted=attesting.is_doubted,
    hands=attesting.hands,
    rows=attesting.rows,
    places=pages.places,
    lands=pages.lands,
    waits=waits.waits,
    seed=people.seed,
    doors=doors.doors,
    benches="enrollment.counter.demo.benches",
)
