"""Where a test's server may listen."""

from __future__ import annotations

import itertools
import os
import socket

_FIRST, _COUNT = 11_000, 21_000
# Above the last port that browsers refuse (10080), and below the range from which the kernel takes
# the local ports of outgoing connections (32768 on Linux). Neighbouring processes begin far apart.
_tries = itertools.count(os.getpid() * 1_009)
# The ports that were given, each held for as long as the process lives: nobody else gets one before
# its server listens, nor while that server is down.
_held: list[socket.socket] = []


def free_port() -> int:
    """A loopback port that is its caller's: for a server that binds as servers do, with
    SO_REUSEADDR, and for nobody else.

    Raises OSError where every port of the range is taken.
    """
    for attempt in itertools.islice(_tries, _COUNT):
        held = socket.socket()
        try:
            held.bind(("127.0.0.1", _FIRST + attempt % _COUNT))
        except OSError:
            held.close()
            continue
        # Afterwards: bound so from the beginning, it would share a port that another test holds.
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        _held.append(held)
        return int(held.getsockname()[1])
    raise OSError("no free port on the loopback")
