"""What the ground floor needs before the first person comes: roles, branches, and on a demo machine its people."""

from django.conf import settings

from portal.accounts.roles import seed_roles
from portal.demo import people
from portal.models import Branch, User

BRANCHES = (
    ("VNPT Quảng Ngãi", "51"),
    ("VNPT Thanh Hóa", "38"),
    ("VNPT Hà Nội", "01"),
)


def seed() -> None:
    seed_roles()
    for name, province in BRANCHES:
        Branch.objects.get_or_create(name=name, defaults={"province": province})
    User.objects.filter(is_demo=True).update(is_active=settings.DEMO)
    if settings.DEMO:
        people.seed_people()
