"""What a slot enforces, in words, and what to do about what is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["LAYERS", "check_minimum", "enforced"]

LAYERS: Mapping[str, str] = {
    "files": "reads and writes nothing but the interpreter, the allowed packages and its directory",
    "seccomp": "a filter on system calls",
    "landlock": "the kernel's file, network and signal wall",
    "namespaces": "its own users, processes, network, mounts and IPC",
    "processes": "starts no other process",
    "exec": "starts no other program",
    "network": "opens no socket",
    "signals": "sends no signal to another process",
    "limits": "cannot raise its limits",
    "capabilities": "holds no privilege of root",
    "proc": "sees no other process",
    "private_uid": "runs as a user of its own",
    "cgroup": "the whole slot's memory and number of processes are bounded by the kernel",
}
_FIXES: Mapping[str, str] = {
    "files": "a kernel with Landlock (5.13 or later, enabled at boot), or user namespaces",
    "landlock": "a kernel with Landlock (5.13 or later, `lsm=landlock,...` at boot)",
    "seccomp": "a kernel with CONFIG_SECCOMP_FILTER, on x86-64 or aarch64",
    "namespaces": "user namespaces: sysctl kernel.unprivileged_userns_clone=1, or a container"
    " profile that allows unshare",
    "network": "seccomp, or network namespaces",
    "processes": "seccomp",
    "cgroup": "a delegated cgroup v2 with the memory and pids controllers",
}


def enforced(report: Mapping[str, Any]) -> frozenset[str]:
    """The layers of `LAYERS` that are active: those that were set up, those whose effect was seen.

    >>> sorted(enforced({"refused": ["files", "writes"], "landlock": 7, "missing": {}}))
    ['files', 'landlock', 'seccomp']
    """
    layers = {name for name in report["refused"] if name in LAYERS}
    if not {"files", "writes"} <= set(report["refused"]):
        layers.discard("files")
    layers |= {
        name for name in ("landlock", "namespaces", "private_uid", "cgroup") if report.get(name)
    }
    if "seccomp" not in report["missing"]:
        layers.add("seccomp")
    return frozenset(layers)


def check_minimum(minimum: Sequence[str], report: Mapping[str, Any]) -> str:
    """What is wrong, why, and the way out; empty where all that is required holds."""
    lacking = [name for name in minimum if name not in report["enforced"]]
    if not lacking:
        return ""
    name = lacking[0]
    reason = report["missing"].get(name) or "; ".join(
        f"{layer}: {why}" for layer, why in report["missing"].items()
    )
    fix = _FIXES.get(name, "")
    hint = "" if name in LAYERS else f" (known: {', '.join(LAYERS)})"
    reason = reason or "it was tried and had no effect"
    return (
        f"the sandbox cannot enforce {name!r} here{hint}: {reason}."
        + (f" It needs {fix}." if fix else "")
        + " Or use a remote sandbox (plaudit.sandbox.remote), or lower"
        + f" minimum={tuple(minimum)!r}"
    )
