"""SMS gateways behind one port: the demo's phone, VNPT's brandname API, and Kannel."""

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import ParseResult, parse_qs, unquote, urlparse

import requests
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone
from urllib3.exceptions import NewConnectionError

from portal.gateways.delivery import Undelivered

TIMEOUT = (3, 10)  # to connect, to answer
AT_ONCE = 8  # conversations at one time


@dataclass(frozen=True)
class Text:
    """One SMS: `template` and `params` for providers that insist on templates, `body` for the others."""

    id: str  # ours, the same at every attempt, so that a provider can recognise a repetition
    to: str  # 09…
    template: str
    params: tuple[str, ...]
    body: str
    report_url: str  # where a delivery report is welcome


class SMSGateway(Protocol):
    def send(self, text: Text) -> str:
        """Hand it over and return the provider's id, or raise Undelivered."""


class LocalSMS:
    """A phone on this machine: messages lie in a folder that the demo desk shows."""

    def __init__(self, inbox: Path) -> None:
        self.inbox = inbox

    def send(self, text: Text) -> str:
        now = timezone.now()
        letter = {"to": text.to, "body": text.body, "at": now.isoformat()}
        try:
            self.inbox.mkdir(parents=True, exist_ok=True, mode=0o700)
            aside = self.inbox / f"{now:%Y%m%d%H%M%S%f}-{text.id}"
            aside.write_text(json.dumps(letter))
            aside.rename(aside.with_suffix(".json"))  # who looks in meanwhile reads it whole or not yet
        except OSError as wrong:
            raise Undelivered(type(wrong).__name__) from wrong
        return f"local-{text.id}"


class VNPTBrandname:
    """send_sms_list of VNPT's brandname API: templates with numbered parameters, never free text."""

    def __init__(self, url: ParseResult) -> None:
        self.url = f"{url.scheme.removeprefix('vnpt+')}://{url.netloc.rpartition('@')[2]}{url.path}"
        self.user, self.password = unquote(url.username or ""), unquote(url.password or "")
        self.choices = {name: values[0] for name, values in parse_qs(url.query).items()}
        if missing := {"label", "contract", "agent"} - set(self.choices):
            raise ImproperlyConfigured(f"SMS_URL lacks {', '.join(sorted(missing))} (docs/operating.md).")

    def send(self, text: Text) -> str:
        template = settings.SMS_TEMPLATES.get(text.template)
        if not template:
            raise Undelivered(f"no provider template for {text.template}", final=True)
        order = {
            "name": "send_sms_list",
            "REQID": text.id,
            "LABELID": self.choices["label"],
            "CONTRACTTYPEID": self.choices.get("contract_type", "1"),
            "CONTRACTID": self.choices["contract"],
            "TEMPLATEID": template,
            "PARAMS": [{"NUM": str(place), "CONTENT": value} for place, value in enumerate(text.params, 1)],
            "SCHEDULETIME": "",
            "MOBILELIST": f"84{text.to[1:]}",
            "ISTELCOSUB": "0",
            "AGENTID": self.choices["agent"],
            "APIUSER": self.user,
            "APIPASS": self.password,
            "USERNAME": self.choices.get("username", self.user),
            "DATACODING": "0",
        }
        answer = _answer("POST", self.url, json={"RQST": order})
        try:
            reply = answer.json()["RPLY"]
            if str(reply["ERROR"]) == "0":
                return text.id
            reason = f"vnpt {reply['ERROR']} {reply.get('ERROR_DESC', '')}"
        except (ValueError, KeyError, TypeError):
            raise Undelivered("vnpt: no answer as documented", doubtful=True) from None
        raise Undelivered(reason[:200])


class Kannel:
    """The generic HTTP gateway: smsbox answers "0: Accepted for delivery" and reports later to dlr-url."""

    def __init__(self, url: ParseResult) -> None:
        self.url = f"{url.scheme.removeprefix('kannel+')}://{url.netloc.rpartition('@')[2]}{url.path}"
        self.user, self.password = unquote(url.username or ""), unquote(url.password or "")
        self.sender = parse_qs(url.query).get("from", ["SmartCA"])[0]

    def send(self, text: Text) -> str:
        order = {
            "username": self.user,
            "password": self.password,
            "from": self.sender,
            "to": f"+84{text.to[1:]}",
            "text": text.body,
            "dlr-mask": "3",  # delivered to the phone, or not delivered
            "dlr-url": f"{text.report_url}?status=%d",
        }
        reply = _answer("GET", self.url, params=order).text
        if not reply.startswith(("0:", "3:")):  # sent on, or kept until the SMS centre is back
            raise Undelivered(f"kannel {re.sub(r'[^ -~]', '', reply)[:80]}")
        return text.id


def _answer(method: str, url: str, **what: Any) -> requests.Response:
    try:
        answer = requests.request(method, url, timeout=TIMEOUT, allow_redirects=False, **what)
        answer.raise_for_status()
    except requests.RequestException as wrong:
        # The exception's own text quotes the address, and with it the number and the code.
        raise Undelivered(type(wrong).__name__, doubtful=not _was_never_asked(wrong)) from None
    return answer


def _was_never_asked(wrong: requests.RequestException) -> bool:
    """No connection came about, or a plain no did: only then is it certain that our words were not taken."""
    if isinstance(wrong, requests.HTTPError):
        return wrong.response.status_code < 500  # a proxy's 502 or 504 says nothing of what became of them
    if isinstance(wrong, requests.ConnectTimeout | requests.exceptions.SSLError):
        return True
    cause = wrong.args[0] if wrong.args else None
    return isinstance(getattr(cause, "reason", None), NewConnectionError)


def gateway_for(url: str) -> SMSGateway:
    parts = urlparse(url)
    match parts.scheme.partition("+")[0]:
        case "local":
            return LocalSMS(settings.STATE / "inbox" / "sms")
        case "vnpt":
            return VNPTBrandname(parts)
        case "kannel":
            return Kannel(parts)
    raise ImproperlyConfigured(f"SMS_URL begins with local:, vnpt+https: or kannel+http:, not {parts.scheme}:.")


@cache
def gateway() -> SMSGateway:
    return gateway_for(settings.SMS_URL)


class Line:
    """Several conversations beside one another, each for one text."""

    at_once = AT_ONCE

    def send(self, text: Text) -> str:
        return gateway().send(text)

    def close(self) -> None: ...
