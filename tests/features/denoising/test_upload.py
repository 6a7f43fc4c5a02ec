"""Uploads, honest and hostile."""

from __future__ import annotations

import io
import struct
import zlib
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from genai_demo.features.denoising import upload
from genai_demo.features.denoising.errors import DamagedPicture, NotAPicture, PictureTooLarge
from genai_demo.features.denoising.upload import read_picture

RED, BLUE = (255, 0, 0), (0, 0, 255)


def file(image: Image.Image, kind: str = "PNG", **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def halves(width: int = 128, height: int = 128, mode: str = "RGB") -> Image.Image:
    """Red above, blue below."""
    image = Image.new(mode, (width, height), RED)
    image.paste(BLUE, (0, height // 2, width, height))
    return image


def colour(picture: np.ndarray, row: int, column: int) -> list[int]:
    return ((picture[row, column] + 1) * 127.5).round().astype(int).tolist()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP"])
def test_every_format_is_read(kind):
    picture = read_picture(file(halves(), kind))
    assert picture.shape == (64, 64, 3)
    assert picture.dtype == np.float32
    assert np.abs(picture).max() <= 1
    assert np.allclose(colour(picture, 5, 30), RED, atol=6)
    assert np.allclose(colour(picture, 60, 30), BLUE, atol=6)


def test_the_central_square_is_taken():
    image = Image.new("RGB", (300, 100), RED)
    image.paste(BLUE, (100, 0, 200, 100))
    assert (read_picture(file(image)) == [-1, -1, 1]).all()


def test_the_picture_is_turned_as_its_exif_says():
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned a quarter clockwise
    picture = read_picture(file(halves(), "JPEG", exif=exif))
    assert np.allclose(colour(picture, 30, 60), RED, atol=6)
    assert np.allclose(colour(picture, 30, 5), BLUE, atol=6)


def test_what_is_transparent_is_white():
    image = Image.new("RGBA", (64, 64), (255, 0, 0, 0))
    assert (read_picture(file(image)) == 1).all()
    half = Image.new("RGBA", (64, 64), (0, 0, 0, 128))
    assert colour(read_picture(file(half)), 0, 0) == [127] * 3
    palette = Image.new("P", (64, 64), 0)
    palette.putpalette([255, 0, 0])
    assert (read_picture(file(palette, "GIF", transparency=0)) == 1).all()


def test_of_an_animation_the_first_frame_is_taken():
    frames = [Image.new("RGB", (64, 64), colour) for colour in (RED, BLUE)]
    picture = read_picture(file(frames[0], "GIF", save_all=True, append_images=frames[1:]))
    assert colour(picture, 30, 30) == list(RED)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "CMYK", "I;16"])
def test_every_kind_of_pixel_is_read(mode):
    image = Image.new("I;16", (64, 64), 0x8000) if mode == "I;16" else halves().convert(mode)
    picture = read_picture(file(image, "JPEG" if mode == "CMYK" else "PNG"))
    assert picture.shape == (64, 64, 3)
    if mode == "I;16":
        assert colour(picture, 0, 0) == [128] * 3


def test_a_single_pixel_will_do():
    assert (read_picture(file(Image.new("RGB", (1, 1), RED))) == [1, -1, -1]).all()


def test_pictures_of_any_size_are_reduced_to_the_models():
    assert read_picture(file(halves(3_000, 2_000)), 32).shape == (32, 32, 3)


# ── what is refused ──────────────────────────────────────────────────────────────────────────────────────────


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that promises a huge picture."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0" * 1_000)) + chunk(b"IEND", b"")


@pytest.mark.parametrize("size", [(8_000, 8_000), (12_000, 12_000), (60_000, 60_000), (100_000_000, 1)])
def test_a_decompression_bomb_is_refused_by_its_header(size):
    with pytest.raises(PictureTooLarge):
        read_picture(bomb(*size))


def test_a_file_of_too_many_bytes_is_not_opened():
    with pytest.raises(PictureTooLarge):
        read_picture(b"\0" * (upload.MAX_BYTES + 1))


@pytest.mark.parametrize("data", [b"", b"hello", b"<svg/>", b"%PDF-1.7", b"\x89PNG\r\n\x1a\n", b"GIF89a"])
def test_what_is_no_picture_is_refused(data):
    with pytest.raises(NotAPicture):
        read_picture(data)


def test_formats_that_are_not_asked_for_are_not_opened():
    for kind in ("TIFF", "EPS", "ICO"):
        with pytest.raises(NotAPicture):
            read_picture(file(halves(), kind))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_a_truncated_picture_is_refused(kind):
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (128, 128, 3)).astype(np.uint8))
    whole = file(noise, kind)
    with pytest.raises((DamagedPicture, NotAPicture)):
        read_picture(whole[: len(whole) // 2])


@given(st.binary(max_size=200), st.integers(0, 400))
def test_damage_anywhere_ends_in_a_picture_or_in_one_of_our_errors(rubbish, where):
    data = bytearray(file(halves(16, 16)))
    data[where : where + len(rubbish)] = rubbish
    with suppress(NotAPicture, DamagedPicture, PictureTooLarge):
        assert read_picture(bytes(data)).shape == (64, 64, 3)
