"""The seal on a contract: over the bytes that were shown, whatever was deployed or altered in between."""

import hashlib
import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from enrollment.journey import Step
from enrollment.models import Application, Introduction
from enrollment.orders.models import Order
from portal import codes
from portal.models import Message, User
from portal.refusals import Refusal
from signing import dossier, printing
from signing.demo.people import hand
from signing.models import Act, Paper
from signing.papers import fonts, layout, paper
from signing.papers.completing import Line, within
from signing.papers.fonts import face
from signing.steps import acceptance, contract, sealing
from signing.steps.signatures import keep
from tests.kyc.introductions import introduce
from tests.signing.conftest import again, at_contract, sure, to
from tests.signing.papers.test_paper import contract_pdf, text
from tests.signing.test_acts import asked, given

pytestmark = pytest.mark.once
State = Paper.State


@pytest.fixture
def application() -> Application:
    """At the code: drawn, shown, and a code sent."""
    application = at_contract()
    contract.begin(application, place="203.0.113.7", device="Phone")
    contract.sign_with(application, strokes=hand())
    contract.send_code(application)
    return application


def agreed(application: Application) -> Paper:
    message = Message.objects.filter(template="signing/messages/contract_code").latest("created_at")
    return contract.agree(again(application), str(sure(message.params)[0]))


def paper_of(application: Application) -> Paper:
    return sure(Paper.of(again(application), Paper.Kind.CONTRACT))


def sealed(application: Application) -> bytes:
    sealing.seal_due()
    return sure(paper_of(application).file).read()


def test_what_was_shown_is_the_beginning_of_what_is_sealed(application: Application, tmp_path: Path) -> None:
    """Promise P11: anybody computes the hash on the page of evidence from the file itself."""
    shown = sure(agreed(application).shown).read()
    pdf = sealed(application)
    assert pdf.startswith(shown)
    first = pdf[: pdf.index(b"%%EOF\n") + 6]
    assert printing.spaced(hashlib.sha256(first).hexdigest()) in " ".join(text(pdf, tmp_path).split())
    assert dossier.is_sound(again(application))


def test_the_page_of_evidence_names_who_introduced_the_customer_and_is_silent_where_nobody_did(
    application: Application, tmp_path: Path
) -> None:
    agreed(application)
    theirs, transaction = at_contract(), "4f1c2b9e-7a55-4d0e-9c1f-0123456789ab"
    introduction = introduce(theirs, transaction=transaction)
    contract.begin(theirs, place="203.0.113.7", device="Phone")
    contract.sign_with(again(theirs), strokes=hand())
    shown = sure(paper_of(theirs).shown).read()
    assert transaction not in text(shown, tmp_path)  # empty yet, as all of that page
    contract.send_code(again(theirs))
    agreed(theirs)
    page = " ".join(text(sealed(theirs), tmp_path).split())
    assert f"VNeID, {transaction}, {printing.moment(sure(introduction.said_at))}" in page
    assert "Source of data" in page
    assert "Source of data" not in text(sealed(application), tmp_path)


def test_an_introduction_that_is_not_ours_is_named_on_no_paper() -> None:
    theirs = at_contract()
    introduction = introduce(theirs)
    Introduction.objects.filter(pk=introduction.pk).update(transaction="another")
    assert printing.source_of(theirs) == {}


def test_a_template_deployed_in_between_changes_nothing(
    application: Application, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    before = words_of_articles(sure(agreed(application).shown).read(), tmp_path)
    layout.laid_out.cache_clear()
    monkeypatch.setattr(layout, "html_of", lambda *_: "<p>Điều 1. Bên A trả gấp đôi.</p>")
    monkeypatch.setattr(paper, "make", lambda *_: pytest.fail("printed anew"))
    after = words_of_articles(sealed(application), tmp_path)
    layout.laid_out.cache_clear()
    assert after == before


def words_of_articles(pdf: bytes, folder: Path) -> str:
    """All of it but what is written when it is sealed."""
    whole = text(pdf, folder)
    return re.sub(r"Ngày ký:.*", "", whole[: whole.index("Trang bằng chứng")])


def other_file(paper: Paper) -> tuple[object, str]:
    return keep(contract_pdf(fee="0 đồng"), paper.data_key)


def with_its_hash(paper: Paper) -> None:
    file, digest = other_file(paper)
    Paper.objects.filter(pk=paper.pk).update(shown=file, shown_hash=digest)


def without_its_hash(paper: Paper) -> None:
    file, _digest = other_file(paper)
    Paper.objects.filter(pk=paper.pk).update(shown=file)


def other_facts(paper: Paper) -> None:
    facts = {**paper.facts, "fee": "0 đồng"}
    Paper.objects.filter(pk=paper.pk).update(facts=paper.sealed("facts", facts))


SWAPS = pytest.mark.parametrize("swap", [with_its_hash, without_its_hash])


@SWAPS
def test_another_document_between_code_and_signature_is_not_signed(
    swap: Callable[[Paper], None], application: Application
) -> None:
    """Promise P11."""
    swap(paper_of(application))
    with pytest.raises(Refusal):
        agreed(application)
    assert (paper_of(application).state, again(application).step) == (State.OPEN, Step.CONTRACT)


@pytest.mark.parametrize("swap", [with_its_hash, without_its_hash, other_facts])
def test_what_was_altered_after_the_confirmation_is_not_sealed(
    swap: Callable[[Paper], None], application: Application
) -> None:
    """Promise P11: the sealed evidence of the confirmation holds the hash too."""
    swap(agreed(application))
    sealing.seal_due()
    assert (paper_of(application).state, paper_of(application).file) == (State.AGREED, None)
    assert not dossier.is_sound(again(application))


def test_what_is_voided_while_it_is_sealed_stays_void(
    application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    paper = agreed(application)

    def slow(*_: Any) -> bytes:
        contract.void(application)
        return b"%PDF"

    monkeypatch.setattr(sealing, "lasting", slow)
    sealing.seal_due()
    paper.refresh_from_db()
    assert (paper.state, paper.file) == (State.VOID, None)


def test_a_document_swapped_while_its_code_is_looked_at_is_not_signed(
    application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Promise P11: between the right code and the signature the row is read anew."""
    check = codes.check

    def slow(*given: Any, **more: Any) -> None:
        check(*given, **more)
        with_its_hash(paper_of(application))

    monkeypatch.setattr(codes, "check", slow)
    with pytest.raises(Refusal):
        agreed(application)
    assert paper_of(application).state == State.OPEN


def test_a_sealed_contract_that_does_not_begin_with_what_was_shown_is_not_sound(application: Application) -> None:
    agreed(application)
    sealing.seal_due()
    with_its_hash(paper_of(application))
    assert not dossier.is_sound(again(application))


def test_a_name_that_is_laid_out_alone_is_sealed_with_its_evidence(
    application: Application, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(contract, "make", paper.alone)
    contract.sign_with(application, strokes=hand())
    contract.send_code(application)
    shown = sure(agreed(application).shown).read()
    pdf = sealed(application)
    assert pdf.startswith(shown)
    assert "203.0.113.7" in text(pdf, tmp_path)


# ── Minutes ──


def renamed(application: Application) -> None:
    """What the minutes say of the plan is no longer so."""
    Order.objects.filter(subject=application.pk).update(name="Gói khác")


def test_minutes_whose_facts_have_changed_are_not_signed_and_shown_anew(deciders: tuple[User, User]) -> None:
    accepting = to(Step.ACCEPTANCE, deciders)
    act, fields = asked(accepting)
    renamed(accepting)
    assert given(act, fields).answer == "moved"
    before = act.entries.get().paper
    after = acceptance.prepare(again(accepting))
    assert before
    assert after.number != before.number
    assert after.facts["plan"] == "Gói khác"
    assert given(*asked(accepting)).state == Act.State.DONE


def test_signed_minutes_begin_with_what_was_shown(deciders: tuple[User, User]) -> None:
    minutes = sure(Paper.of(to(Step.COMPLETE, deciders), Paper.Kind.MINUTES))
    assert sure(minutes.file).read().startswith(sure(minutes.shown).read())


def test_the_serial_stays_within_its_box(deciders: tuple[User, User], tmp_path: Path) -> None:
    """The widest: a signature's box is half of the page's column, and its text stands 24 + 9 pixels within it."""
    minutes = acceptance.prepare(to(Step.ACCEPTANCE, deciders))
    facts = {**minutes.facts, "serial_spaced": printing.spaced("D" * 32), "day": "", "number": ""}
    fixed = printing.fixed_minutes(minutes.version)
    (tmp_path / "one.pdf").write_bytes(
        paper.make(acceptance.TEMPLATE, fixed, printing.MINUTES_PLACES, facts, timezone.now())
    )
    command = ["pdftotext", "-bbox", "-f", "2", "one.pdf", "-"]
    boxes = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    words = re.findall(r'xMin="([\d.]+)".*?xMax="([\d.]+)".*?>(.*?)</word>', boxes)
    left = next(float(left) for left, _right, word in words if word == "sê-ri:") - 30
    assert max(float(right) for _left, right, word in words if set(word) == {"D"}) - left < 235.28 - 50


ROOM = [Line(1, "Regular", 13.0, 200.0), Line(2, "Regular", 13.0, 200.0)]


@pytest.mark.parametrize("words", ["Mozilla/5.0 " * 30, "x" * 400, "ngắn", "", "☃ 漢字", json.dumps(["a"] * 90)])
def test_what_is_too_long_for_its_place_is_broken_and_ends_in_an_ellipsis(words: str) -> None:
    lines = within(words, ROOM)
    assert len(lines) <= 2
    assert all(face("Regular").width(line) * 13 / 1000 <= 200 for line in lines)
    joined = "".join(lines).replace(" ", "")
    whole = fonts.known(words).replace(" ", "")
    assert joined == whole or (joined.endswith("…") and whole.startswith(joined[:-1]))


def test_no_font_that_was_printed_with_ever_changes() -> None:
    """What is written later names glyphs of the font that the file carries; another font is another file."""
    files = {style: fonts.file_of(style).read_bytes() for style in ("Regular", "Bold")}
    digests = {style: hashlib.sha256(content).hexdigest()[:12] for style, content in files.items()}
    assert digests == {"Regular": "27c825d4cae9", "Bold": "d3f0d84f38f5"}
