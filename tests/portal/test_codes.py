"""Promise P9: codes work once, expire, and cannot be guessed; the counters are the database's."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from portal import codes
from portal.models import Allowance, Code
from portal.refusals import Refusal
from tests.conftest import at_once

pytestmark = pytest.mark.django_db
TARGET, QUARTER = "a" * 64, timedelta(minutes=15)


def make(target: str = TARGET, account: str = "") -> str:
    Allowance.objects.filter(purpose="pause test").delete()
    return codes.make("test", target, lasts=QUARTER, account=account).digits


def wrong(digits: str) -> str:
    return str((int(digits) + 1) % 1_000_000).zfill(6)


def refusal(digits: str, target: str = TARGET) -> str:
    with pytest.raises(Refusal) as no:
        codes.check("test", target, digits)
    return no.value.code


def test_the_right_digits_are_accepted_once() -> None:
    digits = make()
    codes.check("test", TARGET, digits)
    assert refusal(digits) == "code-ended"


def test_five_wrong_tries_end_a_code_even_for_the_right_digits() -> None:
    digits = make()
    assert [refusal(wrong(digits)) for _ in range(5)] == ["code-wrong"] * 4 + ["code-ended"]
    assert refusal(digits) == "code-ended"


def test_the_tries_left_are_told() -> None:
    digits = make()
    with pytest.raises(Refusal) as no:
        codes.check("test", TARGET, wrong(digits))
    assert "còn 4 lần thử" in str(no.value.message)


def test_a_code_expires() -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        digits = make()
        clock.shift(QUARTER)
        assert refusal(digits) == "code-ended"


def test_a_newer_code_ends_the_older() -> None:
    older, newer = make(), make()
    if older != newer:
        assert refusal(older) == "code-wrong"
    codes.check("test", TARGET, newer)


def test_a_code_serves_one_purpose_and_one_target() -> None:
    digits = make()
    with pytest.raises(Refusal):
        codes.check("other purpose", TARGET, digits)
    assert refusal(digits, target="b" * 64) == "code-ended"
    codes.check("test", TARGET, digits)


def test_a_digest_is_of_one_purpose_and_one_target() -> None:
    digests = {codes.digest(*about, "135790") for about in (("test", "a"), ("test", "b"), ("other", "a"))}
    assert len(digests) == 3


def test_another_code_waits_a_minute() -> None:
    codes.make("test", TARGET, lasts=QUARTER)
    with pytest.raises(Refusal) as no:
        codes.make("test", TARGET, lasts=QUARTER)
    assert (no.value.code, no.value.status) == ("code-too-soon", 429)
    assert no.value.wait is not None
    assert 55 <= no.value.wait <= 60


def test_fifteen_wrong_guesses_a_day_end_the_day() -> None:
    for _ in range(3):
        digits = make()
        for _guess in range(5):
            refusal(wrong(digits))
    assert refusal(make()) == "code-guesses-spent"


def test_a_right_answer_forgives_the_days_wrong_ones() -> None:
    for _code in range(4):
        digits = make()
        for _try in range(4):
            assert refusal(wrong(digits)) == "code-wrong"
        codes.check("test", TARGET, digits)


def test_a_target_an_account_and_a_network_have_budgets() -> None:
    for _ in range(10):
        make()
    with pytest.raises(Refusal, match="code-budget-spent"):
        make()
    for place in range(20):
        make(f"{place:064}", account="one person")
    with pytest.raises(Refusal, match="code-budget-spent"):
        make("c" * 64, account="one person")


def test_a_refused_code_leaves_the_living_one_alive() -> None:
    digits = codes.make("test", TARGET, lasts=QUARTER).digits
    with pytest.raises(Refusal):
        codes.make("test", TARGET, lasts=QUARTER)
    codes.check("test", TARGET, digits)


def test_the_table_keeps_no_digits() -> None:
    digits = make()
    assert digits not in repr(Code.objects.values().get())


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_of_sixty_wrong_guesses_at_once_five_are_looked_at() -> None:
    digits = make()

    def guess(place: int) -> str:
        try:
            codes.check("test", TARGET, str((int(digits) + 1 + place) % 1_000_000).zfill(6))
        except Refusal as no:
            return no.code
        return "accepted"

    answers = at_once(60, guess)
    code = Code.objects.get(target=TARGET)
    assert "accepted" not in answers
    assert code.tries_left == 0
    assert Allowance.objects.get(purpose="code guesses").spent == 15
    assert refusal(digits) in ("code-ended", "code-guesses-spent")


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_of_thirty_right_answers_at_once_one_is_accepted() -> None:
    digits = make()
    answers = at_once(30, lambda _place: codes.check("test", TARGET, digits))
    assert answers.count(None) == 1


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_of_thirty_requests_at_once_one_code_is_made() -> None:
    outcomes = at_once(30, lambda _place: codes.make("test", TARGET, lasts=QUARTER))
    assert len([code for code in outcomes if isinstance(code, codes.OneTimeCode)]) == 1
    assert Code.objects.filter(live=True).count() == 1
