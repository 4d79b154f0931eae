"""The words of VNPT's guides, label by label, on our pages: theirs, or others for a reason that stands beside them.

Guides 3 and 5, whose way leads over VNeID: test_guides_of_vneid."""

import html
import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import pytest
from django.test import Client

from enrollment.journey import Step
from enrollment.models import Application
from portal.models import Allowance, User
from signing.demo.people import hand
from signing.steps import contract
from tests.enrollment.conftest import FREE, Customer, code_sent, typed
from tests.signing.conftest import again, onward


class Row(NamedTuple):
    guide: int
    theirs: str
    page: str
    ours: str = ""  # where it differs; with "" and a reason it is nowhere
    reason: str = ""

    @property
    def wanted(self) -> str:
        return self.ours if self.reason else self.theirs


POLITE = "“của bạn” is “của Quý khách” by decision: a public service speaks to a customer so"
LETTERS = "the same words, spelled as the rest of the site spells them"
BY_APP = "of the phone's app: nothing is installed here"

ROWS = [
    # ── Guide 1: registering in the app, screen by screen ──
    Row(1, "Tải ứng dụng VNPT SmartCA trên CH Play hoặc Appstore", "home", "", BY_APP),
    Row(1, "Kích hoạt tài khoản", "home"),
    Row(1, "Đăng ký tài khoản", "home"),
    Row(1, "English", "activation"),
    Row(1, "Kích hoạt tài khoản", "activation"),
    Row(1, "Tiếp theo: Tạo mã PIN", "activation"),
    Row(1, "Số định danh", "activation"),
    Row(1, "Nhập số CMND/CCCD/HC/Mã số thuế", "activation"),
    Row(1, "Mã kích hoạt", "activation"),
    Row(1, "Nhập mã kích hoạt", "activation"),
    Row(1, "Kích hoạt lại tài khoản?", "activation"),
    Row(1, "Đăng ký tài khoản", "activation"),
    Row(1, "Tiếp theo", "activation"),
    Row(1, "Kích hoạt tài khoản", "password"),
    Row(1, "Mật khẩu", "password"),
    Row(1, "Nhập mật khẩu", "password"),
    Row(1, "Xác nhận mật khẩu", "password"),
    Row(1, "Nhập xác nhận mật khẩu", "password"),
    Row(1, "Tôi đồng ý với điều khoản sử dụng dịch vụ", "password"),
    Row(1, "Tiếp theo", "password"),
    Row(
        1, "Tổng đài CSKH: 1800 1260", "activation", "Tổng đài chăm sóc khách hàng: 1800 1260",
        "written out: not everybody knows the letters",
    ),
    Row(1, "Chọn gói chứng thư số", "plan"),
    Row(1, "Chứng thư số theo lượt ký", "plan"),
    Row(1, "Chứng thư số không giới hạn lượt ký", "plan"),
    Row(1, "Số lượt ký sẽ theo gói lượt ký khách hàng mua", "plan"),
    Row(1, "Chứng thư số cá nhân trên các ứng dụng", "plan"),
    Row(1, "Thời gian sử dụng 12 Tháng", "plan", "Thời gian sử dụng 12 tháng", LETTERS),
    Row(1, "Phí dịch vụ", "plan"),
    Row(1, "Miễn phí", "plan"),
    Row(1, "Tiếp tục", "plan"),
    Row(1, "Khai báo thông tin", "declaration"),
    Row(1, "Vui lòng nhập chính xác các thông tin: Số CCCD/CMND đúng với giấy tờ", "declaration"),
    Row(1, "Thông tin người sở hữu chứng thư số", "declaration"),
    Row(1, "Họ tên", "declaration"),
    Row(1, "Số CCCD/CMND", "declaration", "Số CCCD/CMND/Hộ chiếu", "a passport is taken as well; the words are guide 2's"),
    Row(1, "Loại giấy tờ chứng thực", "declaration"),
    Row(1, "Căn cước công dân", "declaration"),
    Row(1, "Quốc tịch", "declaration"),
    Row(1, "Ngày cấp", "declaration"),
    Row(1, "Nơi cấp", "declaration"),
    Row(1, "Cục CS QLHC về TTXH", "declaration"),
    Row(1, "Thông tin liên hệ sử dụng chứng thư số", "declaration"),
    Row(
        1, "Vui lòng kiểm tra kỹ số điện thoại, email chính xác để nhận thông tin kích hoạt dịch vụ.", "declaration"
    ),
    Row(1, "Email", "declaration"),
    Row(1, "Số điện thoại", "declaration"),
    Row(1, "Địa chỉ liên hệ", "declaration"),
    Row(
        1, "Sử dụng địa chỉ thường trú hoặc nơi làm việc để nhận hóa đơn và được hỗ trợ nhanh nhất.", "declaration"
    ),
    Row(1, "Tỉnh/Thành phố", "declaration"),
    Row(1, "Quận/Huyện", "declaration", "", "there is no district since 01/07/2025: Law 72/2025/QH15"),
    Row(1, "Phường xã", "declaration", "Phường/Xã", "so the same guide writes it in its explanation"),
    Row(1, "Địa chỉ chi tiết", "declaration"),
    Row(1, "Mã người giới thiệu", "declaration"),
    Row(1, "Nhập Mã người giới thiệu", "declaration"),
    Row(1, "Tiếp tục", "declaration"),
    Row(1, "Thanh toán", "payment"),
    Row(1, "Khởi tạo dịch vụ thành công", "created"),
    Row(1, "Kích hoạt tài khoản", "created"),
    Row(1, "Tiếp theo", "capture"),
    Row(1, "Chụp lại", "card-front"),
    Row(1, "Tiếp theo", "card-back"),
    Row(1, "Tôi đồng ý với nội dung hợp đồng và Điều khoản pháp lý", "contract"),
    Row(
        1,
        "Tôi hiểu và đồng ý thực hiện những hành động từ lúc \"Bắt đầu ký điện tử\" đến lúc \"Hoàn thành ký điện tử\" là việc "
        "ký hợp đồng điện tử cung cấp dịch vụ của VNPT",
        "contract",
        "Tôi hiểu và đồng ý thực hiện những hành động từ lúc “Bắt đầu ký điện tử” đến lúc “Hoàn thành ký điện tử” là việc "
        "ký hợp đồng điện tử cung cấp dịch vụ của VNPT",
        LETTERS,
    ),
    Row(1, "Bắt đầu ký điện tử", "contract"),
    Row(1, "Tiếp tục", "signature"),
    Row(1, "Vẽ lại chữ ký", "signature"),
    Row(1, "Kết thúc", "code"),
    Row(1, "Nhập mã PIN và chờ duyệt cấp chứng thư số.", "pin"),
    Row(
        1, "Mã PIN được sử dụng để bảo vệ chữ ký số của bạn.", "pin",
        "Mã PIN được sử dụng để bảo vệ chữ ký số của Quý khách.", POLITE,
    ),
    Row(1, "Khởi tạo mã PIN", "pin"),
    Row(1, "Xác nhận mã PIN", "pin"),
    Row(
        1,
        "Để bảo vệ mã PIN của bạn vui lòng sử dụng thiết bị có hỗ trợ sinh trắc học và kích hoạt tính năng này",
        "pin",
        "Để bảo vệ mã PIN của Quý khách vui lòng sử dụng thiết bị có hỗ trợ sinh trắc học và kích hoạt tính năng này",
        POLITE,
    ),
    Row(1, "Sử dụng sinh trắc học", "pin"),
    Row(1, "Tiếp theo", "pin"),
    Row(1, "Chờ duyệt cấp chứng thư số", "review"),
    Row(
        1,
        "VNPT SmartCA đã tiếp nhận hồ sơ của quý khách, vui lòng chờ VNPT SmartCA thẩm định hồ sơ và cấp chứng thư số.",
        "review",
        "VNPT SmartCA đã tiếp nhận hồ sơ của Quý khách, vui lòng chờ VNPT SmartCA thẩm định hồ sơ và cấp chứng thư số.",
        LETTERS,
    ),
    Row(1, "Ký Biên bản nghiệm thu", "acceptance", "Ký biên bản nghiệm thu", "small letters as in guide 2's ninth step"),
    Row(1, "Đã duyệt cấp chứng thư số", "acceptance"),
    Row(1, "Xác nhận ký số", "acceptance"),
    Row(1, "Xem tài liệu", "acceptance"),
    # ── Guide 2: the nine steps, and what to remember ──
    Row(2, "Đăng ký tài khoản", "home"),
    Row(2, "Chọn gói dịch vụ", "home"),
    Row(2, "Khai báo thông tin", "home"),
    Row(2, "Khởi tạo dịch vụ", "home"),
    Row(2, "Nhập mã kích hoạt từ SMS, tạo Mật khẩu", "home", "Nhập mã kích hoạt", "the rest stands in the line under it"),
    Row(2, "Xác thực giấy tờ, khuôn mặt", "home"),
    Row(2, "Ký hợp đồng điện tử", "home"),
    Row(2, "Tạo mã PIN ký số", "home"),
    Row(2, "Ký biên bản nghiệm thu", "home"),
    Row(2, "Tên đăng nhập", "certificate"),
    Row(2, "Số CCCD/CMND/Hộ chiếu", "certificate", "số CCCD/CMND/Hộ chiếu", LETTERS),
    Row(2, "Mật khẩu đăng nhập", "certificate"),
    Row(
        2, "MK có ít nhất 8 ký tự gồm chữ in hoa, chữ in thường, số và ký tự đặc biệt", "password",
        "Từ 8 đến 30 ký tự", "each of the rules is a line of its own that ticks itself",
    ),
    Row(2, "Mã Pin ký số", "certificate", "Mã PIN ký số", LETTERS),
    Row(2, "Tên đăng nhập: Số CCCD/CMND/Hộ chiếu", "activation", "Tên đăng nhập: số CCCD/CMND/Hộ chiếu", LETTERS),
    # ── Guide 4: activating with what the e-mail says ──
    Row(4, "Tải ứng dụng VNPT SmartCA", "home", "", BY_APP),
    Row(4, "Tên đăng nhập", "activation"),
    Row(4, "Mã kích hoạt", "activation"),
    Row(4, "Mật khẩu", "password"),
    Row(4, "Xác nhận mật khẩu", "password"),
    Row(4, "Quá trình đang diễn ra, vui lòng đợi trong giây lát", "pin"),
    Row(4, "Tạo mã PIN", "pin"),
    Row(4, "Tiếp theo: Kích hoạt cặp khóa", "pin"),
    Row(4, "Khởi tạo mã PIN", "pin"),
    Row(4, "Xác nhận mã PIN", "pin"),
    Row(4, "Face ID", "pin", "Sử dụng sinh trắc học", "guide 1's word, which is no maker's name"),
    Row(4, "Quá trình đang diễn ra, vui lòng đợi trong giây lát", "acceptance"),
    Row(4, "Xác nhận ký số", "acceptance"),
    Row(4, "Ký biên bản nghiệm thu", "acceptance"),
]  # fmt: skip


def visible(page: str) -> str:
    """What stands on a page to be read: its text, and what an empty box says."""
    bare = re.sub(r"<(script|style|head|title)\b.*?</\1>", " ", page, flags=re.S)
    asides = " ".join(re.findall(r'placeholder="([^"]*)"', bare) + re.findall(r'<option value="([^"]*)"', bare))
    text = re.sub(r"<[^>]+>", " ", re.sub(r"</?(?:strong|span|a|b)\b[^>]*>", "", bare))
    return unicodedata.normalize("NFC", " ".join(html.unescape(f"{text} {asides}").split()))


def lacking(rows: Iterable[Row], pages: Mapping[str, str]) -> list[str]:
    """What a page does not say, what differs without a reason, and what has one without differing."""
    faults = [f"{row.page} lacks “{row.wanted}”" for row in rows if row.wanted not in pages[row.page]]
    faults += [f"{row.theirs}: why other words?" for row in rows if row.ours and not row.reason]
    return faults + [f"{row.theirs}: no other words" for row in rows if row.reason and row.ours == row.theirs]


def registered(pages: dict[str, str]) -> Customer:
    """The pages until the account is active, by the browser's own walk."""
    walker = Customer()

    def see(name: str, path: str) -> None:
        pages[name] = visible(walker.client.get(path).content.decode())

    see("home", "/")
    see("opening", "/register/")
    walker.opens()
    see("plan", "/register/plan/")
    walker.chooses(FREE)
    see("declaration", "/register/declaration/")
    walker.post("/register/declaration/", typed(walker.declaration))
    see("check", "/register/declaration/check/")
    walker.declares()
    see("payment", "/register/payment/")
    walker.pays_nothing()
    see("created", "/register/created/")
    see("activation", "/activate/")
    walker.enters(code_sent("activation_code"))
    see("password", "/activate/password/")
    walker.picks()
    for name, path in (("capture", ""), ("card-front", "card-front/"), ("card-back", "card-back/"), ("face", "face/")):
        see(name, f"/application/capture/{path}")
    return walker


def signed(pages: dict[str, str], browser: Client, application: Application, deciders: tuple[User, User]) -> None:
    """The pages from the contract on; card and face are the tests' of kyc."""
    again(application).finish()

    def see(name: str, path: str) -> None:
        answer = browser.get(path)
        assert answer.status_code == 200, (path, answer.headers.get("Location"))
        pages[name] = visible(answer.content.decode())

    see("contract", "/application/contract/")
    contract.begin(again(application), place="127.0.0.1", device="test")
    see("signature", "/application/contract/signature/")
    contract.sign_with(again(application), strokes=hand())
    browser.post("/application/contract/code/")
    see("code", "/application/contract/code/")
    Allowance.objects.filter(purpose__startswith="pause").delete()  # a minute later
    for name, step, path in (
        ("pin", Step.PIN, "/application/pin/"),
        ("review", Step.REVIEW, "/application/waiting/"),
        ("acceptance", Step.ACCEPTANCE, "/application/acceptance/"),
        ("certificate-waiting", Step.ACCEPTANCE, "/certificate/"),
        ("certificate", Step.COMPLETE, "/certificate/"),
    ):
        onward(again(application), step, deciders)
        see(name, path)


@pytest.mark.usefixtures("db")
def test_the_guides_words_stand_on_our_pages_or_say_why_not(deciders: tuple[User, User]) -> None:
    pages: dict[str, str] = {}
    walker = registered(pages)
    signed(pages, walker.client, Application.objects.get(), deciders)
    assert lacking(ROWS, pages) == []
    spoken = {name: text for name, text in pages.items() if "của bạn" in text}
    assert not spoken, POLITE


def test_the_table_sees_a_word_that_is_missing_and_a_difference_without_a_reason() -> None:
    pages = {"home": visible('<p>Đăng <b>ký</b></p><input placeholder="Nhập">')}
    assert lacking([Row(1, "Đăng ký", "home"), Row(1, "Nhập", "home"), Row(1, "x", "home", "", "why")], pages) == []
    assert lacking([Row(1, "Đăng nhập", "home")], pages)
    assert lacking([Row(1, "Đăng ký", "home", "Nhập")], pages)
    assert lacking([Row(1, "Nhập", "home", "Nhập", "why")], pages)
