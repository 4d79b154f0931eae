"""The operator's handbook (docs/operating.md) as a page, so that an alarm can lead to the section that says what to do.
It knows as much of Markdown as the handbook uses."""

import re
from collections.abc import Iterator
from functools import cache
from itertools import groupby
from pathlib import Path

from django.conf import settings
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe


def slug(title: str) -> str:
    return re.sub(r"[^\w]+", "-", title.lower().replace("'", "")).strip("-")


@cache
def page() -> SafeString:
    text: str = Path(settings.BASE_DIR, "docs", "operating.md").read_text()
    return mark_safe("\n".join(blocks(text)))  # noqa: S308  # our own file, each line escaped


def sections() -> set[str]:
    return set(re.findall(r'<h2 id="([\w-]+)"', page()))


def blocks(text: str) -> Iterator[str]:
    for place, part in enumerate(re.split(r"^```\w*\n(.*?)^```$", text, flags=re.M | re.S)):
        if place % 2:
            yield f'<pre tabindex="0">{escape(part)}</pre>'
            continue
        for block in re.split(r"\n\s*\n", part.strip("\n")):
            yield from whole(block)


def whole(block: str) -> Iterator[str]:
    """One paragraph, heading, list or table."""
    if title := re.fullmatch(r"(#+) (.*)", block):
        level = len(title[1])
        yield f'<h{level} id="{slug(title[2])}">{inline(title[2])}</h{level}>' if level > 1 else ""
    elif block.startswith("|"):
        yield f'<div class="wide" tabindex="0"><table>{"".join(rows(block))}</table></div>'
    elif mark := re.match(r"(-|\d+\.) ", block):
        kind = "ul" if mark[1] == "-" else "ol"
        items = re.split(r"^(?:-|\d+\.) ", block, flags=re.M)[1:]
        yield f"<{kind}>{''.join(f'<li>{inline(item)}</li>' for item in items)}</{kind}>"
    elif block.strip():
        yield f"<p>{inline(block)}</p>"


def rows(block: str) -> Iterator[str]:
    for is_head, lines in groupby(block.splitlines(), lambda line: line == block.splitlines()[0]):
        for line in lines:
            if not re.fullmatch(r"[|\s:-]+", line):
                cells = re.split(r"(?<!\\)\|", line.strip().strip("|"))
                name = "th" if is_head else "td"
                yield f"<tr>{''.join(f'<{name}>{inline(cell.strip())}</{name}>' for cell in cells)}</tr>"


def inline(text: str) -> str:
    html: str = escape(text.replace("\n", " "))
    for pattern, put in (
        (r"`(.+?)`", r"<code>\1</code>"),
        (r"\*\*(.+?)\*\*", r"<strong>\1</strong>"),
        (r"\[(.+?)\]\((https?:.+?)\)", r'<a href="\2">\1</a>'),
    ):
        html = re.sub(pattern, put, html)
    return html
