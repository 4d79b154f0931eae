"""Provinces and wards, ready before the first customer; on a demo machine its people."""

import json
from pathlib import Path

from django.conf import settings

from enrollment.demo import people
from enrollment.models import Province, Ward

PLACES = Path(__file__).parent / "data" / "places.json"


def seed() -> None:
    seed_places()
    if settings.DEMO:
        people.seed_people()


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
