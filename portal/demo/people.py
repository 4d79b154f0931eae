"""People of nobody, for every role one or two, and the second factor that the desk knows of them."""

import base64
import hashlib
import hmac

from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.urls import reverse

from portal import sealing
from portal.accounts.opening import open_account
from portal.accounts.roles import ROLES
from portal.gateways import keys
from portal.models import Branch, User
from portal.parts import Door

DEMO_PASSWORD = "Xem-Thu#2026"
NEWCOMER = "0900000028"  # an agent who has not rehearsed yet: to them the counter is closed
# Synthetic people: the structure of each number is valid, its holder does not exist; every name says "Mẫu".
DEMO_PEOPLE = (
    ("051190000011", "Nguyễn Thị Mẫu An", "0900000011", "customer", ""),
    ("038085000012", "Lê Văn Mẫu Bình", "0900000012", "customer", ""),
    ("038091000022", "Trịnh Văn Mẫu Dũng", "0900000022", "agent", "VNPT Thanh Hóa"),
    ("038195000023", "Mai Thị Mẫu Oanh", "0900000023", "agent", "VNPT Thanh Hóa"),
    ("051192000021", "Phạm Thị Mẫu Chi", "0900000021", "agent", "VNPT Quảng Ngãi"),
    ("051093000024", "Trương Văn Mẫu Sơn", "0900000024", "agent", "VNPT Quảng Ngãi, VNPT Thanh Hóa"),
    ("051194000028", "Hồ Thị Mẫu Thơ", NEWCOMER, "agent", "VNPT Quảng Ngãi"),
    ("038183000026", "Lưu Thị Mẫu Phương", "0900000026", "lead", "VNPT Thanh Hóa"),
    ("051082000027", "Huỳnh Văn Mẫu Quang", "0900000027", "lead", "VNPT Quảng Ngãi"),
    ("001188000031", "Hoàng Thị Mẫu Giang", "0900000031", "reviewer", "VNPT Hà Nội"),
    ("051087000032", "Võ Văn Mẫu Hải", "0900000032", "reviewer", "VNPT Quảng Ngãi"),
    ("001180000041", "Đặng Thị Mẫu Khánh", "0900000041", "approver", "VNPT Hà Nội"),
    ("001079000051", "Bùi Văn Mẫu Long", "0900000051", "supervisor", "VNPT Hà Nội"),
    ("001186000061", "Đỗ Thị Mẫu Minh", "0900000061", "operator", "VNPT Hà Nội"),
    ("001083000071", "Ngô Văn Mẫu Nam", "0900000071", "auditor", "VNPT Hà Nội"),
)


def seed_people() -> None:
    for place in Branch.objects.filter(address=""):
        Branch.objects.filter(pk=place.pk).update(address=f"Số 1 đường Mẫu, {place.name.removeprefix('VNPT ')}")
    Branch.objects.filter(hours="").update(hours="7:30–17:00")
    branches = {branch.name: branch for branch in Branch.objects.all()}
    known = set(User.objects.filter(is_demo=True).values_list("username", flat=True))
    for number, full_name, phone, role, units in DEMO_PEOPLE:
        if User.username_for(number) in known:
            continue
        home, *further = (branches.get(name) for name in units.split(", "))
        user = open_account(
            number=number,
            full_name=full_name,
            phone=phone,
            email=f"{role}.{number[-2:]}@example.vn",
            roles=[role],
            branch=home,
            further=[branch.pk for branch in further if branch],
            password=DEMO_PASSWORD,
            demo=True,
        )
        if user.is_staff:
            TOTP.activate(user, totp_secret(user))


def totp_secret(user: User) -> str:
    """The same on every look, so that the demo desk can show the current code; other machines have other secrets."""
    key = sealing.derived(keys.provider().keyring().index, "demo second factor")
    return base64.b32encode(hmac.new(key, user.username.encode(), hashlib.sha1).digest()).decode()


def current_code(user: User) -> str:
    _before, now, _after = yield_hotp_counters_from_time()
    return str(format_hotp_value(hotp_value(totp_secret(user), now)))


def all_people() -> list[User]:
    """In the order of the roles."""
    order = list(ROLES)
    people = User.objects.filter(is_demo=True).select_related("branch").prefetch_related("groups", "further_branches")
    return sorted(people, key=lambda user: (order.index(user.roles[0]), user.pk))


def doors() -> list[Door]:
    return [
        Door(
            who=user.full_name,
            role=user.roles[0],
            at=", ".join(branch.name for branch in (user.branch, *user.further_branches.all()) if branch),
            address=reverse("demo:sign_in", args=[user.pk]),
            user=user.pk,
        )
        for user in all_people()
    ]
