"""What is rehearsed at a counter: who comes, what they say at which step, what is right then, and why. All of it is invented."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from enrollment.journey import AT_COUNTER, Step


class Act(TextChoices):
    """What an agent does; going on is done by the page's own button, all others beside it."""

    ON = "on", _("Làm tiếp bước này")
    HELP = "help", _("Làm điều khách vừa nhờ")
    REFUSE = "refuse", _("Từ chối và giải thích")
    LEAD = "lead", _("Gọi trưởng quầy")
    EXPIRED = "expired", _("Dừng hồ sơ: giấy tờ hết hạn")
    ANOTHER = "another", _("Dừng hồ sơ: người và giấy tờ không phải một")
    LEFT = "left", _("Dừng hồ sơ: khách không làm tiếp")
    FORGED = "forged", _("Khai khác giấy tờ")  # has no button: it is what was typed


STOPS = (Act.EXPIRED, Act.ANOTHER, Act.LEFT)
STAY, ON, END = "stay", "on", "end"


@dataclass(frozen=True)
class Verdict:
    got: int
    of: int
    why: Any
    then: str = STAY
    asks: str = ""  # what the agent is asked next, before it goes as `then` says
    is_fatal: bool = False  # however good the rest was
    settles: bool = True  # what the customer wanted is answered


@dataclass(frozen=True)
class Question:
    asked: Any
    rule: str  # where the manual says it
    answers: Mapping[str, tuple[Any, int, Any]]  # what is said → points, why
    of: int = 30


@dataclass(frozen=True)
class Scene:
    """Something that wants a decision, at these steps."""

    rule: str
    acts: Mapping[Act, Verdict]
    says: tuple[Any, ...] = ()  # of which the seed takes one


@dataclass(frozen=True)
class Scenario:
    name: str
    title: Any
    about: Any
    scene: Scene
    steps: tuple[Step, ...]  # where the scene may come; all along, or at one that the seed takes
    is_all_along: bool = False
    is_scored: bool = True
    facts: Mapping[str, bool] = field(default_factory=dict)  # of the guest


# ── What is asked back ──

QUESTIONS = {
    "document": Question(
        _("Bạn nói với khách: cần mang giấy tờ nào?"),
        "expired",
        {
            "new": (
                _("Thẻ căn cước mới, hoặc hộ chiếu còn hạn, bản gốc."),
                30,
                _("Đúng: chỉ hai loại này, còn hạn, bản gốc."),
            ),
            "copy": (_("Bản sao công chứng của thẻ này."), 0, _("Bản sao của thẻ hết hạn vẫn là thẻ hết hạn.")),
            "licence": (
                _("Giấy phép lái xe hoặc thẻ bảo hiểm y tế."),
                0,
                _("Hai loại này không dùng để cấp chứng thư số."),
            ),
            "phone": (_("Ảnh chụp thẻ mới trong điện thoại của người nhà."), 0, _("Phải là bản gốc, cầm trên tay.")),
        },
    ),
    "pin": Question(
        _("Khách vẫn không nhìn rõ phím. Bạn làm gì?"),
        "pin",
        {
            "screen": (
                _("Mở màn hình thứ hai chữ lớn, quay mặt đi, chờ khách tự nhập."),
                30,
                _("Đúng: khách tự nhập, không ai thấy."),
            ),
            "later": (
                _("Mời khách ngồi, lấy kính, nhập khi sẵn sàng; bạn quay mặt đi."),
                30,
                _("Đúng: hồ sơ chờ được, mã PIN không chờ ai nhập hộ."),
            ),
            "aloud": (
                _("Khách đọc to từng số, bạn bấm, rồi khách đổi sau."),
                0,
                _("Đọc to là đã lộ, bấm hộ là đã biết."),
            ),
            "paper": (_("Khách viết mã PIN ra giấy, bạn bấm rồi hủy giấy."), 0, _("Bạn đã thấy mã PIN của khách.")),
        },
    ),
    "after": Question(
        _("Hồ sơ đã dừng. Bạn làm gì tiếp?"),
        "person",
        {
            "lead": (
                _("Báo trưởng quầy ngay, kể điều đã thấy."),
                30,
                _("Đúng: trưởng quầy phải biết ngay trong lúc người đó còn ở quầy."),
            ),
            "none": (
                _("Không làm gì nữa, gọi khách kế tiếp."),
                0,
                _("Người đó sẽ thử ở quầy khác, không ai được báo."),
            ),
            "keep": (_("Giữ lại thẻ, bảo người thật đến nhận."), 0, _("Quầy không có quyền giữ giấy tờ của ai.")),
            "accuse": (
                _("Nói to trước mọi người rằng họ dùng giấy tờ giả."),
                0,
                _("Bạn không kết luận; hãy lịch sự và báo trưởng quầy."),
            ),
        },
    ),
    "third": Question(
        _("Khách hỏi lại: “Chỉ cần nói có hay không thôi mà?” Bạn trả lời:"),
        "third",
        {
            "nothing": (
                _("Có hay không tôi cũng không nói được; người đó tự hỏi tại quầy hoặc qua tổng đài."),
                30,
                _("Đúng: câu trả lời giống nhau dù có hay không."),
            ),
            "no": (_("Không có đâu ạ."), 0, _("Đã nói ra điều chỉ người đó được biết.")),
            "hint": (_("Nếu có thì tôi đã thấy trên máy rồi."), 0, _("Nói bóng gió cũng là nói ra.")),
            "check": (_("Đưa số căn cước của người đó, tôi tra giúp."), 0, _("Tra cứu người không có mặt là vi phạm.")),
        },
    ),
}

# ── What the scenes are ──

PLAIN = Scene(
    "plain",
    {Act.ON: Verdict(80, 80, _("Đúng: giấy tờ thật, còn hạn, đúng người; khách được phục vụ trọn vẹn."), ON)},
)
PERSON = Scene(
    "person",
    {
        Act.ON: Verdict(0, 50, _("Bạn đã cam kết “người và ảnh là một”, mà không phải."), END, is_fatal=True),
        Act.LEAD: Verdict(
            30, 30, _("Đúng: trưởng quầy tới xem cùng bạn. Bạn là người quyết định hồ sơ này."), settles=False
        ),
        Act.REFUSE: Verdict(
            0, 0, _("Bạn không làm vội. Người trước mặt và ảnh trên thẻ có là một không?"), settles=False
        ),
        Act.HELP: Verdict(-10, 0, _("Khách giục thì càng phải nhìn kỹ."), settles=False),
        Act.ANOTHER: Verdict(50, 50, _("Đúng: dừng trước khi cam kết, nêu đúng lý do."), END, "after"),
        Act.LEFT: Verdict(
            20, 50, _("Dừng là đúng, lý do thì không: trưởng quầy không biết điều đã xảy ra."), END, "after"
        ),
    },
    (
        _("Ảnh trên thẻ chụp lâu rồi, ai cũng bảo tôi khác ảnh. Bạn làm nhanh giúp nhé."),
        _("Tôi đang vội, bạn đừng nhìn kỹ quá, thẻ thật cả mà."),
        _("Giấy tờ đây. Xong trong mấy phút ạ?"),
    ),
)
EXPIRED = Scene(
    "expired",
    {
        Act.FORGED: Verdict(0, 50, _("Bạn đã khai ngày khác với giấy tờ để qua được."), END, is_fatal=True),
        Act.ON: Verdict(0, 50, _("Giấy tờ hết hạn mà hồ sơ vẫn đi tiếp."), END, is_fatal=True),
        Act.HELP: Verdict(0, 50, _("Khai khác giấy tờ là khai gian, dù khách nhờ."), END, is_fatal=True),
        Act.REFUSE: Verdict(
            0, 0, _("Bạn đã từ chối khai khác giấy tờ. Hồ sơ này còn đi tiếp được không?"), settles=False
        ),
        Act.LEAD: Verdict(0, 0, _("Trưởng quầy: “Giấy tờ hết hạn thì bạn tự dừng được.”"), settles=False),
        Act.EXPIRED: Verdict(50, 50, _("Đúng: dừng ngay, chưa ai mất thêm thời gian và tiền."), END, "document"),
        Act.LEFT: Verdict(20, 50, _("Dừng là đúng, lý do thì không."), END, "document"),
    },
    (
        _("Thẻ này tôi vẫn dùng bình thường, bạn ghi ngày cấp trễ hơn một chút là được thôi."),
        _("Còn mới tinh mà. Máy báo gì thì bạn sửa cho qua giúp, tôi cần gấp."),
        _("Quầy khác bảo thẻ hết hạn mà họ vẫn linh động đấy. Bạn cũng sửa giúp tôi nhé."),
    ),
)
PIN = Scene(
    "pin",
    {
        Act.HELP: Verdict(
            0, 50, _("Mã PIN là chữ ký của khách. Ai biết nó thì ký thay được khách."), END, is_fatal=True
        ),
        Act.REFUSE: Verdict(50, 50, _("Đúng: từ chối lịch sự và nói vì sao."), STAY, "pin"),
        Act.ON: Verdict(0, 50, _("Khách hỏi mà không được trả lời, tay vẫn chìa máy cho bạn."), ON),
        Act.LEAD: Verdict(
            0, 0, _("Trưởng quầy: “Tôi cũng không được nhập. Bạn giải thích cho khách nhé.”"), settles=False
        ),
    },
    (
        _("Tôi quên mắt kính, bạn bấm giúp tôi mã PIN nhé: hai, năm, tám…"),
        _("Tay tôi run lắm. Bạn cầm máy bấm hộ sáu số này cho nhanh."),
        _("Bạn chọn giúp tôi một mã PIN dễ nhớ rồi nhập luôn đi, tôi tin bạn."),
    ),
)
THIRD = Scene(
    "third",
    {
        Act.HELP: Verdict(0, 50, _("Ai có tài khoản hay không chỉ người đó được biết."), END, is_fatal=True),
        Act.REFUSE: Verdict(50, 50, _("Đúng: không nói có, không nói không."), STAY, "third"),
        Act.ON: Verdict(20, 50, _("Bạn không lộ gì, nhưng khách hỏi mà không được trả lời."), ON),
        Act.LEAD: Verdict(0, 0, _("Trưởng quầy: “Chuyện của người khác thì tôi cũng không nói.”"), settles=False),
    },
    (
        _("Nhân tiện, bạn xem giúp chồng tôi đã đăng ký ở đây chưa, số căn cước anh ấy đây."),
        _("Em gái tôi hình như có hồ sơ ở quầy này, bạn xem giúp đang tới đâu rồi?"),
        _("Giám đốc công ty tôi có chứng thư số chưa bạn nhỉ? Tôi là kế toán."),
    ),
)
# Something harmless that a customer asks in between: whoever refuses everything serves nobody.
ASKED = Scene(
    "plain",
    {
        Act.HELP: Verdict(20, 20, _("Đúng: điều khách nhờ là chính đáng, bạn giúp ngay.")),
        Act.REFUSE: Verdict(0, 20, _("Điều khách nhờ là chính đáng, không có gì để từ chối.")),
        Act.ON: Verdict(0, 20, _("Khách nhờ mà không được trả lời."), ON),
    },
    (
        _("Bạn nói lại giúp tôi còn mấy bước nữa thì xong?"),
        _("Bạn chỉ giúp tôi xem giá gói cước ở đâu nhé."),
        _("Cho tôi xin cốc nước, ngồi đợi một lát được không?"),
        _("Bạn đọc lại giúp tôi số điện thoại tôi vừa khai."),
    ),
)
ASIDE = (Step.DECLARATION, Step.CONSENT, Step.PLAN, Step.PAYMENT, Step.ACTIVATION)  # where it may come
NOTHING = Verdict(0, 0, "", ON)  # on, where nobody asked for anything
NEEDLESS = Verdict(-10, 0, _("Không có lý do cho việc này lúc đó: hồ sơ đang đúng."))
STOPPED = Verdict(0, 50, _("Không có lý do để dừng như vậy."), END)

SCENARIOS = {
    each.name: each
    for each in (
        Scenario(
            "person", _("Người khác đứng ở quầy"), _("Giấy tờ của một người, người cầm nó là người khác."), PERSON,
            (Step.CONSENT, *AT_COUNTER), is_all_along=True, facts={"another": True},
        ),
        Scenario(
            "expired", _("Giấy tờ hết hạn"), _("Thẻ trông như mới nhưng không còn giá trị."), EXPIRED,
            (Step.DECLARATION,), is_all_along=True, facts={"expired": True},
        ),
        Scenario("pin", _("Khách nhờ nhập mã PIN"), _("Khách muốn bạn nhập thay điều chỉ khách được biết."), PIN, (Step.PIN,)),
        Scenario(
            "plain", _("Khách bình thường"), _("Mọi thứ đúng, từ “Khách mới” đến lúc khách về."), PLAIN,
            (Step.HANDOVER,), is_scored=False,
        ),
        Scenario(
            "third", _("Hỏi chuyện người khác"), _("Khách muốn biết một người vắng mặt có tài khoản không."), THIRD,
            (Step.CONSENT, Step.PLAN, Step.PAYMENT), is_scored=False,
        ),
    )
}  # fmt: skip
SCORED = tuple(name for name, each in SCENARIOS.items() if each.is_scored)
PASS = 80  # of a hundred, and nothing that is fatal
SAYS = {
    Step.DECLARATION: _("Chào bạn, tôi muốn đăng ký chữ ký số. Thẻ căn cước của tôi đây."),
    Step.CONSENT: _("Tôi mở đường dẫn trên điện thoại rồi, để tôi đọc."),
    Step.PLAN: _("Tôi ký vài giấy tờ mỗi năm thôi, gói nào hợp thì lấy."),
    Step.PAYMENT: _("Tôi trả tiền mặt nhé."),
    Step.CAPTURE: _("Thẻ đây, bạn chụp đi."),
    Step.HANDOVER: _("Xong chưa bạn?"),
    Step.ACTIVATION: _("Mã tới rồi, tôi đang đặt mật khẩu."),
    Step.CONTRACT: _("Tôi đọc hợp đồng rồi, đang ký."),
    Step.PIN: _("Tôi đang tạo mã PIN."),
}
