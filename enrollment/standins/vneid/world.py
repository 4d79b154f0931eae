"""Its citizens, what they asked for and agreed to, and what was handed out for it. All of it is gone when the process ends."""

import secrets
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.utils.translation import gettext_lazy

from enrollment import consents
from enrollment.identity import Sex, born_per_number

AGREED = (("terms", "personal-data"), ("sharing",))  # on its two pages of consent
FACE = ("MATCH", 97.5)


@dataclass(frozen=True)
class Citizen:
    full_name: str
    number: str
    note: Any
    level: int = 2
    issued_on: date = date(2022, 3, 28)
    residence: str = "Thôn 6, Đức Chánh, Mộ Đức, Quảng Ngãi"
    refuses: bool = False
    slow: float = 0.0  # seconds before VNeID tells of them

    @property
    def birth_date(self) -> date:
        return date(born_per_number(self.number)[1], 5, 17)

    @property
    def subject(self) -> str:
        return f"vneid-{self.number[-6:]}"

    @property
    def person(self) -> dict[str, Any]:
        """As the hub writes a person."""
        sex, _year = born_per_number(self.number)
        return {
            "citizenPid": self.number,
            "fullName": self.full_name.upper(),
            "birthDate": f"{self.birth_date:%d/%m/%Y}",
            "gender": "Nam" if sex == Sex.MALE else "Nữ",
            "dateOfIssue": f"{self.issued_on:%d/%m/%Y}",
            "issuingAuthority": "Cục Cảnh sát quản lý hành chính về trật tự xã hội",
            "permanentAddress": self.residence,
            "nationalityCode": "VNM",
            "accountType": "PERSONAL",
            "accountLevel": self.level,
        }


CITIZENS = {
    citizen.number: citizen
    for citizen in (
        Citizen("Đỗ Thị Mẫu Vân", "051196000501", gettext_lazy("Định danh mức 2")),
        Citizen("Hồ Văn Mẫu Xuân", "051094000502", gettext_lazy("Định danh mức 2")),
        Citizen("Bùi Thị Mẫu Yên", "051197000503", gettext_lazy("Định danh mức 1"), level=1),
        Citizen("Ngô Văn Mẫu An", "051085000504", gettext_lazy("Thẻ đã hết hạn"), issued_on=date(2016, 3, 28)),
        Citizen("Dương Thị Mẫu Bích", "051192000505", gettext_lazy("Không đồng ý ở phút cuối"), refuses=True),
        Citizen("Lâm Văn Mẫu Cường", "051090000506", gettext_lazy("VNeID trả lời chậm"), slow=15),
        Citizen("Ông Văn Mẫu Lộc", "038090000210", gettext_lazy("Đã có chứng thư số")),
    )
}


@dataclass
class Registration:
    """What somebody did in VNeID: asked for a certificate, and agreed."""

    citizen: Citizen
    code: str
    agreed: list[dict[str, Any]]
    state: int | None = None  # as the portal told last
    heard: dict[str, int] = field(default_factory=dict)  # by the name of each telling


@dataclass
class Asking:
    """What a partner asked for. `code` is what the browser carries back."""

    transaction: str
    back: str
    state: str
    nonce: str
    registration: Registration | None = None
    code: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    until: float = 0.0
    used: bool = False


class World:
    def __init__(self, site: str) -> None:
        self.site = site
        self.registrations: dict[str, Registration] = {}
        self.askings: dict[str, Asking] = {}
        self.bearers: dict[str, Asking] = {}
        self.people: dict[str, Citizen] = {}  # by the cookie of a browser

    # ── In the app ──

    def signs_in(self, number: str) -> str:
        cookie = secrets.token_urlsafe(16)
        self.people[cookie] = CITIZENS[number]
        return cookie

    def registration_of(self, citizen: Citizen) -> Registration | None:
        own = [each for each in self.registrations.values() if each.citizen == citizen]
        return own[-1] if own else None

    def registers(self, citizen: Citizen, language: str) -> Registration:
        agreed = [consent(purpose, language) for page in AGREED for purpose in page]
        code = f"VN{secrets.token_hex(8).upper()}"
        self.registrations[code] = Registration(citizen, code, agreed)
        return self.registrations[code]

    # ── For partners ──

    def asks(self, back: str, state: str, nonce: str, hint: str) -> Asking | None:
        """Back to addresses that were registered, and nowhere else."""
        if not back.startswith(f"{self.site}/vneid/back/"):
            return None
        asking = Asking(f"VN{secrets.token_hex(8).upper()}", back, state, nonce, self.registrations.get(hint))
        self.askings[asking.transaction] = asking
        return asking

    def hears(self, name: str, transaction: str, state: int) -> bool:
        """What became of it; of two that bear one name, one."""
        asking = self.askings.get(transaction)
        if asking is None or asking.registration is None:
            return False
        if name not in asking.registration.heard:
            asking.registration.heard[name] = asking.registration.state = state
        return True

    def transactions_of(self, citizen: Citizen) -> Iterator[str]:
        for asking in reversed(self.askings.values()):
            if asking.registration and asking.registration.citizen == citizen:
                yield asking.transaction


def consent(purpose: str, language: str) -> dict[str, Any]:
    version = consents.PURPOSES[purpose].version
    text = consents.text(purpose, version, language)
    return {
        "purpose": purpose,
        "version": version,
        "language": language,
        "textHash": text.hash,
        "at": int(time.time()),
    }


def claims(asking: Asking) -> Mapping[str, Any]:
    """Who somebody is, and how VNeID looked at them just now."""
    registration = asking.registration
    assert registration
    result, score = FACE
    return {
        "subject": registration.citizen.subject,
        "sub": registration.citizen.subject,
        "consents": registration.agreed,
        "faceMatch": {"result": result, "score": score, "at": int(time.time())},
        **registration.citizen.person,
    }
