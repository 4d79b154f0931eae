"""Where keys live: two vaults, the second coat of a customer's key, and who may not reach any of it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key
from django.conf import settings

from portal.gateways.keys import LocalKeys
from signing import custody
from signing.authority.gateways.software import SoftwareVault
from signing.authority.gateways.vault import Broken, NotTheSigner, Vault, vault
from tests.portal.test_keys import SOFTHSM

pytestmark = pytest.mark.once
ROOT = Path(__file__).resolve().parents[3]


TOKEN = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
import django; django.setup()
from signing.authority.gateways.vault import Broken, vault_for
from django.conf import settings
from tests.signing.authority import test_vault
settings.VAULT_PIN = "1234"
token = vault_for(f"pkcs11://{sys.argv[1]}?token=vault")
for kind in ("rsa-2048", "rsa-3072", "p-256"):
    test_vault.signs(token, kind)
test_vault.encrypts(token)
again = vault_for(f"pkcs11://{sys.argv[1]}?token=vault")
assert again.exchange_key().private_numbers() == token.exchange_key().private_numbers()
from pkcs11 import Attribute, ObjectClass
line = token._session()
assert not list(line.get_objects({Attribute.CLASS: ObjectClass.PRIVATE_KEY})), "keys stay outside the token"
assert len(list(line.get_objects({Attribute.CLASS: ObjectClass.SECRET_KEY}))) == 3
print("all of it")
"""


def test_the_same_holds_for_a_token(tmp_path: Path) -> None:
    """SoftHSM2 behind python-pkcs11: three master keys in it, however many customers."""
    (tmp_path / "tokens").mkdir()
    (tmp_path / "conf").write_text(f"directories.tokendir = {tmp_path}/tokens\nobjectstore.backend = file\n")
    env = {**os.environ, "SOFTHSM2_CONF": str(tmp_path / "conf")}
    init = ["softhsm2-util", "--init-token", "--free", "--label", "vault", "--pin", "1234", "--so-pin", "4321"]
    subprocess.run(init, check=True, capture_output=True, env=env)
    ran = subprocess.run(
        [sys.executable, "-c", TOKEN, str(SOFTHSM)], capture_output=True, text=True, env=env, cwd=ROOT, check=False
    )
    assert ran.stdout.strip() == "all of it", ran.stderr


def signs(kept: Vault, kind: str) -> None:
    pair = kept.make(kind)
    verify(pair.public, kept.sign(pair.wrapped, b"hello"))
    with pytest.raises(Broken):
        kept.sign(pair.wrapped[:-9] + b"wrong" + pair.wrapped[-4:], b"hello")


def verify(public: bytes, signature: bytes) -> None:
    key = load_der_public_key(public)
    if isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(signature, b"hello", ec.ECDSA(hashes.SHA256()))
    else:
        assert isinstance(key, rsa.RSAPublicKey)
        key.verify(signature, b"hello", padding.PKCS1v15(), hashes.SHA256())


def encrypts(kept: Vault) -> None:
    encrypted = kept.encrypt(b"secret")
    assert b"secret" not in encrypted
    assert kept.decrypt(encrypted) == b"secret"
    with pytest.raises(Broken):
        kept.decrypt(encrypted[:-1] + bytes((encrypted[-1] ^ 1,)))


@pytest.mark.parametrize("kind", ["rsa-2048", "p-256"])
def test_a_key_signs_while_it_stays_wrapped(kind: str, tmp_path: Path) -> None:
    kept = SoftwareVault(LocalKeys(tmp_path / "keys.json"))
    signs(kept, kind)
    encrypts(kept)


def test_another_master_key_opens_nothing(tmp_path: Path) -> None:
    mine, other = (SoftwareVault(LocalKeys(tmp_path / name)) for name in ("mine", "other"))
    with pytest.raises(Broken):
        other.sign(mine.make("p-256").wrapped, b"hello")


def test_after_the_master_key_turned_what_was_wrapped_before_still_opens(tmp_path: Path) -> None:
    keys = LocalKeys(tmp_path / "keys.json")
    kept = SoftwareVault(keys)
    pair, exchange = kept.make("p-256"), kept.exchange_key().private_numbers()
    keys.replace(keys.keyring().with_new_key())
    assert kept.sign(pair.wrapped, b"hello")
    assert kept.encrypt(b"x").startswith(b"k2.")
    assert kept.exchange_key().private_numbers() == exchange


def test_no_process_but_the_signer_reaches_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Promise P11, as far as the web process cannot sign."""
    monkeypatch.setattr(settings, "SIGNER", False)
    with pytest.raises(NotTheSigner):
        vault()


def test_the_web_process_cannot_even_be_talked_into_it(tmp_path: Path) -> None:
    """As `up` starts it: without SIGNER, whatever it is asked."""
    code = (
        "import django; django.setup(); from signing.authority.gateways.vault import vault, NotTheSigner\n"
        "try: vault(); print('opened')\nexcept NotTheSigner: print('closed')"
    )
    env = {
        "PATH": os.environ["PATH"],
        "EMBEDDED": "1",
        "STATE": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "portal.settings",
    }
    ran = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, cwd=ROOT, check=False)
    assert ran.stdout.strip() == "closed"


# ── The second coat ──


@pytest.fixture
def locked() -> tuple[bytes, bytes]:
    pair = vault().make("p-256")
    secrets = {custody.PIN: b"719305", custody.PASSKEY: b"a long secret of a passkey"}
    return custody.locked(pair.wrapped, "7", pair.public, secrets), pair.public


@pytest.mark.parametrize(("way", "secret"), [("pin", b"719305"), ("passkey", b"a long secret of a passkey")])
def test_each_way_opens_it_alone(way: str, secret: bytes, locked: tuple[bytes, bytes]) -> None:
    held, public = locked
    wrapped = custody.opened(held, "7", public, way, secret)
    verify(public, vault().sign(wrapped, b"hello"))


@pytest.mark.parametrize(("way", "secret"), [("pin", b"719306"), ("passkey", b"719305"), ("face", b"719305")])
def test_no_other_secret_does(way: str, secret: bytes, locked: tuple[bytes, bytes]) -> None:
    with pytest.raises(custody.WrongSecret):
        custody.opened(locked[0], "7", locked[1], way, secret)


def test_swapped_rows_are_found(locked: tuple[bytes, bytes]) -> None:
    held, public = locked
    with pytest.raises(Broken):
        custody.opened(held, "8", public, "pin", b"719305")
    with pytest.raises(Broken):
        custody.opened(held, "7", public[:-1] + b"x", "pin", b"719305")


def test_a_stolen_database_offers_nothing_to_guess_against(
    locked: tuple[bytes, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Promise P18, as far as keys: without the master key even the right PIN opens nothing; without the PIN the master
    key does not."""
    held, public = locked
    assert b"719305" not in held
    assert b"ways" not in held
    thief = SoftwareVault(LocalKeys(tmp_path / "thief.json"))
    monkeypatch.setattr("signing.authority.gateways.vault._vault", lambda: thief)
    with pytest.raises(Broken):
        custody.opened(held, "7", public, "pin", b"719305")
