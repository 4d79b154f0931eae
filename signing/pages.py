"""What the pages of signing show: tables in the reader's language, the certificate card, what a check brings to light."""

import math
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from enrollment import journey
from enrollment.journey import Step
from enrollment.models import Application
from enrollment.pages import svg
from portal import writing
from signing import printing
from signing.authority import profile
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


def minutes_page(application: Application, paper: Paper) -> dict[str, Any]:
    certificate = acceptance.certificate_of(application)
    facts = paper.facts | {"plan": printing.bought(application)["plan"]}  # the plan has a name in each language
    return {
        "paper": paper,
        "short": contract.short(paper.shown_hash),
        "text": texts.text("minutes", paper.version, get_language() or "vi"),
        "parties": labelled(printing.PARTIES, facts),
        "issued": labelled(printing.ISSUED, facts),
        "certificate_name": facts["full_name"],
        "key": certificate.key,
        "hindrance": acceptance.hindrance(certificate),
    }


def card(certificate: Certificate) -> dict[str, Any]:
    """The picture that people show around: name, number masked, state, how much of its life is over, QR."""
    read, now = profile.read(der_of(certificate)), timezone.now()
    begins, ends = read.not_valid_before_utc, read.not_valid_after_utc
    holder = {part.oid.dotted_string: str(part.value) for part in read.subject}
    kind, _colon, number = holder[profile.UID].partition(":")
    address = f"{settings.SITE_URL}{reverse('signing:status', args=[certificate.status])}"
    return {
        "certificate": certificate,
        "tone": TONES.get(State(certificate.state), WAITING),
        "name": holder[profile.NAME],
        "number": f"{kind}: {writing.masked(number)}",
        "begins": begins,
        "ends": ends,
        "days_left": max(0, math.ceil((ends - now) / timedelta(days=1))),
        "over": min(100, max(0, round(100 * (now - begins) / (ends - begins)))),
        "facts": labelled(printing.ISSUED, acceptance.certificate_facts(certificate)),
        "address": address,
        "qr": svg(address),
    }


def stopped_since(application: Application) -> dict[str, Any]:
    """Another application of the same person that came to nothing: which, why, and what to do."""
    newest = Application.objects.filter(user=application.user).order_by("-pk").first()
    if newest is None or newest == application or newest.step != Step.STOPPED:
        return {}
    return {"reference": newest.reference, "words": journey.REASONS.get(newest.reason, ())}


def documents(application: Application) -> list[Paper]:
    sealed = Paper.objects.filter(application__user=application.user, state=Paper.State.SEALED)
    return list(sealed.order_by("-pk"))


# ── What a check brings, in words ──

PROBLEMS = {
    "not-a-pdf": _("Tệp này không phải PDF, hoặc đã hỏng đến mức không đọc được. Không thể xác nhận chữ ký nào."),
    "no-signature": _("Tệp PDF này không có chữ ký số nào."),
    "encrypted": _("Tệp PDF này có mật khẩu. Quý khách hãy bỏ mật khẩu rồi kiểm tra lại."),
    "busy": _("Hệ thống đang bận nên chưa kiểm tra được tệp này. Quý khách vui lòng thử lại sau ít phút."),
    "too-much": _("Tệp này quá phức tạp để kiểm tra trên trang. Không thể xác nhận chữ ký nào."),
}
CHANGES = {
    "none": _("Không có gì được thêm sau chữ ký này."),
    "upkeep": _("Sau chữ ký này chỉ thêm dữ liệu để kiểm tra lâu dài và dấu thời gian; nội dung không đổi."),
    "known": _("Sau chữ ký này chỉ có chữ ký và dấu thời gian của VNPT; nội dung không đổi."),
    "fields": _("Sau chữ ký này có thêm chữ ký khác hoặc ô được điền; nội dung không đổi."),
    "notes": _("Sau chữ ký này có ghi chú được thêm vào."),
    "other": _("Sau chữ ký này tệp đã bị sửa thêm. Những gì đang hiện ra có thể khác với điều đã ký."),
    "uncovered": _("Chữ ký này không bao trùm tệp như nó phải có. Không tin được vào những gì đang hiện ra."),
}
SAFE_CHANGES = ("none", "known", "upkeep", "fields")


def verdict(signature: dict[str, Any]) -> str:
    """One word for a signature: what colour and what sentence it gets."""
    if signature.get("broken"):
        return "broken"
    if not (signature["intact"] and signature["valid"]):
        return "altered"
    if signature["changes"] not in SAFE_CHANGES:
        return "changed"
    if not signature["then"]["trusted"]:
        return "stranger"
    if signature["then"]["status"] == "revoked" or not signature["then"]["in_time"]:
        return "not-in-force"
    return "good"


VERDICTS = {
    "good": (GOOD, _("Hợp lệ")),
    "stranger": (WAITING, _("Toàn vẹn, nhưng không rõ tổ chức cấp")),
    "not-in-force": (BAD, _("Chứng thư số không có hiệu lực lúc ký")),
    "changed": (BAD, _("Tệp bị sửa sau khi ký")),
    "altered": (BAD, _("Nội dung bị thay đổi: chữ ký không còn đúng")),
    "broken": (BAD, _("Chữ ký bị hỏng, không đọc được")),
}
SUMMARIES = {
    "good": _("Mọi chữ ký trong tệp đều hợp lệ và nội dung còn nguyên vẹn."),
    "stranger": _("Nội dung còn nguyên vẹn, nhưng có chữ ký của tổ chức mà cổng này không biết."),
    "not-in-force": _("Có chữ ký dùng chứng thư số không có hiệu lực lúc ký."),
    "changed": _("Tệp đã bị sửa sau khi ký. Không nên tin vào nội dung đang hiện ra."),
    "altered": _("Nội dung đã bị thay đổi sau khi ký. Không tin được vào tệp này."),
    "broken": _("Có chữ ký bị hỏng. Không tin được vào tệp này."),
}
ORDER = ("broken", "altered", "changed", "not-in-force", "stranger", "good")


def findings(facts: dict[str, Any]) -> dict[str, Any]:
    if facts["problem"]:
        return {"problem": PROBLEMS[facts["problem"]]}
    rows = [finding(signature) for signature in facts["signatures"]]
    worst = next(name for name in ORDER if any(row["verdict"] == name for row in rows))
    warnings = []
    if facts["more"] > 0:
        rows[-1] = {**rows[-1], "changes_said": CHANGES["other"], "tone": BAD, "words": VERDICTS["changed"][1]}
        worst = "changed" if worst in ("good", "stranger") else worst
        warnings.append(_("Có dữ liệu nằm ngoài chữ ký cuối cùng: ai đó đã thêm vào sau khi ký."))
    if not facts["lasting"]:
        warnings.append(
            _("Thiếu dấu thời gian lưu trữ ở cuối tệp: khó kiểm tra sau nhiều năm, hoặc phần cuối đã bị cắt bỏ.")
        )
    if facts.get("known"):
        warnings.append(_("Tệp này đúng từng byte với bản VNPT SmartCA đang lưu."))
    return {
        "rows": rows,
        "tone": VERDICTS[worst][0],
        "summary": SUMMARIES[worst],
        "warnings": warnings,
    }


def finding(signature: dict[str, Any]) -> dict[str, Any]:
    name = verdict(signature)
    tone, words = VERDICTS[name]
    shown = {**signature, "verdict": name, "tone": tone, "words": words}
    if name == "broken":
        return shown
    return {
        **shown,
        "by": signature["signer"].get("common_name", "–"),
        "uid": signature["signer"].get("user_id", ""),
        "by_whom": signature["issuer"].get("common_name", "–"),
        "at": moment(signature["time"] or signature["claimed"]),
        "changes_said": CHANGES[signature["changes"]] if name != "altered" else "",
    }


def moment(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
