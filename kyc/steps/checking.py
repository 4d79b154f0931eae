"""What machines find in the evidence, beside what people decide: each finding by itself, about exactly these pictures
and this declaration. What was not performed, or is not sure, is said so and never counted as passed."""

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Any

import structlog
from django.db import IntegrityError, transaction
from django.db.models import F, Q, Value
from django.db.models.functions import Concat
from django.utils import timezone

from enrollment import identity
from enrollment.identity import Declaration, Document
from enrollment.models import Application
from kyc.gateways import ekyc, eyes
from kyc.models import Case, Check, Evidence
from kyc.reading import comparing, ocr
from kyc.steps import flags, introduced, kinship, policing, sparing
from kyc.steps.kinship import TRACED
from portal import jobs, sealing
from portal.refusals import Refusal
from portal.waking import Waker

log = structlog.get_logger(__name__)
PASS, UNSURE, FAIL, SKIPPED = Check.Outcome.PASS, Check.Outcome.UNSURE, Check.Outcome.FAIL, Check.Outcome.NOT_PERFORMED
LOOKS = 5
ASKS_AGAIN, ASKS_FOR = timedelta(minutes=3), timedelta(hours=4)  # of an eKYC service that is away
Finding = tuple[Check.Outcome, dict[str, Any]]
Pictures = dict[str, Evidence]
Facts = Mapping[str, Mapping[str, Any]]  # of each picture, as found when it came


def basis(application: Application, evidence: Pictures) -> str:
    """What the findings are about: other pictures, another declaration or other words of VNeID's need new ones."""
    pictures = sorted((kind, picture.digest) for kind, picture in evidence.items())
    subject = [application.declared, pictures, *introduced.basis(application)]
    text = json.dumps(subject, sort_keys=True, ensure_ascii=False)
    return sealing.blind_index("evidence", hashlib.sha256(text.encode()).hexdigest())


def findings(application: Application, evidence: Pictures | None = None) -> list[Check]:
    """As they stand for what lies there now; none while they are still being made. One that we did not write so says
    nothing for sure."""
    evidence = Evidence.of(application) if evidence is None else evidence
    rows = {
        check.name: check for check in Check.objects.filter(application=application, basis=basis(application, evidence))
    }
    for check in rows.values():
        check.application = application
        if not check.is_ours:
            log.error("a finding was altered", application=application.pk, finding=check.name, alarm=True)
            check.outcome = UNSURE
    return [rows[name] for name in Check.NAMES if name in rows]


def check(application: Application) -> None:
    """Look at everything; twice is once. Slow work comes first, the writing in one short transaction at the end."""
    evidence, declaration = Evidence.of(application), application.declaration
    if declaration is None or not (evidence or introduced.is_introduced(application)):
        return
    about = basis(application, evidence)
    before = Check.objects.filter(application=application, basis=about, name__in=ekyc.ASKED)
    if before and not was_away(before, application):
        return
    outcomes, traces = looked_at(application, declaration, evidence)
    marks = kinship.marks_of(application, declaration, traces)
    sources = sparing.sources(application, evidence)
    try:
        with transaction.atomic():
            kinship.mark(application, marks)
            if "reuse" not in outcomes:
                outcomes["reuse"] = _reuse(application, [kind for kind in TRACED if TRACED[kind] in sources])
            Check.objects.filter(application=application, basis=about).delete()
            rows = [
                Check(application=application, name=name, basis=about, outcome=outcome, facts=about_it)
                for name, (outcome, about_it) in outcomes.items()
            ]
            for finding in rows:
                finding.mac = finding.mac_of_row
            Check.objects.bulk_create(rows)
            flag(application, {name: outcome for name, (outcome, _facts) in outcomes.items()}, evidence)
    except IntegrityError:
        log.info("checked by another", application=application.pk)
        return
    try:
        stand(application)
    except Refusal as no:
        log.info("left to people", application=application.pk, reason=no.code)


def looked_at(
    application: Application, declaration: Declaration, evidence: Pictures
) -> tuple[dict[str, Finding], Mapping[str, str]]:
    """All but what other files have in common with this one; and the traces by which that is found."""
    images = {kind: picture.file.read() for kind, picture in evidence.items() if picture.file}
    facts = {kind: picture.facts or {} for kind, picture in evidence.items()}
    sight = eyes.examined(images, flat=ocr.able()) if images else eyes.NOTHING
    word = introduced.word_of(application)
    reads = read(declaration, sight, facts) | introduced.reads(word)
    outcomes = dict(_cards(declaration, evidence, facts, reads, able=sight.able)) | dict(_faces(sight, facts))
    outcomes |= {
        name: (Check.Outcome(answer.outcome), dict(answer.facts)) for name, answer in ekyc.gateway().ask(images).items()
    }
    if introduced.is_introduced(application):
        given = {picture.item for picture in evidence.values()}
        outcomes |= introduced.findings(declaration, word, given, outcomes["declared"])
    return outcomes, sight.traces


@transaction.atomic
def stand(application: Application) -> None:
    """Of what lies there now and not of what once did: nobody changes it until this is through."""
    application.hold()
    fresh = Application.objects.select_related("data_key", "plan").get(pk=application.pk)
    checks = findings(fresh)
    if not flags.of(fresh, checks):  # which only a person can answer
        passed = {check.name for check in checks if check.outcome == PASS}
        policing.stand_for_the_first(fresh, passed, sparing.sources(fresh))


def was_away(answers: Iterable[Check], application: Application) -> bool:
    """The eKYC service did not answer; it may be asked again."""
    for answer in answers:
        answer.application = application
    return any((answer.facts or {}).get("why") in ekyc.AWAY for answer in answers)


# ── Reading ──


def read(declaration: Declaration, sight: eyes.Sight, facts: Facts) -> comparing.Reads:
    """What each source says of each field. QR and machine-readable lines were read as the picture came."""
    reads: comparing.Reads = {}
    for side in ("card-front", "card-back"):
        if code := facts.get(side, {}).get("code"):
            reads["code"] = dict(code)
        if machine := facts.get(side, {}).get("machine"):
            reads["machine"] = {**machine, "full_name": machine["name"]}
    printed = (sight.front and eyes.as_json(ocr.printed(sight.front))) or {}
    if any(printed.values()):
        reads["printed"] = {**printed, "unread": [field for field, value in printed.items() if not value]}
    return reads


def reads_of(checks: list[Check]) -> comparing.Reads:
    """For the desk: what the sources said, as the findings keep it."""
    names = {"qr": "code", "mrz": "machine", "ocr": "printed"}
    reads = {names[check.name]: (check.facts or {}).get("read") for check in checks if check.name in names}
    return {source: facts for source, facts in reads.items() if facts}


def _cards(
    declaration: Declaration, evidence: Pictures, facts: Facts, reads: comparing.Reads, *, able: bool
) -> Iterator[tuple[str, Finding]]:
    sides = [kind for kind in ("card-front", "card-back") if kind in evidence]
    faults = {kind: fault for kind in sides if (fault := facts[kind].get("insisted") or facts[kind].get("fault"))}
    gallery = [kind for kind in sides if evidence[kind].way == Evidence.Way.GALLERY]
    yield "quality", (UNSURE if faults or gallery else PASS, {"faults": faults, "gallery": gallery})
    has_code, has_lines = declaration.document == Document.CITIZEN, declaration.document != Document.OLD_CARD
    yield "qr", _source(reads, "code", expected=has_code, able=True)
    yield "mrz", _source(reads, "machine", expected=has_lines, able=able)
    yield "ocr", _source(reads, "printed", expected=True, able=ocr.able())
    yield "same-card", _same_card(declaration, facts)
    rows = comparing.rows(declaration, reads)
    statements = [(row, said) for row in rows for said in row.statements if said.verdict != comparing.UNREAD]
    differing = [
        f"{row.field}:{statement.source}" for row, statement in statements if statement.verdict == comparing.OTHER
    ]
    strong = [
        difference for difference in differing if not difference.endswith(":printed")
    ]  # OCR errs; it makes one look, no more
    compared = {row.field for row, _statement in statements}
    # Sure is what a code or the machine's lines say in so many letters; "nearly the same" is for people.
    sources = [(row.field, statement.verdict) for row, statement in statements if statement.source != "printed"]
    same = {field for field, verdict in sources if verdict == comparing.SAME}
    near = any(verdict == comparing.NEAR for _field, verdict in sources)
    sure = {"number", "full_name", "birth_date"} <= same and not differing and not near
    yield "declared", (FAIL if strong else PASS if sure else UNSURE if compared else SKIPPED, {"differing": differing})
    yield "validity", _validity(declaration, reads)
    doubts = [name for name, _text in identity.doubts(declaration, timezone.localdate())]
    yield "issuer", (UNSURE if "issuer" in doubts else PASS, {})
    if declaration.document == Document.CITIZEN:
        wrong = [field for field, _text in identity.faults(declaration, timezone.localdate()) if field == "number"]
        unusual = [name for name in doubts if name in ("province-code", "age", "minor")]
        yield "number", (FAIL if wrong else UNSURE if unusual else PASS, {"unusual": unusual})
    face = bool(facts.get("card-front", {}).get("face"))
    yield "card-face", (PASS if face else UNSURE if able else SKIPPED, {})


def _source(reads: comparing.Reads, source: str, *, expected: bool, able: bool) -> Finding:
    if source in reads:
        return PASS, {"read": reads[source]}
    return (UNSURE if able else SKIPPED) if expected else SKIPPED, {}


def _same_card(declaration: Declaration, facts: Facts) -> Finding:
    """Something that the front says must stand on the back too."""
    if declaration.document != Document.CITIZEN:
        return SKIPPED, {}
    front, back = facts.get("card-front", {}), facts.get("card-back", {})
    code, machine = front.get("code") or back.get("code"), back.get("machine")
    if not code or not machine:
        return UNSURE, {}
    same = code["number"] == machine["number"] and code["birth_date"] == machine["birth_date"]
    return (PASS if same else FAIL), {"code": code["number"][-3:], "machine": machine["number"][-3:]}


def _validity(declaration: Declaration, reads: comparing.Reads) -> Finding:
    """By what the card prints or VNeID says, else by the holder's age."""
    today = timezone.localdate()
    ends_on = (reads.get(source, {}).get("expires_on") for source in ("machine", introduced.VNEID))
    printed = comparing.as_day(next(filter(None, ends_on), ""))
    issued = comparing.as_day(reads.get("code", {}).get("issued_on") or "") or declaration.issued_on
    by_age = identity.card_ends(declaration.birth_date, issued) if declaration.document == Document.CITIZEN else None
    ends = printed or declaration.expires_on or by_age
    if ends and ends < today:
        return FAIL, {"ends": ends.isoformat()}
    odd = bool(printed and by_age and abs(printed - by_age) > timedelta(days=31))
    soon = bool(ends and ends < today + timedelta(days=30))
    unread = not {"machine", "code", introduced.VNEID} & set(reads) or (
        ends is None and declaration.document != Document.CITIZEN
    )
    return (UNSURE if odd or soon or unread else PASS), {"ends": ends.isoformat() if ends else "", "odd": odd}


def _faces(sight: eyes.Sight, facts: Facts) -> Iterator[tuple[str, Finding]]:
    yield "still-faces", (SKIPPED if not sight.able else PASS if sight.faces == 2 else FAIL, {})
    film = facts.get("face-film", {})
    seen = film.get("seen", [])
    known = sight.able and all(wide for _cue, wide, _at in seen)
    right = film.get("ratio") or 0
    yield "cues", (SKIPPED if not sight.able else PASS if known and 1.25 < right < 4 else FAIL, {"ratio": right})
    # What moves flat like a sheet is doubtful; that something moves otherwise does not show that it lives.
    yield "alive", (UNSURE if sight.able and sight.flat else SKIPPED, {"flat": sight.flat})


# ── What belongs together ──


def _reuse(application: Application, kinds: Collection[str] = tuple(TRACED)) -> Finding:
    """A picture that another person's application has: of one's own earlier application it is no wonder."""
    near_by_kind = kinship.compared(application, kinds)
    used = {
        kind: sorted({other.reference for other, _at in others if other.person_index != application.person_index})
        for kind, (others, _whole) in near_by_kind.items()
    }
    unlike = set(near_by_kind) == set(kinds) and all(whole for _others, whole in near_by_kind.values())
    return (PASS if unlike and not any(used.values()) else UNSURE), {"used": used}


def flag(application: Application, outcomes: Mapping[str, Check.Outcome], evidence: Pictures) -> None:
    """By name, for whoever sifts the queue: what failed, and what an open file of another person shares with this one.
    That other is flagged too, though it came first."""
    names = [name for name, noticed in (
        ("fail", FAIL in outcomes.values()),
        ("gallery", any(picture.way == Evidence.Way.GALLERY for picture in evidence.values())),
    ) if noticed]  # fmt: skip
    for kind, files in flags.others(application).items():
        others = [other.pk for other, _at in files]
        rows = Case.objects.filter(application__in=others).exclude(queue=Case.Queue.CLOSED).order_by("pk")
        rows.exclude(flags__contains=kind).update(flags=Concat("flags", Value(f" {kind}")))
        names.append(kind)
    Case.objects.filter(application=application).update(flags=" ".join(names))


# ── On schedule ──

waker = Waker("kyc.tasks.check_evidence")


def check_due(most: int = 40) -> None:
    """Every case whose evidence was not looked at. Each try is counted before it is made, so that one that brings the
    worker down holds up no other; after some it is left to people, who see that nothing was found."""
    now = timezone.now()
    due = Case.objects.filter(Q(look_after=None) | Q(look_after__lt=now), checked=False, looks__lt=LOOKS)
    due = due.exclude(queue=Case.Queue.CLOSED).order_by("looks", "due_at")
    jobs.each(due.select_related("application", "application__data_key", "application__plan")[:most], _look)


def _look(case: Case) -> None:
    Case.objects.filter(pk=case.pk).update(looks=F("looks") + 1)
    check(case.application)
    now = timezone.now()
    same_look = Case.objects.filter(pk=case.pk, looks=case.looks + 1)  # not one that came anew meanwhile
    answers = Check.objects.filter(application=case.application, name__in=ekyc.ASKED).order_by("-at")
    if was_away(answers[: len(ekyc.ASKED)], case.application) and case.received_at > now - ASKS_FOR:
        same_look.update(looks=case.looks, look_after=now + ASKS_AGAIN)
    else:
        same_look.update(checked=True)
