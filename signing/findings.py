"""What a check of a PDF brings to light, in words: each signature's facts, a word for each, and one for the file."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from signing.models import Certificate, Paper
from signing.papers.facts import INVALID, UNKNOWN, VALID, Fact
from signing.steps.verifying import CUSTOMER, SEAL, STAMP

GOOD, WAITING, BAD = "good", "warn", "bad"
TONES = {VALID: GOOD, UNKNOWN: WAITING, INVALID: BAD}
VALUES = {
    VALID: pgettext_lazy("kiểm tra", "Đạt"),
    UNKNOWN: pgettext_lazy("kiểm tra", "Chưa rõ"),
    INVALID: pgettext_lazy("kiểm tra", "Không đạt"),
}
PROBLEMS = {
    "not-a-pdf": _("Tệp này không phải PDF, hoặc đã hỏng đến mức không đọc được. Không thể xác nhận chữ ký nào."),
    "no-signature": _("Tệp PDF này không có chữ ký số nào."),
    "encrypted": _("Tệp PDF này có mật khẩu. Quý khách hãy bỏ mật khẩu rồi kiểm tra lại."),
    "too-much": _(
        "Tệp này quá phức tạp để kiểm tra trên trang (hơn 10.000 đối tượng, hoặc đọc quá lâu). Không có chữ ký nào được xác "
        "nhận; Quý khách hãy dùng phần mềm đọc PDF trên máy để kiểm tra."
    ),
}
NAMES = {  # in the order in which they are read; the first that fails gives the signature its word
    "integrity": _("Tính toàn vẹn"),
    "coverage": _("Phần thêm sau khi ký"),
    "trust": _("Nguồn gốc chứng thư số"),
    "algorithm": _("Thuật toán"),
    "purpose": _("Mục đích chứng thư số"),
    "time": _("Thời hạn lúc ký"),
    "status": _("Thu hồi, tạm dừng lúc ký"),
}
MOOT = _("Không xét, vì chữ ký không đúng.")
REST = _("Những điểm khác không làm cho chữ ký này đúng lại.")
WORDS: dict[str, dict[str, Any]] = {
    "integrity": {
        "intact": _("Nội dung đúng như lúc ký."),
        "altered": _("Nội dung đã bị thay đổi sau khi ký, hoặc chữ ký là giả."),
        "unreadable": _("Chữ ký dùng cách mà cổng này không đọc được."),
        "broken": _("Chữ ký bị hỏng, không đọc được."),
    },
    "coverage": {
        "whole": _("Không có gì được thêm sau chữ ký này."),
        "ours": _("Sau chữ ký này chỉ có chữ ký và dấu thời gian của VNPT; phần thêm đó không đụng đến nội dung."),
        "upkeep": _(
            "Sau chữ ký này chỉ thêm dữ liệu để kiểm tra lâu dài và dấu thời gian; phần thêm đó không đụng đến nội dung."
        ),
        "signed": _("Sau chữ ký này có thêm chữ ký khác, không hiện trên trang; phần thêm đó không đụng đến nội dung."),
        "shows-signature": _(
            "Sau chữ ký này có thêm chữ ký khác hiện trên trang. Cổng này không biết nó có che phần đã ký hay không: Quý "
            "khách hãy xem kỹ chỗ đó, hoặc xem bản có trước."
        ),
        "redrawn": _(
            "Sau chữ ký này cách vẽ các ô của biểu mẫu đã đổi. Cổng này không biết chữ trong đó có còn như lúc ký hay không: Quý "
            "khách hãy xem bản có trước."
        ),
        "shows": _("Sau chữ ký này có thứ khác được đặt lên trang. Những gì đang hiện ra có thể khác với điều đã ký."),
        "changed": _("Sau chữ ký này tệp đã bị sửa thêm. Những gì đang hiện ra có thể khác với điều đã ký."),
        "appended": _("Có dữ liệu nằm ngoài chữ ký cuối cùng: ai đó đã thêm vào sau khi ký."),
        "uncovered": _("Chữ ký này không bao trùm tệp như nó phải có. Không tin được vào những gì đang hiện ra."),
    },
    "trust": {
        "known": _("Do tổ chức mà cổng này tin cậy cấp."),
        "stranger": _("Cổng này không biết tổ chức cấp."),
        "namesake": _(
            "Mang tên một tổ chức mà cổng này biết, nhưng không do khóa mà cổng này biết của tổ chức ấy cấp."
        ),
        "self-signed": _("Người ký tự cấp cho mình; không tổ chức nào xác nhận."),
        "broken-path": _("Xưng là do một tổ chức cấp, nhưng tổ chức ấy không cấp như vậy."),
    },
    "algorithm": {
        "strong": _("%(detail)s: theo chuẩn hiện hành."),
        "weak": _("%(detail)s: không còn an toàn, không được dùng để ký."),
        "unlisted": _("%(detail)s: không nằm trong danh mục mà cổng này biết."),
    },
    "purpose": {
        "for-signing": _("Dùng để ký tài liệu."),
        "for-stamps": _("Dùng để cấp dấu thời gian."),
        "for-issuing": _("Dùng để cấp chứng thư số khác, không dùng để ký tài liệu."),
        "not-for-signing": _("Không dùng để ký."),
        "not-for-stamps": _("Không dùng để cấp dấu thời gian."),
        "other-purpose": _("Dùng cho việc khác (máy chủ, trả lời trạng thái…), không dùng để ký tài liệu."),
        "no-purpose": _("Chứng thư số không ghi mục đích sử dụng."),
    },
    "time": {
        "in-time": _("Trong thời hạn."),
        "early": _("Ký khi chứng thư số chưa có hiệu lực."),
        "expired": _("Ký khi chứng thư số đã hết hạn."),
        "unproven": _("Chứng thư số nay đã hết hạn, và không có dấu thời gian tin cậy nào cho biết đã ký từ trước đó."),
        "stamp-status": _(
            "Chưa chứng minh được là trong thời hạn: tệp không kèm bằng chứng rằng dấu thời gian còn hiệu lực."
        ),
    },
    "status": {
        "evidence": _("Không bị thu hồi hay tạm dừng, theo bằng chứng kèm trong tệp."),
        "register": _("Không bị thu hồi hay tạm dừng, theo sổ đăng ký của VNPT SmartCA."),
        "revoked": _("Đã bị thu hồi hoặc tạm dừng từ trước khi ký."),
        "issuer-revoked": _("Chứng thư số của tổ chức cấp đã bị thu hồi."),
        "stale": _("Bằng chứng kèm trong tệp đã cũ so với lúc ký; cổng này không hỏi ra ngoài."),
        "no-evidence": _("Tệp không kèm bằng chứng, và cổng này không hỏi ra ngoài. Hãy hỏi tổ chức cấp."),
    },
}
VERDICTS: dict[tuple[str, str], Any] = {
    ("integrity", INVALID): _("Nội dung bị thay đổi: chữ ký không còn đúng"),
    ("coverage", INVALID): _("Tệp bị sửa sau khi ký"),
    ("trust", INVALID): _("Chứng thư số giả"),
    ("algorithm", INVALID): _("Thuật toán không còn an toàn"),
    ("purpose", INVALID): _("Chứng thư số không dùng để ký tài liệu"),
    ("time", INVALID): _("Chứng thư số không có hiệu lực lúc ký"),
    ("status", INVALID): _("Chứng thư số không có hiệu lực lúc ký"),
    ("integrity", UNKNOWN): _("Không đọc được chữ ký này"),
    ("coverage", UNKNOWN): _("Toàn vẹn, nhưng cần xem phần thêm sau khi ký"),
    ("trust", UNKNOWN): _("Toàn vẹn, nhưng không rõ tổ chức cấp"),
    ("algorithm", UNKNOWN): _("Toàn vẹn, nhưng thuật toán lạ"),
    ("purpose", UNKNOWN): _("Toàn vẹn, nhưng chưa rõ có được dùng để ký"),
    ("time", UNKNOWN): _("Toàn vẹn, nhưng chưa rõ hiệu lực lúc ký"),
    ("status", UNKNOWN): _("Toàn vẹn, nhưng chưa rõ hiệu lực lúc ký"),
}
FINE = _("Hợp lệ")
TITLES = {
    GOOD: _("Chữ ký hợp lệ"),
    WAITING: _("Chưa kết luận được"),
    BAD: _("Không tin được tệp này"),
}
UNREAD = {  # neither right nor wrong: nothing was signed, or nothing could be read
    "no-signature": _("Không có chữ ký số"),
    **dict.fromkeys(("not-a-pdf", "encrypted", "too-much"), _("Không kiểm tra được")),
}
SUMMARIES: dict[tuple[str, str], Any] = {
    ("integrity", INVALID): _("Nội dung đã bị thay đổi sau khi ký. Không tin được vào tệp này."),
    ("coverage", INVALID): _("Tệp đã bị sửa sau khi ký. Không nên tin vào nội dung đang hiện ra."),
    ("trust", INVALID): _("Có chữ ký bằng chứng thư số giả. Không tin được vào chữ ký đó."),
    ("algorithm", INVALID): _("Có chữ ký dùng thuật toán không còn an toàn, có thể bị làm giả."),
    ("purpose", INVALID): _("Có chữ ký bằng chứng thư số không dùng để ký tài liệu."),
    ("time", INVALID): _("Có chữ ký dùng chứng thư số không có hiệu lực lúc ký."),
    ("status", INVALID): _("Có chữ ký dùng chứng thư số không có hiệu lực lúc ký."),
    ("integrity", UNKNOWN): _("Có chữ ký mà cổng này không đọc được."),
    ("coverage", UNKNOWN): _("Điều đã ký còn nguyên vẹn, nhưng sau đó có thứ được thêm lên trang: hãy xem kỹ."),
    ("trust", UNKNOWN): _("Nội dung còn nguyên vẹn, nhưng có chữ ký của tổ chức mà cổng này không biết."),
    **dict.fromkeys(
        [(name, UNKNOWN) for name in ("algorithm", "purpose", "time", "status")],
        _("Nội dung còn nguyên vẹn, nhưng có điều chưa xác định được: xem từng chữ ký ở dưới."),
    ),
}
ALL_FINE = _("Mọi chữ ký trong tệp đều hợp lệ và nội dung còn nguyên vẹn.")
CUT = _("Tệp này là %(kind)s số %(number)s của VNPT SmartCA, nhưng bị cắt bớt, thiếu: %(lacking)s. Không dùng bản này.")
BEARERS = {
    CUSTOMER: _("chữ ký của khách hàng"),
    SEAL: _("con dấu (chữ ký số) của VNPT"),
    STAMP: _("dấu thời gian lưu trữ"),
}


def findings(facts: dict[str, Any]) -> dict[str, Any]:
    cut = cut_short(facts.get("missing") or {})
    problem = facts["problem"]
    if problem:
        verdict = {"tone": BAD, "title": TITLES[BAD]} if cut else {"tone": WAITING, "title": UNREAD[problem]}
        return {**verdict, "summary": cut or PROBLEMS[problem], "notes": [PROBLEMS[problem]] if cut else [], "rows": []}
    rows = [finding(row) for row in facts["signatures"]]
    failing = worst_of(rows)
    tone = BAD if cut else TONES[failing[1]] if failing else GOOD
    return {
        "rows": rows,
        "tone": tone,
        "title": TITLES[tone],
        "summary": cut or (SUMMARIES[failing] if failing else ALL_FINE),
        "notes": notes_on(facts) if tone != BAD else [],
    }


def notes_on(facts: dict[str, Any]) -> list[Any]:
    notes = []
    if not facts["lasting"]:
        notes.append(_("Cuối tệp không có dấu thời gian lưu trữ: sau nhiều năm sẽ khó kiểm tra."))
    if facts.get("known"):
        notes.append(_("Tệp này đúng từng byte với bản VNPT SmartCA đang lưu."))
    return notes


def worst_of(rows: list[dict[str, Any]]) -> tuple[str, str] | None:
    """What a stamp leaves open counts by what it proves about signatures, and stands there already."""
    for value in (INVALID, UNKNOWN):
        for name in NAMES:
            for row in rows:
                if row["failing"] == (name, value) and (value == INVALID or row["kind"] == "signature"):
                    return name, value
    return None if any(row["kind"] == "signature" for row in rows) else next((row["failing"] for row in rows), None)


def failing(facts: dict[str, Fact]) -> tuple[str, str] | None:
    """The gravest: what is not valid before what cannot be told, in the order of the names."""
    for value in (INVALID, UNKNOWN):
        for name in NAMES:
            if name in facts and facts[name].value == value:
                return name, value
    return None


def finding(row: dict[str, Any]) -> dict[str, Any]:
    facts = {name: Fact(*fact) for name, fact in row["facts"].items()}
    gravest = failing(facts)
    is_broken = gravest is not None and gravest[1] == INVALID  # then nothing that is right about it is told
    wrong = [name for name in facts if facts[name].value != VALID and facts[name].why != "moot"]
    shown = {
        **row,
        "ours": Certificate.State(row["ours"]).label if row.get("ours") is not None and not is_broken else "",
        "failing": gravest,
        "tone": TONES[gravest[1]] if gravest else GOOD,
        "words": VERDICTS[gravest] if gravest else FINE,
        "lines": [line(name, facts[name]) for name in NAMES if name in (wrong if is_broken else facts)],
        "rest": (MOOT if gravest == ("integrity", INVALID) else REST) if is_broken else "",
    }
    if "signer" not in row:
        return shown
    subject, issuer = row["signer"], row["issuer"]
    return {
        **shown,
        "by": subject.get("common_name", "–"),
        "uid": subject.get("user_id", ""),
        "of": subject.get("organization_name", ""),
        "by_whom": issuer.get("common_name", "–"),
        "managed_by": issuer.get("organization_name", "–"),
        "begins": moment(row["from"]),
        "ends": moment(row["until"]),
        "at": moment(row.get("time") or row["claimed"]),
        "stamped_by": row["stamp"]["signer"].get("common_name", "–") if row.get("stamp") else "",
    }


def line(name: str, fact: Fact) -> dict[str, Any]:
    words = MOOT if fact.why == "moot" else WORDS[name][fact.why]
    return {
        "name": NAMES[name],
        "tone": TONES[fact.value],
        "value": VALUES[fact.value],
        "words": words % {"detail": fact.detail} if name == "algorithm" and fact.why != "moot" else words,
        "since": moment(fact.detail) if fact.why in ("revoked", "issuer-revoked") else None,
    }


def cut_short(missing: dict[str, Any]) -> str:
    if not missing:
        return ""
    return CUT % {
        **missing,
        "kind": Paper.Kind(missing["kind"]).label,
        "lacking": ", ".join(str(BEARERS[bearer]) for bearer in missing["lacking"]),
    }


def moment(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
