"""What VNeID said stays said: no page, no draft and no row written by other means makes it something else."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from enrollment import dossier
from enrollment.journey import Step
from enrollment.models import Application, Introduction
from enrollment.steps import declaration
from portal.models import Event
from portal.refusals import Refusal
from tests.enrollment.citizens import VAN, XUAN, Citizen, Simulator, simulator, with_an_account

pytestmark = pytest.mark.django_db
__all__ = ["simulator"]
TYPED = {
    "full_name": "Trần Thị Mẫu Khác",
    "number": XUAN,
    "birth_date": "18/05/1996",
    "sex": "male",
    "issued_on": "29/03/2022",
    "issued_by": "Bộ Công an",
    "document": "passport",
    "nationality": "Lào",
}


@pytest.mark.parametrize("field", TYPED)
def test_no_field_typed_over_changes_what_vneid_said(simulator: Simulator, field: str) -> None:
    citizen = Citizen(simulator).opens().declares(**{field: TYPED[field]})
    assert citizen.application.step == Step.ACTIVATION
    declaration = citizen.application.declaration
    assert declaration
    said = citizen.introduction.locked
    assert {name: getattr(declaration, name) for name in said} == said


@pytest.mark.parametrize(
    "other", [{"full_name": "Trần Thị Mẫu Khác"}, {"issued_on": date(2022, 3, 29)}, {"issued_by": "Bộ Công an"}]
)
def test_nor_does_whoever_asks_without_the_page(simulator: Simulator, other: dict[str, Any]) -> None:
    known = Citizen(simulator).opens().declares().application.declaration
    citizen = Citizen(simulator, XUAN).opens()
    assert known
    said = {name: citizen.introduction.locked[name] for name in citizen.introduction.locked}
    with pytest.raises(Refusal, match="introduced"):
        declaration.declare(citizen.application, replace(known, **{**said, "phone": "0912000502", **other}))
    assert citizen.application.step == Step.DECLARATION
    assert Event.objects.filter(verb="introduced declaration refused").count() == 1


def test_nor_does_what_a_page_keeps_while_one_types(simulator: Simulator) -> None:
    citizen = Citizen(simulator).opens()
    citizen.client.post("/register/declaration/draft/", {**TYPED, "phone": "0912000501"})
    citizen.declares()
    declaration = citizen.application.declaration
    assert declaration
    assert (declaration.number, declaration.full_name.casefold()) == (VAN, "đỗ thị mẫu vân")


def test_nor_a_draft_written_by_other_means(simulator: Simulator) -> None:
    citizen = Citizen(simulator).opens()
    application = citizen.application
    draft = application.sealed("draft", {**application.draft, **TYPED})
    Application.objects.filter(pk=application.pk).update(draft=draft)
    citizen.declares()
    declared = citizen.application.declaration
    assert declared is None or declared.number == VAN


@pytest.mark.parametrize(("field", "other"), [("full_name", "Trần Khác"), ("issued_on", "2022-03-29"), ("sex", "male")])
def test_what_was_declared_altered_by_other_means_is_unsound(simulator: Simulator, field: str, other: str) -> None:
    citizen = with_an_account(simulator)
    application = citizen.application
    declared = application.sealed("declared", {**application.declared, field: other})
    Application.objects.filter(pk=application.pk).update(declared=declared)
    assert not dossier.is_sound(application)


def test_what_was_said_does_not_open_where_it_was_altered(simulator: Simulator) -> None:
    citizen, other = with_an_account(simulator), with_an_account(simulator, XUAN)
    rows = Introduction.objects.values_list("said", flat=True)
    Introduction.objects.filter(application=citizen.application).update(said=rows.get(application=other.application))
    assert not dossier.is_sound(citizen.application)
