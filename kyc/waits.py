"""What the desk has for somebody: what is theirs to decide, what is late, and what only a supervisor sees to."""

from collections.abc import Iterator

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from kyc.models import Case, Policy, Sample
from kyc.steps import sampling
from kyc.steps.review import queues
from portal.models import User
from portal.parts import LATE, SOON, Waiting, Watch, up_to

Queue = Case.Queue
WATCHES: dict[str, Watch] = {
    "portal_cases_waiting": Watch(
        title=_("Hồ sơ chờ thẩm định, chờ duyệt"),
        above=float("inf"),
        sentence=_("Số hồ sơ đang chờ một người xem."),
    ),
    "portal_cases_late": Watch(
        title=_("Hồ sơ quá giờ hứa"),
        tone=SOON,
        sentence=_("Báo người giám sát: họ thấy hồ sơ nào, ở đâu, và giao lại được."),
    ),
    "portal_cases_unchecked": Watch(
        title=_("Hồ sơ máy chưa xem"),
        above=20,
        sentence=_("Không tiến trình nền nào đọc ảnh: xem nó còn chạy không, và dịch vụ eKYC có trả lời không."),
    ),
}


def tab(name: str) -> str:
    return f"{reverse('admin:kyc_case_changelist')}?tab={name}"


def waits(user: User) -> Iterator[Waiting]:
    if not user.has_perm("kyc.change_case"):
        return
    roles = set(user.roles)
    yield late(user)
    yield Waiting(
        title=_("Bạn đang giữ"),
        number=up_to(Case.objects.exclude(queue=Queue.CLOSED).filter(holder=user)),
        address=tab("mine"),
        sentence=_("Hồ sơ đã nhận mà chưa quyết định."),
    )
    free = queues.in_queue(user)
    for role, queue, name, title in (
        (queues.REVIEWER, Queue.APPRAISAL, "new", _("Hồ sơ mới")),
        (queues.REVIEWER, Queue.SECOND, "second", _("Xin ý kiến thứ hai")),
        (queues.APPROVER, Queue.APPROVAL, "approval", _("Chờ duyệt")),
    ):
        if role in roles:
            yield Waiting(title=title, number=up_to(free.filter(queue=queue)), address=tab(name))
    yield Waiting(
        title=_("Khiếu nại"),
        number=up_to(free.filter(queue=Queue.OBJECTION)),
        address=tab("objection"),
        tone=SOON,
        sentence=_("Khách không đồng ý với quyết định từ chối; người đã quyết định không xem lại."),
    )
    if queues.REVIEWER in roles:
        yield from blind(user)
    if queues.SUPERVISOR in roles:
        yield from overseen()


def late(user: User) -> Waiting:
    return Waiting(
        title=_("Quá giờ hứa"),
        number=up_to(Case.objects.filter(queues.late_for(user))),
        address=tab("late"),
        tone=LATE,
        sentence=_("Khách được hứa trả lời trước giờ này; hồ sơ trễ nhất đứng đầu danh sách."),
    )


def blind(user: User) -> Iterator[Waiting]:
    samples = sampling.waiting_for(user)
    first = samples.first()
    yield Waiting(
        title=_("Xem lại mù"),
        number=up_to(samples) if first else 0,
        address=reverse("admin:case_sample", args=[first.pk]) if first else "",
        sentence=_("Hồ sơ đã quyết định, xem lại mà không thấy quyết định ấy."),
    )


def overseen() -> Iterator[Waiting]:
    open_ones, patience = Case.objects.exclude(queue=Queue.CLOSED), timezone.now() - queues.PATIENCE
    yield Waiting(
        title=_("Chờ ý kiến thứ hai"),
        number=up_to(open_ones.filter(queue=Queue.SECOND)),
        address=tab("second"),
    )
    yield Waiting(
        title=_("Bị giữ quá 30 phút"),
        number=up_to(open_ones.filter(holder__isnull=False, held_at__lt=patience)),
        address=tab("held"),
        tone=SOON,
        sentence=_("Ai đó nhận hồ sơ rồi để đấy: hỏi họ, hoặc giao lại."),
    )
    yield Waiting(
        title=_("Mẫu chờ xem lại mù"),
        number=up_to(Sample.objects.filter(verdict="")),
        address=reverse("admin:case_board"),
        sentence=_("Thẩm định viên xem lại; tỷ lệ đồng ý có ở trang số liệu."),
    )
    yield Waiting(
        title=_("Chính sách còn là bản nháp"),
        number=up_to(Policy.objects.filter(status=Policy.Status.DRAFT)),
        address=f"{reverse('admin:kyc_policy_changelist')}?status__exact=draft",
    )
