"""What the Next-word tab cannot answer."""

from __future__ import annotations

from ...errors import BadRequest


class EmptyText(BadRequest):
    """There is nothing to measure in an empty text."""
