"""Where a test's server may listen."""

from __future__ import annotations

import itertools
import os
import socket

_FIRST, _COUNT = 11_000, 21_000
# Above the last port that browsers refuse (10080), and below the range from which the kernel takes
# the local ports of outgoing connections (32768 on Linux): a port found free there can be another
# test's connection when the server binds it, or while the server is down. Neighbouring processes
# begin far apart, and none is given twice.
_tries = itertools.count(os.getpid() * 1_009)


def free_port() -> int:
    """A loopback port that nobody listens on, and that no outgoing connection takes.

    Raises OSError where every port of the range is taken.
    """
    for attempt in itertools.islice(_tries, _COUNT):
        with socket.socket() as probe:
            # As servers bind: a port whose last connections still wait to end is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", _FIRST + attempt % _COUNT))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OSError("no free port on the loopback")
