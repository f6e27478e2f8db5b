"""Processes of a service, from /proc (Linux), and free ports."""

import os
import re
import socket
from collections import deque
from pathlib import Path


def children(pid: int) -> list[int]:
    """Give the processes that a process started and that still run."""
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        found += [int(child) for child in (task / "children").read_text().split()]
    return found


def computed(pid: int) -> float:
    """Give the CPU seconds that a process and those under it have used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    own = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return own + sum(map(computed, children(pid)))


def resident(pid: int) -> int:
    """Give the bytes of memory that a process has."""
    return int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())[1]) * 1024


def holder(connection: socket.socket, pids: list[int]) -> int | None:
    """Give the process at the other end of a connection over loopback; None when it is not accepted yet."""
    port, peer = connection.getsockname()[1], connection.getpeername()[1]
    pattern = re.compile(rf":{peer:04X} [0-9A-F]+:{port:04X} 01 (?:\S+ +){{5}}(\d+) ")
    match = pattern.search(Path("/proc/net/tcp").read_text())
    inode = f"socket:[{match[1]}]" if match else None
    for pid in pids:
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            try:
                if str(descriptor.readlink()) == inode:
                    return pid
            except FileNotFoundError:  # closed meanwhile
                continue
    return None


_KEPT: deque[socket.socket] = deque(maxlen=64)


def free_port() -> int:
    """Give a port that a server can listen on, and that no other process is given meanwhile."""
    kept = socket.socket()
    kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    kept.bind(("127.0.0.1", 0))  # without listening: who sets SO_REUSEADDR, as servers do, can bind to it as well
    _KEPT.append(kept)
    return int(kept.getsockname()[1])
