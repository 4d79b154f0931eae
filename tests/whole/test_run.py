"""README's own way: `make run` in a folder where nothing was prepared, its processes, and what is in its way."""

import os
import signal
import socket
import subprocess
import time
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.postgresql import free_port
from tests.whole.conftest import ROOT, Portal, rows

pytestmark = pytest.mark.whole


def test_make_run_in_an_empty_folder_ends_with_a_home_page(tmp_path: Path, chromium: Browser) -> None:
    files = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, files.split("\0")):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
        (tmp_path / name).chmod((ROOT / name).stat().st_mode)
    portal = Portal(tmp_path, ["make", "run"])
    portal.start()
    page = chromium.new_page()
    page.goto(portal.address)
    assert page.get_by_role("heading", level=1).inner_text().startswith("Chữ ký số")
    assert page.locator(".nine li").count() == 9
    assert page.locator(".plan").count() == 5
    page.get_by_role("link", name="Bàn trình diễn").click()
    page.get_by_role("row").filter(has_text="Mẫu An").get_by_role("button", name="Vào").click()
    page.wait_for_url("**/account/")
    page.close()
    assert portal.stop() in (0, 2, -signal.SIGINT)  # make has its own words for an interrupt
    time.sleep(0.5)
    left = {entry.name for entry in tmp_path.iterdir()} - {Path(name).parts[0] for name in files.split("\0") if name}
    assert left - {"portal.log"} == {"var", ".venv"}
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", portal.port)) != 0


def test_a_second_start_is_quick_and_keeps_what_was_there(portal: Portal) -> None:
    people = partial(rows, portal.folder / "var", "SELECT username FROM portal_user ORDER BY id")
    before = people()
    assert portal.start(30) < 30  # how quick is bench's to say
    assert portal.stop() == 0
    assert people() == before


def test_the_children_of_a_killed_part_do_not_go_on_without_it(portal: Portal) -> None:
    portal.start()
    first, *workers = sorted(portal.children("granian"))
    assert workers
    os.kill(first, signal.SIGKILL)
    portal.until(lambda: not alive([first, *workers]))
    portal.until(portal.is_ready, 30)
    again = portal.children("granian")
    assert portal.stop() == 0
    assert not alive(again)


def alive(pids: list[int]) -> list[int]:
    return [pid for pid in pids if Path(f"/proc/{pid}").exists()]


def test_a_killed_part_is_started_again_and_the_portal_heals(portal: Portal) -> None:
    portal.start()
    for part in ("granian", " worker ", " signer ", "redis-server", " beat "):
        killed = portal.kill(part)
        portal.until(partial(portal.has_new, part, killed))
        portal.until(portal.is_ready, 30)


# ── One clear line for what is in the way ──


def refused(portal: Portal) -> str:
    ended = subprocess.run(
        portal.command, cwd=portal.folder, env=portal.env, capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    lines = [line for line in ended.stderr.splitlines() if line.strip()]
    assert len(lines) == 1, ended.stderr
    return lines[0]


def test_a_port_in_use_is_one_clear_line(portal: Portal) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", portal.port))
        taken.listen()
        assert f"Port {portal.port} is in use" in refused(portal)


def test_an_unwritable_folder_is_one_clear_line(portal: Portal) -> None:
    portal.env["STATE"] = "/proc/nowhere"
    assert "STATE=/proc/nowhere cannot be written to" in refused(portal)


def test_a_dead_database_is_one_clear_line(portal: Portal) -> None:
    portal.env["DATABASE_URL"] = f"postgres://portal:secret@127.0.0.1:{free_port()}/portal"
    line = refused(portal)
    assert "The database does not answer" in line
    assert "secret" not in line


def test_a_dead_redis_is_one_clear_line(portal: Portal) -> None:
    portal.env["REDIS_URL"] = f"redis://127.0.0.1:{free_port()}/0"
    assert "Redis does not answer" in refused(portal)


def test_a_second_portal_in_the_same_folder_is_one_clear_line(portal: Portal) -> None:
    portal.start()
    portal.env["PORT"] = str(free_port())
    assert "Another portal runs" in refused(portal)
