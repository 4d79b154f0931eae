"""JSON log lines in which personal data cannot stand: long digit runs, e-mail addresses and named secrets are struck out."""

import logging.config
import re
from collections.abc import MutableMapping
from typing import Any

import structlog

Line = MutableMapping[str, Any]
# ID numbers, phones, codes, PINs and their neighbours: any run of six digits or more, spaces and dots inside allowed.
DIGITS = re.compile(r"(?<![\d.:-])\+?\d(?:[ .]?\d){5,}")
MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
SECRET = re.compile(
    r"password|secret|token|pin$|^pin|^code|digits|authorization|cookie|id_number|phone|email|full_name", re.I
)
KEPT = {
    "request_id",
    "timestamp",
    "level",
    "logger",
    "task_id",
    "correlation_id",
    "parent_task_id",
    "pid",
    "code",
    "digest",
}
STRUCK = "[…]"


def request_id() -> str:
    return str(structlog.contextvars.get_contextvars().get("request_id", ""))


def strike(value: Any) -> Any:
    if isinstance(value, str):
        return MAIL.sub(STRUCK, DIGITS.sub(STRUCK, value))
    if isinstance(value, dict):
        return {key: STRUCK if SECRET.search(str(key)) else strike(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [strike(inner) for inner in value]
    if isinstance(value, int | float | bool | type(None)):
        return value
    return strike(str(value))


def quiet(_logger: Any, _method: str, line: Line) -> Line:
    """One line a request, none for probes: what is left is worth reading."""
    if line.get("event") == "request_started" or str(line.get("request", "")).endswith(
        ("/healthz", "/readyz", "/metrics")
    ):
        raise structlog.DropEvent
    return line


def redact(_logger: Any, _method: str, line: Line) -> Line:
    if "request" in line:
        line["request"] = str(line["request"]).partition("?")[0]  # what people search for is no address
    for name in list(line):
        if name not in KEPT:
            line[name] = STRUCK if SECRET.search(name) else strike(line[name])
    return line


SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    quiet,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.stdlib.PositionalArgumentsFormatter(),
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,  # before the redaction: a trace may quote what a person typed
    redact,
]


def configuration(level: str, *, readable: bool) -> dict[str, Any]:
    last = structlog.dev.ConsoleRenderer(colors=True) if readable else structlog.processors.JSONRenderer()
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "lines": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": SHARED,
                "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "lines"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "celery": {"level": "WARNING"},
            "django_structlog.celery": {"level": "WARNING"},  # the schedule's turns, every few seconds
            "kombu": {"level": "ERROR"},
            "django.request": {"level": "ERROR"},  # each 4xx has a line of its own already
            "psycopg.pool": {"level": "ERROR"},  # whoever waits for a connection is told in any case
            "django.server": {"level": "WARNING"},
            **{key: {"level": "ERROR"} for key in ("weasyprint", "fontTools")},  # each page, each glyph
        },
    }


def configure(settings: dict[str, Any]) -> None:
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    logging.config.dictConfig(settings)
