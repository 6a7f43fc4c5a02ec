"""The folder for what is made once and read often, and how to fill it without ever leaving half a thing there."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import platformdirs
from filelock import FileLock

from ..errors import CacheNotWritable, NoCacheSpace

CACHE_VARIABLE = "GENAI_DEMO_CACHE"
NOT_WRITABLE = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.ENOTDIR, errno.EEXIST}


def cache_folder() -> Path:
    """Where converted models are kept: `GENAI_DEMO_CACHE`, or else the system's own place for caches."""
    chosen = os.environ.get(CACHE_VARIABLE)
    return Path(chosen).expanduser() if chosen else platformdirs.user_cache_path("genai-demo")


def build_once(name: str, fill: Callable[[Path], None], needed_bytes: int, cache: Path) -> Path:
    """The folder `cache/name`, filled by `fill(folder)` if it is not there yet.

    `fill` works in a folder with a temporary name, which is renamed when it is complete; a lock lets one process do
    it while others wait. So a process that is killed at any moment leaves nothing that looks finished.

    Raises:
        CacheNotWritable: the folder cannot be created or written to.
        NoCacheSpace: fewer than `needed_bytes` are free.
    """
    target = cache / name
    if target.is_dir():
        return target
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with FileLock(cache / f"{name}.lock"):
            if target.is_dir():  # another process was quicker
                return target
            unfinished = cache / f"{name}.unfinished"
            shutil.rmtree(unfinished, ignore_errors=True)  # what a killed process left
            _require_space(cache, needed_bytes)
            unfinished.mkdir()
            try:
                fill(unfinished)
                unfinished.rename(target)
            finally:
                shutil.rmtree(unfinished, ignore_errors=True)
    except OSError as error:
        if error.errno == errno.ENOSPC:  # others have filled the disk meanwhile
            _require_space(cache, needed_bytes)
        if error.errno in NOT_WRITABLE:
            raise CacheNotWritable(folder=cache, variable=CACHE_VARIABLE) from error
        raise
    return target


def _require_space(folder: Path, needed_bytes: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < needed_bytes:
        raise NoCacheSpace(
            folder=folder,
            needed_mb=needed_bytes // 1_000_000,
            free_mb=free // 1_000_000,
            variable=CACHE_VARIABLE,
        )
