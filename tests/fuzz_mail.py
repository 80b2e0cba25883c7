"""A fuzz target for the mail reader: ``python -m tests.fuzz_mail [SECONDS]``.

Changes the payloads' bytes at random for as long as asked (default 30), and ends with an error on
the first mail that raises, or that takes longer than two seconds of this process's time.
"""

from __future__ import annotations

import random
import sys
import time
from pathlib import Path

from gateway.mail_command import normalize_email

PAYLOADS = Path(__file__).parent / "payloads" / "email"
#: Seconds of processor time for one mail.
MOST = 2.0
#: Pieces that mean something to a parser.
_PIECES = [b"\n", b"\r\n\r\n", b"--b\n", b"--b--\n", b"=?utf-8?b?", b"?=", b"\0", b"\xff\xfe",
           b"Content-Type: multipart/mixed; boundary=b\n", b"Content-Type: message/rfc822\n\n",
           b"Content-Transfer-Encoding: base64\n", b"charset=utf-7", b"<div>" * 50, b"> " * 50,
           b"begin 644 x\n", b"On 1.1.2024 a wrote:\n", b"From: " + b"a" * 500 + b"\n",
           b"\x78\x9f\x3e\x22"]  # fmt: skip


def fuzz(seconds: float, seed: int) -> int:
    """How many mails were tried. Raises what the reader raises, with the mail kept beside."""
    chance = random.Random(seed)  # not for secrets
    mails = [path.read_bytes() for path in sorted(PAYLOADS.glob("*.eml"))]
    until = time.monotonic() + seconds
    tried = 0
    while time.monotonic() < until:
        mail = _changed(chance.choice(mails), chance, mails)
        started = time.process_time()
        try:
            normalize_email(mail)
            took = time.process_time() - started
            if took > MOST:
                raise TimeoutError(f"{took:.1f} s for one mail")
        except BaseException:
            Path("fuzzed.eml").write_bytes(mail)
            raise
        tried += 1
    return tried


def _changed(mail: bytes, chance: random.Random, mails: list[bytes]) -> bytes:
    for _ in range(chance.randint(1, 8)):
        at, end = sorted(chance.choices(range(len(mail) + 1), k=2))
        match chance.randrange(5):
            case 0:
                mail = mail[:at] + chance.choice(_PIECES) + mail[at:]
            case 1:
                mail = mail[:at] + mail[min(end, at + 50) :]
            case 2:
                mail = mail[:at] + mail[at:end] * chance.randint(2, 20) + mail[end:]
            case 3:
                other = chance.choice(mails)
                mail = mail[:at] + other[chance.randrange(len(other)) :]
            case _:
                mail = mail[:at] + bytes([chance.randrange(256)]) + mail[at + 1 :]
    return mail[:200_000]


if __name__ == "__main__":
    asked = float(sys.argv[1]) if len(sys.argv) > 1 else 30.0
    count = fuzz(asked, seed=time.time_ns())
    sys.stdout.write(f"{count} mails read in {asked:.0f} s, none raised or took {MOST:.0f} s\n")
