"""Which uploads the Denoising tab cannot take."""

from __future__ import annotations

from ...errors import BadRequest


class NotAPicture(BadRequest):
    """The upload is no picture in one of `formats`."""

    formats: str


class DamagedPicture(BadRequest):
    """The upload begins like a picture in `format`, and cannot be decoded."""

    format: str


class PictureTooLarge(BadRequest):
    """`size` and `limit`, both in `unit` ("megabytes" or "megapixels"); a size that nobody has counted is a text."""

    size: float | str
    limit: int
    unit: str
