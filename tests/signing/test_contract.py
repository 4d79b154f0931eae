"""The e-contract: read, begun, drawn, confirmed, sealed; and whatever somebody tries in between."""

import hashlib
import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from enrollment.journey import Step
from enrollment.models import Application
from enrollment.orders.models import Order
from portal import wording
from portal.models import Message, User
from portal.refusals import Refusal
from signing import printing
from signing.demo.people import hand
from signing.models import Paper
from signing.steps import contract, sealing
from tests.conftest import at_once
from tests.signing.conftest import again, at_contract, browser_of, sure
from tests.signing.papers.test_paper import text

State = Paper.State
CONTRACT, SIGNATURE, CODE = "/application/contract/", "/application/contract/signature/", "/application/contract/code/"
BOTH = {"content": "on", "acts": "on"}
Signed = Callable[[User], Client]


@pytest.fixture
def application() -> Application:
    return at_contract()


@pytest.fixture
def browser(application: Application) -> Client:
    return browser_of(application)


def code_sent() -> str:
    message = Message.objects.filter(template="signing/messages/contract_code").latest("created_at")
    assert message.params
    return str(message.params[0])


def drawn(browser: Client) -> None:
    browser.post(CONTRACT, BOTH)
    browser.post(SIGNATURE, {"strokes": json.dumps(hand())})


def paper_of(application: Application) -> Paper:
    paper = Paper.of(application, Paper.Kind.CONTRACT)
    assert paper
    return paper


def test_the_pages_lead_from_reading_to_the_seal(application: Application, browser: Client) -> None:
    page = browser.get(CONTRACT)
    for words in ("Điều 11", "Điều khoản sử dụng", sure(application.declaration).full_name, "Bắt đầu ký điện tử"):
        assert words in page.content.decode()
    assert browser.post(CONTRACT, BOTH)["Location"] == SIGNATURE
    assert browser.post(SIGNATURE, {"strokes": json.dumps(hand())})["Location"] == CODE
    paper = paper_of(application)
    shown = browser.get("/application/paper.pdf")
    assert hashlib.sha256(shown.content).hexdigest() == paper.shown_hash
    assert paper.shown_hash[:8] in browser.get(CODE).content.decode()
    browser.post(CODE)
    assert browser.post(CODE, {"code": code_sent()})["Location"] == "/application/pin/"
    sealing.seal_due()
    paper.refresh_from_db()
    assert (paper.state, again(application).step) == (State.SEALED, Step.PIN)
    assert messages_sent("contract_ready") == 1


def messages_sent(template: str) -> int:
    return Message.objects.filter(template=f"signing/messages/{template}").count()


def test_nothing_begins_without_both_ticks_and_none_is_ticked_before(application: Application, browser: Client) -> None:
    assert b"checked" not in browser.get(CONTRACT).content
    for given in ({}, {"content": "on"}, {"acts": "on"}):
        assert browser.post(CONTRACT, given).status_code == 200
    assert Paper.of(application, Paper.Kind.CONTRACT) is None


def test_the_order_of_acts_cannot_be_changed(application: Application, browser: Client) -> None:
    assert browser.get(CODE)["Location"] == CONTRACT
    assert browser.post(SIGNATURE, {"strokes": json.dumps(hand())})["Location"] == CONTRACT
    browser.post(CONTRACT, BOTH)
    assert browser.post(CODE, {"code": "123456"})["Location"] == SIGNATURE
    for act in (lambda: contract.send_code(application), lambda: contract.agree(application, "123456")):
        with pytest.raises(Refusal):
            act()


STRAIGHT = [[[0.1, 0.5, 0], [0.12, 0.5, 30]]]


@pytest.mark.parametrize(
    "sent",
    [
        "",
        "[]",
        "[[]]",
        "{}",
        "null",
        "[[[0.5,0.5,0]]]",
        json.dumps(STRAIGHT),
        '"data:image/png;base64,iVBORw0KGgo="',
        "[[[0.1,0.1,0],[2,0.1,9]]]",
        '[[["a","b","c"]]]',
        "[[[0.1,0.1,5],[0.9,0.9,1]]]",
        "[" * 5000,
        json.dumps([[[x / 100, 0.5, 0] for x in range(80)]]),  # all at one moment: pasted, not drawn
        json.dumps([[[0.1 + (x % 50) / 100, 0.5, x * 9] for x in range(5000)]]),
        "[[[NaN,0.1,0],[0.2,0.2,1]]]",
        "[[[true,false,0],[0.2,0.2,1]]]",
    ],
)
def test_a_dot_a_dash_a_paste_and_a_picture_are_no_signature(
    sent: str, application: Application, browser: Client
) -> None:
    browser.post(CONTRACT, BOTH)
    answer = browser.post(SIGNATURE, {"strokes": sent})
    assert answer.status_code == 200
    assert "errorlist" in answer.content.decode() or "data-errors" in answer.content.decode()
    assert paper_of(application).shown_hash == ""


def test_who_cannot_draw_types_the_name_as_declared(application: Application, browser: Client, tmp_path: Any) -> None:
    browser.post(CONTRACT, BOTH)
    assert browser.post(SIGNATURE, {"typed": "Somebody Else"}).status_code == 200
    declaration = application.declaration
    assert declaration
    assert browser.post(SIGNATURE, {"typed": f"  {declaration.full_name.upper()} "})["Location"] == CODE
    assert text(browser.get("/application/paper.pdf").content, tmp_path).count(declaration.full_name) == 5


def test_drawn_again_the_code_before_fits_no_more(application: Application, browser: Client) -> None:
    """Promise P11: the code is bound to the hash of exactly this document."""
    drawn(browser)
    browser.post(CODE)
    digits = code_sent()
    other = hand()
    other[0] = [[x * 0.9, y, when] for x, y, when in other[0]]
    assert "Mã đã gửi" in browser.get(CODE).content.decode()
    browser.post(SIGNATURE, {"strokes": json.dumps(other)})
    assert "Mã đã gửi" not in browser.get(CODE).content.decode()
    with pytest.raises(Refusal):
        contract.agree(application, digits)
    assert paper_of(application).state == State.OPEN


@pytest.mark.parametrize("what", ["plan", "price", "person"])
def test_a_change_in_between_voids_it(what: str, application: Application, browser: Client) -> None:
    drawn(browser)
    contract.send_code(application)
    before, declaration = paper_of(application), application.declaration
    assert declaration
    if what == "person":
        changed = {**declaration.as_json(), "address": "Thôn 7"}
        Application.objects.filter(pk=application.pk).update(declared=application.sealed("declared", changed))
    else:
        Order.objects.filter(subject=application.pk).update(
            **({"name": "Gói khác"} if what == "plan" else {"total": 9})
        )
    with pytest.raises(Refusal):
        contract.agree(again(application), code_sent())
    before.refresh_from_db()
    assert before.state == State.VOID
    assert again(application).step == Step.CONTRACT


def test_its_time_can_be_extended_and_ends(application: Application, browser: Client) -> None:
    drawn(browser)
    Paper.objects.update(ends_at=timezone.now() + timedelta(minutes=1))
    browser.post("/application/contract/extend/")
    assert paper_of(application).ends_at > timezone.now() + timedelta(minutes=29)
    assert "Ký tiếp" in browser.get(CONTRACT).content.decode()
    Paper.objects.update(ends_at=timezone.now() - timedelta(seconds=1))
    assert "Ký tiếp" not in browser.get(CONTRACT).content.decode()  # it would lead back here
    for way, path in (("get", CODE), ("post", SIGNATURE), ("post", "/application/contract/extend/")):
        page = getattr(browser, way)(path, follow=True)
        assert page.redirect_chain == [(CONTRACT, 302)]
        assert "đã hết thời gian" in page.content.decode()


def test_begun_twice_it_is_the_same_contract(application: Application, browser: Client) -> None:
    browser.post(CONTRACT, BOTH)
    number = paper_of(application).number
    browser.post(CONTRACT, BOTH)
    assert paper_of(application).number == number
    assert re.fullmatch(r"\d{6}-\d{4}/VNPT[A-Z ]*/HĐ SmartCA", number)


@pytest.mark.django_db(transaction=True)
@pytest.mark.postgresql
def test_numbers_of_a_day_are_given_once_however_many_begin(person: Any) -> None:
    applications = [at_contract() for _one in range(12)]
    at_once(12, lambda place: contract.begin(applications[place], place="", device=""))
    numbers = sorted(Paper.objects.values_list("number", flat=True))
    assert len(set(numbers)) == 12
    assert [int(number[7:11]) for number in numbers] == list(range(1, 13))


@pytest.mark.django_db(transaction=True)
@pytest.mark.postgresql
def test_the_right_code_by_two_hands_signs_once(application: Application) -> None:
    contract.begin(application, place="", device="")
    contract.sign_with(application, strokes=hand())
    contract.send_code(application)
    digits = code_sent()
    outcomes = at_once(8, lambda _place: contract.agree(again(application), digits))
    assert len([outcome for outcome in outcomes if isinstance(outcome, Paper)]) == 1
    at_once(4, lambda _place: sealing.seal_due())
    assert Paper.objects.filter(state=State.SEALED).count() == 1
    assert messages_sent("contract_ready") == 1


def test_signed_anew_after_a_correction_the_old_one_is_kept_and_void(application: Application, browser: Client) -> None:
    drawn(browser)
    browser.post(CODE)
    browser.post(CODE, {"code": code_sent()})
    sealing.seal_due()
    first = paper_of(application)
    Application.objects.filter(pk=application.pk).update(step=Step.CONTRACT)
    drawn(browser)
    first.refresh_from_db()
    assert first.state == State.VOID
    assert first.file
    assert paper_of(application).number != first.number


def test_a_stranger_and_another_step_are_sent_away(application: Application, client: Client) -> None:
    for page in (CONTRACT, SIGNATURE, CODE, "/application/paper.pdf"):
        assert client.get(page)["Location"].startswith("/sign-in/")
    Application.objects.filter(pk=application.pk).update(step=Step.PIN)
    browser_of(application, client)
    for page in (CONTRACT, SIGNATURE, CODE):
        assert client.get(page)["Location"] == "/application/pin/"


def test_the_page_of_evidence_tells_who_when_from_where_and_by_what(
    application: Application, browser: Client, tmp_path: Any
) -> None:
    browser.post(CONTRACT, BOTH, headers={"User-Agent": "Phone <b>of</b> somebody"})
    browser.post(SIGNATURE, {"strokes": json.dumps(hand())})
    browser.post(CODE)
    browser.post(CODE, {"code": code_sent()})
    sealing.seal_due()
    paper = paper_of(application)
    assert paper.file
    printed = " ".join(text(paper.file.read(), tmp_path).split())
    declared = application.declaration
    assert declared
    for words in (
        application.reference, "Phone <b>of</b> somebody", "127.0.0.1", f"{declared.phone[:2]}•••••{declared.phone[-3:]}",
        "3 nét", "Bắt đầu ký điện tử", printing.spaced(paper.shown_hash)[:60],
    ):  # fmt: skip
        assert words in printed
    page_of_evidence = printed[printed.index("Trang bằng chứng") :]
    assert declared.number not in page_of_evidence
    assert declared.phone not in page_of_evidence


def test_the_sms_is_one_part_in_both_languages_and_names_the_document(
    application: Application, browser: Client
) -> None:
    drawn(browser)
    browser.post(CODE)
    message = Message.objects.get(template="signing/messages/contract_code")
    for language in ("vi", "en"):
        message.language = language
        words = wording.sms_text(message)
        assert paper_of(application).shown_hash[:8] in words
        assert len(words) <= 160
