"""A certificate that nobody but the test believes, for servers on loopback."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Certificate:
    """PEM files: the certificate is its own authority."""

    file: Path
    key: Path


def self_signed(folder: Path) -> Certificate:
    """A certificate for 127.0.0.1 and localhost, made by the openssl command."""
    made = Certificate(folder / "certificate.pem", folder / "key.pem")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
         "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost",
         "-out", str(made.file), "-keyout", str(made.key)],
        check=True,
        capture_output=True,
    )  # fmt: skip
    # The server that reads it runs as another user.
    folder.chmod(0o755)
    made.key.chmod(0o644)
    return made
