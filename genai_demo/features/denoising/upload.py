"""A visitor's own picture, made into one that the model could have drawn: square, small, and nothing else.

Whatever is uploaded is hostile until proven harmless: the format is one of a few, the size is read from the header
before anything is decoded, and a decoder that stumbles is a damaged picture, not a broken page.
"""

from __future__ import annotations

import io
import logging
from threading import Lock

import numpy as np
from PIL import Image, ImageOps
from PIL.Image import DecompressionBombError, DecompressionBombWarning, Resampling

from .denoiser import Floats
from .errors import DamagedPicture, NotAPicture, PictureTooLarge

logger = logging.getLogger(__name__)

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP")
MAX_BYTES = 20_000_000
MAX_PIXELS = 50_000_000  # 200 MB once decoded, and three times that while it is being shrunk
ONE_AT_A_TIME = Lock()  # so that memory is bounded however many visitors upload at once
SIDE = 64


def read_picture(data: bytes, side: int = SIDE) -> Floats:
    """The picture in a file, as `x0`: float32 in [−1, 1], shape (side, side, 3).

    The first frame of an animation, turned as its EXIF says, the central square, on white where it is transparent,
    and shrunk with a filter that weighs all pixels.

    Raises:
        PictureTooLarge: more bytes or more pixels than are taken. NotAPicture: no picture of a known format.
        DamagedPicture: it begins like one, but breaks off or cannot be decoded.
    """
    if len(data) > MAX_BYTES:
        raise PictureTooLarge(size=round(len(data) / 1e6, 1), limit=MAX_BYTES // 10**6, unit="megabytes")
    image = _opened(data)
    try:
        with ONE_AT_A_TIME, image:
            small = _small_square(image, side)
    except Exception as error:  # decoders raise whatever they do
        logger.info("An uploaded picture could not be decoded.", exc_info=error)
        raise DamagedPicture(format=str(image.format)) from error
    pixels = np.asarray(small, dtype=np.float32)
    return pixels / np.float32(127.5) - 1


def _opened(data: bytes) -> Image.Image:
    """The header of a picture; nothing is decoded yet."""
    try:
        image = Image.open(io.BytesIO(data), formats=FORMATS)
    except (DecompressionBombError, DecompressionBombWarning) as error:
        raise PictureTooLarge(size="too many", limit=MAX_PIXELS // 10**6, unit="megapixels") from error
    except Exception as error:  # as above
        raise NotAPicture(formats=", ".join(FORMATS)) from error
    pixels = image.width * image.height
    if pixels > MAX_PIXELS:
        raise PictureTooLarge(size=round(pixels / 1e6, 1), limit=MAX_PIXELS // 10**6, unit="megapixels")
    return image


def _small_square(image: Image.Image, side: int) -> Image.Image:
    """The central square of the first frame, `side` pixels wide, in RGB on white."""
    image.draft("RGB", (4 * side, 4 * side))  # a JPEG is decoded at a fraction of its size
    edge = min(image.size)
    left, top = (image.width - edge) // 2, (image.height - edge) // 2
    orientation = image.getexif().get(0x0112)
    square = image.crop((left, top, left + edge, top + edge))
    if square.mode.startswith("I"):  # 16 bits a pixel
        square = square.convert("I").point(lambda value: value / 256).convert("L")
    has_alpha = "A" in square.mode or "transparency" in image.info
    square = square.convert("RGBA" if has_alpha else "RGB")
    square = square.resize((side, side), Resampling.BOX if edge > 8 * side else Resampling.LANCZOS)
    if has_alpha:
        paper = Image.new("RGBA", square.size, "white")
        square = Image.alpha_composite(paper, square).convert("RGB")
    square.getexif()[0x0112] = orientation or 1
    return ImageOps.exif_transpose(square)
