"""Which files a program may read: the interpreter, the standard library, the allowed packages."""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Callable, Iterable, Iterator

__all__ = ["DEVICES", "SYSTEM", "TOOLCHAIN", "hidden", "readable", "roots"]

DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
SYSTEM = (
    "/lib64",
    "/usr/lib64",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/usr/share/zoneinfo",
)
TOOLCHAIN = ("/bin", "/usr/bin", "/usr/include", "/usr/libexec", "/usr/share", "/etc/alternatives")
_SITE = ("site-packages", "dist-packages")


def readable(packages: Iterable[str] | None) -> list[str]:
    """Paths that a Python program needs: the standard library and the named packages.

    `packages` are import names, "numpy" for instance; None is everything that is installed. Other
    installed packages are not readable: some hold the answers of public benchmarks.
    """
    locations = [path for path in (*SYSTEM, *_standard_library()) if os.path.exists(path)]
    if packages is None:
        return [*locations, *_site_directories()]
    names = tuple(packages)
    package_paths = [path for site in _site_directories() for path in _of_packages(site, names)]
    return [*locations, *package_paths]


def roots() -> list[str]:
    """The few directories in which all that is readable lies, for a root of its own."""
    prefixes = {sys.base_prefix, sys.base_exec_prefix, sys.prefix}
    folders = [os.path.join(prefix, "lib") for prefix in sorted(prefixes)]
    folders += ["/lib", "/usr/lib", "/usr/local/lib", *SYSTEM]
    return [path for path in dict.fromkeys(folders) if os.path.exists(path)]


def _standard_library() -> Iterator[str]:
    """The entries of the library's folder one by one, since packages are installed inside it."""
    yield from (path for path in sys.path if path.endswith(".zip"))
    base = {"base": sys.base_prefix, "platbase": sys.base_exec_prefix}
    folders = {sysconfig.get_path(name, vars=base) for name in ("stdlib", "platstdlib")}
    for folder in folders:
        yield from _entries(folder, lambda entry: entry not in _SITE)
    yield from _entries(sysconfig.get_config_var("LIBDIR"), lambda entry: ".so" in entry)
    for folder in ("/usr/lib", "/usr/local/lib"):
        yield from _entries(folder, lambda entry: not entry.startswith("python"))
    yield os.path.join(sys.prefix, "pyvenv.cfg")


def _entries(folder: str | None, keep: Callable[[str], bool]) -> list[str]:
    if not folder or not os.path.isdir(folder):
        return []
    return [os.path.join(folder, entry) for entry in os.listdir(folder) if keep(entry)]


def hidden(packages: Iterable[str] | None) -> list[str]:
    """Import names of what is installed and not among the packages."""
    if packages is None:
        return []
    entries = (entry for site in _site_directories() for entry in os.listdir(site))
    names = {entry.partition(".")[0] for entry in entries if not entry.startswith("_")}
    return sorted(names - set(packages))


def _site_directories() -> list[str]:
    """Where modules beside the standard library lie, those of editable installs included."""
    own = {os.path.realpath(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib")}
    own |= {os.path.join(folder, "lib-dynload") for folder in own}
    return [path for path in sys.path if os.path.isdir(path) and os.path.realpath(path) not in own]


def _of_packages(site: str, names: tuple[str, ...]) -> Iterator[str]:
    """A package's folder or module, the libraries that its wheel brings, its metadata."""
    for entry in os.listdir(site):
        stem = entry.partition(".")[0].partition("-")[0].lower()
        if stem in {name.lower() for name in names}:
            yield os.path.join(site, entry)
