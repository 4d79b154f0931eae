"""Where requests come in: a body is taken up by the event loop, within a time, and only whole requests are given a thread.

Under plain WSGI the thread itself waits for the body, as long as its sender likes: a handful of slow ones held every thread.
So does whoever reads an answer slowly; answers leave whole, too. What is behind stays WSGI (docs/decisions.md)."""

import asyncio
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from tempfile import SpooledTemporaryFile
from typing import Any

from django.conf import settings

from portal.wsgi import application

PATIENCE, PER_SECOND = 15, 16_000  # seconds for any body, and bytes for each second more
IN_MEMORY = 64 * 1024  # of a body; the rest waits on the disk
Headers = list[tuple[str, str]]
SLOW = (
    408,
    [("connection", "close"), ("content-type", "text/plain; charset=utf-8"), ("cache-control", "no-store")],
    "Đường truyền quá chậm nên nội dung chưa được gửi hết. Quý khách vui lòng gửi lại.\n"
    "The line was too slow and not everything arrived. Please send it again.\n",
)


class Door:
    def __init__(self, application: Callable[..., Iterable[bytes]], threads: int) -> None:
        self.application = application
        self.threads = ThreadPoolExecutor(threads, thread_name_prefix="request")

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        headers = headers_of(scope)
        with SpooledTemporaryFile(IN_MEMORY) as body:
            if not await received(protocol, body, length_of(headers)):
                protocol.response_str(*SLOW)
                return
            environ = environ_of(scope, headers, body)
            loop = asyncio.get_running_loop()
            status, given, content = await loop.run_in_executor(self.threads, self.answer, environ)
        protocol.response_bytes(status, given, content)

    def answer(self, environ: dict[str, Any]) -> tuple[int, Headers, bytes]:
        """In a thread of its own, as WSGI has it (PEP 3333)."""
        begun: list[tuple[int, Headers]] = []

        def start_response(status: str, headers: Headers, _exc_info: Any = None) -> None:
            begun.append((int(status[:3]), headers))

        response = self.application(environ, start_response)
        try:
            content = b"".join(response)
        finally:
            if close := getattr(response, "close", None):
                close()
        status, headers = begun[-1]
        return status, headers, content


def headers_of(scope: Any) -> dict[str, str]:
    """Said twice, they are one list. None with an underscore, which would pass for one that a proxy has set."""
    headers: dict[str, str] = {}
    for name, value in scope.headers.items():
        if "_" not in name:
            joint = "; " if name == "cookie" else ", "
            headers[name] = f"{headers[name]}{joint}{value}" if name in headers else value
    return headers


def length_of(headers: dict[str, str]) -> int:
    """Of the body that will be read. One that is too large, or does not say, is left to the middleware, which refuses it."""
    said = headers.get("content-length", "")
    length = int(said) if said.isdecimal() else 0
    return length if length <= settings.BODY_LIMIT else 0


async def received(protocol: Any, body: "SpooledTemporaryFile[bytes]", length: int) -> bool:
    """Whether all of it came, in time: half a body is nobody's request."""
    if length:
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE + length / PER_SECOND):
                async for chunk in protocol:
                    body.write(chunk)
                    if body.tell() == length or not chunk:
                        break
    is_whole = body.tell() == length
    body.seek(0)
    return is_whole


def environ_of(scope: Any, headers: dict[str, str], body: Any) -> dict[str, Any]:
    host, _colon, port = scope.server.rpartition(":")
    return {
        **{f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()},
        "CONTENT_TYPE": headers.get("content-type", ""),
        "CONTENT_LENGTH": headers.get("content-length", ""),
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": scope.path.encode().decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "REMOTE_ADDR": scope.client.rpartition(":")[0].strip("[]"),
        "SERVER_NAME": host.strip("[]"),
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": body,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }


door = Door(application, settings.WEB_THREADS)
