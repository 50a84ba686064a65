"""A private network namespace, and what the kernel has to allow for it.

Read first: network_namespaces(7), user_namespaces(7). The process that calls `enter` leaves the network it is in, for
good: call it only in a process of its own. A namespace dies with its last process, so nothing of it can be left behind.
This module imports nothing that starts threads: a process with threads may not enter a user namespace.
"""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

from fwsim.errors import KernelError

CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000

TUN = "/dev/net/tun"

WAYS_OUT = (
    "run as root, or allow user namespaces (sysctl user.max_user_namespaces, "
    "kernel.apparmor_restrict_unprivileged_userns, kernel.unprivileged_userns_clone)"
)


def enter() -> None:
    """Move this process into a network namespace of its own: as it is if it may, else as root of a user namespace."""
    if sys.platform != "linux":
        raise KernelError(f"the kernel as a firewall needs Linux, not {sys.platform}")
    refused = unshare(CLONE_NEWNET)
    if not refused:
        return
    uid, gid = os.getuid(), os.getgid()
    refused = unshare(CLONE_NEWUSER | CLONE_NEWNET)
    if refused:
        raise KernelError(f"unshare(CLONE_NEWUSER | CLONE_NEWNET): {refused}; {WAYS_OUT}")
    be_root_inside(uid, gid)


def unshare(flags: int) -> str:
    """Try to leave what is shared with other processes, and give the words of the error, or none."""
    # os.unshare came with Python 3.12
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(flags) == 0:
        return ""
    return os.strerror(ctypes.get_errno())


def be_root_inside(uid: int, gid: int) -> None:
    """Map the user to root of the new user namespace (user_namespaces(7), "Defining user and group ID mappings")."""
    for name, text in (("setgroups", "deny"), ("uid_map", f"0 {uid} 1"), ("gid_map", f"0 {gid} 1")):
        try:
            Path("/proc/self", name).write_text(text)
        except OSError as error:
            raise KernelError(f"writing /proc/self/{name}: {error.strerror}; {WAYS_OUT}") from None


def write_sysctl(name: str, value: int | str) -> None:
    """Set a sysctl of the namespace, `/` between the parts of its name."""
    try:
        Path("/proc/sys", name).write_text(str(value))
    except OSError as error:
        raise KernelError(f"sysctl {name.replace('/', '.')}={value}: {error.strerror}") from None


def has_sysctl(name: str) -> bool:
    """Whether the kernel has this sysctl here."""
    return Path("/proc/sys", name).exists()


def read_sysctl(name: str) -> str:
    """The value of a sysctl."""
    try:
        return Path("/proc/sys", name).read_text().strip()
    except OSError as error:
        raise KernelError(f"sysctl {name.replace('/', '.')}: {error.strerror}") from None
