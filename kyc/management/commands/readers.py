"""How well the readers read: the table of docs/readers.md, made anew."""

import re
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from kyc.demo import measuring

MARKS = re.compile(r"(<!-- readers: made by `make readers` -->\n).*(<!-- end of readers -->)", re.S)


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--write", action="store_true", help="put the table into docs/readers.md")

    def handle(self, *_args: Any, **given: Any) -> None:
        lines = "\n".join(measuring.table(measuring.measure(), measuring.false_accepts()))
        self.stdout.write(lines)
        if given["write"]:
            page = Path(settings.BASE_DIR) / "docs" / "readers.md"
            page.write_text(MARKS.sub(lambda marks: f"{marks[1]}{lines}\n{marks[2]}", page.read_text()))
