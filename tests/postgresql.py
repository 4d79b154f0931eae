"""Run a command beside a PostgreSQL and a Redis of its own: `python -m tests.postgresql pytest …`."""

import getpass
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def programs() -> Path:
    return max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda place: int(place.parent.name))


def as_postgres(*command: str) -> list[str]:
    """PostgreSQL refuses to run as root."""
    return ["runuser", "-u", "postgres", "--", *command] if os.geteuid() == 0 else list(command)


class PostgreSQL:
    """A cluster on a port of its own, quick because nothing in it has to survive."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.user = "postgres" if os.geteuid() == 0 else getpass.getuser()

    @property
    def url(self) -> str:
        return f"postgres://{self.user}@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres")
        data = str(self.folder / "data")
        initdb = as_postgres(
            str(programs() / "initdb"), "-D", data, "-A", "trust", "-E", "UTF8", "--locale", "C.UTF-8", "-N"
        )
        subprocess.run(initdb, check=True, stdout=subprocess.DEVNULL, cwd="/")
        self.resume()

    def resume(self) -> None:
        quick = "-c fsync=off -c full_page_writes=off -c max_connections=300 -c shared_buffers=256MB"
        options = f"-p {self.port} -k {self.folder} {quick} -c listen_addresses=127.0.0.1"
        self._control("start", "-w", "-o", options, "-l", str(self.folder / "log"))

    def stop(self) -> None:
        if (self.folder / "data" / "postmaster.pid").exists():
            self._control("stop", "-m", "immediate")

    def _control(self, *what: str) -> None:
        command = as_postgres(str(programs() / "pg_ctl"), "-D", str(self.folder / "data"), *what)
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd="/")


class Redis:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis+socket://{self.folder}/redis.sock?virtual_host=0"

    def start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        place = ["--unixsocket", str(self.folder / "redis.sock"), "--dir", str(self.folder), "--port", "0"]
        self.process = subprocess.Popen(["redis-server", *place, "--save", ""], stdout=subprocess.DEVNULL)
        while not (self.folder / "redis.sock").exists():
            time.sleep(0.05)

    def stop(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()
        (self.folder / "redis.sock").unlink(missing_ok=True)


def main(command: list[str]) -> int:
    with tempfile.TemporaryDirectory(prefix="portal-parts-") as place:
        Path(place).chmod(0o755)
        database, broker = PostgreSQL(Path(place) / "pg"), Redis(Path(place) / "redis")
        database.start()
        broker.start()
        try:
            parts = {"DATABASE_URL": database.url, "REDIS_URL": broker.url, "DATABASE_POOL": "80"}
            return subprocess.run(command, env={**os.environ, **parts}, check=False).returncode
        finally:
            broker.stop()
            database.stop()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
