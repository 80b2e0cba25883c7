"""Files on S3, or whatever speaks its protocol: for an install of several machines."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from gateway.files import is_name

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

#: A citizen's request may wait for this, so a store that is out of reach is told within seconds;
#: the provider, or the worker, tries again.
_PATIENCE = Config(
    connect_timeout=3, read_timeout=20, retries={"mode": "standard", "total_max_attempts": 3}
)
#: What S3 answers to a question for an object that is not there.
_ABSENT = ("404", "NoSuchKey", "NotFound")


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket, and the prefix in it. Credentials, region and another address than Amazon's come
    from boto3's own settings (``AWS_ACCESS_KEY_ID``, ``AWS_ENDPOINT_URL_S3`` …)."""

    client: S3Client
    name: str
    prefix: str

    @classmethod
    def at(cls, url: str) -> Self:
        """The store of ``s3://bucket/prefix``."""
        parts = urlsplit(url)
        prefix = parts.path.strip("/")
        client = boto3.client("s3", config=_PATIENCE)
        return cls(client, parts.netloc, f"{prefix}/" if prefix else "")

    def keep(self, content: bytes) -> str:
        """S3 answers once the bytes are durable; the MD5 that boto3 sends guards the way there."""
        sha256 = hashlib.sha256(content).hexdigest()
        if self._has(sha256):
            return sha256
        try:
            self.client.put_object(Bucket=self.name, Key=self._key(sha256), Body=content)
        except (BotoCoreError, ClientError) as failed:
            raise OSError(f"S3 did not keep it ({_kind(failed)})") from None
        return sha256

    def read(self, sha256: str) -> bytes:
        try:
            found = self.client.get_object(Bucket=self.name, Key=self._key(sha256))
            return found["Body"].read()
        except (BotoCoreError, ClientError) as failed:
            if _kind(failed) in _ABSENT:
                raise FileNotFoundError(sha256) from None
            raise OSError(f"S3 did not give it ({_kind(failed)})") from None

    def check(self) -> None:
        try:
            self.client.put_object(Bucket=self.name, Key=f"{self.prefix}check", Body=b"")
        except (BotoCoreError, ClientError) as failed:
            raise OSError(f"S3 cannot be written ({_kind(failed)})") from None

    def _has(self, sha256: str) -> bool:
        try:
            self.client.head_object(Bucket=self.name, Key=self._key(sha256))
        except (BotoCoreError, ClientError) as failed:
            if _kind(failed) in _ABSENT:
                return False
            raise OSError(f"S3 did not answer ({_kind(failed)})") from None
        return True

    def _key(self, sha256: str) -> str:
        if not is_name(sha256):
            raise FileNotFoundError(sha256)
        return f"{self.prefix}{sha256}"


def _kind(error: BotoCoreError | ClientError) -> str:
    """S3's own code, or the library's class: neither names a key or a secret."""
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code", "unknown"))
    return type(error).__name__
