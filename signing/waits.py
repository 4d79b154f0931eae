"""What a customer has here, and what the gauges of the signer mean."""

from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from portal.models import User
from portal.parts import SOON, Waiting, Watch
from signing.models import Certificate

SLOW = _("Tiến trình ký không theo kịp, hoặc két khóa hay nơi cấp chứng thư không trả lời: xem nhật ký của nó.")
KEYS = "keys-and-the-ceremony"
WATCHES: dict[str, Watch] = {
    "portal_signer_silent_seconds": Watch(
        title=_("Tiến trình ký im lặng"),
        above=60,
        seconds=True,
        sentence=_("Khởi động lại tiến trình ký; nếu vẫn im lặng thì xem két khóa và Redis."),
        section="the-processes",
    ),
    "portal_acts_waiting": Watch(title=_("Xác nhận chờ ký"), above=20, sentence=SLOW),
    "portal_papers_unsealed": Watch(title=_("Hợp đồng chờ đóng dấu"), above=20, sentence=SLOW),
    "portal_certificates_due": Watch(title=_("Chứng thư số chờ cấp"), above=20, sentence=SLOW),
    "portal_keys_ready": Watch(
        title=_("Cặp khóa làm sẵn"),
        below=5,
        tone=SOON,
        sentence=_("Khách sẽ phải chờ tạo khóa: xem tiến trình ký và két khóa."),
        section=KEYS,
    ),
    "portal_pin_key_age_seconds": Watch(
        title=_("Tuổi của khóa nhận mã PIN"),
        above=32 * 86400,
        seconds=True,
        sentence=_("Khóa này tự thay mỗi 30 ngày: nếu không, xem tiến trình ký có chạy theo lịch không."),
        section=KEYS,
    ),
    "portal_list_age_seconds": Watch(
        title=_("Tuổi của danh sách thu hồi"),
        above=2 * 3600,
        seconds=True,
        sentence=_("Danh sách phải mới trong hai giờ; sau 24 giờ không ai chấp nhận bản cũ: xem tiến trình ký."),
        section=KEYS,
    ),
}


def waits(user: User) -> Iterator[Waiting]:
    """Each certificate of a customer's own, with its state in words."""
    if user.is_staff:
        return
    own = Certificate.issued().filter(application__user=user).select_related("application")
    for certificate in own.order_by("-pk"):
        yield Waiting(
            title=_("Chứng thư số"),
            words=certificate.get_state_display(),
            address=reverse("signing:certificate"),
            sentence=certificate.application.reference,
        )
