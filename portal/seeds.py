"""What the ground floor needs before the first person comes: roles, branches, and on a demo machine its people."""

from django.conf import settings

from portal.accounts.roles import seed_roles
from portal.demo import people
from portal.models import Branch, User

BRANCHES = (
    ("VNPT Quảng Ngãi", {"province": "51"}),
    (
        "VNPT Thanh Hóa",  # as guide 2 has it
        {
            "province": "38",
            "address": "26A Đại lộ Lê Lợi, Phường Điện Biên, TP Thanh Hóa",
            "phone": "0237 3858000",
        },
    ),
    ("VNPT Hà Nội", {"province": "01"}),
)


def seed() -> None:
    seed_roles()
    for name, known in BRANCHES:
        Branch.objects.get_or_create(name=name, defaults=known)
    User.objects.filter(is_demo=True).update(is_active=settings.DEMO)
    if settings.DEMO:
        people.seed_people()
