"""Where a person can go: the page that notices and messages name."""

import pytest
from django.test import Client

from portal import seeds
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


def test_guide_2s_counter_is_there_with_its_map(client: Client) -> None:
    seeds.seed()
    page = client.get("/counters/").content.decode()
    assert "26A Đại lộ Lê Lợi, Phường Điện Biên, TP Thanh Hóa" in page
    assert "0237 3858000" in page
    assert 'href="https://www.openstreetmap.org/search?query=VNPT+Thanh+H%C3%B3a%2C+26A' in page


def test_many_can_be_searched_without_accents(client: Client) -> None:
    for name in ("Đà Nẵng", "Cần Thơ", "Huế", "Phú Thọ", "Lào Cai", "Cà Mau", "Sơn La"):
        Branch.objects.create(name=f"VNPT {name}", province="48")
    assert 'name="q"' in client.get("/counters/").content.decode()
    shown = client.get("/counters/", {"q": "da nang"}).content.decode()
    assert "VNPT Đà Nẵng" in shown
    assert "VNPT Cần Thơ" not in shown
    assert "Không có quầy nào khớp" in client.get("/counters/", {"q": "paris"}).content.decode()


def test_where_nothing_is_known_the_hotline_is_named(client: Client) -> None:
    Branch.objects.update(phone="", address="")
    assert "Hỏi địa chỉ và giờ làm việc qua tổng đài" in client.get("/counters/").content.decode()


def test_every_page_leads_there(client: Client) -> None:
    assert 'href="/counters/"' in client.get("/").content.decode()
