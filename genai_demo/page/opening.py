"""Opening the page to visitors: a port that is free, addresses that people can type, and a sentence if it cannot be."""

from __future__ import annotations

import errno
import ipaddress
import logging
import os
import socket
import time
from typing import Any

import gradio as gr
import psutil

from .. import proxy
from .errors import NoFreePort, NotOpened, NotStarted, PortInUse, PortNotAllowed, UnknownHost
from .texts import load_texts

logger = logging.getLogger(__name__)

LOCAL = "127.0.0.1"
EVERYWHERE = {"0.0.0.0": LOCAL, "::": "::1"}  # the wildcards, and what stands for this machine in their family
FIRST_PORT, PORTS = 7860, 100
OF_PROGRAMS = ("docker", "br-", "veth", "virbr", "vmnet", "vboxnet")  # networks inside this machine


def open_page(page: gr.Blocks, host: str, port: int, options: dict[str, Any]) -> list[str]:
    """Serve `page` in the background; returns what to tell people, a line each.

    Args:
        page: the page.
        host, port: from `choose_place`.
        options: more for `launch`.

    Raises:
        NotStarted: its kinds say why.
    """
    proxy.spare((*proxy.LOOPBACK, host))
    try:
        page.launch(server_name=_bracketed(host), server_port=port, prevent_thread_lock=True, quiet=True, **options)
    except OSError as error:  # somebody was quicker
        raise PortInUse(port=str(port)) from error
    except Exception as error:
        logger.exception("Gradio could not open the page.")
        raise NotOpened(reason=type(error).__name__) from error
    return told(host, port)


def wait_for_interrupt() -> None:
    """Return when somebody presses Ctrl-C."""
    try:
        while True:
            time.sleep(0.5)  # Windows lets nobody interrupt a longer wait
    except KeyboardInterrupt:
        pass


def choose_place(host: str | None, port: int | None) -> tuple[str, int]:
    """The address and the port to listen on, where nobody else does. Gradio's environment variables count, too.

    Raises:
        PortInUse, NoFreePort, PortNotAllowed, UnknownHost, NotOpened: there is none.
    """
    host = (host or os.environ.get("GRADIO_SERVER_NAME") or LOCAL).strip("[]")
    if port is not None:
        _require_free(host, port)
        return host, port
    first, count = _number("GRADIO_SERVER_PORT", FIRST_PORT), _number("GRADIO_NUM_PORTS", PORTS)
    for candidate in range(first, first + count):
        try:
            _require_free(host, candidate)
        except PortInUse:
            continue
        return host, candidate
    raise NoFreePort(first=str(first), last=str(first + count - 1))


def told(host: str, port: int) -> list[str]:
    """Where the page is, in addresses that can be typed into a browser."""
    words = load_texts("genai_demo.page")["terminal"]
    here = _url(EVERYWHERE.get(host, host), port)
    lines = [words["here"].format(address=here)]
    others = network_addresses(host)
    if others:
        lines.append(words["others"].format(addresses=", ".join(_url(one, port) for one in others)))
    elif host in EVERYWHERE:
        lines.append(words["nobody"])
    return [*lines, words["stop"]]


def network_addresses(host: str) -> list[str]:
    """The addresses at which other machines reach a page that listens on `host`; nobody is asked for them."""
    if host not in EVERYWHERE:
        return [] if host == "localhost" or _is_private_to_machine(host) else [host]
    family = socket.AF_INET if host == "0.0.0.0" else socket.AF_INET6
    up = {name for name, state in psutil.net_if_stats().items() if state.isup}
    return [
        one.address.partition("%")[0]
        for name, addresses in psutil.net_if_addrs().items()
        if name in up and not name.startswith(OF_PROGRAMS)
        for one in addresses
        if one.family == family and not _is_private_to_machine(one.address)
    ]


def _is_private_to_machine(text: str) -> bool:
    """Whether an address is a loopback, or one that only its own cable knows (169.254…, fe80…). A name is none."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_link_local


def _require_free(host: str, port: int) -> None:
    try:
        places = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        raise UnknownHost(host=host) from error
    for family, kind, protocol, _, address in places:
        try:
            with socket.socket(family, kind, protocol) as probe:
                if os.name == "posix":  # elsewhere, this would let two programs share a port
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                if family == socket.AF_INET6:
                    probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                probe.bind(address)
        except OSError as error:
            raise _refusal(error, host, port) from error


def _refusal(error: OSError, host: str, port: int) -> NotStarted:
    if error.errno == errno.EADDRINUSE:
        return PortInUse(port=str(port))
    if error.errno == errno.EACCES:
        return PortNotAllowed(port=str(port))
    if error.errno == errno.EADDRNOTAVAIL:
        return UnknownHost(host=host)
    return NotOpened(reason=str(error.strerror))


def _number(variable: str, default: int) -> int:
    text = os.environ.get(variable, "")
    return int(text) if text.isdecimal() else default


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _url(host: str, port: int) -> str:
    return f"http://{_bracketed(host)}:{port}"
