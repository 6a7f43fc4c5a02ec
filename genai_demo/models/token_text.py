"""From token ids back to text, without ever tearing a character apart.

Two kinds of vocabulary are read: SentencePiece's (`▁` for a space, `<0xF0>` for a single byte) and the byte-level one
of GPT-2, in which every byte is written as one printable character (Radford et al. 2019, section 2.2).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from transformers import PreTrainedTokenizerFast

_BYTE_TOKEN = re.compile(r"<0x([0-9A-F]{2})>")


class TokenBytes:
    """The UTF-8 bytes that each token of a vocabulary stands for."""

    def __init__(self, tokenizer: PreTrainedTokenizerFast) -> None:
        self._pieces = {token_id: piece for piece, token_id in tokenizer.get_vocab().items()}
        self._added = {token_id: str(token) for token_id, token in tokenizer.added_tokens_decoder.items()}
        byte_level = "ByteLevel" in repr(tokenizer.backend_tokenizer.decoder)
        self._byte_of = _byte_level_alphabet() if byte_level else None

    def of(self, token_id: int) -> bytes:
        """The bytes of one token; special tokens read as their names. Ids without a token read as `<id 7>`."""
        if token_id in self._added:
            return self._added[token_id].replace("▁", " ").encode()
        piece = self._pieces.get(token_id)
        if piece is None:
            return f"<id {token_id}>".encode()
        if self._byte_of is not None:
            return bytes(self._byte_of[character] for character in piece)
        byte = _BYTE_TOKEN.fullmatch(piece)
        return bytes([int(byte[1], 16)]) if byte else piece.replace("▁", " ").encode()

    def label(self, token_id: int) -> str:
        """One token by itself: its text, or the names of its bytes where they are no whole character."""
        data = self.of(token_id)
        try:
            return data.decode()
        except UnicodeDecodeError:
            return "".join(f"<0x{byte:02X}>" for byte in data)


def characters_on_first_token(pieces: Sequence[bytes]) -> tuple[str, ...]:
    """The text of each piece, where a character spread over several pieces is shown whole on the first of them.

    Joined, the texts are the decoded whole; bytes that are no character become U+FFFD.
    """
    owners = [index for index, piece in enumerate(pieces) for _ in piece]
    texts = [""] * len(pieces)
    data, position = b"".join(pieces), 0
    while position < len(data):
        character, length = _next_character(data, position)
        texts[owners[position]] += character
        position += length
    return tuple(texts)


def _next_character(data: bytes, position: int) -> tuple[str, int]:
    """The character that begins at `position`, and how many bytes it takes."""
    lead = data[position]
    length = 1 if lead < 0x80 else 2 if lead < 0xE0 else 3 if lead < 0xF0 else 4
    try:
        return data[position : position + length].decode(), length
    except UnicodeDecodeError:
        return "\N{REPLACEMENT CHARACTER}", 1


def _byte_level_alphabet() -> dict[str, int]:
    """GPT-2's printable character for each byte: itself where it is printable, else one from U+0100 on."""
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = [byte for byte in range(256) if byte not in printable]
    alphabet = {chr(byte): byte for byte in printable}
    return alphabet | {chr(256 + index): byte for index, byte in enumerate(others)}
