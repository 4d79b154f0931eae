"""How much review a plan and a channel ask for: policies as rows, tried on past files before they go live, proposed by one
person and put to work by another."""

from collections.abc import Collection, Mapping
from typing import Any

import structlog
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enrollment import dossier
from enrollment.journey import Channel
from enrollment.models import Application
from enrollment.steps import approving
from kyc.models import ITEMS, Case, Check, Decision, Policy
from kyc.steps import introduced
from portal import audit
from portal.models import Change
from portal.parts import NOTHING, TwoHands
from portal.refusals import Refusal

log = structlog.get_logger(__name__)
# Without these a machine cannot stand for a person: that the card is real, that somebody lives, that it is the same one.
ALWAYS = ("card-genuine", "liveness", "match", "declared", "same-card", "validity", "reuse")
# Nor, of whom VNeID introduced, without this: nothing else there ties the face to the person.
OF_INTRODUCED = ("vneid-face",)
PASS = Check.Outcome.PASS
SAMPLED = 10  # per cent of approvals, where no policy says otherwise
PAST = 500


def policy_for(application: Application) -> Policy | None:
    """The live one that says most precisely what it is for. None while any is live by other means than two people: what
    such a one was for nobody can say, so no wider one may speak in its place."""
    live = list(Policy.objects.filter(status=Policy.Status.LIVE))
    if altered := [policy.pk for policy in live if not policy.is_ours]:
        log.error("a policy is live by other means", policies=altered, alarm=True)
        return None
    fitting = [
        policy for policy in live
        if policy.plan_id in {None, application.plan_id} and policy.channel in {"", application.channel}
    ]  # fmt: skip
    return max(fitting, key=lambda policy: (policy.plan_id is not None, policy.channel != "", policy.pk), default=None)


def spared_by(policy: Policy | None, *, matched: bool) -> set[str]:
    """Of whom VNeID introduced: what its word stands for by itself, and what by this policy where it found the face to match."""
    return set(ITEMS) if policy and policy.spares_face and matched else set(ITEMS) - {"face"}


def is_clean(policy: Policy, passed: set[str], sources: Collection[str] = ITEMS) -> bool:
    """Every check that is asked for says pass, in as many words: but for those that have nothing to look at in this file."""
    asked = {*policy.checks, *ALWAYS, *OF_INTRODUCED}
    return {name for name in asked if introduced.applies(name, sources)} <= passed


@transaction.atomic
def stand_for_the_first(application: Application, passed: set[str], sources: Collection[str]) -> None:
    """After the findings: where a live policy allows it, clean checks stand for the appraisal. `sources`: see sparing.py."""
    policy = policy_for(application)
    case = Case.objects.filter(application=application, queue=Case.Queue.APPRAISAL, holder=None, asking="").first()
    if policy is None or case is None or not policy.machine_appraises or case.decisions.exists():
        return
    if not is_clean(policy, passed, sources):
        return
    unmoved = Case.objects.filter(pk=case.pk, turns=case.turns, queue=Case.Queue.APPRAISAL, holder=None)
    if unmoved.update(queue=Case.Queue.APPROVAL, turns=case.turns + 1):
        shown = dossier.digest(application)
        approving.appraise(application, shown, policy=policy.name)
        Decision.objects.create(case=case, act="machine-pass", file_hash=shown, reason="policy")


def try_on_past(policy: Policy) -> dict[str, Any]:
    """What it would have done with the newest decided files: how many it would have let by the first person, which of those
    people did not pass, and how many it would not have asked for their face. A few queries, whatever the number of files."""
    past = Case.objects.filter(queue=Case.Queue.CLOSED).order_by("-closed_at")
    if policy.plan_id:
        past = past.filter(application__plan=policy.plan_id)
    if policy.channel:
        past = past.filter(application__channel=policy.channel)
    cases = dict(past.values_list("pk", "application")[:PAST])
    refused = Decision.objects.filter(case__in=cases, act__in=("send-back", "reject", "disagree"))
    no = set(refused.values_list("case", flat=True))
    newest = newest_outcomes(cases.values())
    judged = {case: by_policy(policy, newest.get(application, {})) for case, application in cases.items()}
    clean = {
        case for case, (passed, sources) in judged.items()
        if policy.machine_appraises and is_clean(policy, passed, sources)
    }  # fmt: skip
    figures: dict[str, Any] = {
        "files": len(cases), "machine": len(clean), "people_said_no": len(clean & no),
        "spared": sum("face" not in sources for _passed, sources in judged.values()),
    }  # fmt: skip
    trial: dict[str, Any] = {**figures, "at": timezone.now().isoformat()}
    Policy.objects.filter(pk=policy.pk).update(tried=trial)
    policy.tried = trial
    audit.record("policy tried", policy, **figures)
    return trial


def newest_outcomes(applications: Collection[int]) -> dict[int, dict[str, str]]:
    """By application: what each finding of ours says, about what lay there last."""
    newest: dict[int, tuple[str, dict[str, str]]] = {}
    findings = Check.objects.filter(application__in=applications).order_by("application", "-at")
    for check in findings.defer("facts"):
        about, outcomes = newest.setdefault(check.application_id, (check.basis, {}))
        if check.basis == about and check.is_ours:
            outcomes[check.name] = check.outcome
    return {application: outcomes for application, (_about, outcomes) in newest.items()}


def by_policy(policy: Policy, outcomes: Mapping[str, str]) -> tuple[set[str], set[str]]:
    """What passed in a past file, and what this policy would have judged it by: whom VNeID introduced has a finding that
    nobody else has."""
    passed, is_introduced = {name for name in outcomes if outcomes[name] == PASS}, "vneid-face" in outcomes
    spared = spared_by(policy, matched="vneid-face" in passed) if is_introduced else set()
    return passed, {*ITEMS, *([introduced.VNEID] if is_introduced else [])} - spared


# ── Put to work and taken off it by two people (portal/changes.py) ──


def about(policy: Policy) -> str:
    return f"policy:{policy.pk}"


def policy_of(about: str) -> Policy:
    """Held until the transaction ends."""
    return Policy.objects.select_for_update().get(pk=about.partition(":")[2])


def rule_of(policy: Policy) -> dict[str, Any]:
    """All of it, so that the second person reads all of it, and nothing else is confirmed than what was read."""
    return {
        "plan": policy.plan.code if policy.plan else "",
        "channel": str(policy.channel),
        "machine": policy.machine_appraises,
        "checks": sorted(policy.checks),
        "spares_face": policy.spares_face,
        "sampled": policy.sampled,
    }


def in_force(policy: Policy) -> "QuerySet[Policy]":
    return Policy.objects.filter(status=Policy.Status.LIVE, plan=policy.plan_id, channel=policy.channel)


def standing(about: str) -> dict[str, Any]:
    """Whether it is at work, and by which rule its plan and channel are reviewed now."""
    policy = policy_of(about)
    live = in_force(policy).first()
    return {"status": policy.status, "rule": rule_of(live) if live and live.is_ours else None}


def going_live(policy: Policy) -> dict[str, Any]:
    if not policy.tried:
        raise Refusal("not-tried", _("Hãy chạy thử chính sách trên hồ sơ đã qua trước khi áp dụng."))
    if policy.status != Policy.Status.DRAFT:
        raise Refusal("not-a-draft", _("Chính sách này không còn là bản nháp."))
    return {"status": Policy.Status.LIVE, "rule": rule_of(policy)}


def retiring(policy: Policy) -> dict[str, Any]:
    return {"status": Policy.Status.RETIRED, "rule": None}


def settle(change: Change) -> None:
    policy = policy_of(change.about)
    if change.after["status"] == Policy.Status.LIVE:
        stands = standing(change.about)
        if going_live(policy) != {"rule": stands["rule"], **change.after}:
            raise Refusal("moved", _("Chính sách đã được sửa sau khi đề nghị. Hãy từ chối và đề nghị lại."))
        if change.decided_by_id in policy.made_by:
            raise Refusal("same-person", _("Người đưa chính sách vào áp dụng phải khác người soạn."), status=403)
        in_force(policy).update(status=Policy.Status.RETIRED, mac="")
    policy.status, policy.proposed_by, policy.live_by = change.after["status"], change.proposed_by, change.decided_by
    policy.mac = policy.mac_of_row if policy.status == Policy.Status.LIVE else ""
    policy.save(update_fields=["status", "proposed_by", "live_by", "mac"])


def in_words(name: str, value: Any) -> str:
    if name == "status":
        return str(Policy.Status(value).label)
    if not value:
        return NOTHING
    machine = _("máy thẩm định thay người thứ nhất") if value["machine"] else _("hai người")
    checks = ", ".join(str(Check.NAMES.get(check, check)) for check in value["checks"])
    channels = {"": _("mọi kênh"), **dict(Channel.choices)}
    plan, channel = value["plan"] or _("mọi gói"), channels.get(value["channel"], NOTHING)
    face = f"; {_('VNeID đã so khuôn mặt: không hỏi lại')}" if value["spares_face"] else ""
    return f"{plan}, {channel}: {machine}; {checks}{face}; {value['sampled']} %"


POLICY = TwoHands(
    label=_("Chính sách thẩm định"),
    proposes="kyc.change_policy",
    confirms="kyc.confirm_policy",
    fields={"status": _("Trạng thái"), "rule": _("Quy tắc cho gói và kênh này")},
    present=standing,
    apply=settle,
    shown=in_words,
    named=lambda about: Policy.objects.get(pk=about.partition(":")[2]).name,
)
