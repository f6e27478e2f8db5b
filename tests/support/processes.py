"""Processes of a service, and free ports."""

import socket
from collections import deque

import psutil


def children(pid: int) -> list[int]:
    """Return the processes that a process started and that still run."""
    return [child.pid for child in psutil.Process(pid).children()]


def computed(pid: int) -> float:
    """Return the CPU seconds that a process and those under it have used."""
    process = psutil.Process(pid)
    times = [each.cpu_times() for each in (process, *process.children(recursive=True))]
    return sum(each.user + each.system for each in times)


def resident(pid: int) -> int:
    """Return the bytes of memory that a process has."""
    return int(psutil.Process(pid).memory_info().rss)


def holder(connection: socket.socket, pids: list[int]) -> int | None:
    """Return the process at the other end of a connection over loopback; None when it is not accepted yet."""
    ends = connection.getpeername(), connection.getsockname()
    for pid in pids:
        if ends in [(each.laddr, each.raddr) for each in psutil.Process(pid).net_connections("tcp4")]:
            return pid
    return None


_KEPT: deque[socket.socket] = deque(maxlen=64)


def free_port() -> int:
    """Reserve a port that a server can listen on, and that no other process gets meanwhile."""
    kept = socket.socket()
    kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    kept.bind(("127.0.0.1", 0))  # without listening: who sets SO_REUSEADDR, as servers do, can bind to it as well
    _KEPT.append(kept)
    return int(kept.getsockname()[1])
