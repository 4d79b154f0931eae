"""The ciphers of one dialect, against what `openssl` made of them on the command line; every failure sounds alike.

openssl enc -aes-256-ecb -K 000102…1f -in plain.txt | base64
openssl pkeyutl -encrypt -pubin -inkey ours.pub -in aes.bin -pkeyopt rsa_padding_mode:pkcs1 | base64
"""

import base64
from pathlib import Path

import pytest

from enrollment.gateways import vneid_legacy
from enrollment.gateways.vneid import Forged
from tests.enrollment.citizens import BEFORE, OURS

PLAIN = '{"access_token":"mã-thử"}'
KNOWN = dict(
    line.split(" ", 1) for line in (Path(__file__).parent / "openssl.txt").read_text().splitlines() if " " in line
)
KEYS = vneid_legacy.private_keys(OURS)


def altered(text: str, place: int = 3) -> str:
    raw = bytearray(base64.b64decode(text))
    raw[place] ^= 1
    return base64.b64encode(raw).decode()


@pytest.mark.parametrize(("data", "key"), [("data", "key"), ("data16", "key16")])
def test_it_opens_what_openssl_sealed(data: str, key: str) -> None:
    assert vneid_legacy.opened(KNOWN[data], KNOWN[key], KEYS) == PLAIN


def test_it_opens_what_was_sealed_for_the_key_before() -> None:
    both = vneid_legacy.private_keys(f"{OURS}{BEFORE}")
    assert len(both) == 2
    assert vneid_legacy.opened(KNOWN["data"], KNOWN["key-before"], both) == PLAIN


@pytest.mark.parametrize(
    ("data", "key"),
    [
        (KNOWN["data"], KNOWN["key-before"]),  # wrapped for another
        (KNOWN["data"], KNOWN["key16"]),  # another key
        (KNOWN["data"], KNOWN["key20"]),  # of no length
        (KNOWN["data"], KNOWN["key-oaep"]),  # in another way
        (KNOWN["data"], altered(KNOWN["key"])),
        (KNOWN["data"], KNOWN["key"][:-4]),
        (KNOWN["data"], "?"),
        (KNOWN["data"], ""),
        (KNOWN["data"], "khóa"),
        (altered(KNOWN["data"], 31), KNOWN["key"]),
        (KNOWN["data"][:-4], KNOWN["key"]),  # no whole block
        (KNOWN["unpadded"], KNOWN["key"]),
        (KNOWN["no-text"], KNOWN["key"]),
        ("", KNOWN["key"]),
        ("?", KNOWN["key"]),
        ("A" * 600_000, KNOWN["key"]),
        (KNOWN["data"].replace("/", " ").replace("+", " "), KNOWN["key"].replace("+", " ")),  # read as a form
    ],
)
def test_every_way_to_fail_sounds_alike(data: str, key: str) -> None:
    with pytest.raises(Forged) as no:
        vneid_legacy.opened(data, key, KEYS)
    assert str(no.value) == "not for us"


def test_a_wrapping_that_does_not_open_gives_the_same_key_each_time() -> None:
    """Another each time would tell, by whether its padding fits, which wrappings are right (Bleichenbacher's oracle)."""
    wrong = altered(KNOWN["key"])
    assert vneid_legacy.unwrapped(wrong, KEYS[0]) == vneid_legacy.unwrapped(wrong, KEYS[0])
    assert vneid_legacy.unwrapped(wrong, KEYS[0]) != vneid_legacy.unwrapped(altered(KNOWN["key"], 4), KEYS[0])


def test_of_two_keys_the_wrong_one_never_answers_for_the_right_one() -> None:
    """Under a wrong key every 256th padding looks right."""
    both = vneid_legacy.private_keys(f"{OURS}{BEFORE}")
    public = both[1].public_key()
    for turn in range(300):
        data, key = vneid_legacy.sealed(f"mã {turn}".encode(), public)
        assert vneid_legacy.opened(data, key, both) == f"mã {turn}"
