"""Which of Gradio's doors stand open: real requests to the launched page."""

from __future__ import annotations

import json
import logging
import socket
import threading
import time
import warnings
from collections.abc import Iterator

import httpx
import pytest
from fastapi import FastAPI
from starlette.datastructures import Headers

from genai_demo.features.next_word.feature import FEATURE
from genai_demo.page import doors
from genai_demo.page.build import build_page, launch_options
from genai_demo.page.doors import API, is_foreign
from genai_demo.page.plotly import SCRIPT, serve_plotly
from genai_demo.page.texts import load_texts

REFUSED = load_texts("genai_demo.page")["refused"]


@pytest.fixture(scope="module")
def page(loader):
    """The page with one tab, and Gradio's app behind it."""
    serve_plotly()
    demo = build_page(loader, ((FEATURE, loader),), notices="none")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        demo.launch(prevent_thread_lock=True, quiet=True, **launch_options((FEATURE,)))
    yield demo
    demo.close()


@pytest.fixture(scope="module")
def visitor(page) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=page.local_url, timeout=60) as client:
        yield client


def asked(visitor: httpx.Client, **options) -> httpx.Response:
    """What the bar at the top asks."""
    config = visitor.get("/config").json()
    header = next(one for one in config["components"] if one["props"].get("elem_id") == "header")
    question = {"data": {}, "component_id": header["id"], "fn_name": "model_status", "session_hash": "test"}
    return visitor.post(f"{API}component_server", json=question, **options)


def test_what_the_page_needs_is_open(visitor):
    assert "<script" in visitor.get("/").text
    assert asked(visitor).json()["ready"] is True
    assert "/next_token" in visitor.get(f"{API}info").text
    assert visitor.get("/theme.css").status_code == 200
    assert visitor.get(f"{API}file={SCRIPT.as_posix()}").status_code == 200
    assert visitor.get(f"{API}startup-events").status_code == 200


def test_the_published_endpoints_are_open(visitor):
    begun = visitor.post(f"{API}call/tokenize", json={"data": ["the cat"]})
    told = visitor.get(f"{API}call/tokenize/{begun.json()['event_id']}").text
    assert "event: complete" in told


@pytest.mark.parametrize("path", ["/", "/config"])
def test_the_page_is_sent_compressed_to_whoever_can_read_that_and_is_the_same(visitor, path):
    with visitor.stream("GET", path, headers={"accept-encoding": "gzip"}) as sent:
        size = sum(len(part) for part in sent.iter_raw())
    plain = visitor.get(path, headers={"accept-encoding": "identity"})
    assert sent.headers["content-encoding"] == "gzip"
    assert size < 0.5 * len(plain.content)
    assert visitor.get(path, headers={"accept-encoding": "gzip"}).content == plain.content
    assert "content-encoding" not in plain.headers


@pytest.mark.parametrize("path", ["upload", "upload/", "upload_progress?upload_id=1", "process_recording"])
def test_nothing_is_uploaded(visitor, path):
    for answer in (visitor.post(f"{API}{path}", files={"files": ("a.txt", b"hello")}), visitor.get(f"{API}{path}")):
        assert (answer.status_code, answer.json()["detail"]) == (403, REFUSED["upload"])


def test_a_form_with_files_is_no_question_either(visitor, page):
    answer = visitor.post(f"{API}component_server", files={"files": ("a.txt", b"hello")}, data={"fn_name": "x"})
    assert (answer.status_code, answer.json()["detail"]) == (403, REFUSED["upload"])
    assert page.max_file_size == 1


@pytest.mark.parametrize(
    "path",
    [
        "/monitoring",
        "/monitoring/summary",
        f"{API}runs",
        f"{API}deep_link?session_hash=test",
        f"{API}proxy=https://example.com/",
        f"{API}file=https://example.com/",
        f"{API}file={__file__}",
        f"{API}file={SCRIPT.parent.as_posix()}",
        f"{API}file={SCRIPT.as_posix()}/../../__init__.py",
        f"{API}file/{SCRIPT.as_posix()}",
        f"{API}stream/a/b/1/playlist-file",
        f"{API}custom_component/a/client/component/index.js",
        f"{API}vibe-code",
        f"{API}dev/reload",
        "/login",
        "/logout",
    ],
)
def test_what_the_page_does_not_need_is_closed(visitor, path):
    answer = visitor.get(path)
    assert (answer.status_code, answer.json()["detail"]) == (404, REFUSED["closed"])


def test_statistics_and_history_are_off_behind_the_closed_doors_too(page):
    assert page.enable_monitoring is False
    assert page.run_history is False


def test_every_route_of_gradio_is_open_or_closed_on_purpose(page):
    """A new version of Gradio may bring new routes: look at them before they are let through."""
    guard = doors.Doors(page.app, ())
    routes = FastAPI.openapi(page.app)["paths"]
    assert {"/monitoring", f"{API}upload"} <= set(routes)
    assert {path.removesuffix("/") or "/" for path in routes if guard._is_open(path)} == {
        "/",
        "/assets/{path}",
        "/config",
        "/favicon.ico",
        "/gradio_api/api/{api_name}",
        "/gradio_api/app_id",
        "/gradio_api/call/v2/{api_name}",
        "/gradio_api/call/v2/{api_name}/{event_id}",
        "/gradio_api/call/{api_name}",
        "/gradio_api/call/{api_name}/{event_id}",
        "/gradio_api/cancel",
        "/gradio_api/component_server",
        "/gradio_api/heartbeat/{session_hash}",
        "/gradio_api/info",
        "/gradio_api/openapi.json",
        "/gradio_api/queue/data",
        "/gradio_api/queue/join",
        "/gradio_api/queue/status",
        "/gradio_api/reset",
        "/gradio_api/run/{api_name}",
        "/gradio_api/startup-events",
        "/gradio_api/theme.css",
        "/manifest.json",
        "/pwa_icon",
        "/robots.txt",
        "/static/{path}",
        "/svelte/{path}",
        "/theme.css",
    }


@pytest.mark.parametrize("host", ["localhost", "school.example:7860", "192.168.1.5:7860"])
@pytest.mark.parametrize("origin", ["http://other.example", "null", "http://school.example:1", "https://x.192.168.1.5"])
def test_another_website_gets_no_answer_and_no_permission(visitor, host, origin):
    headers = {"host": host, "origin": origin}
    permission = {"access-control-request-method": "POST", "access-control-request-headers": "content-type"}
    for answer in (
        visitor.get("/config", headers=headers),
        asked(visitor, headers=headers),
        visitor.options(f"{API}queue/join", headers={**headers, **permission}),
    ):
        assert (answer.status_code, answer.json()["detail"]) == (403, REFUSED["origin"])
        assert not [name for name in answer.headers if name.startswith("access-control-")]


@pytest.mark.parametrize("host", ["localhost", "school.example:7860", "192.168.1.5:7860", "[fd00::5]:7860"])
def test_the_pages_own_scripts_are_answered_by_whatever_name_it_is_reached(visitor, host):
    answer = asked(visitor, headers={"host": host, "origin": f"http://{host}"})
    assert answer.json()["ready"] is True


@pytest.mark.parametrize(
    ("headers", "foreign"),
    [
        ({"host": "a"}, False),  # no browser, or a link
        ({"host": "a:1", "origin": "http://a:1"}, False),
        ({"host": "a:1", "origin": "http://a:2"}, True),
        ({"host": "127.0.0.1:7860", "x-forwarded-host": "a.example", "origin": "https://a.example"}, False),
        ({"host": "127.0.0.1:7860", "sec-fetch-site": "same-origin", "origin": "https://a.example"}, False),
        ({"host": "127.0.0.1:7860", "sec-fetch-site": "same-site", "origin": "https://a.example"}, True),
        ({"host": "", "origin": ""}, True),
        ({"host": "", "origin": "null"}, True),
    ],
)
def test_who_is_foreign(headers, foreign):
    assert is_foreign(Headers(headers)) is foreign


def test_a_request_that_is_too_large_is_refused(visitor, monkeypatch):
    monkeypatch.setattr(doors, "MAX_BODY", 2_000)
    assert asked(visitor).status_code == 200
    large = visitor.post(f"{API}call/tokenize", json={"data": ["x" * 3_000]})
    assert (large.status_code, large.json()["detail"]) == (413, REFUSED["size"])
    unsaid = visitor.post(f"{API}call/tokenize", content=iter([json.dumps({"data": ["x" * 3_000]}).encode()]))
    assert (unsaid.status_code, unsaid.json()["detail"]) == (413, REFUSED["size"])


def test_a_length_that_is_no_number_is_refused(page):
    with socket.create_connection(("127.0.0.1", page.server_port), timeout=20) as line:
        line.sendall(b"POST /gradio_api/queue/join HTTP/1.1\r\nHost: a\r\nContent-Length: many\r\n\r\n")
        assert line.recv(100).startswith(b"HTTP/1.1 4")


def test_a_visitor_who_leaves_in_the_middle_of_an_answer_leaves_no_trace_in_the_terminal(
    visitor, tiny, monkeypatch, capfd, caplog
):
    left = threading.Event()
    next_logits = type(tiny).continuation

    def slowly(model, *args):
        left.wait(0.5)
        return next_logits(model, *args)

    monkeypatch.setattr(type(tiny), "continuation", slowly)
    question = {"data": ["the cat", 1.0, 1.0, 0, 0, 60]}
    for event in [visitor.post(f"{API}call/generate", json=question).json()["event_id"] for _ in range(3)]:
        with visitor.stream("GET", f"{API}call/generate/{event}") as answer:
            next(answer.iter_raw())
    left.set()
    assert asked(visitor).json()["ready"] is True
    time.sleep(1.5)
    assert capfd.readouterr() == ("", "")
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
