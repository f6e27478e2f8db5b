"""A private machine: names of its own in /etc/hosts, a loopback of its own on which port 443 is free, and no network.

It is a mount and a network namespace that a waiting process holds open, so all of it vanishes with that process. What
the user's own /etc/hosts says is neither read nor changed. Run as a program, this file is that process.
"""

import fcntl
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Self

TOOLS = ("unshare", "nsenter", "mount")
_NETWORK_AND_FILES = ["--mount", "--net"]
_AS_ROOT_OF_ITS_OWN = ["--user", "--map-root-user"]


class NamespaceError(Exception):
    """The error where this machine allows no namespace. The message has the cause and the remedy."""


class Namespace:
    """A machine on which `names` (host name to address) are known. Use it as a context manager.

    Raises `NamespaceError` on entering where the machine cannot be made.
    """

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names

    @property
    def enter(self) -> list[str]:
        """The command prefix that runs inside, with the environment and the working directory of its caller."""
        user = ["--user", "--preserve-credentials"] if self._as_root_of_its_own else []
        return ["nsenter", f"--target={self._holder.pid}", *_NETWORK_AND_FILES, *user, "--wd", "--"]

    def __enter__(self) -> Self:
        if absent := [tool for tool in TOOLS if not shutil.which(tool)]:
            names = ", ".join(absent)
            raise NamespaceError(f"{names} not found: on Linux, install util-linux, e.g. apt-get install util-linux")
        self._folder = tempfile.TemporaryDirectory(prefix="chat-bindings-namespace-")
        self._write_files(Path(self._folder.name))
        try:
            self._start()
        except NamespaceError:
            self._folder.cleanup()
            raise
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._holder.communicate(timeout=60)  # the end of its input is the end of it
        self._folder.cleanup()

    def _write_files(self, folder: Path) -> None:
        lines = [f"{address} {name}\n" for name, address in {"localhost": "127.0.0.1", **self._names}.items()]
        (folder / "hosts").write_text("".join(lines))
        if Path("/etc/nsswitch.conf").exists():  # it may ask a resolver outside, through a socket that is a file
            (folder / "nsswitch.conf").write_text("passwd: files\ngroup: files\nhosts: files\n")

    def _start(self) -> None:
        reasons = []
        for self._as_root_of_its_own in (False, True) if os.geteuid() == 0 else (True,):
            user = _AS_ROOT_OF_ITS_OWN if self._as_root_of_its_own else []
            hold = [sys.executable, "-I", __file__, self._folder.name]
            self._holder = subprocess.Popen(
                ["unshare", *_NETWORK_AND_FILES, *user, "--propagation", "private", "--", *hold],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            assert self._holder.stdout is not None
            if self._holder.stdout.readline() == "ready\n":
                return
            reasons.append(self._holder.communicate()[1].strip().splitlines()[-1:])
        said = "; ".join(line for lines in reasons for line in lines)
        raise NamespaceError(
            f"no namespace can be made ({said}): run as root, or allow it with "
            "`sysctl -w user.max_user_namespaces=10000 kernel.apparmor_restrict_unprivileged_userns=0`"
        )


def _bring_loopback_up() -> None:
    """Do as `ip link set lo up` does, without iproute2."""
    get_flags, set_flags, up = 0x8913, 0x8914, 0x1
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("16sh14x", b"lo", 0)
        flags = struct.unpack("16sh14x", fcntl.ioctl(any_socket, get_flags, request))[1]
        fcntl.ioctl(any_socket, set_flags, struct.pack("16sh14x", b"lo", flags | up))


def _hold(folder: Path) -> None:
    """Set up the namespace that this process was started in, and keep it until the input ends."""
    _bring_loopback_up()
    for file in sorted(folder.iterdir()):
        subprocess.run(["mount", "--bind", file, Path("/etc", file.name)], check=True)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    _hold(Path(sys.argv[1]))
