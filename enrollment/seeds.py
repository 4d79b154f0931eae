"""Plans, provinces and wards, ready before the first customer; on a demo machine its people."""

import json
from datetime import date
from pathlib import Path

from django.conf import settings

from enrollment.demo import people
from enrollment.models import Plan, Province, Ward

PLACES = Path(__file__).parent / "data" / "places.json"
FROM = date(2026, 1, 1)
# Names from the public guides; prices are made up for demonstration, no price list of the plans is public.
PLANS = (
    {
        "code": "theo-luot-12",
        "name": "Chứng thư số cá nhân trên các ứng dụng",
        "name_en": "Personal certificate for all applications",
        "kind": Plan.Kind.PER_SIGNING,
        "months": 12,
        "price": 0,
        "use": "Ký trên các ứng dụng; lượt ký mua thêm khi cần",
        "use_en": "Sign in any application; buy signings as you need them",
    },
    {
        "code": "ps0-cong-dan",
        "name": "SmartCA cá nhân PS0 (công dân)",
        "name_en": "SmartCA personal PS0 (citizen)",
        "kind": Plan.Kind.PER_SIGNING,
        "months": 12,
        "price": 0,
        "use": "Ký miễn phí trên Cổng Dịch vụ công; nơi khác mua thêm lượt ký",
        "use_en": "Free signing on public service portals; buy signings for elsewhere",
    },
    *(
        {
            "code": f"khong-gioi-han-{months}",
            "name": f"SmartCA không giới hạn {months} tháng",
            "name_en": f"SmartCA unlimited, {months} months",
            "kind": Plan.Kind.UNLIMITED,
            "months": months,
            "price": price,
            "use": "Ký không giới hạn lượt trên mọi ứng dụng",
            "use_en": "Unlimited signing in every application",
        }
        for months, price in ((12, 220_000), (24, 385_000), (36, 495_000))
    ),
)


def seed() -> None:
    seed_plans()
    seed_places()
    if settings.DEMO:
        people.seed_people()


def seed_plans() -> None:
    """Plans are seeded once: what staff changed since then stays as they left it."""
    for rank, plan in enumerate(PLANS):
        Plan.objects.get_or_create(code=plan["code"], defaults={**plan, "rank": rank, "sold_from": FROM})


def seed_places() -> None:
    places = json.loads(PLACES.read_text())
    if Ward.objects.count() == sum(len(place["wards"]) for place in places.values()):
        return
    provinces = [Province(code=code, name=place["name"]) for code, place in places.items()]
    wards = [
        Ward(code=ward, name=name, province_id=code)
        for code, place in places.items()
        for ward, name in place["wards"].items()
    ]
    Province.objects.bulk_create(provinces, update_conflicts=True, update_fields=["name"], unique_fields=["code"])
    Ward.objects.bulk_create(
        wards, 1000, update_conflicts=True, update_fields=["name", "province"], unique_fields=["code"]
    )
