"""Real peers of the gateways that several tests talk to: Kannel with its fake SMS centre, and a mail server."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from portal.management.commands.bench import until_it_answers
from tests.postgresql import free_port


def kannel_conf(admin: int, box: int, centre: int, send: int, store: Path) -> str:
    return f"""
group = core
admin-port = {admin}
admin-interface = 127.0.0.1
admin-password = x
smsbox-port = {box}
smsbox-interface = 127.0.0.1
store-type = file
store-location = {store}
log-level = 1

group = smsc
smsc = fake
smsc-id = FAKE
port = {centre}
connect-allow-ip = 127.0.0.1

group = smsbox
bearerbox-host = 127.0.0.1
bearerbox-port = {box}
sendsms-port = {send}
sendsms-interface = 127.0.0.1
log-level = 1

group = sendsms-user
username = portal
password = secret
concatenation = true
max-messages = 1
"""


@contextmanager
def kannel_at_work(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """bearerbox, smsbox and the fake SMS centre, as Debian ships them; yields the URL and the centre's log."""
    admin, box, centre, send = (free_port() for _ in range(4))
    (tmp_path / "kannel.conf").write_text(kannel_conf(admin, box, centre, send, tmp_path / "store"))
    log, boxes = tmp_path / "centre.log", []

    def start(*command: str) -> None:
        with log.open("ab") as out:
            boxes.append(subprocess.Popen(command, stdout=out, stderr=out, cwd=tmp_path))

    try:
        start("/usr/sbin/bearerbox", "kannel.conf")
        until_it_answers(centre)
        start("/usr/lib/kannel/test/fakesmsc", "-H", "127.0.0.1", "-r", str(centre), "-i", "3600", "1 2 text hello")
        until_it_answers(box)
        start("/usr/sbin/smsbox", "kannel.conf")
        until_it_answers(send)
        yield f"kannel+http://portal:secret@127.0.0.1:{send}/cgi-bin/sendsms?from=SmartCA", log
    finally:
        for process in reversed(boxes):
            process.kill()
            process.wait()


class MailServer:
    def __init__(self) -> None:
        self.letters: list[Any] = []

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:
        if address.startswith("refused"):
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        if envelope.rcpt_tos[0].startswith("disliked"):
            return "554 not this letter"
        self.letters.append(envelope)
        return "250 OK"
