"""The first two staff accounts of a new portal; all others are proposed and confirmed in the admin. Their owners set the
password by a code."""

import re
from typing import Any

import structlog
from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal import writing
from portal.accounts.opening import open_account
from portal.accounts.roles import ROLES
from portal.models import Branch, User
from portal.refusals import Refusal

log = structlog.get_logger(__name__)


class Command(BaseCommand):
    help = "Open an account; its owner chooses the password with a code sent to phone and e-mail."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--emergency", action="store_true", help="though two people could do it in the admin; raises an alarm"
        )
        for name in ("number", "name", "phone", "email"):
            parser.add_argument(f"--{name}", required=True)
        parser.add_argument("--role", choices=[name for name, role in ROLES.items() if role.staff], required=True)
        parser.add_argument("--branch", required=True, help="by its whole name; a new one wants --province too")
        parser.add_argument(
            "--further-branch", action="append", default=[], help="one more, by its whole name; repeated"
        )
        parser.add_argument(
            "--province", default="", help="two digits: the province of a branch to be opened, such as 38"
        )

    def handle(self, *args: Any, **given: Any) -> None:
        if confirmers() >= 2:
            if not given["emergency"]:
                raise CommandError(
                    "Two people are there who propose and confirm accounts: let them do it in the admin. Only if they "
                    "cannot sign in any more: --emergency, which raises an alarm."
                )
            log.error("an account was opened from the shell", role=given["role"], alarm=True)
        number = writing.document_number(given["number"])
        phone, email = writing.mobile(given["phone"]), writing.email(given["email"])
        if not writing.is_document_number(number):
            raise CommandError(
                f"--number {given['number']!r} is no ID number: 12 (or 9) digits, or a passport such as C1234567."
            )
        if not phone:
            raise CommandError(f"--phone {given['phone']!r} is no Vietnamese mobile number, such as 0912345678.")
        if not email:
            raise CommandError(f"--email {given['email']!r} is no address, such as ten@example.vn.")
        if User.objects.with_number(number):
            raise CommandError("This number has an account already.")
        try:
            user = open_account(
                number=number,
                full_name=given["name"],
                phone=phone,
                email=email,
                roles=[given["role"]],  # given and confirmed by whoever has this machine's shell
                branch=branch(writing.line(given["branch"]), given["province"]),
                further=[branch(writing.line(name), "").pk for name in given["further_branch"]],
            )
        except Refusal as no:
            raise CommandError(f"--name {given['name']!r}: {no.message}") from no
        self.stdout.write(f"Account {user} opened; a message tells its owner how to set the password.")


def confirmers() -> int:
    staff = User.objects.filter(is_active=True, is_staff=True).prefetch_related("groups", "further_branches")
    return sum(user.has_perm("portal.confirm_user") for user in staff)


def branch(name: str, province: str) -> Branch:
    """One that is there; a new one only where its province is named, so that a slip of the pen opens none."""
    if known := Branch.objects.filter(name=name).first():
        if province not in ("", known.province):
            raise CommandError(f"--branch {name!r} is in province {known.province}, not {province}.")
        return known
    if not re.fullmatch(r"[0-9]{2}", province):
        names = ", ".join(Branch.objects.values_list("name", flat=True)) or "none yet"
        raise CommandError(
            f"There is no branch {name!r} (known: {names}). To open it, name its --province: two digits."
        )
    return Branch.objects.create(name=name, province=province)
