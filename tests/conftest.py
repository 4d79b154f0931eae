"""People, parallel hands, and the parts that tests need."""

import gc
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from django.conf import settings
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.core.cache import cache
from django.db import connection, connections, transaction
from django.test import Client, TransactionTestCase
from django.urls import get_resolver
from playwright.sync_api import Browser, Playwright, expect, sync_playwright
from pytest_django import DjangoDbBlocker

import enrollment.orders.seeds
import enrollment.seeds
from enrollment import journey
from enrollment.counter.steps import rehearsing
from enrollment.journey import Channel, Step
from enrollment.models import Province, Ward
from enrollment.orders.migrations import _closed_days as closed_days
from enrollment.orders.models import Plan
from portal.accounts.opening import open_account
from portal.accounts.roles import ROLES, seed_roles
from portal.accounts.second_factor import has_second_factor
from portal.demo.people import current_code, totp_secret
from portal.gateways import sms
from portal.migrations import _append_only as append_only
from portal.models import Branch, User
from tests.peers import kannel_at_work
from tests.postgresql import PostgreSQL

Outcome = TypeVar("Outcome")
PASSWORD = "Hoa-sen#2026"
NUMBERS = iter(range(100_000, 999_999))
People = Callable[..., User]
SEEDED = {
    model._meta.db_table for model in (ContentType, Permission, Group, Group.permissions.through, Plan, Province, Ward)
}
QUIET = """--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking
    --disable-component-update --disable-sync"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first. True parallel connections exist on PostgreSQL; SQLite has one writer at a time."""
    items.sort(key=lambda item: "whole" not in item.keywords and "long" not in item.keywords)
    if settings.ON_POSTGRESQL:
        return
    for item in items:
        if "postgresql" in item.keywords:
            item.add_marker(pytest.mark.skip(reason="parallel connections are tried on PostgreSQL"))


@pytest.fixture(scope="session", autouse=True)
def _the_map_is_read() -> None:
    """Before a test changes the settings on which it depends. What is there by now stays: it is not looked at for garbage
    again and again, which took a tenth of all time."""
    assert get_resolver().url_patterns
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """What no test changes for another is seeded once: roles, plans, provinces and wards."""
    with django_db_blocker.unblock():
        seed_roles()
        enrollment.orders.seeds.seed_plans()
        enrollment.seeds.seed_places()


@pytest.fixture(scope="session", autouse=True)
def _tables_are_emptied() -> Iterator[None]:
    """After a test that commits. Django would truncate every table and write the permissions anew, which takes longer
    than most tests; and the audit trail's triggers would rightly refuse."""

    def empty(_case: object) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            append_only.unguard(cursor.execute, connection.vendor)
            closed_days.unguard(cursor.execute, connection.vendor)
            for table in connection.introspection.django_table_names(only_existing=True, include_views=False):
                if table not in SEEDED:
                    cursor.execute(f'DELETE FROM "{table}"')
            append_only.guard(cursor.execute, connection.vendor)
            closed_days.guard(cursor.execute, connection.vendor)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", empty)
        yield


@pytest.fixture(autouse=True)
def _fresh() -> None:
    """The anchor and the inbox belong to one test."""
    settings.AUDIT_ANCHOR.unlink(missing_ok=True)
    for folder in ("sms", "mail"):
        for letter in (settings.STATE / "inbox" / folder).glob("*"):
            letter.unlink()
    sms.gateway.cache_clear()


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    expect.set_options(timeout=30_000)  # what comes comes, on a busy machine late; no test measures it
    with sync_playwright() as playing:
        yield playing


def start_chromium(playwright: Playwright, *flags: str) -> Browser:
    return playwright.chromium.launch(executable_path="/usr/bin/chromium-headless-shell", args=[*QUIET.split(), *flags])


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    browser = start_chromium(playwright)
    yield browser
    browser.close()


@pytest.fixture
def person(db: None) -> People:
    """`person("reviewer")`: a synthetic person of that role, with PASSWORD. Not `vouched`: a row that nobody confirmed."""

    def make(role: str = "customer", **differently: Any) -> User:
        serial = next(NUMBERS)
        facts: dict[str, Any] = {
            "number": f"001190{serial}",
            "full_name": "Trần Thị Mẫu Thử",
            "phone": f"0912{serial}",
            "email": f"mau{serial}@example.vn",
            "password": PASSWORD,
        }
        if ROLES[role].staff:
            facts["phone"] = f"0913{serial}"  # no customer may name it at a counter
            facts["branch"] = Branch.objects.get_or_create(name="VNPT Mẫu", defaults={"province": "01"})[0]
        cache.clear()
        vouched = differently.pop("vouched", True)
        user = open_account(roles=[role], **{**facts, **differently})
        if vouched:
            return user
        User.objects.filter(pk=user.pk).update(roles_mac="")
        return User.objects.get(pk=user.pk)

    return make


@pytest.fixture
def staff(person: People) -> People:
    """Staff who have set up their second factor already; an agent who has rehearsed, too, but `rehearsed=False`."""

    def make(role: str = "operator", *, rehearsed: bool = True, **differently: Any) -> User:
        user = person(role, **differently)
        TOTP.activate(user, totp_secret(user))
        if role == "agent" and rehearsed:
            rehearsing.enable(user)
        return user

    return make


@pytest.fixture
def signed_in() -> Callable[[User], Client]:
    """A client through the real sign-in form, second factor included."""

    def enter(user: User) -> Client:
        client = Client()
        client.post("/sign-in/", {"login": user.id_number, "password": PASSWORD})
        if user.is_staff and has_second_factor(user):
            client.post("/account/security/authenticate/", {"code": current_code(user)})
        assert "_auth_user_id" in client.session
        return client

    return enter


@pytest.fixture
def kannel(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """The URL of a Kannel at work, and the log of its SMS centre."""
    with kannel_at_work(tmp_path) as at_work:
        yield at_work


@pytest.fixture
def cluster() -> Iterator[PostgreSQL]:
    """A PostgreSQL of the test's own, which it may stop."""
    with tempfile.TemporaryDirectory(prefix="portal-pg-") as place:
        Path(place).chmod(0o755)  # where PostgreSQL's own user may go
        postgresql = PostgreSQL(Path(place) / "pg")
        postgresql.start()
        yield postgresql
        postgresql.stop()


@pytest.fixture
def pin_after_review(monkeypatch: pytest.MonkeyPatch) -> None:
    """Guide 5's order of steps: that the order is data holds for a route that nobody walks yet, too."""
    route = journey.ROUTES[Channel.BROWSER]
    before = route[: route.index(Step.PIN)]
    monkeypatch.setitem(journey.ROUTES, Channel.BROWSER, (*before, Step.REVIEW, Step.PIN, *journey.ISSUED))


def at_once(times: int, act: Callable[[int], Outcome], *, connect: bool = True) -> list[Outcome | BaseException]:
    """The same act by that many threads at the same moment, each with a connection of its own."""
    start = threading.Barrier(times)

    def run(place: int) -> Outcome:
        try:
            if connect:
                connection.ensure_connection()
            start.wait(30)
            return act(place)
        finally:
            connections.close_all()

    threads = ThreadPoolExecutor(times)
    futures = [threads.submit(run, place) for place in range(times)]
    threads.shutdown(wait=False)
    return [
        future.exception(60) or future.result() for future in futures
    ]  # what a thread met is a result like any other
