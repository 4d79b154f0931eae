"""The head of a counter: what is open and whose, attestations asked about, and what strikes."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from enrollment import dossier, parts
from enrollment.counter.models import Attestation, Recheck
from enrollment.counter.steps import rechecking, serving, signals
from enrollment.models import Application, Trail
from kyc.models import Mark
from kyc.steps import flags
from kyc.steps.kinship import bands
from portal.models import Branch, Event, User
from portal.refusals import Refusal
from tests.conftest import People, at_once
from tests.enrollment.counter.conftest import Desk

pytestmark = pytest.mark.django_db
Enter = Callable[[User], Client]
WORDS = "Nhân viên kể đúng từng việc"


def a_file(agent: User, person: str, **facts: Any) -> Application:
    assert agent.branch
    application = serving.open_for(agent.branch, agent, language="vi")
    Application.objects.filter(pk=application.pk).update(person_index=person, is_duplicate=True, moves=1, **facts)
    return Application.objects.get(pk=application.pk)


def attested(agent: User, at: datetime) -> Attestation:
    row = Attestation(application=a_file(agent, ""), seen="x", agent=agent, branch=agent.branch, version="1", at=at)
    row.mac = row.mac_of_row
    row.save()
    return row


def struck(branch: Branch | None) -> dict[str, tuple[int, set[str]]]:
    assert branch
    since = timezone.now() - timedelta(days=30)
    return {
        str(signal.words): (signal.number, {each.reference for each in signal.applications})
        for signal in signals.of(branch, since)
    }


# ── Attestations ──


def test_one_in_twenty_of_each_agents_day_is_drawn_and_always_the_same(staff: People) -> None:
    first, second = staff("agent"), staff("agent")
    day = timezone.localtime().replace(hour=10) - timedelta(days=1)
    many = {attested(first, day).pk for _ in range(41)}
    single = attested(second, day).pk
    today, old = attested(second, timezone.now()).pk, attested(second, day - timedelta(days=9)).pk
    assert first.branch
    drawn = rechecking.sample(first.branch)
    assert drawn == rechecking.sample(first.branch)
    assert len(set(drawn) & many) == 3
    assert single in drawn
    assert not {today, old} & set(drawn)


def test_the_head_of_the_counter_asks_and_lets_it_stand_or_doubts_it(staff: People, signed_in: Enter) -> None:
    agent, lead = staff("agent"), staff("lead")
    row = attested(agent, timezone.now() - timedelta(days=1))
    client = signed_in(lead)
    assert row.application.reference in client.get("/counter/lead/").content.decode()
    page = f"/counter/lead/recheck/{row.pk}/"
    assert "Giữ cam kết" in client.get(page).content.decode()
    assert Event.objects.filter(verb="file looked at", actor=lead).exists()
    assert "ít nhất ba từ" in client.post(page, {"kept": "1", "words": "ừ"}).content.decode()
    client.post(page, {"kept": "1", "words": WORDS})
    recheck = Recheck.objects.get()
    assert (recheck.is_doubt, recheck.by, recheck.is_ours) == (False, lead, True)
    assert row.application.reference not in client.get("/counter/lead/").content.decode().partition("Cam kết cần")[2]
    assert client.get(page).status_code == 404
    assert not rechecking.doubts(row.application)


def test_it_is_asked_by_nobody_else(staff: People, signed_in: Enter) -> None:
    agent = staff("agent")
    row = attested(agent, timezone.now() - timedelta(days=1))
    hai = Branch.objects.create(name="VNPT Hai", province="48")
    strangers = [agent, staff("agent"), staff("lead", branch=hai), staff("supervisor"), staff("reviewer")]
    for user in strangers:
        assert signed_in(user).get(f"/counter/lead/recheck/{row.pk}/").status_code == 404
        with pytest.raises(Refusal, match="not-served-here"):
            rechecking.recheck(row, user, is_doubt=True, words=WORDS)
    agent.give_roles(["agent", "lead"], None, None)
    both = User.objects.get(pk=agent.pk)
    with pytest.raises(Refusal, match="not-served-here"):  # nobody about the own word
        rechecking.recheck(row, both, is_doubt=False, words=WORDS)


def test_a_doubt_is_a_flag_of_the_file_and_changes_its_hash(desk: Desk, staff: People) -> None:
    desk.opens().declares().lets_in().agrees().chooses().settles().photographs()
    desk.attests()
    application, before = desk.application, dossier.digest(desk.application)
    lead = staff("lead")
    kept = Attestation.objects.get()
    assert not [flag for flag in flags.of(application, []) if flag.name == flags.DOUBTED]
    rechecking.recheck(kept, lead, is_doubt=True, words=WORDS)
    assert dossier.digest(application) != before
    assert next(iter(flags.of(application, []))).name == flags.DOUBTED
    assert any(WORDS in words for part in parts.all_parts() for _name, words in part.rows(application))
    assert lead.pk in dossier.hands_of(application)
    Recheck.objects.update(is_doubt=False)  # by other means than ours
    assert parts.is_doubted(application)


def test_a_doubt_of_somebody_who_had_a_hand_in_it_anyway_changes_the_hash_too(desk: Desk, staff: People) -> None:
    desk.opens().declares().lets_in().agrees().chooses().settles().photographs()
    desk.attests()
    Trail.objects.create(application=desk.application, verb="moved", step="plan", actor=(lead := staff("lead")))
    before = dossier.digest(desk.application)
    rechecking.recheck(Attestation.objects.get(), lead, is_doubt=True, words=WORDS)
    assert dossier.digest(desk.application) != before


def test_a_word_that_lets_it_stand_changes_nothing(desk: Desk, staff: People) -> None:
    desk.opens().declares().lets_in().agrees().chooses().settles().photographs()
    desk.attests()
    before = dossier.digest(desk.application)
    rechecking.recheck(Attestation.objects.get(), staff("lead"), is_doubt=False, words=WORDS)
    assert dossier.digest(desk.application) == before


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_of_two_who_ask_at_once_one_has_written(staff: People) -> None:
    row, leads = attested(staff("agent"), timezone.now()), [staff("lead") for _ in range(4)]
    results = at_once(4, lambda place: rechecking.recheck(row, leads[place], is_doubt=place % 2 == 0, words=WORDS))
    assert sum(isinstance(result, Recheck) for result in results) == 1
    assert {result.code for result in results if isinstance(result, Refusal)} == {"out-of-step"}


# ── What strikes ──


def test_the_same_phone_or_mailbox_of_several_customers_strikes(staff: People) -> None:
    agent, other = staff("agent"), staff("agent", branch=Branch.objects.create(name="VNPT Hai", province="48"))
    alike = [a_file(agent, person, phone_index="p", email_index=f"e{person}") for person in ("1", "2", "2")]
    a_file(agent, "3", phone_index="q")
    a_file(other, "4", phone_index="p")  # of another counter
    a_file(agent, "5", phone_index="p", created_at=timezone.now() - timedelta(days=40))
    assert struck(agent.branch) == {
        "Nhiều khách cùng một số điện thoại": (2, {each.reference for each in alike}),
    }


def test_the_same_device_and_nearly_the_same_face_strike(staff: People) -> None:
    agent = staff("agent")
    first, second, other = (a_file(agent, person) for person in ("1", "2", "3"))
    trace = "0123456789abcdef" * 4
    near, far = "1" + trace[1:], "0123" + "f" * 60
    for application, face in ((first, trace), (second, near), (other, far)):
        Mark.objects.create(application=application, kind="device", value="d" if application != other else "o")
        for band in bands("face-near", face):
            Mark.objects.create(application=application, kind="face-near", value=band, trace=face)
    both = {first.reference, second.reference}
    assert struck(agent.branch) == {
        "Nhiều khách ký trên cùng một thiết bị": (2, both),
        "Nhiều khách có ảnh khuôn mặt gần giống nhau": (2, both),
    }


def test_many_at_odd_hours_strike_and_a_few_do_not(staff: People) -> None:
    agent, early = staff("agent", full_name="Hà Thị Đêm"), staff("agent")
    night = timezone.localtime().replace(hour=23, minute=10) - timedelta(days=2)
    noon = night.replace(hour=12)
    late = [a_file(agent, str(place), created_at=night) for place in range(5)]
    for place in range(4):
        a_file(early, f"e{place}", created_at=night)
        a_file(early, f"n{place}", created_at=noon)
    assert struck(agent.branch) == {
        "Hà Thị Đêm mở nhiều hồ sơ ngoài 7 giờ đến 19 giờ": (5, {each.reference for each in late}),
    }


def test_twice_the_counters_share_of_what_is_sent_back_strikes(staff: People) -> None:
    agent, other = staff("agent", full_name="Hà Thị Vội"), staff("agent")
    noon = timezone.localtime().replace(hour=12) - timedelta(days=2)
    own = [a_file(agent, str(place), created_at=noon) for place in range(5)]
    for place in range(15):
        a_file(other, f"o{place}", created_at=noon)
    for application in own[:2]:
        Trail.objects.create(application=application, verb="sent back", step="capture")
    assert struck(agent.branch) == {
        "Hồ sơ của Hà Thị Vội bị VNPT trả lại nhiều gấp đôi cả quầy: 2 trên 5": (2, {e.reference for e in own[:2]}),
    }
    Trail.objects.filter(application=own[1]).delete()
    assert struck(agent.branch) == {}  # one alone is chance


def test_doubts_about_an_agents_word_strike(staff: People) -> None:
    agent = staff("agent", full_name="Hà Thị Hứa")
    row = attested(agent, timezone.now() - timedelta(days=1))
    rechecking.recheck(row, staff("lead"), is_doubt=True, words=WORDS)
    assert struck(agent.branch)["Cam kết của Hà Thị Hứa bị nghi ngờ khi kiểm tra"] == (1, {row.application.reference})


# ── Its page ──


def test_it_shows_the_load_of_each_agent(desk: Desk, staff: People, signed_in: Enter) -> None:
    desk.opens().declares()
    desk.opens()
    page = signed_in(staff("lead")).get("/counter/lead/")
    (load,) = page.context["loads"]
    assert (load.agent, load.number, load.waits) == (desk.user, 2, 1)
    assert f"/counter/{desk.reference}/" in page.content.decode()


def test_headquarters_reads_of_every_counter_and_does_nothing(desk: Desk, staff: People, signed_in: Enter) -> None:
    desk.opens()
    for role in ("supervisor", "auditor"):
        client = signed_in(staff(role))
        branches = client.get("/counter/lead/").content.decode()
        page = client.get(f"/counter/lead/?branch={desk.user.branch_id}").content.decode()
        assert f"/admin/enrollment/application/{desk.application.pk}/" in (page or branches)
        for path in ("take/", "end/", "correct/"):
            assert client.post(f"/counter/{desk.reference}/{path}").status_code == 404
    assert desk.application.agent == desk.user
