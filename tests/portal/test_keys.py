import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pkcs11
import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import CommandError

from portal.accounts.second_factor import MFAAdapter
from portal.demo.people import totp_secret
from portal.gateways import keys
from portal.gateways.token import Line
from portal.models import DataKey, User
from tests.conftest import People, at_once

SOFTHSM = "/usr/lib/softhsm/libsofthsm2.so"


def test_the_first_of_many_processes_makes_the_ring(tmp_path: Path) -> None:
    rings = at_once(8, lambda _place: keys.LocalKeys(tmp_path / "keys.json").keyring(), connect=False)
    assert all(ring == rings[0] for ring in rings)
    assert (tmp_path / "keys.json").stat().st_mode & 0o777 == 0o600


def test_another_process_sees_a_changed_ring_at_its_next_sealing(tmp_path: Path) -> None:
    mine, theirs = keys.LocalKeys(tmp_path / "keys.json"), keys.LocalKeys(tmp_path / "keys.json")
    assert theirs.keyring().active == "k1"
    mine.replace(mine.keyring().with_new_key())
    assert theirs.keyring().active == "k2"


def test_keys_from_the_environment_must_be_whole() -> None:
    good = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
    assert keys.EnvironmentKeys(f"k2:{good},k1:{good},index:{good}").keyring().active == "k2"
    for wrong in ("", "k1:abc", f"k1:{good}", f"k1:YWJj,index:{good}"):
        with pytest.raises(ImproperlyConfigured):
            keys.EnvironmentKeys(wrong)


def test_a_pkcs11_token_unwraps_the_ring_and_the_file_alone_is_useless(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tokens").mkdir()
    (tmp_path / "conf").write_text(f"directories.tokendir = {tmp_path}/tokens\nobjectstore.backend = file\n")
    monkeypatch.setenv("SOFTHSM2_CONF", str(tmp_path / "conf"))
    init = ["softhsm2-util", "--init-token", "--free", "--label", "portal", "--pin", "1234", "--so-pin", "4321"]
    subprocess.run(init, check=True, capture_output=True, env=dict(os.environ))
    url = f"pkcs11://{SOFTHSM}?token=portal&label=master&file={tmp_path}/keys.json"
    provider = keys.provider_for(url, pin="1234")
    ring = provider.keyring()
    assert keys.provider_for(url, pin="1234").keyring() == ring
    provider.replace(ring.with_new_key())
    assert keys.provider_for(url, pin="1234").keyring().active == "k2"
    assert ring.keys["k1"] not in keys.LocalKeys(tmp_path / "keys.json").keyring().keys.values()


FIRST = """
import sys; sys.path.insert(0, ".")
from portal.gateways import keys
print(keys.provider_for(sys.argv[1], pin="1234").keyring().index.hex())
"""


def test_of_processes_that_start_at_once_one_makes_the_tokens_key(tmp_path: Path) -> None:
    """Two of a name would open nothing ever after. Where it is gone, none is made in its place."""
    (tmp_path / "tokens").mkdir()
    (tmp_path / "conf").write_text(f"directories.tokendir = {tmp_path}/tokens\nobjectstore.backend = file\n")
    env = {**os.environ, "SOFTHSM2_CONF": str(tmp_path / "conf")}
    url = f"pkcs11://{SOFTHSM}?token=portal&label=master&file={tmp_path}/keys.json"

    def started() -> list[str]:
        commands = [[sys.executable, "-c", FIRST, url]] * 3
        processes = [
            subprocess.Popen(each, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            for each in commands
        ]
        return [process.communicate(timeout=60)[0] for process in processes]

    def with_a_new_token() -> None:
        init = ["softhsm2-util", "--init-token", "--free", "--label", "portal", "--pin", "1234", "--so-pin", "4321"]
        subprocess.run(init, check=True, capture_output=True, env=env)

    with_a_new_token()
    first = started()
    assert len(set(first)) == 1
    assert len(first[0]) == 65
    assert started() == first
    shutil.rmtree(tmp_path / "tokens")
    (tmp_path / "tokens").mkdir()
    with_a_new_token()
    assert started() == ["", "", ""]


def test_a_token_that_is_not_seen_for_a_moment_is_looked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """While another process writes to it, SoftHSM shows none, also to a library that was opened anew."""
    answers: list[Any] = [pkcs11.NoSuchToken(), pkcs11.NoSuchToken(), "a session"]

    def signed_in(*_asked: Any) -> Any:
        if isinstance(answer := answers.pop(0), Exception):
            raise answer
        return answer

    monkeypatch.setattr(Line, "_signed_in", signed_in)
    assert Line(SOFTHSM, "portal", "1234").use(str) == "a session"


# ── Turning the keys ──


@pytest.fixture
def own_ring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> keys.KeyProvider:
    provider = keys.LocalKeys(tmp_path / "keys.json")
    monkeypatch.setattr(keys, "provider", lambda: provider)
    return provider


@pytest.mark.django_db
def test_after_turning_and_retiring_everything_still_opens(own_ring: keys.KeyProvider, staff: People) -> None:
    user, data_key = staff(), DataKey.make()
    opened = data_key.opened()
    call_command("rotate_keys", "--new")
    with time_machine.travel(time.time() + 3601):
        call_command("rotate_keys", "--retire")
    assert list(own_ring.keyring().keys) == ["k2"]
    again = User.objects.get(pk=user.pk)
    assert again.id_number == user.id_number
    assert User.objects.with_number(user.id_number) == user
    assert DataKey.objects.get(pk=data_key.pk).opened() == opened
    factor = Authenticator.objects.get(user=user, type="totp")
    assert MFAAdapter().decrypt(factor.data["secret"]) == totp_secret(user)


@pytest.mark.django_db
def test_turning_again_changes_nothing(
    own_ring: keys.KeyProvider, person: People, capsys: pytest.CaptureFixture[str]
) -> None:
    person()
    call_command("rotate_keys", "--new")
    call_command("rotate_keys")
    assert "\n0 values sealed again under k2" in capsys.readouterr().out


@pytest.mark.django_db
def test_old_keys_stay_for_work_under_way_and_that_work_is_not_lost(own_ring: keys.KeyProvider, person: People) -> None:
    read_before = User.objects.get(pk=person().pk)
    call_command("rotate_keys", "--new")
    with pytest.raises(CommandError, match="an hour"):
        call_command("rotate_keys", "--retire")
    read_before.save()  # a whole row, read under the old key
    assert User.objects.values_list("phone", flat=True).get(pk=read_before.pk).startswith("k2.")


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_people_change_while_the_keys_turn_and_none_is_lost(own_ring: keys.KeyProvider, person: People) -> None:
    people = [person() for _ in range(20)]

    def work(place: int) -> None:
        if place == 0:
            call_command("rotate_keys", "--new")
            return
        for turn in range(10):
            user = User.objects.get(pk=people[place].pk)
            user.full_name = f"Người Mẫu {place} {turn}"
            user.save(update_fields=["full_name"])

    assert at_once(12, work) == [None] * 12
    with time_machine.travel(time.time() + 3601):
        call_command("rotate_keys", "--retire")
    assert [User.objects.get(pk=people[place].pk).full_name for place in range(1, 12)] == [
        f"Người Mẫu {place} 9" for place in range(1, 12)
    ]
    assert all(token.startswith("k2.") for token in User.objects.values_list("phone", flat=True))
