"""Control cases that are drawn: somebody who does not exist, with a file that is right or has a fault of its own."""

import secrets
from dataclasses import replace
from datetime import timedelta

from enrollment.demo.people import declaration_of_nobody
from enrollment.identity import Declaration
from enrollment.models import Ward
from kyc.demo.drawing import Card, Face
from kyc.demo.evidence import drawn
from kyc.steps.control import Control

FAMILIES = ("Nguyễn", "Trần", "Lê", "Phạm", "Võ", "Đặng", "Bùi")
GIVEN = "An Bình Chi Dung Giang Hà Khánh Lan Minh Nga Oanh Phúc Quân Sơn Thảo".split()
FAULTS = ("other-card", "other-name", "other-face")


def somebody() -> Declaration:
    """Nobody: the structure of the number is valid, its holder does not exist."""
    woman = secrets.randbelow(2)
    name = f"{secrets.choice(FAMILIES)} {'Thị' if woman else 'Văn'} Mẫu {secrets.choice(GIVEN)} {secrets.choice(GIVEN)}"
    start = f"{secrets.choice(('001', '038', '051', '048', '079'))}{woman}{87 + secrets.randbelow(12)}"
    ward = Ward.objects.order_by("?").first()
    declaration = declaration_of_nobody(
        name, f"{start}{secrets.randbelow(10**6):06}", f"09{secrets.randbelow(10**8):08}"
    )
    return replace(
        declaration,
        birth_date=declaration.birth_date.replace(month=1 + secrets.randbelow(12), day=1 + secrets.randbelow(28)),
        issued_on=declaration.issued_on - timedelta(days=secrets.randbelow(200)),
        email=f"{secrets.token_hex(4)}@example.vn",
        address=f"Số {1 + secrets.randbelow(300)}, đường {1 + secrets.randbelow(40)}",
        ward=ward.code if ward else declaration.ward,
        province=ward.province_id if ward else declaration.province,
    )


def drawn_control(truth: str) -> Control:
    """Slow, as drawing is: before any transaction."""
    declaration, seed = somebody(), secrets.randbelow(10**6)
    face, printed, fake = Face(seed), declaration, {}
    fault = secrets.choice(FAULTS) if truth == "fail" else ""
    if fault == "other-name":
        printed = replace(declaration, full_name=somebody().full_name)
    if fault == "other-card":
        fake = {"number": f"{declaration.number[:6]}{secrets.randbelow(10**6):06}"}
    card = Card(printed, Face(seed + 1) if fault == "other-face" else face, fake=fake)
    return Control(truth, declaration, drawn(card, face))
