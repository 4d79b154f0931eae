"""Outside one machine the portal refuses to start with anything missing, and says which, in one line."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.once
ROOT = Path(__file__).resolve().parents[2]
KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
WHOLE = {
    "SECRET_KEY": "x7fJ2mQ9v4Lr8Tz1Kp6Wn3Yb5Hc0Gd2Ee9Ff4Aa7Ss1Uu8Ii6Oo3",
    "METRICS_TOKEN": "a-token-of-this-portal",
    "HOSTS": "smartca.example.vn",
    "SITE_URL": "https://smartca.example.vn",
    "DATABASE_URL": "postgres://portal:secret@127.0.0.1:1/portal",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "STORAGE_URL": "s3://key:secret@store.example.vn/portal",
    "MAIL_URL": "smtp+tls://portal:secret@mail.example.vn:587",
    "SMS_URL": "vnpt+https://user:secret@sms.example.vn/api?label=1&contract=2&agent=3",
    "KEYS_URL": "env:",
    "MASTER_KEYS": f"k1:{KEY},index:{KEY}",
    "AUDIT_ANCHOR": "/srv/anchor/audit.jsonl",
    "PKI_URL": "http://pki.smartca.example.vn",
}


def manage(*command: str, state: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    clean = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return subprocess.run(
        [sys.executable, "manage.py", *command],
        env={**clean, "STATE": str(state), **variables},
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )


@pytest.mark.parametrize("missing", sorted(set(WHOLE) - {"MASTER_KEYS"}))
def test_a_missing_setting_is_named_in_one_line(missing: str, tmp_path: Path) -> None:
    ended = manage("check", state=tmp_path, **{name: value for name, value in WHOLE.items() if name != missing})
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"portal: {missing}")
    assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({"SECRET_KEY": "embedded-only-never-outside-one-machine"}, "SECRET_KEY"),
        ({"DEMO": "1"}, "DEMO=1"),
        ({"DEBUG": "1"}, "DEBUG=1"),
        ({"SMS_URL": "local:"}, "SMS_URL"),
        ({"MAIL_URL": "filemail:///tmp/mail"}, "MAIL_URL"),
        ({"SITE_URL": "http://smartca.example.vn"}, "https://"),
        ({"STATE": "/proc/nowhere"}, "STATE=/proc/nowhere"),
        ({"SIGNER": "1"}, "SIGNER_KEYS_URL"),
    ],
)
def test_what_must_not_be_is_refused(variables: dict[str, str], named: str, tmp_path: Path) -> None:
    state = Path(variables.pop("STATE", tmp_path))
    ended = manage("check", state=state, **{**WHOLE, **variables})
    assert ended.returncode == 1
    assert named in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_a_deployment_passes_djangos_own_check(tmp_path: Path) -> None:
    ended = manage("check", "--deploy", "--fail-level", "WARNING", state=tmp_path, **WHOLE)
    assert ended.returncode == 0, ended.stderr


def test_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(WHOLE["SECRET_KEY"])
    variables = {name: value for name, value in WHOLE.items() if name != "SECRET_KEY"}
    ended = manage("check", state=tmp_path, **variables, SECRET_KEY_FILE=str(tmp_path / "secret"))
    assert ended.returncode == 0, ended.stderr


def test_production_has_no_demo_desk(tmp_path: Path) -> None:
    ask = "from django.urls import get_resolver; print('demo' in get_resolver().namespace_dict)"
    assert manage("shell", "-v0", "-c", ask, state=tmp_path, **WHOLE).stdout.strip() == "False"


def test_the_handbook_names_every_variable_and_no_other() -> None:
    settings = "".join((ROOT / "portal" / name).read_text() for name in ("settings.py", "environment.py"))
    asked = re.findall(r'(?:env\.\w+|secret|required|environment\.\w+)\(\s*"([A-Z_]+)"', settings)
    table = set(re.findall(r"^\| `([A-Z_]+)`", (ROOT / "docs" / "operating.md").read_text(), re.M))
    assert set(asked) - {"PROMETHEUS_MULTIPROC_DIR"} == table
