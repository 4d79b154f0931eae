"""VNeID's door with everything in processes of its own: simulator, web, worker; over HTTP as browsers and partners speak it."""

import re
from urllib.parse import urlsplit

import pytest
import requests

from tests.enrollment.conftest import PASSWORD
from tests.whole.conftest import Portal, texts

pytestmark = pytest.mark.whole
NUMBER, PHONE = "051196000501", "0912000501"


class Hand:
    """One browser at both; pages are looked at for what a form of theirs hides."""

    def __init__(self, portal: Portal) -> None:
        self.portal, self.app = portal.address, f"http://localhost:{portal.env['VNEID_PORT']}"
        self.jar = requests.Session()
        self.page = requests.Response()

    def goes(self, address: str) -> str:
        self.page = self.jar.get(address, timeout=20)
        assert self.page.ok, (address, self.page.status_code)
        return self.page.text

    def sends(self, to: str = "", **fields: str) -> str:
        hidden = dict(re.findall(r'name="(csrfmiddlewaretoken)" value="([^"]+)"', self.page.text))
        to = to or self.page.url
        self.page = self.jar.post(to, {**hidden, **fields}, headers={"Referer": self.page.url}, timeout=20)
        assert self.page.ok, (to, self.page.status_code)
        return self.page.text

    @property
    def path(self) -> str:
        return urlsplit(self.page.url).path

    def agrees(self) -> str:
        self.goes(self.app)
        self.sends(number=NUMBER)
        self.sends(f"{self.app}/consent", agree="on")
        self.sends(f"{self.app}/sharing", agree="on")
        door = re.search(r'href="([^"]*/vneid/\?txn=[^"]*)"', self.goes(f"{self.app}/sent"))
        assert door
        return door[1]


def test_from_vneid_to_the_account_and_the_state_back_in_vneid(portal: Portal) -> None:
    portal.start()
    hand = Hand(portal)
    assert NUMBER in hand.goes(hand.agrees())
    assert hand.path == "/vneid/introduced/"
    hand.sends()
    hand.sends(phone=PHONE, province="51", ward="21421", address="Thôn 6")
    hand.sends(**dict.fromkeys(re.findall(r'type="checkbox" name="([^"]+)"', hand.page.text), "on"))
    assert hand.path == "/activate/"
    [sms] = portal.until(lambda: texts(portal, "kich hoat la", PHONE))
    hand.sends(number=NUMBER, code=re.findall(r"\d{6}", sms)[0])
    hand.sends(email="van.mau@example.vn", password1=PASSWORD, password2=PASSWORD, terms="on")
    assert hand.path == "/register/plan/"
    assert "Đang xử lý" in portal.until(
        lambda: ("Đang xử lý" in hand.goes(f"{hand.app}/information")) and hand.page.text
    )


def test_a_simulator_that_dies_in_the_middle_closes_no_other_door(portal: Portal) -> None:
    portal.start()
    hand = Hand(portal)
    door = hand.agrees()
    killed = portal.kill("vneid")
    assert "Đăng ký từ VNeID" in hand.goes(door)  # with a word of what happened
    assert "VNeID đang bận" in hand.page.text
    assert "Đăng ký tài khoản" in hand.goes(f"{portal.address}/register/")
    portal.until(lambda: portal.has_new("vneid", killed))
    assert NUMBER in portal.until(lambda: is_there(hand))
    assert hand.goes(hand.agrees())


def is_there(hand: Hand) -> str:
    try:
        return hand.goes(hand.app)
    except requests.RequestException:
        return ""
