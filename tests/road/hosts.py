"""Several hosts on this machine: network namespaces on a bridge, whose cables can be pulled."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.road.running import ROOT


@dataclass(frozen=True, slots=True)
class Host:
    """A host of its own. ``address`` is where it is found by the others."""

    name: str
    address: str
    folder: Path
    _running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def run(self, command: str, environ: Mapping[str, str]) -> None:
        """Begin a command of Guichet's there."""
        words = ["ip", "netns", "exec", self.name, sys.executable, "-m", "gateway", command]
        with (self.folder / self.name).open("ab") as log:
            self._running.append(
                subprocess.Popen(
                    words, cwd=ROOT, env=environ, stdin=subprocess.DEVNULL, stdout=log, stderr=log
                )
            )

    @property
    def log(self) -> str:
        """All that was logged there."""
        return (self.folder / self.name).read_text(encoding="utf-8")

    @property
    def is_up(self) -> bool:
        """Whether nothing there ended by itself."""
        return all(process.poll() is None for process in self._running)

    @contextmanager
    def cut_off(self) -> Iterator[None]:
        """Its cable is pulled: nobody hears of it, and it hears of nobody."""
        _ip("link", "set", self.name, "down")
        try:
            yield
        finally:
            _ip("link", "set", self.name, "up")

    def end(self) -> None:
        """Kill all that runs there."""
        for process in self._running:
            process.kill()
            process.wait()


@dataclass(frozen=True, slots=True)
class Network:
    """A bridge of this machine, and the hosts on it. ``address`` is this machine's own."""

    address: str
    hosts: tuple[Host, ...]


@contextmanager
def network(folder: Path, hosts: int) -> Iterator[Network]:
    """So many hosts; nothing of them is left at the end.

    Their addresses are those for tests of networks (RFC 2544), and no other run's.
    """
    bridge, net = f"g{os.getpid()}", f"198.18.{os.getpid() % 250 + 1}"
    with ExitStack() as stack:
        _ip("link", "add", bridge, "type", "bridge")
        stack.callback(_ip, "link", "delete", bridge)
        _ip("address", "add", f"{net}.1/24", "dev", bridge)
        _ip("link", "set", bridge, "up")
        found = []
        for number in range(hosts):
            host = Host(f"{bridge}-{number}", f"{net}.{number + 2}", folder)
            # Its end of the cable goes with it, and so does ours.
            _ip("netns", "add", host.name)
            stack.callback(_ip, "netns", "delete", host.name)
            stack.callback(host.end)
            _ip("link", "add", host.name, "type", "veth", "peer", "eth0", "netns", host.name)
            _ip("link", "set", host.name, "master", bridge, "up")
            _ip("-n", host.name, "address", "add", f"{host.address}/24", "dev", "eth0")
            _ip("-n", host.name, "link", "set", "lo", "up")
            _ip("-n", host.name, "link", "set", "eth0", "up")
            found.append(host)
        yield Network(f"{net}.1", tuple(found))


def why_not() -> str:
    """Why this machine has no room for hosts; empty where it has."""
    if os.geteuid() != 0:
        return "only root may make network namespaces"
    probe = f"g{os.getpid()}-probe"
    try:
        _ip("netns", "add", probe)
        try:
            _ip("-n", probe, "link", "add", "eth0", "type", "veth", "peer", "eth1")
        finally:
            _ip("netns", "delete", probe)
    except FileNotFoundError:
        return "iproute2 is not installed"
    except subprocess.CalledProcessError as refused:
        return f"this machine makes no network namespaces: {refused.stderr.decode().strip()}"
    return ""


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)
