"""Where keys live: the vault without a device, the second coat of a customer's key, and who may not reach any of it."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from argon2.low_level import Type
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key
from django.conf import settings

from portal.gateways.keys import LocalKeys
from signing import custody
from signing.authority.gateways.software import SoftwareVault
from signing.authority.gateways.vault import CUSTOMER, PSS, Broken, KeyPair, NotTheSigner, Vault, pair_of, vault
from signing.authority.models import Authority
from signing.models import Key

pytestmark = pytest.mark.once
ROOT = Path(__file__).resolve().parents[3]
SOUGHT = b"hello"


def verify(pair: KeyPair, signature: bytes) -> None:
    key = load_der_public_key(pair.public)
    if isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(signature, SOUGHT, ec.ECDSA(hashes.SHA256()))
    else:
        assert isinstance(key, rsa.RSAPublicKey)
        how = PSS if pair.kind.startswith("pss") else padding.PKCS1v15()
        key.verify(signature, SOUGHT, how, hashes.SHA256())


def holds_what_a_vault_promises(kept: Vault, purpose: str, kind: str) -> None:
    """It signs; and neither for another purpose nor beside another public half, nor altered."""
    pair, other = kept.make(purpose, kind), kept.make(purpose, kind)
    verify(pair, kept.sign(pair, SOUGHT))
    elsewhere = "issuing" if purpose == CUSTOMER else CUSTOMER
    for wrong in (
        replace(pair, purpose=elsewhere),
        replace(pair, public=other.public),
        replace(pair, wrapped=other.wrapped),
        replace(pair, wrapped=pair.wrapped[:-9] + b"wrong" + pair.wrapped[-4:]),
        replace(pair, kind="p-256" if kind != "p-256" else "rsa-2048"),
        replace(pair, wrapped=b""),
    ):
        with pytest.raises(Broken):
            kept.sign(wrong, SOUGHT)


def encrypts(kept: Vault) -> None:
    encrypted = kept.encrypt(b"secret", b"mine")
    assert b"secret" not in encrypted
    assert kept.decrypt(encrypted, b"mine") == b"secret"
    for content, context in (
        (encrypted[:-1] + bytes((encrypted[-1] ^ 1,)), b"mine"),
        (encrypted, b"yours"),
        (b"", b"mine"),
    ):
        with pytest.raises(Broken):
            kept.decrypt(content, context)


def agrees(kept: Vault) -> None:
    pair, mine = kept.make("exchange", "p-256"), ec.generate_private_key(ec.SECP256R1())
    theirs = load_der_public_key(pair.public)
    assert isinstance(theirs, ec.EllipticCurvePublicKey)
    numbers = mine.public_key().public_numbers()
    point = b"\x04" + numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")
    assert kept.agree(pair, point) == mine.exchange(ec.ECDH(), theirs)
    kept.forget(pair)


@pytest.mark.parametrize("purpose", [CUSTOMER, "issuing", "timestamp"])
@pytest.mark.parametrize("kind", ["rsa-2048", "pss-2048", "p-256"])
def test_a_key_signs_for_its_purpose_beside_its_public_half(purpose: str, kind: str, tmp_path: Path) -> None:
    kept = SoftwareVault(LocalKeys(tmp_path / "keys.json"))
    holds_what_a_vault_promises(kept, purpose, kind)


def test_what_is_encrypted_opens_beside_its_context_alone(tmp_path: Path) -> None:
    kept = SoftwareVault(LocalKeys(tmp_path / "keys.json"))
    encrypts(kept)
    agrees(kept)
    assert len({kept.mac("a", b"bc"), kept.mac("ab", b"c"), kept.mac("a", b"bd")}) == 3


def test_only_the_providers_own_keys_stay_in_memory(tmp_path: Path) -> None:
    kept = SoftwareVault(LocalKeys(tmp_path / "keys.json"))
    for purpose, number in ((CUSTOMER, 0), ("issuing", 1)):
        kept.sign(kept.make(purpose, "p-256"), SOUGHT)
        assert len(kept.kept) == number


def test_another_master_key_opens_nothing(tmp_path: Path) -> None:
    mine, other = (SoftwareVault(LocalKeys(tmp_path / name)) for name in ("mine", "other"))
    with pytest.raises(Broken):
        other.sign(mine.make(CUSTOMER, "p-256"), SOUGHT)
    assert mine.mac("x", b"y") != other.mac("x", b"y")


def test_after_the_master_key_turned_what_was_wrapped_before_still_opens(tmp_path: Path) -> None:
    keys = LocalKeys(tmp_path / "keys.json")
    kept = SoftwareVault(keys)
    pair, mac = kept.make(CUSTOMER, "p-256"), kept.mac("x", b"y")
    keys.replace(keys.keyring().with_new_key())
    assert kept.sign(pair, SOUGHT)
    assert kept.encrypt(b"x", b"").startswith(b"k2.")
    assert kept.mac("x", b"y") == mac


def test_the_providers_own_keys_are_bound_to_their_roles() -> None:
    """A row of Authority whose role or public half was changed signs nothing."""
    issuing, timestamp = (pair_of(Authority.now(role)) for role in ("issuing", "timestamp"))
    verify(issuing, vault().sign(issuing, SOUGHT))
    for wrong in (replace(issuing, purpose="timestamp"), replace(issuing, public=timestamp.public)):
        with pytest.raises(Broken):
            vault().sign(wrong, SOUGHT)


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

SECRETS = {custody.PIN: b"719305", custody.PASSKEY: b"a long secret of a passkey"}


@pytest.fixture
def locked() -> Key:
    """As a customer's row is once it has a PIN; no other rows are needed for it."""
    return coated(vault().make(CUSTOMER, "p-256"))


def coated(pair: KeyPair) -> Key:
    key = Key(pk=1, subscription_id=7, kind=pair.kind, public=pair.public, wrapped=pair.wrapped)
    key.custody, key.wrapped = custody.locked(key, SECRETS), None
    return key


@pytest.mark.parametrize("way", SECRETS)
def test_each_way_opens_it_alone(way: str, locked: Key) -> None:
    pair = custody.opened(locked, way, SECRETS[way])
    verify(pair, vault().sign(pair, SOUGHT))


@pytest.mark.parametrize(("way", "secret"), [("pin", b"719306"), ("passkey", b"719305"), ("face", b"719305")])
def test_no_other_secret_does(way: str, secret: bytes, locked: Key) -> None:
    with pytest.raises(custody.WrongSecret):
        custody.opened(locked, way, secret)


@pytest.mark.parametrize("change", [{"subscription_id": 8}, {"public": b"another"}, {"kind": "rsa-2048"}])
def test_swapped_rows_are_found(change: dict[str, object], locked: Key) -> None:
    for name, value in change.items():
        setattr(locked, name, value)
    with pytest.raises(Broken):
        custody.opened(locked, "pin", b"719305")


def test_each_guess_at_a_pin_costs_19_mib_two_passes_and_the_vaults_share(monkeypatch: pytest.MonkeyPatch) -> None:
    """Argon2id, parallelism 1, as OWASP advises; and MACs that only the vault can make, one upon the other."""
    costs, macs = list[dict[str, object]](), list[bytes]()

    def costly(_secret: bytes, _salt: bytes, **cost: object) -> bytes:
        costs.append(cost)
        return b"guess"

    real = SoftwareVault.mac

    def counted(self: SoftwareVault, purpose: str, message: bytes) -> bytes:
        macs.append(message)
        return real(self, purpose, message)

    monkeypatch.setattr(custody, "hash_secret_raw", costly)
    monkeypatch.setattr(SoftwareVault, "mac", counted)
    custody.stretched(custody.PIN, b"719305", bytes(16), b"mine ")
    assert costs == [{"time_cost": 2, "memory_cost": 19456, "parallelism": 1, "hash_len": 32, "type": Type.ID}]
    assert macs[0] == b"mine guess"
    assert len(set(macs)) == 64


def test_a_stolen_database_offers_nothing_to_guess_against(
    locked: Key, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Promise P18, as far as keys: without the master key even the right PIN opens nothing; without the PIN the master
    key does not."""
    held = bytes(locked.custody or b"")
    assert b"719305" not in held
    assert b"ways" not in held
    thief = SoftwareVault(LocalKeys(tmp_path / "thief.json"))
    monkeypatch.setattr("signing.authority.gateways.vault._vault", lambda: thief)
    with pytest.raises(Broken):
        custody.opened(locked, "pin", b"719305")
