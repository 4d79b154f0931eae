"""Every page of staff, of every role, in both languages: no word of the other one, and no word of the code.

One walk for all: each page is read once in Vietnamese and once in English."""

import re
from collections.abc import Callable, Iterator
from html import unescape

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from portal import audit, changes, outbox
from portal.accounts import changing
from portal.accounts.roles import ROLES
from portal.models import Failure, Message, User
from tests.conftest import People
from tests.enrollment.test_application import an_application
from tests.kyc.conftest import a_case

pytestmark = pytest.mark.django_db
STAFF = [name for name, role in ROLES.items() if role.staff]
ACCENTS = re.compile(r"[ăâđêôơưáàảãạắằẳẵặấầẩẫậéèẻẽẹếềểễệíìỉĩịóòỏõọốồổỗộớờởỡợúùủũụứừửữựýỳỷỹỵ]", re.I)
# Names stay as they are, whatever the page's language: of people, offices, plans, places, gateways' answers, and what was typed.
DATA = re.compile(r"Mẫu|VNPT|SmartCA|Chứng thư số cá nhân|Tiếng Việt|nghỉ việc từ mai|\d đ\b|Hà Nội|Khóa Mẫu")
KEPT = {  # page → what stands there on purpose
    # The link that an agent sends.
    "/counter/referral/": re.compile(r"^https?://"),
    # An alarm's log line names the job so, and the operator looks for it by that name.
    "/admin/portal/failure/": re.compile(r"portal\.audit\.seals\.seal_all"),
    # A plan's texts stand in their own fields in both languages, and are edited so.
    "/admin/orders/plan/": re.compile(r"Ký không giới hạn lượt|Ký theo lượt|Chứng thư số"),
}
ENGLISH = re.compile(
    r"\b(?:the|and|or|of|to|select|add|change|delete|save|view|search|filter|by|all|yes|no|true|false|none|home|history|user|users|name"
    r"|password|close|clear|show|today|now|date|time|any|action|actions|go|run|error|errors|please|correct|below|object"
    r"|current|status|phone|role|plan|welcome|log|sign|unknown|empty|entry|entries|page|result|results|total|required)\b",
    re.I,
)
CODE = re.compile(r"\w+/messages/\w+|\b[a-z]+:\d+\b|\bobject \(|\b[a-z]+(?:_[a-z]+)+\b|\bportal\.\w+")


@pytest.fixture
def _something_everywhere(staff: People) -> None:
    """A row in each list, so that each page has something to say."""
    person = staff("agent", full_name="Đỗ Mẫu Quầy")
    a_case(fault="other-name")
    an_application()
    outbox.post("portal/messages/password_reset", ["135790", "15"], person, intent="x")
    Message.objects.filter(channel="sms").update(status="dead", error="Nhà mạng Mẫu từ chối")
    changes.propose(
        "account changed", changing.about(person), {"is_active": False}, staff("operator"), reason="nghỉ việc từ mai"
    )
    for verb in audit.verbs():
        audit.record(verb, person, user=person)
    Failure.objects.create(
        job="portal.audit.seals.seal_all", reason="OSError", since=person.date_joined, at=person.date_joined
    )


def pages() -> Iterator[str]:
    """The home, the desk's own pages, each list, its form to add, and its newest row."""
    yield from ("/admin/", "/admin/kyc/case/", "/admin/kyc/case/board/", "/admin/kyc/case/face-again/")
    yield "/admin/portal/user/?people=customers"
    yield from (f"/counter/{page}" for page in ("", "referral/", "referral/poster/", "figures/?span=month"))
    yield "/counter/figures/files/?what=opened"
    for model in admin.site._registry:
        at = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        yield reverse(f"{at}_changelist")
        yield reverse(f"{at}_add")
        row = model._default_manager.order_by("pk").last()
        if row is not None:
            yield reverse(f"{at}_change", args=[row.pk])


def lines(page: str) -> list[str]:
    """What is seen of a page, and what a reader reads of it besides; not what is marked as another language's."""
    page = re.sub(r"<(script|style|svg)\b.*?</\1>|<!--.*?-->", " ", page, flags=re.S)
    page = re.sub(r'<(button|div|span|a)\b[^>]* lang="\w\w"[^>]*>.*?</\1>', " ", page, flags=re.S)
    page = re.sub(r'<aside class="ribbon".*?</aside>', " ", page, flags=re.S)  # the demo's
    said = re.findall(
        r'\b(?:title|aria-label|placeholder|alt|value)="([^"]+)"',
        re.sub(r"<(?:input type=.hidden|option)[^>]*>", "", page),
    )
    shown = re.sub(r"<(?:/?(?:b|strong|em|small|code|span|time|a)\b[^>]*)>", " ", page)
    return [" ".join(unescape(line).split()) for line in (*re.sub(r"<[^>]+>", "\n", shown).splitlines(), *said)]


def faults(page: str, language: str, address: str = "") -> set[str]:
    other = ACCENTS if language == "en" else ENGLISH
    kept = next((words for place, words in KEPT.items() if address.startswith(place)), re.compile("(?!)"))
    return {
        line
        for line in lines(page)
        if ((other.search(line) and not DATA.search(line)) or CODE.search(line)) and not kept.search(line)
    }


@pytest.mark.usefixtures("_something_everywhere")
@pytest.mark.parametrize("role", STAFF)
def test_every_page_of_a_role_is_whole_in_both_languages(
    role: str, staff: People, signed_in: Callable[[User], Client]
) -> None:
    user = staff(role, full_name="Lê Mẫu")
    desk, wrong, read = signed_in(user), {}, 0
    addresses = list(pages())
    for language in ("vi", "en"):
        User.objects.filter(pk=user.pk).update(language=language)
        for address in addresses:
            answer = desk.get(address)
            if answer.status_code == 200:
                read += 1
                if amiss := faults(answer.content.decode(), language, address):
                    wrong[f"{language} {address}"] = sorted(amiss)
    assert read > 4
    assert wrong == {}


@pytest.mark.parametrize(
    ("language", "html"),
    [
        ("en", "<p>Hồ sơ</p>"),
        ("vi", "<h1>Select user to change</h1>"),
        ("vi", '<a aria-label="Home">Trang chính</a>'),
        ("vi", "<td>user:9</td>"),
        ("en", "<td>signing/messages/contract_ready</td>"),
        ("en", "<td>Seal object (27)</td>"),
        ("vi", "<td>portal.tasks.tidy</td>"),
    ],
)
def test_a_word_that_does_not_belong_is_seen(language: str, html: str) -> None:
    assert faults(html, language)


@pytest.mark.parametrize(
    ("language", "html"),
    [
        ("vi", '<button lang="en">English</button>'),
        ("en", "<td>Lê Văn Mẫu</td>"),
        ("vi", '<div lang="en"><p>to be read in English</p></div>'),
        ("vi", "<p>Email, SMS</p>"),
    ],
)
def test_what_belongs_passes(language: str, html: str) -> None:
    assert faults(html, language) == set()
