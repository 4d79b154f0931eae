"""The first staff account of a new portal; the admin opens the others. Its owner sets the password by a code."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal import writing
from portal.accounts.opening import open_account
from portal.accounts.roles import ROLES
from portal.models import Branch, User


class Command(BaseCommand):
    help = "Open an account; its owner chooses the password with a code sent to phone and e-mail."

    def add_arguments(self, parser: CommandParser) -> None:
        for name in ("number", "name", "phone", "email"):
            parser.add_argument(f"--{name}", required=True)
        parser.add_argument("--role", choices=ROLES, required=True)
        parser.add_argument("--branch", help="required for staff; opened if it is new")
        parser.add_argument("--province", default="", help="code of a new branch's province, such as 38")

    def handle(self, *args: Any, **given: Any) -> None:
        phone, email = writing.mobile(given["phone"]), writing.email(given["email"])
        if not phone or not email:
            raise CommandError("The phone must be a Vietnamese mobile number, the e-mail an address.")
        if User.objects.with_number(given["number"]):
            raise CommandError("This number has an account already.")
        branch = None
        if ROLES[given["role"]].staff:
            if not given["branch"]:
                raise CommandError("Staff belong to a branch: --branch 'VNPT …'.")
            branch, _new = Branch.objects.get_or_create(name=given["branch"], defaults={"province": given["province"]})
        user = open_account(
            number=given["number"],
            full_name=given["name"],
            phone=phone,
            email=email,
            roles=[given["role"]],
            branch=branch,
            vouched=True,  # by whoever has this machine's shell
        )
        self.stdout.write(f"Account {user} opened; a message tells its owner how to set the password.")
