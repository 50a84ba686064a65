"""`convert --anonymize`: a capture, or a ruleset, that can be shown around, with the decisions of the original.

Read first: `fwsim.anonymize`. Both must be mapped by the same key, and with the same networks in mind: those of the
ruleset.
"""

from __future__ import annotations

import os
import secrets
from ipaddress import ip_network
from pathlib import Path

from fwsim.anonymize.captures import Anonymizer
from fwsim.anonymize.mapping import KEY_LEAST, Mapping
from fwsim.anonymize.rulesets import (
    anonymous_netfilter,
    anonymous_ruleset,
    anonymous_surroundings,
    networks_of,
)  # fmt: skip
from fwsim.anonymize.unreadable import rules_that_read_zeros
from fwsim.anonymize.wording import anonymous_network
from fwsim.capture import CaptureWriter, Input, open_captures
from fwsim.capture.captures import check
from fwsim.checkpoint.identity import is_regular
from fwsim.cli.describing import host_of
from fwsim.cli.describing import networks_of as networks_by_options
from fwsim.cli.loading import load
from fwsim.cli.options import InputOptions
from fwsim.cli.streams import warn
from fwsim.errors import CaptureError, UsageError
from fwsim.report.figures import counted
from fwsim.ruleset import Ruleset
from fwsim.ruleset.host import Host
from fwsim.topology.address_plan import IPNetwork

KEY_BYTES = 32
KEY_MOST = 1 << 16
TOLD = 10
"""Rules that are told of one by one."""
WRITTEN_AS = {"nft": "nft", "nft-json": "nft", "iptables": "iptables"}
"""What a ruleset is written as by default, by what it was read from; else YAML."""


class Anonymizing:
    """What the options ask for."""

    def __init__(self, source: str, inputs: InputOptions, *, key: str | None, asked: bool) -> None:
        """Refuse what does not go together."""
        if not asked:
            raise UsageError(f"{'--key' if key is not None else '-r'} needs --anonymize")
        self.source = source
        self.inputs = inputs
        self.is_capture = is_capture(source)
        if inputs.rules is not None and not self.is_capture:
            raise UsageError("-r is for captures: expected none, since a ruleset names its networks itself")
        self.secret = secret_of(key)
        self._read: str | None = None

    def format(self, source: str) -> str:
        """What to write a ruleset as if nobody has said so: what it is."""
        if source == "-":
            return "yaml"
        return WRITTEN_AS.get(load(self.inputs, source).netfilter.format, "yaml")

    def capture(self, output: str, *, plain: bool) -> int:
        """Write the capture; `plain` if no option was given that is for rulesets."""
        if not plain:
            raise UsageError("a capture stays one (pcapng): expected none of --to, --format, --family, --device")
        host = host_of(self.inputs)
        networks = networks_known(self.inputs, host)
        if self.inputs.rules is not None:
            ruleset = load(self.inputs, self.inputs.rules, host)
            _tell_zeros(ruleset)
            networks += networks_of(ruleset)
        captures = open_captures([Input(self.source)], digest=False)
        anonymizer = Anonymizer(captures, Mapping(self.secret, networks))
        with CaptureWriter(output, captures) as writer:
            for chunk in anonymizer:
                writer.write(chunk, range(len(chunk)))
        warn(self._notes(anonymizer), "note")
        for file in captures.files:
            warn(f"{file.path}: {warning}" for warning in file.warnings)
        return 0 if captures.complete else 2

    def _notes(self, anonymizer: Anonymizer) -> list[str]:
        """What the decisions, or the secrecy, may suffer from."""
        found = []
        if self.inputs.rules is None and not self.inputs.interfaces and not self.inputs.topology:
            found.append("without -r (or --interface), broadcast addresses of networks are mapped like any other")
        if anonymizer.carried.ftp_lines:
            lines = counted(anonymizer.carried.ftp_lines, "segment")
            found.append(f"{lines} of FTP control connections lost their lines: no data connection follows from them")
        if anonymizer.carried.lost:
            lost = counted(anonymizer.carried.lost, "fragment")
            found.append(f"{lost} of ICMP or SCTP: what such a datagram quotes, or its checksum, does not survive")
        if anonymizer.fragments:
            found.append(f"of {counted(anonymizer.fragments, 'fragment')}, sums of 16 bits of the payload remain")
        return found

    def ruleset(self, ruleset: Ruleset, host: Host) -> Ruleset:
        """The ruleset, mapped."""
        mapping = Mapping(self.secret, [*networks_known(self.inputs, host), *networks_of(ruleset)])
        self._tell_options(mapping)
        _tell_zeros(ruleset)
        if ruleset.netfilter.format != "yaml":
            return anonymous_ruleset(ruleset, mapping)
        from fwsim.exporting.yaml_ruleset import ruleset_of

        return ruleset_of(anonymous_netfilter(ruleset.netfilter, mapping), anonymous_surroundings(ruleset, mapping))

    def _tell_options(self, mapping: Mapping) -> None:
        """The options for the mapped ruleset, for formats that have no place for them."""
        options = []
        for name, networks in self.inputs.interfaces.items():
            mapped = ",".join(anonymous_network(network, mapping) for network in networks.split(","))
            options.append(f"--interface {name}={mapped}")
        options += [f"--local {anonymous_network(address, mapping)}" for address in self.inputs.local]
        if options:
            warn([f"the options, mapped: {' '.join(options)}"], "note")


def _tell_zeros(ruleset: Ruleset) -> None:
    """Name the rules that may decide otherwise over a mapped capture."""
    found = list(rules_that_read_zeros(ruleset.netfilter))
    warn(
        (f"{path}:{line}: {what} is read, which a mapped capture has as zeros" for path, line, what in found[:TOLD]),
        "note",
    )
    if len(found) > TOLD:
        warn([f"{counted(len(found) - TOLD, 'rule')} more read such"], "note")


def networks_known(inputs: InputOptions, host: Host) -> list[IPNetwork]:
    """The networks that the options name."""
    texts = [text.strip() for texts in networks_by_options(inputs, host).values() for text in texts]
    return [ip_network(text, strict=False) for text in texts if text != "any"]


def is_capture(path: str) -> bool:
    """Whether a file is a capture, by its content; standard input is taken for a ruleset."""
    if not is_regular(path):
        return False
    try:
        check(Input(path))
    except CaptureError:
        return False
    return True


def secret_of(path: str | None) -> bytes:
    """The key in a file, which is made if it is not there; without a file, one that nobody will know again."""
    if path is None:
        warn(["without --key, the key is drawn at random and forgotten: nothing else can be mapped likewise"], "note")
        return secrets.token_bytes(KEY_BYTES)
    if path == "-":
        raise UsageError("--key: a key is used again, expected a file and not standard input (-)")
    if not os.path.exists(path):
        return made(path)
    try:
        with open(path, "rb") as file:
            content = file.read(KEY_MOST)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror or error}") from None
    if len(content) < KEY_LEAST:
        raise UsageError(f"{path}: is no key: expected {KEY_LEAST} bytes or more, better {KEY_BYTES} at random")
    return content


def made(path: str) -> bytes:
    """A new key, in a file that only its owner may read."""
    content = secrets.token_bytes(KEY_BYTES)
    try:
        Path(path).touch(mode=0o600, exist_ok=False)
        Path(path).write_bytes(content)
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror or error}") from None
    warn([f"{path}: a new key was made; whoever has it can map addresses back"], "note")
    return content
