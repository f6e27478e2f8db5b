"""Process 1 of a container, which must forward signals and reap orphans."""

import os
import signal
import sys

_PASSED_ON = frozenset(
    {signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGTTIN, signal.SIGTTOU, signal.SIGUSR1}
    | {signal.SIGUSR2}
)
_WATCHED = _PASSED_ON | {signal.SIGCHLD}


def leave_process_1() -> None:
    """Continue in a child where this is process 1, which then waits for the child and ends with its exit code."""
    if os.getpid() != 1:
        return
    sys.stdout.flush()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _WATCHED)
    child = os.fork()
    if not child:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        return
    while True:
        info = signal.sigwaitinfo(_WATCHED)
        if info.si_signo == signal.SIGCHLD:
            _reap(child)
        elif info.si_code <= 0:  # from a process; a terminal signals the child itself
            os.kill(child, info.si_signo)


def _reap(child: int) -> None:
    """Reap all ended processes; end with the child."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == child:
            code = os.waitstatus_to_exitcode(status)
            os._exit(code if code >= 0 else 128 - code)
        if not pid:
            return
