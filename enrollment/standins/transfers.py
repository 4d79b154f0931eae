"""How SePay tells of transfers, for the local bank: a signed notice of each, and the list of all."""

import json
import time
from collections.abc import Iterable
from typing import Any, Protocol

import requests

from enrollment.orders.gateways.feed import Feed
from enrollment.orders.gateways.sepay import SePay, signature

LIST = "/userapi/transactions/list"


class Transferred(Protocol):
    """A deal of the bank's."""

    kind: str
    reference: str
    amount: int
    short: int
    transaction: str
    result: str
    at: str


def notice(feed: SePay, deal: Transferred, address: str, **otherwise: Any) -> requests.Request:
    transfer = {
        "id": int(deal.transaction),
        "gateway": "Demo Bank",
        "transactionDate": deal.at,
        "accountNumber": feed.account,
        "code": None,
        "content": deal.reference,
        "transferType": "in",
        "transferAmount": deal.amount - deal.short,
        "accumulated": 0,
        "subAccount": None,
        "referenceCode": f"DEMO.{deal.transaction}",
        "description": deal.reference,
        **otherwise,
    }
    body, moment = json.dumps(transfer).encode(), str(int(time.time()))
    headers = {"Content-Type": "application/json"}
    if feed.party.choices.get("auth") == "apikey":
        headers["Authorization"] = f"Apikey {feed.party.secret.decode()}"
    else:
        headers |= {"X-SePay-Timestamp": moment, "X-SePay-Signature": signature(feed.party.secret, moment, body)}
    return requests.Request("POST", address, data=body, headers=headers)


def listed(feed: Feed, deals: Iterable[Transferred], token: str, asked: dict[str, str]) -> bytes:
    """Whoever it does not know is answered with nothing at all, and 200."""
    if not isinstance(feed, SePay) or token != feed.token or not token:
        return b""
    paid = [deal for deal in list(deals) if deal.kind == "vietqr" and deal.result == "00"]
    rows = [
        {
            "id": deal.transaction,
            "bank_brand_name": "Demo Bank",
            "account_number": feed.account,
            "transaction_date": deal.at,
            "amount_out": "0.00",
            "amount_in": f"{deal.amount - deal.short}.00",
            "transaction_content": deal.reference,
            "reference_number": f"DEMO.{deal.transaction}",
            "code": None,
            "sub_account": None,
        }
        for deal in paid
        if deal.at >= asked.get("transaction_date_min", "")
        and asked.get("account_number", feed.account) == feed.account
    ]
    return json.dumps({"status": 200, "error": None, "messages": {"success": True}, "transactions": rows}).encode()
