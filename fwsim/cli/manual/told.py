"""What the manual pages say beyond what the commands say of themselves: statuses, environment, files, see also.

Read first: DESIGN section 5; the README, which says the same at more length.
"""

from __future__ import annotations

CAPTURE = (
    "A capture: pcap or pcapng, plain or compressed (gzip, zstd, lz4), whatever its name; - is standard input. "
    "Several are read one after the other."
)
RULESET = (
    "A ruleset: YAML or JSON of fwsim, nft text or JSON, iptables-save, ip6tables-save, or a script of iptables lines; "
    "- is standard input. Which it is shows in its content."
)
ARGUMENTS = {
    "CAPTURE...": CAPTURE,
    "RULESET...": RULESET,
    "OLD": RULESET,
    "NEW": "A ruleset, in any of these formats.",
    "RULESET|CAPTURE": f"{RULESET} With --anonymize, a capture too.",
    "FILE...": "Files of expectations (NAME.fwsim.yaml), or folders with such files in them.",
    "[NAME[:STYLE]...]": "Attacks by name, as fwsim attack lists them, in a style if they have several.",
    "[COMMAND]": "The command whose page is meant; without it fwsim itself, or with -o all of them.",
}
"""The arguments by what they are called; those that are a choice tell by themselves what they can be."""

STATUSES = {
    "0": "Done, however much the modes differ.",
    "1": "A check failed: an expectation of test, a difference that diff, parity or compare --against found, a finding "
    "that is as bad as check --fail-on says.",
    "2": "The request was wrong, or a capture is damaged; a line on standard error for each mistake.",
    "3": "Something could not be evaluated: a verdict hangs on what is not simulated or was cut off, or the kernel "
    "cannot be used.",
    "130": "Interrupted by Ctrl-C; what was done until then is told.",
    "143": "Ended by SIGTERM.",
}
ENVIRONMENT = {
    "FWSIM_CACHE_DIR": "The folder in which fwsim makes its cache, instead of that in XDG_CACHE_HOME.",
    "XDG_CACHE_HOME": "The folder of all caches, ~/.cache if it is not set.",
    "NO_COLOR": "If it is set to anything, no colour is used. So it is where TERM is dumb, and where output is no "
    "terminal.",
    "NUMBA_DISABLE_JIT": "If it is 1, the engine runs uncompiled: slower, with the same decisions.",
}
DATED = {"SOURCE_DATE_EPOCH": "The date of the pages, in seconds since 1970; today if it is not set."}
"""What is said of the environment on the page about pages."""
FILES = {
    "~/.cache/fwsim": "The compiled engine, made when a run is long enough for that to pay. It may be removed at any "
    "time.",
}
MODES = (
    "Captured packets go through a ruleset twice: stateful, as Linux netfilter tracks connections, and stateless, as a "
    "careful engineer's reflexive access list would decide. Neither root nor a device is needed, and nothing is sent."
)
ELSEWHERE = ("nft(8)", "iptables-save(8)", "conntrack(8)", "tcpdump(8)", "wireshark(1)")
"""Pages of other programs whose words are used."""
