"""A school's proxy is for what is outside the machine; the page is inside.

Gradio asks its own page, through httpx, whether it has started. httpx sends even that to the proxy that the environment
or the system names, unless `NO_PROXY` says otherwise; and it cannot even be imported with a proxy it cannot speak to.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterable
from urllib.request import getproxies, getproxies_environment

LOOPBACK = ("127.0.0.1", "localhost", "::1")
WEB = ("http", "https", "all")  # what httpx looks for


def spare(hosts: Iterable[str] = LOOPBACK) -> None:
    """Add `hosts` to those that are asked without the proxy, if there is one; what stands there is kept."""
    named = getproxies_environment()
    found = {kind: address for kind, address in getproxies().items() if kind in WEB}
    for kind, address in found.items():
        if kind not in named:  # Windows' or macOS' own setting counts only as long as the environment names nothing
            os.environ[f"{kind}_proxy"] = address
    if not found:
        return
    there = f"{os.environ.get('NO_PROXY', '')},{os.environ.get('no_proxy', '')}"
    names = [name.strip() for name in there.split(",") if name.strip()]
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = ",".join(dict.fromkeys((*names, *hosts)))


def forget_unreadable() -> None:
    """Drop proxies that httpx cannot speak to, such as `socks://…`: it would not even be imported with them."""
    readable = {"http", "https"}
    if importlib.util.find_spec("socksio") is not None:
        readable |= {"socks5", "socks5h"}
    for name in [name for name in os.environ if name.lower() in {f"{kind}_proxy" for kind in WEB}]:
        kind, separator, _ = os.environ[name].partition("://")
        if separator and kind.lower() not in readable:
            del os.environ[name]
