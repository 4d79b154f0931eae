"""What the pages of signing show: tables in the reader's language, the certificate card, what a check brings to light."""

import math
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from enrollment import endings, journey
from enrollment.journey import Step
from enrollment.models import Application
from enrollment.pages import svg
from portal import writing
from portal.models import User
from portal.parts import Place
from signing import printing
from signing.authority import profile
from signing.holders import holder_of
from signing.models import Certificate, Paper
from signing.papers import texts
from signing.papers.places import Row, source
from signing.steps import acceptance, contract
from signing.steps.issuance import der_of

State = Certificate.State
GOOD, WAITING, BAD = "good", "warn", "bad"
TONES = {
    State.ACTIVE: GOOD,
    State.EXPIRED: BAD,
    State.REVOKED: BAD,
    State.SUSPENDED: BAD,
    State.ACCEPTANCE_FAILED: BAD,
    State.SYNC_FAILED: BAD,
}


PLACES = [
    Place(_("SmartCA"), "signing:certificate", "place-card"),
    Place(_("Tài liệu"), "signing:documents", "place-papers"),
]


def places(user: User) -> list[Place]:
    return [] if user.is_staff else PLACES


MEANINGS: dict[State, Any] = {
    State.USER_WAITING: _("Quý khách tạo mã PIN để kích hoạt."),
    State.KEY_WAITING: _("Quý khách tạo mã PIN; sau đó VNPT thẩm định hồ sơ."),
    State.APPROVAL_WAITING: _("VNPT đang thẩm định hồ sơ. Quý khách được báo qua SMS và email."),
    State.ISSUE_WAITING: _("Đang kích hoạt cặp khóa và cấp chứng thư số, thường chỉ vài giây."),
    **dict.fromkeys(
        (State.ACCEPTANCE_WAITING, State.ACCEPTANCE_FAILED),
        _("Quý khách ký biên bản nghiệm thu để bắt đầu sử dụng."),
    ),
    State.SUSPENDED: _("Đang tạm dừng nên chưa ký được. Muốn dùng lại, Quý khách gọi 1800 1260 nhánh 1."),
    State.REVOKED: _("Không ký được nữa và không khôi phục được. Chữ ký đã tạo trước đó vẫn có giá trị."),
    State.EXPIRED: _("Không ký được nữa. Chữ ký đã tạo trước đó vẫn có giá trị."),
}
ACCEPTED = (  # what is to be looked at before it is signed for, in five lines
    Row("Họ và tên", "Full name", "full_name"),
    Row("Số giấy tờ", "ID number", "document_number"),
    Row("Hiệu lực", "Valid", "period"),
    Row("Gói cước", "Plan", "plan"),
    Row("Hợp đồng", "Contract", "contract"),
)


def labelled(rows: tuple[Row, ...], facts: dict[str, str]) -> list[tuple[str, str]]:
    """Label and value, in the language of the page."""
    english = get_language() == "en"
    return [(row.gloss if english else row.label, facts[source(row.name)]) for row in rows]


def contract_page(application: Application) -> dict[str, Any]:
    language = get_language() or "vi"
    facts = printing.contract(application, settings.KEY_KIND, language)
    agreement, asked, terms = (texts.text(name, texts.CURRENT, language) for name in texts.PARTS["contract"])
    paper = Paper.of(application, Paper.Kind.CONTRACT)
    return {
        "agreement": agreement,
        "asked": asked,
        "terms": terms,
        "facts": facts,
        "applicant": labelled(printing.APPLICANT, facts),
        "party_a": labelled(printing.PARTY_A, facts),
        "party_b": labelled(printing.PARTY_B, facts),
        "bought": labelled(printing.BOUGHT, facts),
        "wanted": labelled(printing.WANTED, facts),
        "paper": paper if paper and paper.is_open_at(timezone.now()) else None,
    }


def signing_page(paper: Paper) -> dict[str, Any]:
    """What every page between begin and end knows."""
    return {
        "paper": paper,
        "short": contract.short(paper.shown_hash),
        "minutes_left": max(1, round((paper.ends_at - timezone.now()).total_seconds() / 60)),
    }


@dataclass(frozen=True)
class Asked:
    """The moment of signing (parts/confirm.html): what is signed, for whom, with whose certificate; and the addresses."""

    title: str
    number: str
    by: str
    rows: list[tuple[str, str]]
    short: str
    address: str  # of the very bytes
    signer: str  # whose certificate
    ask: str
    onward: str
    passkey: dict[str, str] | None


def minutes_page(application: Application, paper: Paper) -> dict[str, Any]:
    certificate = acceptance.certificate_of(application)
    facts = paper.facts | {"plan": printing.bought(application)["plan"]}  # the plan has a name in each language
    begins, ends = (timezone.localtime(at) for at in (certificate.not_before, certificate.not_after) if at)
    lines = facts | {"period": f"{begins:%d/%m/%Y} – {ends:%d/%m/%Y}"}
    asked = Asked(
        title=str(paper.get_kind_display()), number=paper.number, by=facts["unit"], rows=labelled(ACCEPTED, lines),
        short=contract.short(paper.shown_hash), address=reverse("signing:shown"), signer=facts["full_name"],
        ask=reverse("signing:ask"), onward=reverse("signing:certificate"),
        passkey=certificate.key.passkey if certificate.key else None,
    )  # fmt: skip
    return {
        "asked": asked,
        "text": texts.text("minutes", paper.version, get_language() or "vi"),
        "issued": labelled(printing.ISSUED, facts),
        "hindrance": acceptance.hindrance(certificate),
    }


def cards(user: User | AnonymousUser) -> list[dict[str, Any]]:
    """Of all that were issued, and of those that still can be."""
    mine = Certificate.objects.filter(application__user__pk=user.pk or 0).select_related(
        "key", "application__data_key", "register__issuer__issuer"
    )
    given_up = mine.filter(register__issued_at=None, application__step__in=journey.ENDS)
    return [card(each) for each in mine.exclude(pk__in=given_up).order_by("-pk")]


def card(certificate: Certificate) -> dict[str, Any]:
    """The picture that people show around: name, number masked, state, how much of its life is left, QR."""
    state = State(certificate.state)
    shown = {
        "certificate": certificate,
        "tone": TONES.get(state, WAITING),
        "meaning": MEANINGS.get(state, ""),
        "counts": state in (State.ACTIVE, State.SUSPENDED),
    }
    if certificate.issued_at is None:
        named = holder_of(certificate.application)
        return {**shown, "name": named.name, "number": masked(named.uid)}
    read, now = profile.read(der_of(certificate)), timezone.now()
    begins, ends = read.not_valid_before_utc, read.not_valid_after_utc
    holder = {part.oid.dotted_string: str(part.value) for part in read.subject}
    address = f"{settings.SITE_URL}{reverse('signing:status', args=[certificate.status])}"
    return {
        **shown,
        "name": holder[profile.NAME],
        "number": masked(holder[profile.UID]),
        "begins": begins,
        "ends": ends,
        "days_left": max(0, math.ceil((ends - now) / timedelta(days=1))),
        "left": min(100, max(0, round(100 * (ends - now) / (ends - begins)))),
        "facts": labelled(printing.ISSUED[1:], acceptance.certificate_facts(certificate)),
        "address": address,
        "qr": svg(address),
    }


def masked(uid: str) -> str:
    kind, _colon, number = uid.partition(":")
    return f"{kind}: {writing.masked(number)}"


def stopped_since(application: Application) -> dict[str, Any]:
    """Another application of the same person that came to nothing: which, why, and what to do."""
    newest = Application.objects.filter(user=application.user).order_by("-pk").first()
    if newest is None or newest == application or newest.step != Step.STOPPED:
        return {}
    return {"reference": newest.reference, "words": endings.REASONS.get(newest.reason, ())}


def documents(application: Application) -> list[Paper]:
    sealed = Paper.objects.filter(application__user=application.user, state=Paper.State.SEALED)
    return list(sealed.order_by("-pk"))
