"""The texts that are signed. Versions are files, and a file that was signed once never changes.

First line: title; a block that begins with "# " is a heading; any other is one clause, its number first."""

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

TEXTS = Path(__file__).parent / "data" / "texts"
CURRENT = "2026-11"
PARTS = {"contract": ("contract", "request", "terms"), "minutes": ("minutes",)}  # what each kind of paper is made of


@dataclass(frozen=True)
class Clause:
    number: str
    text: str


@dataclass(frozen=True)
class Article:
    heading: str
    clauses: tuple[Clause, ...]


@dataclass(frozen=True)
class Text:
    title: str
    articles: tuple[Article, ...]  # the first without a heading, where there is a preamble
    hash: str


@cache
def text(name: str, version: str, language: str) -> Text:
    raw = (TEXTS / f"{name}.{version}.{language}.txt").read_text()
    title, *blocks = [block.strip() for block in raw.replace("\n", "\n\n", 1).split("\n\n") if block.strip()]
    articles: list[tuple[str, list[Clause]]] = [("", [])]
    for block in blocks:
        if block.startswith("# "):
            articles.append((block[2:], []))
        else:
            articles[-1][1].append(clause(block))
    parts = tuple(Article(heading, tuple(clauses)) for heading, clauses in articles if clauses)
    return Text(title, parts, hashlib.sha256(raw.encode()).hexdigest())


def clause(block: str) -> Clause:
    first, _space, rest = block.partition(" ")
    return Clause(first, rest) if first.replace(".", "").isdigit() else Clause("", block)
