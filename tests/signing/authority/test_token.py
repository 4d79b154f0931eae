"""The vault in a PKCS#11 token, tried with SoftHSM2: in processes of their own, for its library is a whole process's."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.portal.test_keys import SOFTHSM

pytestmark = pytest.mark.once
ROOT = Path(__file__).resolve().parents[3]
BEGIN = f"""
import os, sys, ctypes
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
import django; django.setup()
from django.conf import settings
settings.VAULT_PIN, settings.VAULT_URL, settings.SIGNER = "1234", "pkcs11://{SOFTHSM}?token=vault", True
from signing.authority.gateways.vault import *
from signing.authority.gateways import pkcs11
from pkcs11 import Attribute, KeyType, Mechanism, ObjectClass
from tests.signing.authority import test_vault
token = vault()
raw = ctypes.CDLL("{SOFTHSM}")
def slot():
    return ctypes.c_ulong(__import__("pkcs11").lib("{SOFTHSM}").get_token(token_label="vault").slot.slot_id)
def sign_out():
    session = ctypes.c_ulong()
    raw.C_OpenSession(slot(), 6, None, None, ctypes.byref(session)); raw.C_Logout(session)
def objects(of):
    return token.line.use(lambda session: len(list(session.get_objects({{Attribute.CLASS: of}}))))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "tokens").mkdir()
    (tmp_path / "conf").write_text(f"directories.tokendir = {tmp_path}/tokens\nobjectstore.backend = file\n")
    init = ["softhsm2-util", "--init-token", "--free", "--label", "vault", "--pin", "1234", "--so-pin", "4321"]
    subprocess.run(init, check=True, capture_output=True, env=environment(tmp_path))
    return tmp_path


def environment(folder: Path) -> dict[str, str]:
    return {**os.environ, "SOFTHSM2_CONF": str(folder / "conf"), "LOG_LEVEL": "ERROR"}


def started(folder: Path, code: str) -> subprocess.Popen[str]:
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen([sys.executable, "-c", BEGIN + code], env=environment(folder), cwd=ROOT, text=True, **pipes)  # type: ignore[call-overload, no-any-return]


def ran(folder: Path, *codes: str) -> list[str]:
    """What each process said, all of them at once."""
    processes = [started(folder, code) for code in codes]
    outcomes = [(*process.communicate(timeout=120), process.returncode) for process in processes]
    for _said, complaint, status in outcomes:
        assert status == 0, complaint
    return [said.strip() for said, _complaint, _status in outcomes]


AT_ONCE = """
import time
from pathlib import Path
folder, mine = Path("{folder}"), {mine}
def written(name, words):
    (folder / f"{{name}}.part").write_text(words); (folder / f"{{name}}.part").rename(folder / name)
def waited(names):
    while not all((folder / name).exists() for name in names): time.sleep(0.05)
if mine == 0:
    waited(["refused 1", "refused 2", "refused 3"])
    assert not objects(ObjectClass.SECRET_KEY)
    token.establish(); token.establish()
    written("founded", "")
else:
    try: token.make(CUSTOMER, "rsa-2048"); raise SystemExit("made")
    except Unreachable as no: assert "old the ceremony" in str(no), no
    written(f"refused {{mine}}", "")
    waited(["founded"])
pair = token.make(CUSTOMER, "rsa-2048")
written(f"made {{mine}}", f"{{pair.public.hex()}} {{pair.wrapped.hex()}} {{token.encrypt(b'secret', b'mine').hex()}}")
waited([f"made {{place}}" for place in range(4)])
for place in range(4):
    public, wrapped, encrypted = map(bytes.fromhex, (folder / f"made {{place}}").read_text().split())
    theirs = KeyPair(CUSTOMER, "rsa-2048", public, wrapped)
    test_vault.verify(theirs, token.sign(theirs, test_vault.SOUGHT))
    assert token.decrypt(encrypted, b"mine") == b"secret"
print(token.mac("x", b"y").hex(), objects(ObjectClass.SECRET_KEY), objects(ObjectClass.PRIVATE_KEY))
"""


def test_it_holds_what_a_vault_promises(folder: Path) -> None:
    code = """
token.establish()
for purpose in (CUSTOMER, "issuing"):
    for kind in ("rsa-2048", "pss-2048", "p-256"): test_vault.holds_what_a_vault_promises(token, purpose, kind)
test_vault.encrypts(token)
test_vault.agrees(token)
before = objects(ObjectClass.PRIVATE_KEY)
for _time in range(3): token.sign(token.make(CUSTOMER, "rsa-2048"), b"hello")
print(objects(ObjectClass.PRIVATE_KEY) - before, objects(ObjectClass.PUBLIC_KEY))
"""
    assert ran(folder, code) == ["0 0"]  # nothing of a customer's stays in it


def test_master_keys_are_made_in_the_ceremony_and_nowhere_else(folder: Path) -> None:
    """Three processes at once once made three of a name: nothing opened ever after."""
    [(mac, *numbers), *others] = [
        said.split() for said in ran(folder, *(AT_ONCE.format(folder=folder, mine=place) for place in range(4)))
    ]
    assert numbers == ["3", "0"]
    assert others == [[mac, *numbers]] * 3


def test_no_key_leaves_it_in_the_clear(folder: Path) -> None:
    """The provider's own lie in it for good; a customer's comes back for one signature, and cannot be read either. The
    module itself holds whoever unwraps to that, where it knows CKA_UNWRAP_TEMPLATE."""
    code = """
token.establish()
own, customers = token.make("issuing", "rsa-2048"), token.make(CUSTOMER, "rsa-2048")
assert own.wrapped == pkcs11.name_of(own.bond)
def looked_at(session):
    for pair in (own, customers):
        key = token._key(session, pair)
        assert key[Attribute.SENSITIVE] and not key[Attribute.EXTRACTABLE], pair.purpose
        try: key[Attribute.PRIVATE_EXPONENT]; raise SystemExit("read")
        except __import__("pkcs11").AttributeSensitive: pass
    assert token._key(session, own)[Attribute.NEVER_EXTRACTABLE]
    readable = {**pkcs11.SIGNS_ONLY, Attribute.SENSITIVE: False, Attribute.EXTRACTABLE: True}
    try:
        token._master(session, "wrap").unwrap_key(ObjectClass.PRIVATE_KEY, KeyType.RSA, customers.wrapped[32:],
            mechanism=Mechanism.AES_KEY_WRAP_PAD, store=False, template=readable)
        raise SystemExit("unwrapped to be read")
    except __import__("pkcs11").PKCS11Error: pass
token.line.use(looked_at)
for name in pkcs11.MASTERS:
    key = token.line.use(lambda session: token._master(session, name))
    assert key[Attribute.SENSITIVE] and not key[Attribute.EXTRACTABLE], name
print(objects(ObjectClass.PRIVATE_KEY))
"""
    assert ran(folder, code)[0] in ("2", "3")  # the session's own among them


def test_a_module_that_gives_keys_away_is_not_signed_with(folder: Path) -> None:
    """Attributes are looked at after each unwrapping, for not every module knows CKA_UNWRAP_TEMPLATE."""
    code = """
pkcs11.HIDDEN.clear()  # as a module does that heeds no template
pkcs11.SIGNS_ONLY.update({Attribute.SENSITIVE: False, Attribute.EXTRACTABLE: True})
token.establish()
pair = token.make(CUSTOMER, "rsa-2048")
try: token.sign(pair, b"hello"); print("signed")
except Broken as wrong: print(wrong)
"""
    assert ran(folder, code) == ["the token would give this key away"]


def test_a_session_that_broke_comes_back(folder: Path) -> None:
    code = """
token.establish()
pairs = [token.make(CUSTOMER, "rsa-2048"), token.make("issuing", "rsa-2048")]
works = [lambda: token.mac("x", b"y"), lambda: test_vault.encrypts(token), token.establish, lambda: token.make(CUSTOMER, "p-256")]
works += [lambda pair=pair: test_vault.verify(pair, token.sign(pair, test_vault.SOUGHT)) for pair in pairs]
closed, all_closed = lambda: token.line.session.close(), lambda: raw.C_CloseAllSessions(slot())
for breaks in (closed, all_closed, lambda: raw.C_Finalize(None), sign_out):
    for work in works:
        breaks()
        work()
print(objects(ObjectClass.SECRET_KEY))
"""
    assert ran(folder, code) == ["3"]


def test_it_is_opened_anew_in_a_forked_process(folder: Path) -> None:
    code = """
token.establish()
pair = token.make("issuing", "rsa-2048")
if os.fork():
    print(os.waitstatus_to_exitcode(os.wait()[1]))
else:
    test_vault.verify(pair, token.sign(pair, test_vault.SOUGHT)); os._exit(7)
"""
    assert ran(folder, code) == ["7"]


def test_while_the_token_is_away_nothing_is_called_altered(folder: Path) -> None:
    """Else rows would be thrown away that are as they should be; and when it is back, so is everything."""
    code = f"""
token.establish()
pair, sealed = token.make(CUSTOMER, "rsa-2048"), token.encrypt(b"x", b"")
os.rename("{folder}/tokens", "{folder}/away"); os.mkdir("{folder}/tokens")
raw.C_Finalize(None)
for work in (lambda: token.sign(pair, b"hello"), lambda: token.decrypt(sealed, b""), lambda: token.mac("x", b"y")):
    try: work(); raise SystemExit("worked")
    except Unreachable as away: assert "away" in str(away), away
os.rmdir("{folder}/tokens"); os.rename("{folder}/away", "{folder}/tokens")
raw.C_Finalize(None)
print(token.decrypt(sealed, b""), len(token.sign(pair, b"hello")))
"""
    assert ran(folder, code) == ["b'x' 256"]


def test_from_the_ceremony_to_the_signed_minutes_all_is_done_in_it(folder: Path) -> None:
    """The same test that others pass with a vault in software, in a process of its own."""
    sought = "tests/signing/test_acts.py::test_a_right_pin_gives_back_what_wrong_ones_took"
    env = {**environment(folder), "VAULT_URL": f"pkcs11://{SOFTHSM}?token=vault", "VAULT_PIN": "1234"}
    env.pop("TEST_STATE", None)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", sought]
    outcome = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, check=False)
    assert outcome.returncode == 0, outcome.stdout[-2000:]
    inside = "print(objects(ObjectClass.SECRET_KEY), objects(ObjectClass.PRIVATE_KEY))"
    assert ran(folder, inside) == ["3 5"]  # issuing, timestamp, seal, responder, and the one for PINs


# ── Guessing at a PIN ──


def test_with_database_and_key_file_but_no_token_no_pin_can_be_tried(folder: Path) -> None:
    """Promise P18. Neither against the row as it lies there; nor by whoever once saw it opened, in the signer's memory: each
    guess wants the token's own share."""
    code = f"""
from pathlib import Path
from portal.gateways.keys import LocalKeys
from signing import custody
from signing.authority.gateways.software import SoftwareVault
token.establish()
key, right = test_vault.coated(token.make(CUSTOMER, "p-256")), test_vault.SECRETS["pin"]
seen = custody.ways_of(key)
custody.opened(key, "pin", right)
custody.vault = lambda: SoftwareVault(LocalKeys(Path("{folder}/keys.json")))
try: custody.opened(key, "pin", right); raise SystemExit("opened")
except Broken: pass
custody.ways_of = lambda _key: seen
try: custody.opened(key, "pin", right); raise SystemExit("opened")
except custody.WrongSecret: pass
custody.vault = lambda: token
print(custody.opened(key, "pin", right) is not None)
"""
    assert ran(folder, code) == ["True"]
