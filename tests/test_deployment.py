"""compose.yaml and the Dockerfile, as far as they can be tried without a container engine."""

import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from portal.management.commands.bench import until_it_answers
from tests.conftest import at_once
from tests.postgresql import free_port

pytestmark = pytest.mark.once
ROOT = Path(__file__).resolve().parents[1]
NGINX = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin") or "nginx"
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


@pytest.fixture
def proxy(tmp_path: Path) -> Iterator[int]:
    """An nginx with compose's own words, but for TLS and the folders; what stands behind it says ok."""
    port, plain, web = free_port(), free_port(), free_port()
    words = COMPOSE["configs"]["proxy"]["content"].replace("$$", "$").replace("web:8000", f"127.0.0.1:{web}")
    words = re.sub(r"ssl_\w+ [^;]+;", "", words).replace("listen 443 ssl", f"listen 127.0.0.1:{port}")
    words = words.replace("listen 80", f"listen 127.0.0.1:{plain}")
    folders = "".join(f"{kind}_temp_path {tmp_path};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    behind = f"server {{ listen 127.0.0.1:{web}; location / {{ return 200 ok; }} }}"
    start = f"daemon off; pid {tmp_path}/pid; error_log {tmp_path}/log; events {{ worker_connections 2000; }}"
    (tmp_path / "conf").write_text(f"{start} http {{ access_log off; {folders} {words} {behind} }}")
    nginx = subprocess.Popen([NGINX, "-c", str(tmp_path / "conf")], stderr=subprocess.DEVNULL)
    until_it_answers(port)
    yield port
    nginx.terminate()
    nginx.wait()


def asked(port: int, times: int) -> str:
    """So many requests on one line, all of them at once."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as line:
        line.sendall(b"GET /sign-in/ HTTP/1.1\r\nHost: localhost\r\n\r\n" * (times - 1))
        line.sendall(b"GET /sign-in/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        return b"".join(iter(lambda: line.recv(65536), b"")).decode()


def test_twenty_people_behind_one_address_are_served_and_a_flood_is_told_so(proxy: int) -> None:
    """Each with the six lines of a browser, a page and what belongs to it on each."""
    answers = at_once(20 * 6, lambda _line: asked(proxy, 5), connect=False)
    assert [answer for answer in answers if str(answer).count("HTTP/1.1 200 OK") != 5] == []
    refused = asked(proxy, 900).partition("HTTP/1.1 429")[2]
    assert "Retry-After: 2" in refused
    assert "thử lại sau vài giây" in refused


def test_the_image_installs_what_the_makefile_installs_and_copies_no_state() -> None:
    image = (ROOT / "Dockerfile").read_text()
    uv = re.findall(r"uv==([\d.]+)", image + (ROOT / "Makefile").read_text())
    assert len(set(uv)) == 1
    assert {".venv", "var", "tests", ".git"} <= set((ROOT / ".dockerignore").read_text().split())
    assert "USER portal" in image
