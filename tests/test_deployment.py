"""compose.yaml and the Dockerfile, as far as they can be tried without a container engine."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

pytestmark = pytest.mark.once
ROOT = Path(__file__).resolve().parents[1]
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
GIVEN = {
    "SECRET_KEY": "x7fJ2mQ9v4Lr8Tz1Kp6Wn3Yb5Hc0Gd2Ee9Ff4Aa7Ss1Uu8Ii6Oo3",
    "METRICS_TOKEN": "m",
    "SMS_URL": "kannel+http://portal:secret@sms.example.vn/cgi-bin/sendsms",
    "MASTER_KEYS": f"k1:{KEY},index:{KEY}",
    "SIGNER_KEYS": f"k1:{KEY},index:{KEY}",
}


def settings_of(service: str) -> dict[str, str]:
    """The service's environment with the operator's own secrets filled in and the defaults taken."""
    environment = {}
    for name, value in COMPOSE["services"][service]["environment"].items():
        default = re.sub(r"\$\{(\w+):-([^}]*)\}", r"\2", value)
        environment[name] = GIVEN[name] if default.startswith("${") else default
    return environment


def test_every_part_of_ours_starts_with_the_settings_compose_gives_it(tmp_path: Path) -> None:
    for service in ("prepare", "web", "worker", "signer", "schedule"):
        ended = subprocess.run(
            [sys.executable, "manage.py", "check", "--deploy"],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "STATE": str(tmp_path), **settings_of(service)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr


def test_the_commands_are_ours_and_what_they_wait_for_is_there() -> None:
    for service in COMPOSE["services"].values():
        command = service.get("command", [])
        if "manage.py" in command:
            assert (ROOT / "portal/management/commands" / f"{command[2]}.py").exists()
        assert set(service.get("depends_on", [])) <= set(COMPOSE["services"])
        for volume in service.get("volumes", []):
            name = volume.split(":")[0]
            assert name in COMPOSE["volumes"] or name.startswith("$")


def test_the_proxy_limits_what_the_portal_limits() -> None:
    proxy = COMPOSE["configs"]["proxy"]["content"]
    for word in (
        "client_header_timeout",
        "client_body_timeout",
        "proxy_request_buffering on",
        "limit_conn",
        "limit_req",
    ):
        assert word in proxy
    assert "client_max_body_size 25m" in proxy


def test_the_image_installs_what_the_makefile_installs_and_copies_no_state() -> None:
    image = (ROOT / "Dockerfile").read_text()
    uv = re.findall(r"uv==([\d.]+)", image + (ROOT / "Makefile").read_text())
    assert len(set(uv)) == 1
    assert {".venv", "var", "tests", ".git"} <= set((ROOT / ".dockerignore").read_text().split())
    assert "USER portal" in image
