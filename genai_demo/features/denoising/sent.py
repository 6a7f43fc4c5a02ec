"""What the browser sends in letters: pictures as data URIs, latents as base64."""

from __future__ import annotations

import base64
import binascii

import numpy as np

from ...errors import InvalidParameter
from . import upload
from .denoiser import Floats
from .errors import NotAPicture, PictureTooLarge


def decoded(image: str) -> bytes:
    """The bytes of a data URI, or of base64 alone. Refused by length before it is decoded.

    Raises:
        PictureTooLarge, NotAPicture.
    """
    if len(image) > upload.MAX_BYTES * 4 / 3 + 100:
        raise PictureTooLarge(size=round(len(image) * 0.75e-6, 1), limit=upload.MAX_BYTES // 10**6, unit="megabytes")
    try:
        return base64.b64decode(image.rpartition(",")[2], validate=True)
    except (binascii.Error, ValueError) as error:
        raise NotAPicture(formats=", ".join(upload.FORMATS)) from error


def read_latents(shape: tuple[int, int, int], name: str, text: str) -> Floats:
    """The numbers that `view.latents_json` wrote: float32, shape (height, width, channels).

    Args:
        shape: channels, height and width of the model's latents.
        name: what the visitor calls them.
        text: half-precision numbers, little-endian, base64.

    Raises:
        InvalidParameter: too many or too few of them, or some that are none.
    """
    channels, height, width = shape
    allowed = f"{height} × {width} × {channels} numbers as they were sent"
    if len(text) > 4 * height * width * channels:
        raise InvalidParameter(name=name, value="this", allowed=allowed)
    try:
        numbers = np.frombuffer(base64.b64decode(text, validate=True), "<f2").astype(np.float32)
        numbers = numbers.reshape(height, width, channels)
    except ValueError as error:
        raise InvalidParameter(name=name, value="this", allowed=allowed) from error
    if not np.isfinite(numbers).all():
        raise InvalidParameter(name=name, value="this", allowed=allowed)
    return numbers
