"""Files to be examined wait for their turn: in a queue with an end, each once, and nothing of them stays."""

import threading
import time
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from portal.models import DataKey, SealedFile
from signing.models import Examination
from signing.steps import verifying
from tests.conftest import at_once
from tests.signing.papers import corpus
from tests.signing.papers.test_paper import contract_pdf
from tests.signing.test_verifying import handed_in


def test_a_file_waits_for_its_turn_and_the_page_says_how_long(client: Client) -> None:
    first, second = (handed_in(client, contract_pdf())["Location"] for _one in range(2))
    page = client.get(second).content.decode()
    assert "Còn 1 tệp nữa trước tệp này" in page
    assert '<meta http-equiv="refresh" content="2">' in page
    assert "Đã tới lượt" in client.get(first).content.decode()
    verifying.examine_due()
    for place in (first, second):
        assert "không có chữ ký số" in client.get(place).content.decode()


def test_the_queue_has_an_end_and_says_so(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verifying, "MOST_WAITING", 1)
    place = handed_in(client, contract_pdf())["Location"]
    assert "gửi lại sau một phút" in handed_in(client, contract_pdf()).content.decode()
    verifying.examine_due()
    assert "không có chữ ký số" in client.get(place).content.decode()
    assert handed_in(client, contract_pdf()).status_code == 302


def test_whoever_had_its_turn_and_fell_is_followed_by_another(client: Client) -> None:
    place = handed_in(client, contract_pdf())["Location"]
    assert verifying.taken()
    verifying.examine_due()
    assert "Đang kiểm tra" in client.get(place).content.decode()
    with time_machine.travel(timezone.now() + verifying.TURN):
        verifying.examine_due()
        assert "không có chữ ký số" in client.get(place).content.decode()


def test_after_ten_minutes_nothing_is_left_whether_it_was_examined_or_not(client: Client) -> None:
    counts = [kind.objects.count() for kind in (DataKey, SealedFile, Examination)]
    places = [handed_in(client, contract_pdf())["Location"]]
    verifying.examine_due()
    places.append(handed_in(client, contract_pdf())["Location"])
    verifying.forget()
    assert Examination.objects.count() == counts[2] + 2
    with time_machine.travel(timezone.now() + verifying.LASTS + timedelta(seconds=1)):
        verifying.forget()
        assert [kind.objects.count() for kind in (DataKey, SealedFile, Examination)] == counts
        for place in places:
            assert client.get(place)["Location"] == "/verify/"


@pytest.mark.django_db(transaction=True)
@pytest.mark.postgresql
def test_eight_at_once_are_all_answered_each_with_its_own() -> None:
    names = [f"{place}.pdf" for place in range(8)]
    files = [corpus.signed(corpus.page().replace(b"100", b"%03d" % place)) for place in range(8)]

    def asks(place: int) -> str:
        client = Client()
        address = handed_in(client, files[place], names[place])["Location"]
        verifying.examine_due()
        for _look in range(200):
            page = client.get(address).content.decode()
            if "Đang kiểm tra" not in page:
                return page
            time.sleep(0.1)
        return page

    pages = [str(page) for page in at_once(8, asks)]
    for name, page in zip(names, pages, strict=True):
        assert f": {name}</h2>" in page
        assert "Ba kết quả có thể có" not in page  # nor their green word beside a verdict
        assert "tổ chức mà cổng này không biết" in page
    assert not Examination.objects.exclude(file=None).exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.postgresql
def test_of_eight_workers_each_file_has_one(monkeypatch: pytest.MonkeyPatch) -> None:
    for _one in range(4):
        handed_in(Client(), corpus.page())
    examined: list[int] = []
    monkeypatch.setattr(verifying, "AT_ONCE", threading.BoundedSemaphore(8))
    monkeypatch.setattr(verifying, "examine", lambda examination: examined.append(examination.pk))
    at_once(8, lambda _place: verifying.examine_due())
    assert sorted(examined) == sorted(Examination.objects.values_list("pk", flat=True))
