"""Whatever ends a KernelFirewall, the host's network is as it was, and the namespace is gone."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fwsim.errors import KernelError
from fwsim.kernel import KernelFirewall
from fwsim.kernel.orders import Plan, Route
from fwsim.kernel.process import Process, surroundings
from fwsim.ruleset import Ruleset
from tests.kernel_stage import HOST, PEER, STAGE, Seen, Stage, needs_kernel, udp_packet

pytestmark = pytest.mark.kernel

WAITING = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # also where the tests run in the background
import sys, time
from fwsim.kernel import KernelFirewall
from fwsim.ruleset import Ruleset
with KernelFirewall(Ruleset.model_validate({"rules": [{"ct_state": "new", "verdict": "accept"}]})) as firewall:
    print(firewall.process.worker.pid, flush=True)
    time.sleep(60)
"""

PROBE = "from fwsim.kernel import probe; print(probe())"
NOBODY = 65534


def host() -> dict[str, object]:
    """What of the host's network could have been touched."""
    return {
        "namespace": os.readlink("/proc/self/ns/net"),
        "devices": Path("/proc/net/dev").read_text().count("\n"),
        "names": " ".join(sorted(os.listdir("/sys/class/net"))),
        "forwarding": Path("/proc/sys/net/ipv4/ip_forward").read_text(),
        "routes": Path("/proc/net/route").read_text(),
        "rules": subprocess.run(["nft", "list", "ruleset"], capture_output=True, text=True, check=False).stdout,
    }


def ended(pid: int) -> bool:
    """Whether a process is gone within five seconds (a zombie nobody waits for counts)."""
    for _ in range(100):
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except FileNotFoundError:
            return True
        time.sleep(0.05)
    return False


def test_the_host_is_untouched_within_and_behind() -> None:
    needs_kernel()
    before = host()
    ruleset = Ruleset.model_validate(STAGE)
    with KernelFirewall(ruleset) as firewall:
        assert firewall.process.namespace != before["namespace"]
        worker = firewall.process.worker.pid
        Stage(ruleset, firewall).play(Seen("lan", udp_packet(HOST[4], PEER[4], 1, 2)))
        assert host() == before
    assert ended(worker)
    assert host() == before


def test_what_the_kernel_refuses_by_netlink_is_named() -> None:
    """The worker ended before, and only its status was told."""
    needs_kernel()
    process = Process()
    try:
        with pytest.raises(KernelError, match=r"netlink, route to 10\.0\.0\.1/8: Invalid argument"):
            process.ask(Plan(("lan",), (Route("10.0.0.1/8", 0),), (), (), False))
    finally:
        process.close()
    assert process.worker.returncode == 0


def test_an_exception_inside_ends_the_namespace() -> None:
    needs_kernel()
    workers: list[int] = []

    def fail() -> None:
        with KernelFirewall(Ruleset.model_validate(STAGE)) as firewall:
            workers.append(firewall.process.worker.pid)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert ended(workers[0])


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_a_killed_process_leaves_no_namespace(number: signal.Signals) -> None:
    needs_kernel()
    before = host()
    with subprocess.Popen(
        [sys.executable, "-c", WAITING],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=surroundings(),
        text=True,
    ) as process:
        assert process.stdout is not None
        worker = int(process.stdout.readline())
        process.send_signal(number)
        process.wait(10)
    assert ended(worker)
    assert host() == before


def test_a_worker_that_dies_is_reported() -> None:
    needs_kernel()
    ruleset = Ruleset.model_validate(STAGE)
    with KernelFirewall(ruleset) as firewall:
        firewall.process.worker.kill()
        with pytest.raises(KernelError, match="has ended"):
            Stage(ruleset, firewall).play(Seen("lan", udp_packet(HOST[4], PEER[4], 1, 2)))


BECOMING_NOBODY = ["setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups"]


def readable() -> dict[str, str]:
    """The environment in which another interpreter of this version finds the same modules."""
    paths = [*surroundings()["PYTHONPATH"].split(os.pathsep), *(path for path in sys.path if "site-packages" in path)]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}


def run_as_nobody(python: str, code: str, *prefix: str) -> subprocess.CompletedProcess[str]:
    """Run some Python as an ordinary user; `prefix` is run before, as root."""
    command = [*prefix, *BECOMING_NOBODY, python, "-c", code]
    return subprocess.run(command, env=readable(), capture_output=True, text=True, check=False, cwd="/")


def ask_as_nobody(*prefix: str) -> str:
    """What the probe says to an ordinary user."""
    needs_kernel()
    usual = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for python in (sys.executable, shutil.which(usual) or sys.executable, f"/usr/bin/{usual}"):
        starts = "import subprocess, sys, fwsim.kernel.firewall; subprocess.run([sys.executable, '-V'], check=True)"
        if run_as_nobody(python, starts).returncode == 0:
            done = run_as_nobody(python, PROBE, *prefix)
            assert done.returncode == 0, done.stderr
            return done.stdout.strip()
    pytest.skip("no Python here that an ordinary user may run")


def with_tun(folder: Path, mode: int) -> list[str]:
    """A command before others: a TUN device of its own mode, in a mount namespace of its own."""
    device = folder / "tun"
    os.mknod(device, 0o20000 | mode, os.stat("/dev/net/tun").st_rdev)
    device.chmod(mode)
    return ["unshare", "--mount", "sh", "-c", f'mount --bind {device} /dev/net/tun && exec "$@"', "sh"]


needs_root = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("setpriv") is None, reason="only root can become an ordinary user (setpriv)"
)


@needs_root
def test_an_ordinary_user_needs_no_more_than_a_user_namespace(tmp_path: Path) -> None:
    if Path("/proc/sys/user/max_user_namespaces").read_text().strip() == "0":
        pytest.skip("user namespaces are off")
    assert ask_as_nobody(*with_tun(tmp_path, 0o666)) == ""


@needs_root
def test_a_forbidden_device_is_named(tmp_path: Path) -> None:
    assert ask_as_nobody(*with_tun(tmp_path, 0o600)).startswith("opening /dev/net/tun: Permission denied")


@needs_root
def test_a_forbidden_namespace_is_named() -> None:
    needs_kernel()
    limit = 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"'  # within a user namespace of its own
    command = ["unshare", "--user", "--map-root-user", "sh", "-c", limit, "sh"]
    command += ["setpriv", "--inh-caps=-all", "--bounding-set=-all", sys.executable, "-c", PROBE]
    done = subprocess.run(command, env=surroundings(), capture_output=True, text=True, check=True, cwd="/")
    assert done.stdout.startswith("unshare(CLONE_NEWUSER | CLONE_NEWNET): No space left on device")
