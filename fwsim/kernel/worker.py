"""The process in the namespace: it enters one, builds the firewall there, and plays packets until its pipe closes.

Read first: `fwsim.kernel.process`, which starts it as `python -m fwsim.kernel.worker FD`. It ends when the other end of
its pipe is closed, however that came about, and the namespace with everything in it ends with it. Nothing heavy may be
imported before the namespace is entered (`fwsim.kernel.namespace`).
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection as Pipe
from typing import TYPE_CHECKING, Any

from fwsim.errors import FwsimError, KernelError
from fwsim.kernel import namespace
from fwsim.kernel.orders import Plan, Play, Played, Refused

if TYPE_CHECKING:
    from fwsim.kernel.injection import Injector

FIRST_SYSCTLS = "net/netfilter/nf_log/"
LOG_ALL = 255


class Worker:
    """A firewall in the namespace of this process."""

    def __init__(self, plan: Plan, pause: Callable[[float], None]) -> None:
        """Build it; `pause` waits so many seconds."""
        from fwsim.kernel.injection import Injector
        from fwsim.kernel.loading import load, load_all
        from fwsim.kernel.network import Network
        from fwsim.kernel.nflog import AT_ONCE, GATHERED, Listener
        from fwsim.kernel.observers import COPIED, GROUP, INVALID_GROUP
        from fwsim.kernel.watchers import Watchers

        network = Network(plan.devices)
        network.build(plan.routes)
        listener = Listener(COPIED if plan.translates else 0)
        listener.bind(GROUP, GATHERED)
        for text in plan.rules:
            load(text)
        self.watchers = Watchers(plan.watching) if plan.watching else None
        if plan.loads:
            load_all(plan.loads)
        for name, value in plan.sysctls:
            namespace.write_sysctl(name, value)
        if plan.log_invalid:
            listener.bind(INVALID_GROUP, AT_ONCE)
            let_conntrack_log()
        self.injector: Injector = Injector(network, listener, pause)

    def play(self, request: Play) -> Played:
        """Play packets; with their connections if asked for."""
        if not request.with_connections:
            return self.injector.play(request)
        from fwsim.kernel.connections import Table

        with Table() as table:

            def remember(number: int, played: Played) -> None:
                played.connections[number] = table.entries()

            return self.injector.play(request, remember)

    def connections(self) -> list[Any]:
        """The connection table as it is."""
        from fwsim.kernel.connections import Table

        with Table() as table:
            return table.entries()


def let_conntrack_log() -> None:
    """Have conntrack say why packets are invalid, where the kernel can."""
    for family in (2, 10):
        if namespace.has_sysctl(f"{FIRST_SYSCTLS}{family}"):
            namespace.write_sysctl(f"{FIRST_SYSCTLS}{family}", "nfnetlink_log")
    if namespace.has_sysctl("net/netfilter/nf_conntrack_log_invalid"):
        namespace.write_sysctl("net/netfilter/nf_conntrack_log_invalid", LOG_ALL)


def serve(pipe: Pipe) -> None:
    """Answer requests until the pipe closes."""
    worker: Worker | None = None

    def pause(seconds: float) -> None:
        """Wait, unless whoever asked has gone: nothing else comes by the pipe meanwhile."""
        if pipe.poll(seconds):
            raise EOFError

    while True:
        request = pipe.recv()
        try:
            if isinstance(request, Plan):
                worker = Worker(request, pause)
                answer: Any = None
            elif isinstance(request, Play) and worker is not None:
                answer = worker.play(request)
            else:
                assert worker is not None
                answer = worker.connections()
        except FwsimError as error:
            answer = Refused(str(error), isinstance(error, KernelError))
        except (OSError, ImportError) as error:
            answer = Refused(f"{type(error).__name__} in the network namespace: {error}", True)
        pipe.send(answer)


def main() -> None:
    """Enter a namespace, say so, and serve."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that asks
    pipe = Pipe(int(sys.argv[1]))
    try:
        namespace.enter()
        pipe.send(os.readlink("/proc/self/ns/net"))
        serve(pipe)
    except KernelError as error:
        pipe.send(Refused(str(error), True))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return  # whoever asked has gone


if __name__ == "__main__":
    main()
