"""Files that gensim saved (KeyedVectors, Word2Vec, FastText), read without running anything that stands in them.

They are pickles, which may name any function of this machine for Python to call. Here numpy's arrays and plain
containers are made, and of all else, gensim's own classes too, nothing but an empty shell that holds its attributes.
gensim keeps large arrays in files of their own beside the pickle.
"""

from __future__ import annotations

import pickle
from collections import OrderedDict, defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from .errors import DamagedVectorFile, MissingVectorPart, MissingVectorReader
from .files import Entries

PICKLES = tuple(bytes([0x80, protocol]) for protocol in (2, 3, 4, 5))  # how they begin
ARRAYS = {  # numpy has moved them, and old files name the old places
    ("multiarray", "_reconstruct"): ("numpy._core.multiarray", "_reconstruct"),
    ("multiarray", "scalar"): ("numpy._core.multiarray", "scalar"),
    ("numeric", "_frombuffer"): ("numpy._core.numeric", "_frombuffer"),
}
PLAIN: dict[tuple[str, str], Any] = {
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("_codecs", "encode"): lambda text, encoding: text.encode(encoding),  # bytes, in older pickles
    ("collections", "OrderedDict"): OrderedDict,
    ("collections", "defaultdict"): lambda *_: defaultdict(),
    ("builtins", "set"): set,
    ("builtins", "frozenset"): frozenset,
    ("builtins", "bytearray"): bytearray,
}


class Shell:
    """Stands for an object of whatever class a file names; it does nothing, whatever it is made with."""

    def __init__(self, *_: object, **__: object) -> None:
        pass

    def __setstate__(self, state: object) -> None:
        if isinstance(state, dict):
            self.__dict__.update({str(name): value for name, value in state.items()})

    def __setitem__(self, key: object, value: object) -> None:
        pass

    def append(self, value: object) -> None:
        """What a list would take."""

    def get(self, name: str) -> Any:
        """The attribute that was saved under `name`, or None."""
        return self.__dict__.get(name)


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        """Never imports anything that a file names."""
        package, _, room = module.rpartition(".")
        if package in ("numpy.core", "numpy._core") and (room, name) in ARRAYS:
            return super().find_class(*ARRAYS[room, name])
        return PLAIN.get((module, name), Shell)


def read_gensim(file: BinaryIO, path: Path) -> Entries:
    """The entries of `file`, a pickle that is open; its other parts are looked for beside `path`.

    Raises:
        DamagedVectorFile: it cannot be read, or holds no word vectors. MissingVectorPart: a file beside it is missing.
        MissingVectorReader: FastText's words are made of pieces, which takes gensim.
    """
    try:
        saved = _Unpickler(file).load()
    except Exception as error:  # a damaged pickle can raise anything
        raise DamagedVectorFile(path=path) from error
    place = path
    if isinstance(saved, Shell) and isinstance(saved.get("wv"), Shell):  # a whole Word2Vec or FastText
        saved, place = saved.get("wv"), path.with_name(f"{path.name}.wv")
    if not isinstance(saved, Shell):
        raise DamagedVectorFile(path=path)
    part = _Parts(saved, path, place)
    keys = part("index_to_key", "index2word", "index2entity")
    rows = part("vectors", "syn0")
    if rows is None and saved.get("compatible_hash"):
        rows = _of_pieces(keys, part)
    if not isinstance(keys, list) or not isinstance(rows, np.ndarray) or rows.ndim != 2 or len(rows) < len(keys):
        raise DamagedVectorFile(path=path)
    if rows.dtype.kind not in "fiu":
        raise DamagedVectorFile(path=path)
    named = (key if isinstance(key, str) else "" for key in keys)
    return Entries(rows.shape[1], zip(named, rows, strict=False), lambda row: row.astype(np.float32))


class _Parts:
    """Attributes of what was saved; an array that gensim stored in a file of its own is read from there."""

    def __init__(self, saved: Shell, path: Path, place: Path) -> None:
        self._saved, self._path, self._place = saved, path, place
        self._packed = path.suffix in (".gz", ".bz2")  # so gensim chooses by the name

    def __call__(self, *names: str) -> Any:
        for name in names:
            if name in (self._saved.get("__numpys") or []):
                return self._array(name)
            if self._saved.get(name) is not None:
                return self._saved.get(name)
        return None

    def _array(self, name: str) -> np.ndarray:
        file = self._place.with_name(f"{self._place.name}.{name}.{'npz' if self._packed else 'npy'}")
        try:
            loaded = np.load(file, mmap_mode=None if self._packed else "r", allow_pickle=False)
            array: np.ndarray = loaded["val"] if self._packed else loaded
        except FileNotFoundError as error:
            raise MissingVectorPart(path=self._path, part=file.name) from error
        except (OSError, ValueError, EOFError, KeyError) as error:
            raise DamagedVectorFile(path=file) from error
        return array


def _of_pieces(keys: Any, part: Callable[..., Any]) -> np.ndarray:
    """FastText: a word's vector is the mean of its own row and those of its pieces (Bojanowski et al. 2017)."""
    try:
        from gensim.models.fasttext import ft_ngram_hashes  # optional: only these files need it
    except ImportError as error:
        raise MissingVectorReader(package="gensim") from error
    own, pieces = part("vectors_vocab"), part("vectors_ngrams")
    shortest, longest, buckets = (part(name) for name in ("min_n", "max_n", "bucket"))
    rows = np.array(own, np.float32)
    for index, key in enumerate(keys if buckets else ()):
        hashes = ft_ngram_hashes(key, shortest, longest, buckets)
        rows[index] = (rows[index] + pieces[hashes].sum(axis=0)) / (len(hashes) + 1)
    return rows
