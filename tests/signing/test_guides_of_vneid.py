"""Guides 3 and 5, label by label: on the pages of VNeID, as far as its simulator shows them, and on ours."""

from typing import cast

import pytest
from django.template.loader import render_to_string

from enrollment.journey import Step
from enrollment.models import Report
from enrollment.steps import linking
from portal.models import User
from signing.demo.people import hand
from signing.steps import contract
from tests.enrollment.citizens import PHONE, Citizen, Simulator, simulator
from tests.enrollment.conftest import PASSWORD, code_sent
from tests.signing.conftest import again, onward
from tests.signing.test_guides import BY_APP, LETTERS, POLITE, Row, lacking, visible

__all__ = ["simulator"]
TITLES = "the same words; the guide sets its headings in capitals"
SAME_DEED = "guides 1, 2 and 4 name it so, and one deed has one name on these pages"
ADDRESS = {"province": "51", "ward": "21421", "address": "Thôn 6"}

ROWS = [
    # ── Guide 3: its six steps ──
    Row(3, "Miễn phí đăng ký chữ ký số cá nhân VNPT SmartCA trên VNeID", "vneid-register"),
    Row(3, "Miễn phí ký số các thủ tục trên cổng dịch vụ công", "vneid-register"),
    Row(3, "ĐĂNG NHẬP VNeID", "vneid-sign-in", "Đăng nhập VNeID", TITLES),
    Row(3, "Dịch vụ Chứng thư chữ ký số", "vneid-services", "Chứng thư chữ ký số", "guide 5 names the same button so"),
    Row(3, "XÁC NHẬN VIỆC ĐĂNG KÝ", "vneid-consent", "Xác nhận việc đăng ký", TITLES),
    Row(3, "KHỞI TẠO DỊCH VỤ VNPT SMARTCA", "payment", "Khởi tạo dịch vụ", SAME_DEED),
    Row(3, "Tải App SmartCA", "vneid-registered", "", BY_APP),
    Row(3, "Truy cập ứng dụng VNPT SmartCA", "vneid-registered"),
    Row(3, "KÝ HỢP ĐỒNG ĐIỆN TỬ", "contract", "Ký hợp đồng điện tử", TITLES),
    Row(3, "Thiết lập mã PIN", "pin", "Tạo mã PIN", SAME_DEED),
    Row(3, "ký biên bản nghiệm thu", "acceptance", "Ký biên bản nghiệm thu", LETTERS),
    Row(
        3, "Kiểm tra thông tin chứng thư số trên VNeID", "vneid-certificates", "Kiểm tra thông tin chứng thư số",
        "one stands in VNeID already",
    ),
    Row(3, "Trạng thái khởi tạo dịch vụ", "vneid-done"),
    Row(3, "Thành công", "vneid-done"),
    # ── Guide 5: in VNeID ──
    Row(5, "Đăng nhập ứng dụng VNeID", "vneid-sign-in", "Đăng nhập VNeID", "guide 3's words"),
    Row(5, "Dịch vụ khác", "vneid-home"),
    Row(5, "Chứng thư chữ ký số", "vneid-services"),
    Row(5, "Đăng ký chứng thư chữ ký số", "vneid-certificates"),
    Row(5, "Đăng ký chứng thư chữ ký số", "vneid-register"),
    Row(5, "nhà phát hành", "vneid-issuers", "Nhà phát hành", LETTERS),
    Row(5, "VNPT SmartCA", "vneid-issuers"),
    Row(5, "Tôi đồng ý với Điều khoản sử dụng dịch vụ và Chính sách quyền riêng tư của VNPT SmartCA", "vneid-consent"),
    Row(5, "Tiếp tục", "vneid-consent"),
    Row(
        5,
        "Tôi đã đọc mục đích chia sẻ, xử lý dữ liệu, Quyền nghĩa vụ của chủ thể dữ liệu và đồng ý chia sẻ, xử lý dữ liệu cá "
        "nhân",
        "vneid-sharing",
    ),
    Row(5, "Xác nhận", "vneid-sharing"),
    Row(5, "Yêu cầu gửi cấp chứng thư số thành công", "vneid-sent"),
    Row(
        5, "Nhấn \"Điều hướng ngay\" để hoàn tất việc đăng ký chứng thư số.", "vneid-sent",
        "Nhấn “Điều hướng ngay” để hoàn tất việc đăng ký chứng thư số.", LETTERS,
    ),
    Row(5, "Điều hướng ngay", "vneid-sent"),
    Row(5, "Tải app VNPT SmartCA", "vneid-registered", "", BY_APP),
    Row(5, "Chứng thư số", "vneid-services", "Chứng thư chữ ký số", "the guide itself names this button so at step 3"),
    Row(5, "Đăng ký chứng thư chữ ký số", "vneid-registered"),
    Row(5, "Truy cập ứng dụng VNPT SmartCA", "vneid-registered"),
    # ── Guide 5: here ──
    Row(5, "Số điện thoại liên hệ", "declaration"),
    Row(5, "Tiếp theo", "declaration"),
    Row(5, "mã OTP", "activation", "Mã OTP", LETTERS),
    Row(5, "Xác nhận", "activation"),
    Row(
        5, "xác nhận thông tin", "check", "Kiểm tra lại thông tin",
        "guide 2's order: what was told is looked at before a code goes to that number, not after",
    ),
    Row(5, "địa chỉ email", "password", "Email", "guide 1's label of the same box"),
    Row(5, "mật khẩu", "password", "Mật khẩu", LETTERS),
    Row(5, "Tiếp tục", "password"),
    Row(5, "Chọn gói chứng thư số", "plan"),
    Row(5, "SmartCA cá nhân PS0 (công dân)", "plan"),
    Row(
        5, "không cần trả phí khi thực hiện ký số trên các Cổng dịch vụ công", "plan",
        "Ký miễn phí trên Cổng Dịch vụ công; nơi khác mua thêm lượt ký", "the same in fewer words",
    ),
    Row(5, "Tiếp tục", "plan"),
    Row(5, "Ký hợp đồng điện tử", "contract"),
    Row(5, "Tiếp tục", "signature"),
    Row(5, "Chờ người dùng kích hoạt", "certificate-waiting"),
    Row(5, "Chờ người dùng kích hoạt", "vneid-made"),
    Row(5, "Kích hoạt chứng thư số", "pin", "Kích hoạt cặp khóa", "guide 4's words: the certificate is made after it"),
    Row(5, "mã PIN", "pin"),
    Row(5, "sinh trắc học", "pin"),
    Row(5, "Tiếp theo", "pin"),
    Row(
        5, "mã OTP gửi về số điện thoại liên hệ", "confirmation",
        "Mã OTP đã được gửi qua SMS tới số điện thoại liên hệ", "a sentence of it",
    ),
    Row(5, "Tiếp theo", "confirmation"),
    Row(5, "biên bản nghiệm thu", "acceptance"),
    Row(5, "Ký xác nhận", "acceptance", "Xác nhận ký số", "guides 1 and 4 name this button so"),
]  # fmt: skip


class Reader(Citizen):
    """Reads each page on the way, in VNeID and here."""

    def __init__(self, simulator: Simulator) -> None:
        super().__init__(simulator)
        self.pages: dict[str, str] = {}

    def reads_there(self, **paths: str) -> None:
        for name, path in paths.items():
            self.pages[f"vneid-{name.replace('_', '-')}"] = visible(self.tap(path).text)

    def reads(self, name: str, path: str) -> None:
        answer = self.client.get(path)
        assert answer.status_code == 200, (path, answer.headers.get("Location"))
        self.pages[name] = visible(answer.content.decode())

    def reads_the_state(self, name: str) -> None:
        """The page asks the portal over a line that only tests in a browser have; what it is answered is the same."""
        answer = linking.state_of(self.introduction.transaction)
        assert answer
        state = Report.STATES[cast("int", answer["statusCode"])]
        self.pages[name] = visible(render_to_string("standins/vneid/information.html", {"state": state}))


def registered(reader: Reader) -> None:
    reader.reads_there(sign_in="/")
    reader.signs_in()
    reader.reads_there(home="/", services="/services", certificates="/certificates", register="/register")
    reader.reads_there(issuers="/issuers", consent="/consent", sharing="/sharing")
    reader.opens()
    reader.reads_there(sent="/sent", registered="/register")
    reader.reads("declaration", "/register/declaration/")
    reader.client.post("/register/declaration/", {"phone": PHONE, **ADDRESS})
    reader.reads("check", "/register/declaration/check/")
    reader.declares()
    reader.reads("activation", "/activate/")
    reader.client.post("/activate/", {"number": reader.number, "code": code_sent("activation_code")})
    reader.reads("password", "/activate/password/")
    twice = {"password1": PASSWORD, "password2": PASSWORD}
    reader.client.post("/activate/password/", {"email": "van.mau@example.vn", "terms": "on", **twice})
    reader.reads("plan", "/register/plan/")
    reader.client.post("/register/plan/", {"plan": "ps0-cong-dan"})
    reader.reads("payment", "/register/payment/")
    reader.client.post("/register/payment/")


def signed(reader: Reader, deciders: tuple[User, User]) -> None:
    """Of the face the tests of kyc tell."""
    reader.application.finish()
    reader.reads("contract", "/application/contract/")
    contract.begin(again(reader.application), place="127.0.0.1", device="test")
    reader.reads("signature", "/application/contract/signature/")
    contract.sign_with(again(reader.application), strokes=hand())
    onward(again(reader.application), Step.PIN, deciders)
    reader.reads("pin", "/application/pin/")
    reader.reads("certificate-waiting", "/certificate/")
    onward(again(reader.application), Step.CONFIRMATION)
    reader.reads("confirmation", "/vneid/confirmation/")
    reader.reads_the_state("vneid-made")
    reader.client.post("/vneid/confirmation/", {"code": code_sent("confirmation_code")})
    onward(again(reader.application), Step.ACCEPTANCE)
    reader.reads("acceptance", "/application/acceptance/")
    onward(again(reader.application), Step.COMPLETE)
    reader.reads_the_state("vneid-done")


@pytest.mark.usefixtures("db")
def test_the_words_of_guides_3_and_5_stand_in_vneid_and_here(simulator: Simulator, deciders: tuple[User, User]) -> None:
    reader = Reader(simulator)
    registered(reader)
    signed(reader, deciders)
    assert lacking(ROWS, reader.pages) == []
    assert [name for name, text in reader.pages.items() if "của bạn" in text] == [], POLITE
