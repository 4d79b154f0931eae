"""My SmartCA, the public status page, the page that checks a PDF: what they show, and to whom."""

from collections.abc import Callable
from urllib.parse import unquote

import pytest
from cryptography import x509
from django.test import Client

from enrollment import journey
from enrollment.journey import Channel, Step
from enrollment.models import Application, Trail
from enrollment.steps import leaving
from portal.models import User
from signing.models import Certificate, Paper
from signing.steps import standing
from tests.enrollment.conftest import Customer
from tests.signing.conftest import again, browser_of, certificate_of, onward, sure, to

pytestmark = pytest.mark.once
Signed = Callable[[User], Client]


@pytest.fixture
def complete(deciders: tuple[User, User]) -> Application:
    return to(Step.COMPLETE, deciders)


@pytest.fixture
def owner(complete: Application) -> Client:
    return browser_of(complete)


def test_the_card_shows_name_masked_number_state_life_and_code(complete: Application, owner: Client) -> None:
    page, declaration = owner.get("/certificate/").content.decode(), complete.declaration
    assert declaration
    for words in ("SmartCA của tôi", declaration.full_name, "Đang hoạt động", "<svg", "Mã PIN ký số", "1800 1260"):
        assert words in page
    assert f"CCCD: {declaration.number[:2]}•••••{declaration.number[-3:]}" in page
    assert owner.get("/application/")["Location"] == "/certificate/"
    assert 'class="door first" href="/certificate/"' in owner.get("/").content.decode()


@pytest.mark.parametrize(
    ("state", "words", "counts"),
    [("ACTIVE", "còn 365 ngày", True), ("SUSPENDED", "Muốn dùng lại", True), ("REVOKED", "không khôi phục được", False),
     ("EXPIRED", "Chữ ký đã tạo trước đó vẫn có giá trị", False), ("ACCEPTANCE_WAITING", "để bắt đầu sử dụng", False)],
)  # fmt: skip
def test_the_card_says_what_its_state_means(
    state: str, words: str, counts: bool, complete: Application, owner: Client
) -> None:
    """And counts the days of none that is over or has not begun."""
    Certificate.objects.filter(application=complete).update(state=Certificate.State[state])
    page = owner.get("/certificate/").content.decode()
    assert words in page
    assert ("<progress" in page) == counts


def test_a_certificate_that_waits_for_its_pin_is_shown_before_it_is_there(deciders: tuple[User, User]) -> None:
    """Guide 5 calls the state so; before the PIN there is neither serial nor status page."""
    application = to(Step.PIN)
    Certificate.objects.filter(application=application).update(state=Certificate.State.USER_WAITING)
    page = browser_of(application).get("/certificate/").content.decode()
    assert sure(application.declaration).full_name in page
    for words in ("Chờ người dùng kích hoạt", "tạo mã PIN để kích hoạt"):
        assert words in page
    assert "/status/" not in page


def test_documents_and_files_are_at_hand(complete: Application, owner: Client) -> None:
    certificate = certificate_of(complete)
    cer = owner.get(f"/certificate/{certificate.pk}/cer/")
    assert f"{x509.load_der_x509_certificate(cer.content).serial_number:x}" == certificate.serial
    chain = owner.get(f"/certificate/{certificate.pk}/chain/").content
    assert len(x509.load_pem_x509_certificates(chain)) == 3
    for paper in Paper.objects.filter(application=complete):
        shown = owner.get(f"/certificate/documents/{paper.pk}/")
        assert shown.content.startswith(b"%PDF-1.7")
        assert shown["Content-Disposition"].startswith("inline")
        kept = owner.get(f"/certificate/documents/{paper.pk}/?keep")
        assert kept["Content-Disposition"].startswith("attachment")
        assert f"{paper.number.replace('/', '-')}.pdf" in unquote(kept["Content-Disposition"])
        assert paper.number in owner.get("/certificate/documents/").content.decode()


def test_staff_read_where_it_stands_and_what_keeps_failing(
    complete: Application, deciders: tuple[User, User], staff: Callable[..., User], signed_in: Signed
) -> None:
    operator, stuck = signed_in(staff("operator")), to(Step.ISSUANCE, deciders)
    Certificate.objects.filter(application=stuck).update(faults=3)
    page = operator.get(f"/admin/enrollment/application/{complete.pk}/change/").content.decode()
    numbers = Paper.objects.filter(application=complete).values_list("number", flat=True)
    for words in (*numbers, "Đã đóng dấu", "Đang hoạt động", certificate_of(complete).serial or "–"):
        assert words.upper() in page.upper()
    assert "Việc cần làm" not in page
    assert "hỏng 3 lần" in operator.get(f"/admin/enrollment/application/{stuck.pk}/change/").content.decode()


def test_nobody_else_gets_any_of_it(
    complete: Application, deciders: tuple[User, User], signed_in: Signed, person: Callable[..., User]
) -> None:
    """Promise P13, as far as certificates and documents."""
    certificate, paper = certificate_of(complete), Paper.objects.filter(application=complete)[0]
    own = f"/certificate/{certificate.pk}"
    places = [f"{own}/cer/", f"{own}/chain/", f"/certificate/documents/{paper.pk}/"]
    stranger = Client()
    for place in places:
        assert stranger.get(place).status_code == 302
    for who, answer in ((person(), 404), (deciders[0], 403)):
        client = signed_in(who)
        for place in places:
            assert client.get(place).status_code == answer


def test_the_status_page_tells_the_state_of_the_moment(complete: Application, client: Client) -> None:
    certificate, declaration = certificate_of(complete), complete.declaration
    assert declaration
    page = client.get(f"/status/{certificate.status}/")
    assert "Đang hoạt động" in page.content.decode()
    assert declaration.number not in page.content.decode()
    assert page["X-Robots-Tag"] == "noindex"
    standing.revoke(certificate)
    assert "Đã thu hồi" in client.get(f"/status/{certificate.status}/").content.decode()
    assert client.get("/status/0123456789abcdef/").status_code == 404
    assert client.get(f"/status/{certificate.pk}/").status_code == 404


def test_an_account_without_a_certificate_is_told_what_to_do(person: Callable[..., User], signed_in: Signed) -> None:
    new = signed_in(person())
    assert new.get("/certificate/")["Location"] == "/register/"
    assert new.get("/certificate/documents/")["Location"] == "/register/"
    assert not Certificate.objects.exists()


# ── Whose application, where somebody has more than one ──


def another(owner: Client, complete: Application) -> Application:
    """Begun by the holder, through the pages, as far as the photographs."""
    customer = Customer(owner, **sure(complete.declaration).__dict__)
    customer.opens().chooses().declares().pays_nothing()
    begun = again(Application.objects.latest("pk"))
    assert (begun.user, begun.channel, begun.step) == (complete.user, Channel.ANOTHER, Step.CAPTURE)
    return begun


def test_whoever_begins_another_and_lets_it_expire_is_led_to_the_certificate_that_lives(
    complete: Application, owner: Client
) -> None:
    begun = another(owner, complete)
    assert owner.get("/application/landing/")["Location"] == "/application/capture/"
    leaving.leave(begun, "expired")
    assert owner.get("/application/landing/")["Location"] == "/certificate/"
    page = owner.get("/certificate/").content.decode()
    assert begun.reference in page
    assert "đã hết hạn" in page
    standing.revoke(certificate_of(complete))
    assert owner.get("/application/landing/")["Location"] == "/application/"


def test_the_way_to_another_certificate_is_walked_to_its_end(
    complete: Application, owner: Client, deciders: tuple[User, User]
) -> None:
    """The route of whoever has an account already: no code, a subscription and a key of its own."""
    begun = another(owner, complete)
    begun.finish()
    ended = onward(again(begun), Step.COMPLETE, deciders)
    first, second = certificate_of(complete), certificate_of(ended)
    assert (first.state, second.state) == (Certificate.State.ACTIVE, Certificate.State.ACTIVE)
    assert first.key != second.key
    assert first.application.subscription != second.application.subscription
    assert [*Trail.objects.filter(application=ended).order_by("pk").values_list("step", flat=True)] == [
        *journey.ROUTES[Channel.ANOTHER]
    ]
