"""A proxy in the environment stands between nobody and the page on the same machine."""

from __future__ import annotations

import os

import pytest
from httpx._utils import get_environment_proxies

from genai_demo import proxy

NAMES = [f"{kind}_proxy" for kind in ("http", "https", "all", "no")]


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    """No proxy yet; what a test sets is taken back."""
    for name in [*NAMES, *(name.upper() for name in NAMES)]:
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    return monkeypatch


def test_without_a_proxy_nothing_is_changed():
    proxy.spare()
    assert not [name for name in os.environ if name.lower() in NAMES]


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "https_proxy"])
def test_this_machine_is_asked_without_the_proxy(environment, variable):
    environment.setenv(variable, "http://proxy.example:3128")
    proxy.spare((*proxy.LOOPBACK, "pc-7"))
    mounts = get_environment_proxies()
    assert [mounts[f"all://{host}"] for host in ("127.0.0.1", "localhost", "[::1]", "*pc-7")] == [None] * 4
    assert "http://proxy.example:3128" in mounts.values()


@pytest.mark.parametrize("variable", ["NO_PROXY", "no_proxy"])
def test_what_was_spared_before_stays_so(environment, variable):
    environment.setenv("HTTP_PROXY", "http://proxy.example:3128")
    environment.setenv(variable, "intranet.example, localhost")
    proxy.spare()
    proxy.spare()
    assert os.environ["NO_PROXY"] == os.environ["no_proxy"] == "intranet.example,localhost,127.0.0.1,::1"


def test_the_systems_own_proxy_is_not_lost(environment):
    """Windows and macOS keep it elsewhere, and it counts only as long as the environment names none."""
    environment.setattr(proxy, "getproxies", lambda: {"http": "http://system.example:3128", "ftp": "ftp://a"})
    proxy.spare()
    mounts = get_environment_proxies()
    assert mounts["http://"] == "http://system.example:3128"
    assert mounts["all://127.0.0.1"] is None
    assert "ftp_proxy" not in os.environ


@pytest.mark.parametrize("address", ["socks://127.0.0.1:1080", "socks4://a", "SOCKS://a"])
def test_a_proxy_that_cannot_be_spoken_to_is_forgotten(environment, address):
    environment.setenv("ALL_PROXY", address)
    environment.setenv("all_proxy", address)
    environment.setenv("HTTP_PROXY", "http://proxy.example:3128")
    environment.setenv("HTTPS_PROXY", "proxy.example:3128")
    proxy.forget_unreadable()
    assert get_environment_proxies() == {
        "http://": "http://proxy.example:3128",
        "https://": "http://proxy.example:3128",
    }
