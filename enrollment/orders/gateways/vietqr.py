"""VietQR: a transfer from any bank, matched by the reference in its text."""

import re
from datetime import datetime
from urllib.parse import ParseResult

from django.utils.translation import gettext_lazy as _

from enrollment.orders.gateways.feed import Feed, OwnFeed, Transfer
from enrollment.orders.gateways.port import Notice, Party, Sent, Verdict
from enrollment.orders.gateways.sepay import SePay
from enrollment.orders.models import Payment
from portal import writing
from portal.references import LETTERS

REFERENCE = re.compile(rf"(?=(SC[{LETTERS}]{{10}}))")


def crc16(text: str) -> int:
    """CRC-16/CCITT-FALSE, as EMV codes end with."""
    crc = 0xFFFF
    for byte in text.encode():
        crc ^= byte << 8
        for _bit in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return crc


def tlv(*fields: tuple[str, str]) -> str:
    return "".join(f"{tag}{len(value):02}{value}" for tag, value in fields)


def vietqr(bank: str, account: str, amount: int, purpose: str) -> str:
    holder = tlv(("00", "A000000727"), ("01", tlv(("00", bank), ("01", account))), ("02", "QRIBFTTA"))
    text = tlv(
        ("00", "01"), ("01", "12"), ("38", holder), ("53", "704"), ("54", str(amount)), ("58", "VN"),
        ("62", tlv(("08", purpose[:25]))),
    )  # fmt: skip
    text += "6304"
    return f"{text}{crc16(text):04X}"


class VietQR:
    """A feed tells each transfer that came to our account: the bank's own or SePay's, by the address's scheme."""

    code, label, keeps_strays = "vietqr", _("Chuyển khoản bằng mã VietQR"), True
    is_ours = True

    def __init__(self, url: ParseResult) -> None:
        self.party = Party(url)
        self.feed: Feed = SePay(self.party) if url.scheme.startswith("sepay+") else OwnFeed(self.party)
        self.bank, self.account = self.party.name, self.party.choices.get("account", "")
        self.holder, self.bank_name = self.party.choices.get("holder", ""), self.party.choices.get("bank", "")

    def code_for(self, payment: Payment) -> str:
        return vietqr(self.bank, self.account, payment.amount, payment.reference)

    def start(self, payment: Payment, place: str, language: str) -> str:
        return ""

    def read(self, sent: Sent) -> Notice | None:
        transfer = self.feed.read(sent)
        return self._notice(transfer) if transfer else None

    def _notice(self, transfer: Transfer) -> Notice:
        return Notice(self.reference_in(transfer.content), transfer.amount, "VND", transfer.id, True, "transfer")

    def reference_in(self, content: str) -> str:
        """Banks add words of their own and drop spaces: of all that looks like a reference, the one that is."""
        references = REFERENCE.findall(re.sub(r"[^A-Z0-9]", "", writing.fold(content).upper()))
        known = (
            Payment.objects.filter(gateway=self.code, reference__in=references)
            .values_list("reference", flat=True)
            .first()
        )
        return known or ""

    def answer(self, verdict: Verdict) -> tuple[int, dict[str, str] | None]:
        return self.feed.answer(is_heard=verdict != Verdict.FORGED)

    def ask(self, payment: Payment) -> Notice | None:
        return None  # the statement tells of all at once

    def statement(self, since: datetime) -> list[Notice]:
        return [self._notice(transfer) for transfer in self.feed.since(since)]
