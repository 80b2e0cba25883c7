"""Files under names of our own: each by the SHA-256 of its bytes, durable before we say so."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Protocol

import puremagic

_SHA256 = re.compile(r"[0-9a-f]{64}")
#: What cannot be told from its first bytes.
UNKNOWN = "application/octet-stream"


class Files(Protocol):
    """Where files are kept."""

    def keep(self, content: bytes) -> str:
        """Store bytes and return their SHA-256. They outlive this process when it returns; storing
        the same bytes twice changes nothing. Raises OSError when they cannot be kept."""
        ...

    def read(self, sha256: str) -> bytes:
        """The bytes behind a hash. Raises FileNotFoundError, and OSError when out of reach."""
        ...

    def check(self) -> None:
        """Raise OSError unless we can write."""
        ...


def files_at(url: str) -> Files:
    """The store that ``ATTACHMENTS_URL`` names: ``file:folder`` or ``s3://bucket/prefix``."""
    if url.startswith("s3://"):
        # boto3 takes a third of a second to load, which only who uses it shall wait for.
        bucket: Files = import_module("gateway.bucket").Bucket.at(url)
        return bucket
    return Folder(Path(url.removeprefix("file:")))


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of files, two levels deep so that no folder grows too long."""

    root: Path

    def keep(self, content: bytes) -> str:
        """On disk, not only in memory, when it returns."""
        sha256 = hashlib.sha256(content).hexdigest()
        path = self._path(sha256)
        if path.exists():
            return sha256
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as out:
            try:
                out.write(content)
                out.flush()
                os.fsync(out.fileno())
                Path(out.name).replace(path)
            except BaseException:
                Path(out.name).unlink(missing_ok=True)
                raise
        _sync_folder(path.parent)
        return sha256

    def read(self, sha256: str) -> bytes:
        return self._path(sha256).read_bytes()

    def check(self) -> None:
        self.root.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=self.root):
            pass

    def _path(self, sha256: str) -> Path:
        if not is_name(sha256):
            raise FileNotFoundError(sha256)
        return self.root / sha256[:2] / sha256[2:4] / sha256


def is_name(sha256: str) -> bool:
    """Whether this is how we name files, and not a way out of the folder."""
    return bool(_SHA256.fullmatch(sha256))


def content_type(content: bytes, declared: str | None = None) -> str:
    """What the bytes look like, whatever their sender called them.

    Text has no signature, so for it the declared type is believed where it is plain text.
    """
    if not content:
        return UNKNOWN
    try:
        found = str(puremagic.from_string(content, mime=True))
    except (puremagic.PureError, ValueError):
        found = ""
    if found:
        return found
    if declared in ("text/plain", "text/csv") and b"\0" not in content:
        return declared
    return UNKNOWN


def _sync_folder(folder: Path) -> None:
    """A file's name is durable only once its folder is."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
