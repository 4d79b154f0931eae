"""Reading the environment, and what an address in it means to Django."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

env = environ.FileAwareEnv()  # any variable may come from the file that NAME_FILE names
EMBEDDED: bool = env.bool("EMBEDDED", default=False)  # one machine, on defaults of its own
EMBEDDED_SECRET = "embedded-only-never-outside-one-machine"


def secret(name: str) -> str:
    """A secret has a default on one machine only; elsewhere a missing or default one stops the start."""
    value: str = env.str(name, default=EMBEDDED_SECRET if EMBEDDED else "")
    if not EMBEDDED and value in ("", EMBEDDED_SECRET):
        raise ImproperlyConfigured(f"{name} is missing or still the default: set {name} (or {name}_FILE) to a secret.")
    return value


def required(name: str, embedded: str) -> str:
    """A choice that only one machine may leave open."""
    value: str = env.str(name, default=embedded if EMBEDDED else "")
    if not value:
        raise ImproperlyConfigured(
            f"{name} is missing: outside EMBEDDED=1 it must be chosen (see the table in docs/operating.md)."
        )
    return value


def state(default: Path) -> Path:
    """The folder of what one machine keeps."""
    folder = Path(env.str("STATE", default=str(default))).resolve()
    try:
        (folder / "metrics").mkdir(parents=True, exist_ok=True)
    except OSError as wrong:
        raise ImproperlyConfigured(
            f"STATE={folder} cannot be written to ({wrong.strerror}): name a folder that can."
        ) from wrong
    return folder


def oid(name: str, default: str) -> str:
    """The number of something registered: 2.999.1."""
    value: str = env.str(name, default=default)
    if value and not re.fullmatch(r"(0|1|2)(\.(0|[1-9][0-9]*))+", value):
        raise ImproperlyConfigured(f"{name} is no object identifier (numbers with points between): {value}.")
    return value


def key_kind(name: str) -> str:
    """How a key signs, and how long it is: PKCS #1 v1.5 as SmartCA's do, RSASSA-PSS, or ECDSA."""
    value: str = env.str(name, default="rsa-2048")
    if not re.fullmatch(r"(rsa|pss)-(2048|3072|4096)|p-256", value):
        raise ImproperlyConfigured(f"{name} is rsa-2048, pss-3072, p-256 or their like, not {value}.")
    return value


def ends(name: str) -> dict[str, datetime]:
    """rsa-2048=2031-12-31 and so on, with commas between."""
    days: dict[str, str] = env.dict(name, default={})
    try:
        return {kind: datetime.fromisoformat(day).replace(tzinfo=UTC) for kind, day in days.items()}
    except ValueError as wrong:
        raise ImproperlyConfigured(f"{name} is rsa-2048=2031-12-31 or the like: {wrong}.") from wrong


def clock() -> str:
    """Whether the kernel is asked how right the clock is, or nobody."""
    value: str = env.str("CLOCK", default="trusted" if EMBEDDED else "kernel")
    if value not in ("kernel", "trusted"):
        raise ImproperlyConfigured(f"CLOCK is kernel or trusted, not {value}.")
    return value


def database(url: str, pool: int) -> dict[str, Any]:
    """`pool`: connections that one process may hold."""
    database: dict[str, Any] = {**environ.Env.db_url_config(url), "ATOMIC_REQUESTS": False}
    if database["ENGINE"].endswith("sqlite3"):
        database["OPTIONS"] = {
            "transaction_mode": "IMMEDIATE",  # else two writers that began as readers fail instead of waiting
            "timeout": 5,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        }
        return database
    database["CONN_HEALTH_CHECKS"] = True
    database["OPTIONS"] = {
        # A pool per process; a request waits 2 s at most for a connection, then the person is told to come back.
        # The pool tries no longer than somebody waits: left to itself it would double its pauses up to minutes,
        # refuse whoever asks in between, and so be away long after the database is back.
        "pool": {"min_size": 0, "max_size": pool, "timeout": 2, "reconnect_timeout": 2},
        "connect_timeout": 2,
        "options": "-c statement_timeout=10s -c lock_timeout=5s -c idle_in_transaction_session_timeout=30s",
    }
    return database


def files(url: str) -> dict[str, Any]:
    """file:///folder, or s3://key:secret@host/bucket."""
    if url.startswith("file://"):
        return {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": url.removeprefix("file://"), "base_url": None},
        }
    bucket = urlsplit(url)
    return {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": bucket.path.strip("/"),
            "access_key": bucket.username,
            "secret_key": unquote(bucket.password or ""),
            "endpoint_url": f"{'http' if bucket.scheme == 's3+http' else 'https'}://{bucket.netloc.rpartition('@')[2]}",
            "addressing_style": "path",
            "file_overwrite": False,
            "default_acl": None,
        },
    }


def local_bank(port: int) -> dict[str, str]:
    """A process of ours that plays every payment gateway on one machine."""
    host, account = f"localhost:{port}", "account=0000123456&holder=VNPT+DEMO&bank=Demo+Bank"
    return {  # 999999 is no bank: a real phone that scans the code finds nobody to pay
        "vietqr": f"sepay+http://999999:{EMBEDDED_SECRET}@{host}/userapi?token=demo&{account}",
        "vnpay": f"vnpay+http://DEMO0001:{EMBEDDED_SECRET}@{host}/paymentv2/vpcpay.html",
        "momo": f"momo+http://DEMOMOMO:{EMBEDDED_SECRET}@{host}/v2/gateway/api?access=DEMOACCESS",
    }


def local_invoices(port: int) -> str:
    """The same process plays the provider of invoices."""
    host, choices = f"localhost:{port}", "appid=demo&taxcode=0100000000&series=1C26TDM"
    place = f"{host}/api/integration?{choices}&lookup=http://{host}/tra-cuu"
    return f"misa+http://demo:{EMBEDDED_SECRET}@{place}"


def local_vneid(port: int) -> str:
    """A simulator of ours; nothing in the portal knows that it is one."""
    return f"shared+http://SMARTCA:{EMBEDDED_SECRET}@localhost:{port}"


def origin_of(url: str) -> str:
    """Of a gateway's address, whose scheme is ours and then its own: vnpay+https."""
    return f"{urlsplit(url).scheme.partition('+')[2]}://{urlsplit(url).netloc.rpartition('@')[2]}"
