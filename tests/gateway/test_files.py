"""Files keep their bytes, in a folder and on S3 alike."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import boto3
import pytest
from moto.server import ThreadedMotoServer

from gateway.files import Files, files_at

LETTER = "رسالة".encode()


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """An S3 on loopback."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def aws(s3: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The settings by which boto3 finds it, with a bucket; the address of its prefix."""
    for name, value in {
        "AWS_ENDPOINT_URL_S3": s3,
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "eu-west-3",
    }.items():
        monkeypatch.setenv(name, value)
    bucket = f"guichet-{uuid4()}"
    boto3.client("s3").create_bucket(
        Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-3"}
    )
    return f"s3://{bucket}/complaints"


@pytest.fixture(params=["folder", "s3"])
def files(request: pytest.FixtureRequest, tmp_path: Path) -> Files:
    """Each kind of store."""
    if request.param == "s3":
        return files_at(request.getfixturevalue("aws"))
    return files_at(f"file:{tmp_path}/kept")


def test_what_is_kept_can_be_read(files: Files) -> None:
    assert files.read(files.keep(LETTER)) == LETTER


def test_the_same_bytes_twice_are_one_file(files: Files) -> None:
    assert files.keep(LETTER) == files.keep(LETTER)


def test_empty_bytes_are_bytes(files: Files) -> None:
    assert files.read(files.keep(b"")) == b""


@pytest.mark.parametrize("name", ["0" * 64, "../../etc/passwd", "", "A" * 64])
def test_what_was_never_kept_is_not_found(files: Files, name: str) -> None:
    with pytest.raises(FileNotFoundError):
        files.read(name)


def test_a_store_that_can_be_written_says_so(files: Files) -> None:
    files.check()


def test_a_bucket_that_is_not_there_is_an_os_error(aws: str) -> None:
    """The callers know what to do when a disk fails, and do the same here."""
    gone = files_at("s3://elsewhere")
    for act in (gone.check, lambda: gone.keep(LETTER)):
        with pytest.raises(OSError, match="NoSuchBucket"):
            act()


def test_a_store_out_of_reach_is_an_os_error_without_secrets(
    aws: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
    with pytest.raises(OSError, match="EndpointConnectionError") as told:
        files_at(aws).keep(LETTER)
    assert "secret" not in str(told.value)
