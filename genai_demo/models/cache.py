"""The folder for what is made once and read often: never half a thing there, and damage is seen and made good.

Beside what was made lie its checksums. A start looks at every file's size, at the contents of the small ones, and at
those of a large one if its time has changed; the whole of a gigabyte (a second) is read by `is_whole` afterwards.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from hashlib import file_digest
from pathlib import Path

import platformdirs
from filelock import FileLock

from .errors import CacheNotReadable, CacheNotWritable, DamagedCache, DiskFull, NoCacheSpace

CACHE_VARIABLE = "GENAI_DEMO_CACHE"
NOT_WRITABLE = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST}
FULL = {errno.ENOSPC, errno.EDQUOT}

CHECKSUMS = "checksums.json"
GIVEN_UP = "damaged"  # an empty file that says so
SMALL = 32_000_000  # bytes that are read in a few hundredths of a second


@dataclass(frozen=True)
class Fingerprint:
    """What a file was when it was made."""

    sha256: str
    size: int
    mtime_ns: int


def cache_folder() -> Path:
    """Where converted models are kept: `GENAI_DEMO_CACHE`, or else the system's own place for caches."""
    chosen = os.environ.get(CACHE_VARIABLE)
    return Path(chosen).expanduser() if chosen else platformdirs.user_cache_path("genai-demo")


def build_once(name: str, fill: Callable[[Path], None], needed_bytes: int, cache: Path) -> Path:
    """The folder `cache/name`, filled by `fill(folder)` if it is not there yet, or is damaged.

    `fill` works in a folder with a temporary name, which is renamed when it is complete; a lock lets one process do
    it while others wait. So a process that is killed at any moment leaves nothing that looks finished. All who may
    read the folder may read the files in it.

    Raises:
        CacheNotWritable: the folder cannot be created or written to. CacheNotReadable: or read by this account.
        NoCacheSpace: fewer than `needed_bytes` are free. DiskFull: that was found out on the way.
        DamagedCache: it is damaged, and cannot be made anew.
    """
    target = cache / name
    if _looks_whole(target):
        return target
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with FileLock(cache / f"{name}.lock"):
            if _looks_whole(target):  # another process was quicker
                return target
            unfinished = cache / f"{name}.unfinished"
            for old in (unfinished, target):  # what a killed process left; what is damaged
                if old.exists():
                    shutil.rmtree(old)
            _require_space(cache, needed_bytes)
            unfinished.mkdir()
            try:
                fill(unfinished)
                _share(unfinished)
                _write_checksums(unfinished, _fingerprints(unfinished))
                unfinished.rename(target)
            finally:
                shutil.rmtree(unfinished, ignore_errors=True)
    except OSError as error:
        if error.errno in FULL:
            raise DiskFull(folder=cache, needed_mb=needed_bytes // 1_000_000, variable=CACHE_VARIABLE) from error
        if error.errno in NOT_WRITABLE and target.is_dir():
            raise DamagedCache(path=target, variable=CACHE_VARIABLE) from error
        if error.errno in NOT_WRITABLE:
            raise CacheNotWritable(folder=cache, variable=CACHE_VARIABLE) from error
        raise
    return target


def is_whole(folder: Path, *, adopt: bool = True) -> bool:
    """Whether every byte of a folder of `build_once` is known to be what it was when it was made.

    A folder that was made before there were checksums gets them here if it is to be adopted and can be written to.
    """
    try:
        known = _checksums(folder)
        if known is not None:
            return known == {name: _fingerprint(folder / name, was.mtime_ns) for name, was in known.items()}
    except OSError:
        return False
    if adopt:
        with suppress(OSError):
            _write_checksums(folder, _fingerprints(folder))
    return adopt


def give_up(folder: Path) -> None:
    """Mark a folder of `build_once` as damaged, so that it is made anew when it is next wanted.

    Raises:
        DamagedCache: it cannot be written to.
    """
    try:
        (folder / GIVEN_UP).touch()
    except OSError as error:
        raise DamagedCache(path=folder, variable=CACHE_VARIABLE) from error


def _looks_whole(folder: Path) -> bool:
    """Whether the folder is there, and nothing in it is known to be damaged.

    Raises:
        CacheNotReadable: this account may not look.
    """
    try:
        if not folder.is_dir() or (folder / GIVEN_UP).exists():
            return False
        with suppress(OSError):  # files of earlier versions could be read by nobody else
            _share(folder)
        known = _checksums(folder)
        if known is None:
            _require_readable(folder)
            return True
        now = {name: _now(folder / name, was) for name, was in known.items()}
    except PermissionError as error:
        raise CacheNotReadable(folder=folder, variable=CACHE_VARIABLE) from error
    except OSError:  # files are missing, or the disk cannot read them
        return False
    if any(now[name].sha256 != was.sha256 for name, was in known.items()):
        return False
    if now != known:  # copied from elsewhere: next time its times are known
        with suppress(OSError):
            _write_checksums(folder, now)
    return True


def _now(file: Path, was: Fingerprint) -> Fingerprint:
    """What a file is now; a large one that looks untouched is taken to be what it was."""
    stat = file.stat()
    if stat.st_size != was.size:
        return Fingerprint("", stat.st_size, stat.st_mtime_ns)
    if stat.st_size > SMALL and stat.st_mtime_ns == was.mtime_ns:
        with file.open("rb"):  # whether it may be read at all
            return was
    return _fingerprint(file)


def _fingerprint(file: Path, mtime_ns: int | None = None) -> Fingerprint:
    with file.open("rb") as opened:
        digest = file_digest(opened, "sha256").hexdigest()
        stat = os.fstat(opened.fileno())
    return Fingerprint(digest, stat.st_size, stat.st_mtime_ns if mtime_ns is None else mtime_ns)


def _fingerprints(folder: Path) -> dict[str, Fingerprint]:
    files = sorted(file for file in folder.iterdir() if file.is_file() and file.name not in (CHECKSUMS, GIVEN_UP))
    return {file.name: _fingerprint(file) for file in files}


def _write_checksums(folder: Path, found: dict[str, Fingerprint]) -> None:
    values = {name: asdict(one) for name, one in found.items()}
    write_whole(folder / CHECKSUMS, json.dumps(values, indent=1) + "\n")


def _checksums(folder: Path) -> dict[str, Fingerprint] | None:
    """What was noted when the folder was made; None if it was made before anything was noted.

    Raises:
        FileNotFoundError: the note itself is damaged.
    """
    try:
        values = json.loads((folder / CHECKSUMS).read_text(encoding="utf-8"))
        return {name: Fingerprint(**value) for name, value in values.items()}
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, AttributeError) as error:
        raise FileNotFoundError(errno.ENOENT, "damaged checksums", CHECKSUMS) from error


def _require_readable(folder: Path) -> None:
    for file in folder.iterdir():
        with file.open("rb"):
            pass


def _share(folder: Path) -> None:
    """Let all who may read a folder read the files in it: some libraries write them for their owner alone.

    What the folder itself got when it was made says what the account's umask allows.
    """
    mode = folder.stat().st_mode & 0o666
    for file in folder.iterdir():
        if file.is_file() and file.stat().st_mode & 0o777 != mode:
            file.chmod(mode)


def write_whole(path: Path, text: str) -> None:
    """Write a file so that it is there with all of `text`, or as it was before.

    Raises:
        OSError: it cannot be written.
    """
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.unfinished")
    try:
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _require_space(folder: Path, needed_bytes: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < needed_bytes:
        raise NoCacheSpace(
            folder=folder,
            needed_mb=needed_bytes // 1_000_000,
            free_mb=free // 1_000_000,
            variable=CACHE_VARIABLE,
        )
