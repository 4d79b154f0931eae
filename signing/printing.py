"""What each kind of paper prints: its tables, where every fact goes, and the facts of one application."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from django.utils import timezone, translation
from django.utils.translation import gettext

from enrollment.identity import Declaration, Document, Sex
from enrollment.models import Application, Introduction, Ward
from portal.models import Branch
from signing.holders import holder_of
from signing.papers import layout, texts
from signing.papers.places import Place, Row

SEAL_NAME = "VNPT SmartCA DEMO"  # as the organisation's certificate names it
PARTY_A = (
    Row("Họ và tên", "Full name", "full_name"),
    Row("Ngày sinh", "Date of birth", "birth_date"),
    Row("Giấy tờ", "Identity document", "document"),
    Row("Số giấy tờ", "Document number", "document_number"),
    Row("Ngày cấp, nơi cấp", "Issued on, by", "issued", 2),
    Row("Địa chỉ", "Address", "address", 2),
    Row("Điện thoại", "Phone", "phone"),
    Row("Email", "E-mail", "email"),
)
PARTY_B = (
    Row("Tên đơn vị", "Unit", "unit"),
    Row("Địa chỉ", "Address", "unit_address"),
    Row("Điện thoại hỗ trợ", "Support", "unit_phone"),
)
APPLICANT = (
    Row("Họ và tên", "Full name", "full_name__applicant"),
    Row("Ngày sinh, giới tính", "Born, sex", "born"),
    Row("Quốc tịch", "Nationality", "nationality"),
    Row("Giấy tờ, số", "Document, number", "papers"),
    Row("Ngày cấp, nơi cấp", "Issued on, by", "issued__applicant", 2),
    Row("Điện thoại", "Phone", "phone__applicant"),
    Row("Email", "E-mail", "email__applicant"),
    Row("Địa chỉ liên hệ", "Contact address", "address__applicant", 2),
)
BOUGHT = (
    Row("Gói cước", "Plan", "plan"),
    Row("Loại", "Kind", "kind"),
    Row("Thời hạn", "Term", "months"),
    Row("Phí dịch vụ", "Fee", "fee"),
    Row("Mã đơn hàng", "Order", "order"),
)
WANTED = (
    Row("Tên (CN)", "Name", "cn"),
    Row("Định danh (UID)", "Identifier", "uid"),
    Row("Tỉnh/Thành phố (ST)", "Province", "st"),
    Row("Phường/Xã (L)", "Ward", "l"),
    Row("Email", "E-mail", "email__wanted"),
    Row("Khóa", "Key", "key_kind"),
)
EVIDENCE = (
    Row("Mã hồ sơ", "Application", "reference"),
    Row("Người ký", "Signed by", "who", 2),
    Row("Bắt đầu ký điện tử", "Begun", "begun"),
    Row("Nội dung đã đồng ý", "Agreed to", "agreed", 3),
    Row("Chữ ký", "Signature", "drawn_how", 2),
    Row("Mã băm của chữ ký", "Hash of the signature", "drawn_hash", 2),
    Row("Mã xác nhận", "One-time code", "code", 2),
    Row("Hoàn thành ký điện tử", "Completed", "completed"),
    Row("Địa chỉ mạng", "Network address", "network"),
    Row("Thiết bị", "Device", "device", 3),
    Row("Mã băm của văn bản", "Hash of the document", "shown_hash", 2),
    Row("Phiên bản văn bản", "Version of the texts", "version"),
    Row("Mã băm hợp đồng mẫu", "Hash of the contract's text", "hash_contract", 2),
    Row("Mã băm phiếu đề nghị mẫu", "Hash of the application's text", "hash_request", 2),
    Row("Mã băm điều khoản", "Hash of the terms", "hash_terms", 2),
)
SOURCE = Row("Nguồn thông tin", "Source of data", "source", 2)  # of whom somebody else introduced
PARTIES = (
    Row("Bên A", "Party A", "full_name"),
    Row("Số giấy tờ", "Document number", "document_number"),
    Row("Bên B", "Party B", "unit"),
    Row("Hợp đồng số", "Contract", "contract"),
    Row("Gói cước", "Plan", "plan"),
)
ISSUED = (
    Row("Số sê-ri", "Serial number", "serial"),
    Row("Chủ thể", "Subject", "subject", 2),
    Row("Email", "E-mail", "san_email"),
    Row("Tổ chức cấp", "Issuer", "issuer", 2),
    Row("Hiệu lực từ", "Valid from", "not_before"),
    Row("Hiệu lực đến", "Valid until", "not_after"),
    Row("Thuật toán khóa", "Key", "key_kind"),
    Row("Dấu vân tay SHA-256", "SHA-256 fingerprint", "fingerprint", 2),
)
KEY_KINDS = {
    **{f"rsa-{bits}": f"RSA {bits} bit" for bits in (2048, 3072, 4096)},
    **{f"pss-{bits}": f"RSA {bits} bit, RSASSA-PSS" for bits in (2048, 3072, 4096)},
    "p-256": "ECDSA P-256",
}
WIDE = 620.0
INTRODUCED = "introduced_by"  # among the facts of whom somebody introduced, and of nobody else


def places(tables: Iterable[tuple[Row, ...]], others: Mapping[str, Place]) -> dict[str, Place]:
    return {**{row.name: Place(row.lines) for table in tables for row in table}, **others}


_LATER = {row.name: Place(row.lines, later=True) for row in EVIDENCE}  # shown empty, written when it is sealed
_CONTRACT = {
    "day": Place(1, WIDE, "right"),
    "number": Place(1, 500, "center"),
    "with_contract": Place(1, 560, "center"),
    "drawing": Place(),
    "typed": Place(1, 300, "center"),
    "full_name__signer": Place(1, 300, "center"),
    "signed_on": Place(1, 300, "center"),
    "of_contract": Place(1, 560, "center"),
    "sealed_on": Place(1, 190, later=True),
    **_LATER,
}
CONTRACT_PLACES = places((PARTY_A, PARTY_B, APPLICANT, BOUGHT, WANTED), _CONTRACT)
INTRODUCED_PLACES = {**CONTRACT_PLACES, SOURCE.name: Place(SOURCE.lines, later=True)}
MINUTES_PLACES = places(
    (PARTIES, ISSUED),
    {
        "day": Place(1, WIDE, "right"),
        "number": Place(1, 500, "center"),
        "full_name__signer": Place(1, 230),
        "serial_spaced": Place(2, 230),
    },
)


def contract_places(*, introduced: bool) -> dict[str, Place]:
    return INTRODUCED_PLACES if introduced else CONTRACT_PLACES


def fixed_contract(version: str, *, introduced: bool = False) -> dict[str, Any]:
    parts = {
        name + suffix: texts.text(name, version, language)
        for name in texts.PARTS["contract"]
        for suffix, language in (("", "vi"), ("_en", "en"))
    }
    preamble, *articles = parts["contract"].articles
    return {
        **parts,
        "title_lines": tuple(parts["contract"].title.upper().replace(" DỊCH VỤ ", " DỊCH VỤ\n", 1).split("\n")),
        "preamble": preamble.clauses,
        "articles": tuple(zip(articles, parts["contract_en"].articles[1:], strict=True)),
        "commitments": pairs(parts, "request"),
        "conditions": pairs(parts, "terms"),
        "party_a": PARTY_A,
        "party_b": PARTY_B,
        "applicant": APPLICANT,
        "bought": BOUGHT,
        "wanted": WANTED,
        "seal_name": SEAL_NAME,
        "evidence": (*EVIDENCE[:2], SOURCE, *EVIDENCE[2:]) if introduced else EVIDENCE,
    }


def pairs(parts: Mapping[str, texts.Text], name: str) -> tuple[Any, ...]:
    return tuple(zip(parts[name].articles, parts[f"{name}_en"].articles, strict=True))


def fixed_minutes(version: str) -> dict[str, Any]:
    parts = {
        "minutes": texts.text("minutes", version, "vi"),
        "minutes_en": texts.text("minutes", version, "en"),
    }
    return {
        **parts,
        "articles": pairs(parts, "minutes"),
        "parties": PARTIES,
        "issued": ISSUED,
        "seal_name": SEAL_NAME,
    }


# ── The facts of one application; documents are Vietnamese whatever language the page has ──


def unit_of(application: Application, declaration: Declaration) -> Branch | None:
    """The counter's own unit, else that of the customer's province."""
    return application.branch or Branch.objects.filter(province=declaration.province).order_by("pk").first()


def contract(application: Application, key_kind: str, language: str = "vi") -> dict[str, str]:
    """Who, what, for how much: what must not change between reading and signing. In another language for reading only."""
    declaration = application.declaration
    assert declaration
    with translation.override(language):
        unit, holder = unit_of(application, declaration), holder_of(application)
        ward = Ward.objects.select_related("province").get(code=declaration.ward)
        document = name_of_document(declaration)
        issued = f"{declaration.issued_on:%d/%m/%Y}, {declaration.issued_by}"
        return {
            "full_name": declaration.full_name,
            "birth_date": f"{declaration.birth_date:%d/%m/%Y}",
            "born": f"{declaration.birth_date:%d/%m/%Y}, {Sex(declaration.sex).label}",
            "nationality": declaration.nationality,
            "document": document,
            "document_number": declaration.number,
            "papers": gettext("%(document)s, số %(number)s") % {"document": document, "number": declaration.number},
            "issued": issued,
            "address": f"{declaration.address}, {ward.name}, {ward.province.name}",
            "phone": declaration.phone,
            "email": declaration.email,
            "unit": unit.name if unit else "VNPT",
            "unit_address": (unit.address if unit else "") or ward.province.name,
            "unit_phone": gettext("18001260 nhánh 1") + (f", {unit.phone}" if unit and unit.phone else ""),
            **bought(application),
            "cn": holder.name,
            "uid": holder.uid,
            "st": holder.province,
            "l": holder.ward,
            "key_kind": KEY_KINDS[key_kind],
            **source_of(application),
        }


def source_of(application: Application) -> dict[str, str]:
    """Who said who it is, where that was not the customer; for the page of evidence."""
    introduction = Introduction.of(application)
    if introduction is None or not introduction.is_ours or introduction.said_at is None:
        return {}
    return {INTRODUCED: f"VNeID, {introduction.transaction}, {moment(introduction.said_at)}"}


def name_of_document(declaration: Declaration) -> str:
    """One kind, as printed on it: since 01/07/2024 the card is called otherwise."""
    if declaration.document != Document.CITIZEN:
        return str(Document(declaration.document).label)
    return gettext("Thẻ căn cước") if declaration.issued_on >= date(2024, 7, 1) else gettext("Thẻ căn cước công dân")


def bought(application: Application) -> dict[str, str]:
    """What was ordered; a reissue has no order of its own and goes on with its plan."""
    order = application.order
    if order is None:
        plan = application.plan
        known = {"plan": plan.title, "kind": str(plan.get_kind_display())} if plan else {}
        return {**dict.fromkeys(("plan", "kind", "months", "fee", "order"), "–"), **known}
    total = f"{order.total:,}".replace(",", ".")
    fee = gettext("%(total)s đồng, đã gồm %(percent)s%% VAT") % {"total": total, "percent": order.vat_percent}
    return {
        "plan": order.title,
        "kind": str(order.get_kind_display()),
        "months": gettext("%(months)s tháng") % {"months": order.months},
        "fee": fee if order.total else gettext("Miễn phí"),
        "order": order.reference,
    }


def day(place: str, moment: datetime) -> str:
    local = timezone.localtime(moment)
    return f"{place}, ngày {local.day:02d} tháng {local.month:02d} năm {local.year}"


def moment(at: datetime | str) -> str:
    at = datetime.fromisoformat(at) if isinstance(at, str) else at
    return f"{timezone.localtime(at):%H:%M:%S %d/%m/%Y} (GMT+7)"


def spaced(digest: str) -> str:
    return " ".join(digest[start : start + 8] for start in range(0, len(digest), 8))


def warm() -> None:
    """Lay out what is signed nowadays before somebody waits for it."""
    for kind, fixed, open_places in (
        ("contract", fixed_contract(texts.CURRENT), CONTRACT_PLACES),
        ("contract", fixed_contract(texts.CURRENT, introduced=True), INTRODUCED_PLACES),
        ("minutes", fixed_minutes(texts.CURRENT), MINUTES_PLACES),
    ):
        layout.laid_out(f"signing/pdf/{kind}.html", tuple(fixed.items()), tuple(open_places.items()))
