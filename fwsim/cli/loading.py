"""From options to a ruleset, without what runs it.

Read first: `fwsim.cli.options`, `fwsim.cli.describing`.
"""

from __future__ import annotations

import io

from fwsim.cli.describing import host_of, networks_of
from fwsim.cli.options import InputOptions
from fwsim.cli.sysctl import conntrack_settings
from fwsim.ruleset import Ruleset, load_ruleset
from fwsim.ruleset.host import Host


def load(inputs: InputOptions, source: str | io.StringIO, host: Host | None = None) -> Ruleset:
    """A ruleset with the settings and interfaces of the options; `host` is what they say of the machine, if read."""
    host = host_of(inputs) if host is None else host
    overrides = conntrack_settings(host.sysctls) | inputs.settings
    return load_ruleset(source, overrides=overrides, interfaces=networks_of(inputs, host), local=inputs.local)
