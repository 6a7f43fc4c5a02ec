"""Which of Gradio's doors stand open: those that the page and its API need, to visitors of this very page.

Gradio serves more than is used here: uploads that are kept and handed out again, a relay to files of other hosts, files
of its cache, statistics. And it lets any website's script read its answers where it is reached by a name. This stands
in front of all of it, as ASGI middleware.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .texts import load_texts

API = "/gradio_api/"
OPEN = (  # paths, or beginnings of paths that end in "/"
    "/",
    "/config",
    "/theme.css",
    "/favicon.ico",
    "/robots.txt",
    "/manifest.json",
    "/assets/",
    "/static/",
    "/svelte/",
    "/pwa_icon",
    f"{API}app_id",
    f"{API}api/",
    f"{API}call/",
    f"{API}cancel",
    f"{API}component_server",
    f"{API}heartbeat/",
    f"{API}info",
    f"{API}openapi.json",
    f"{API}queue/",
    f"{API}reset",
    f"{API}run/",
    f"{API}startup-events",
    f"{API}theme.css",
)
UPLOADS = (f"{API}upload", f"{API}upload_progress", f"{API}process_recording")
FILE = f"{API}file="
COMPRESSED = ("/", "/config")  # what holds all scripts, texts and recorded answers: a third of it is sent
MIN_COMPRESSED = 10_000  # bytes
MAX_BODY = 40_000_000  # bytes: the largest picture that is taken, as text, with room to spare


class Doors:
    """Answers what the page does not need with a sentence, and passes the rest on to `app`.

    Args:
        app: Gradio's.
        files: those that may be fetched, by their paths on this machine.
    """

    def __init__(self, app: ASGIApp, files: Iterable[str] = ()) -> None:
        self._app = app
        self._compressing = GZipMiddleware(app, minimum_size=MIN_COMPRESSED)
        self._files = frozenset(files)
        self._words = load_texts("genai_demo.page")["refused"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        refusal = self._refusal(scope, headers)
        if refusal is not None:
            await self._refuse(send, *refusal)
            return
        app = self._compressing if _path(scope) in COMPRESSED else self._app
        await app(scope, self._limited(receive), send)

    def _refusal(self, scope: Scope, headers: Headers) -> tuple[int, str] | None:
        """Status and key of the sentence, if this request gets no further."""
        path = _path(scope)
        if is_foreign(headers):
            return 403, "origin"
        is_form = headers.get("content-type", "").lower().startswith("multipart/")
        if path.rstrip("/") in UPLOADS or is_form:
            return 403, "upload"
        if not self._is_open(path):
            return 404, "closed"
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > MAX_BODY:
            return 413, "size"
        return None

    def _is_open(self, path: str) -> bool:
        if path.startswith(FILE):
            return path.removeprefix(FILE) in self._files
        plain = path.rstrip("/") or "/"
        return plain in OPEN or any(path.startswith(one) for one in OPEN if one.endswith("/") and one != "/")

    def _limited(self, receive: Receive) -> Receive:
        """`receive` for as much as is taken: not every request says beforehand how large it is."""
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > MAX_BODY:
                raise HTTPException(413, self._words["size"])
            return message

        return counted

    async def _refuse(self, send: Send, status: int, key: str) -> None:
        body = json.dumps({"detail": self._words[key]}).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def _path(scope: Scope) -> str:
    """The path that is asked for, below the place where the page is mounted."""
    return str(scope["path"]).removeprefix(scope.get("root_path", "")) or "/"


def is_foreign(headers: Headers) -> bool:
    """Whether a browser asks on behalf of another website's page.

    `Origin` is where that page is from; no script can set it, nor `Sec-Fetch-Site`, which browsers send to places that
    they trust. Behind a reverse proxy, `X-Forwarded-Host` is the host that was asked for; a script of another site that
    sets it is asked for permission first, and gets none.
    """
    origin = headers.get("origin")
    if origin is None or headers.get("sec-fetch-site") == "same-origin":
        return False
    asked = {headers.get("host", ""), *headers.get("x-forwarded-host", "").replace(" ", "").split(",")} - {""}
    return urlsplit(origin).netloc not in asked


def guarded(files: Iterable[str]) -> Callable[[Any], AbstractAsyncContextManager[None]]:
    """A `lifespan` for Gradio's app that puts `Doors` in front of it: before its own middleware, which lets all in."""

    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[None]:
        app.middleware_stack = Doors(app.middleware_stack, files)
        yield

    return lifespan
