"""Processes that must not outlive the one that started them."""

import ctypes
import os
import signal

PR_SET_PDEATHSIG = 1
# Loaded here and not where it is used: between fork and exec, as little as possible may happen.
_LIBC = ctypes.CDLL(None, use_errno=True)


def die_with_parent(by: signal.Signals = signal.SIGKILL, *, parent: int | None = None) -> None:
    """Have the kernel send this process a signal when the one that started it ends, however it ends.

    `parent` is the process id of the one that is expected; when it has ended already, the signal is sent at
    once. The wish survives an exec, not a change of user. On systems other than Linux this does nothing.
    """
    if not hasattr(_LIBC, "prctl"):
        return
    if _LIBC.prctl(PR_SET_PDEATHSIG, by, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")
    if parent is not None and os.getppid() != parent:
        os.kill(os.getpid(), by)
