"""Why the page cannot be opened to visitors."""

from __future__ import annotations

from ..errors import DemoError


class NotStarted(DemoError):
    """Family: the page cannot be opened. (Ports are texts here: nobody writes 7,860.)"""


class NotOpened(NotStarted):
    """The system, or Gradio, refused for a `reason` that is not known here."""

    reason: str


class PortInUse(NotStarted):
    """Another program listens on `port`."""

    port: str


class NoFreePort(NotStarted):
    """All ports from `first` to `last` are in use."""

    first: str
    last: str


class PortNotAllowed(NotStarted):
    """This account may not listen on `port`."""

    port: str


class UnknownHost(NotStarted):
    """`host` is no name or address that this machine could listen on."""

    host: str
