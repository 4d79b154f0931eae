"""Where a person can go: the page that notices and messages name."""

import pytest
from django.test import Client

from portal.models import Branch

pytestmark = pytest.mark.django_db


def test_anybody_reads_where_the_counters_are_and_how_to_call_them(client: Client) -> None:
    Branch.objects.update_or_create(
        name="VNPT Thanh Hóa", defaults={"province": "38", "address": "Số 1 đường Mẫu", "phone": "0237 3800 126"}
    )
    page = client.get("/counters/").content.decode()
    assert "VNPT Thanh Hóa" in page
    assert "Số 1 đường Mẫu" in page
    assert 'href="tel:02373800126"' in page


def test_where_nothing_is_known_the_hotline_is_named(client: Client) -> None:
    Branch.objects.update(phone="", address="")
    assert "Hỏi địa chỉ và giờ làm việc qua tổng đài" in client.get("/counters/").content.decode()


def test_every_page_leads_there(client: Client) -> None:
    assert 'href="/counters/"' in client.get("/").content.decode()
