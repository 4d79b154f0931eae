"""What stands at every page's foot, and what phones and searches ask for by themselves."""

import json
import re

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.test import Client

from enrollment.steps import leaving
from kyc.steps import capture
from signing.steps import acts, verifying

pytestmark = pytest.mark.django_db
FOOT = (
    """/counters/ /verify/ /terms/ /privacy/ /privacy/#kept /privacy/#contact /practice/ /accessibility/ /security/"""
)


def test_every_foot_leads_to_what_a_person_may_want_to_know(client: Client) -> None:
    foot = client.get("/sign-in/").content.decode().partition("<footer")[2]
    links = re.findall(r'href="(/[^"]*)"', foot)
    assert links == FOOT.split()
    for link in links:
        page = client.get(link)
        assert page.status_code == 200
        _path, _hash, part = link.partition("#")
        assert not part or f'id="{part}"' in page.content.decode()


def test_the_privacy_policy_tells_the_times_that_the_code_keeps(client: Client) -> None:
    page = client.get("/privacy/").content.decode()
    stop, stop_later, unagreed = (patience.expires.days for patience in leaving.PATIENCE)
    assert f"dừng sau {unagreed} ngày không thao tác và xóa {leaving.ERASE_UNAGREED_AFTER.days} ngày sau đó" in page
    assert f"dừng sau {stop} ngày không thao tác, hoặc {stop_later} ngày" in page
    assert f"xóa {leaving.ERASE_AFTER.days} ngày sau khi dừng" in page
    assert f"xóa {capture.KEPT_AFTER_REPLACED.days} ngày sau khi có ảnh mới" in page
    assert f"xóa sau {acts.KEPT.days} ngày" in page
    assert f"kết quả: {verifying.LASTS.seconds // 60} phút" in page
    assert "Luật Bảo vệ dữ liệu cá nhân" in page


def test_searches_leave_alone_what_is_one_persons(client: Client) -> None:
    robots = client.get("/robots.txt").content.decode()
    assert robots.startswith("User-agent: *\n")
    for path in ("/account/", "/application/", "/certificate/", "/admin/", "/api/", "/status/"):
        assert f"Disallow: {path}\n" in robots


def test_a_password_keeper_finds_the_change_of_passwords(client: Client) -> None:
    answer = client.get("/.well-known/change-password")
    assert (answer.status_code, answer["Location"]) == (302, "/account/password/")


def test_a_phone_may_keep_the_portal_under_its_sign(client: Client) -> None:
    answer = client.get("/manifest.webmanifest")
    assert answer["Content-Type"] == "application/manifest+json"
    manifest = json.loads(answer.content)
    assert {icon["purpose"] for icon in manifest["icons"]} == {"any", "maskable"}
    for icon in manifest["icons"]:
        assert finders.find(re.sub(r"\.[0-9a-f]{12}\.", ".", icon["src"].removeprefix(settings.STATIC_URL)))
    head = client.get("/").content.decode()
    assert '<link rel="manifest" href="/manifest.webmanifest">' in head
    assert 'rel="apple-touch-icon"' in head
    assert 'media="(prefers-color-scheme: dark)"' in head
