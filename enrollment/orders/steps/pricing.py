"""What is sold, for how long and for how much: proposed by one person, confirmed by a second (portal/changes.py)."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from enrollment.orders.models import TERMS, Plan
from portal import writing
from portal.models import Change
from portal.parts import TwoHands
from portal.refusals import Refusal


def about(plan: Plan) -> str:
    """By its code: one that is to be opened has no key yet."""
    return f"plan:{plan.code}"


def code_of(about: str) -> str:
    return about.partition(":")[2]


def terms_of(plan: Plan) -> dict[str, Any]:
    return {name: getattr(plan, name) for name in TERMS}


def held(about: str) -> Plan:
    """The row, or a blank one. Of one that was changed by other means nothing is confirmed, so that all of it is proposed."""
    code = code_of(about)
    plan = Plan.objects.select_for_update().filter(code=code).first() or Plan(code=code)
    if not plan.is_ours:
        plan.mac = ""
        for name in TERMS:
            setattr(plan, name, Plan.term(name).get_default())
    return plan


def present(about: str) -> Mapping[str, Any]:
    plan = held(about)
    return terms_of(plan) if plan.mac else dict.fromkeys(TERMS)


def apply(change: Change) -> None:
    plan = held(change.about)
    for name, value in change.after.items():
        setattr(plan, name, Plan.term(name).to_python(value))
    plan.mac = plan.mac_of_row
    try:
        plan.full_clean()
    except ValidationError as wrong:
        raise Refusal("unfit", _("Các giá trị đã đề nghị không dùng được nữa. Hãy từ chối và đề nghị lại.")) from wrong
    plan.save()


def shown(name: str, value: Any) -> str:
    if name == "price" and isinstance(value, int):
        return writing.money(value)
    return "–" if value in (None, "") else str(value)


PLAN = TwoHands(
    label=_("Gói cước và giá"),
    proposes="orders.change_plan",
    confirms="orders.confirm_plan",
    fields={name: Plan.term(name).verbose_name for name in TERMS},
    present=present,
    apply=apply,
    shown=shown,
    named=code_of,
)
