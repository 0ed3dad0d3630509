"""The four conditions, each entered by a process of its own."""

import json
import os
import sys
import tempfile
from pathlib import Path

import pytest

from plaudit.errors import ConfigError
from plaudit.sandbox import conditions

DOCKER = 0xA80425FB  # CapEff of `docker run` without options
PROBE = """
import ctypes, errno, json, os, sys, tempfile
from plaudit.sandbox.inside import syscalls
libc = ctypes.CDLL(None, use_errno=True)
def issue(name, *args):
    ctypes.set_errno(0)
    number = syscalls.TABLES[syscalls.machine()][name]
    done = libc.syscall(number, *map(ctypes.c_long, args))
    return errno.errorcode[ctypes.get_errno()] if done < 0 else "ok"
def held(act):
    try:
        act()
    except OSError as error:
        return errno.errorcode[error.errno]
    return "ok"
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
with tempfile.TemporaryDirectory() as work:
    open(os.path.join(work, "x"), "w").close()
def chrooted():
    pid = os.fork()
    if pid == 0:
        os._exit(held(lambda: os.chroot("/")) != "ok")
    return os.waitpid(pid, 0)[1] == 0
may_chroot = chrooted()  # before a new user namespace gives every capability in it
print(json.dumps({
    "ids": [os.getresuid(), os.getresgid(), os.getgroups()],
    "effective": int(status["CapEff"], 16), "bounding": int(status["CapBnd"], 16),
    "ambient": int(status["CapAmb"], 16), "permitted": int(status["CapPrm"], 16),
    "unshare": issue("unshare", 0x10000000), "clone3": issue("clone3", 0, 0),
    "keyctl": issue("keyctl", -1), "mount": issue("mount", 0, 0, 0, 0, 0),
    "landlock": issue("landlock_create_ruleset", 0, 0, 1), "chroot": may_chroot,
    "no_new_privs": status["NoNewPrivs"].strip(), "home": os.environ["HOME"],
    "tmp": tempfile.gettempdir(), "executable": sys.executable, "prefix": sys.prefix,
    "shadow": held(lambda: os.close(os.open("/etc/shadow", os.O_RDONLY))),
    "proc": held(lambda: os.listdir("/proc/self/fd")),
}))
"""


def probed(condition):
    if condition not in conditions.available():
        pytest.skip("only root can enter it")
    done = conditions.run_under(condition, [sys.executable, "-c", PROBE], capture=True)
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout)


def test_an_unknown_condition_names_those_there_are():
    with pytest.raises(ConfigError, match=r"'moon': here there are"):
        conditions.run_under("moon", ["/bin/true"])
    with pytest.raises(ConfigError, match="'moon'"):
        conditions.enter("moon")


def test_root_can_enter_all_and_others_only_their_own():
    found = conditions.available()
    if os.getuid() == 0:
        assert found in (conditions.CONDITIONS, ("root", "user"), ("root",))
    else:
        assert found == ("user",)


@pytest.mark.parametrize("condition", ["user", "container-user"])
def test_a_user_is_nobody_special_and_python_runs(condition):
    seen = probed(condition)
    if os.getuid() == 0:
        assert seen["ids"] == [[12345] * 3, [12345] * 3, []]
    assert seen["effective"] == seen["permitted"] == seen["ambient"] == 0
    assert seen["shadow"] == "EACCES"
    assert seen["proc"] == "ok"
    assert seen["chroot"] is False
    assert seen["executable"] == sys.executable
    assert seen["prefix"] == sys.prefix


@pytest.mark.parametrize("condition", ["root", "container-root"])
def test_root_stays_root(condition):
    seen = probed(condition)
    assert seen["ids"][:2] == [[0] * 3, [0] * 3]
    assert seen["shadow"] == "ok"


@pytest.mark.parametrize("condition", ["container-root", "container-user"])
def test_a_container_has_docker_s_capabilities_and_filter(condition):
    seen = probed(condition)
    assert seen["bounding"] == DOCKER
    assert seen["effective"] == (DOCKER if condition == "container-root" else 0)
    assert seen["chroot"] == (condition == "container-root")
    refused = {"unshare": "EPERM", "clone3": "ENOSYS", "keyctl": "EPERM", "mount": "EPERM"}
    assert {name: seen[name] for name in refused} == refused
    assert seen["no_new_privs"] == "0"


@pytest.mark.parametrize("condition", ["root", "user"])
def test_without_a_container_nothing_is_filtered(condition):
    if "container-root" not in conditions.available():
        pytest.skip("this process may be in a container itself")
    seen = probed(condition)
    assert seen["clone3"] == "EINVAL"
    assert seen["bounding"] != DOCKER


def test_landlock_is_where_it_was_before():
    reached = {name: probed(name)["landlock"] for name in conditions.available()}
    assert len(set(reached.values())) == 1


@pytest.mark.parametrize("condition", conditions.CONDITIONS)
def test_home_and_tmp_are_fresh_writable_and_gone_afterwards(condition):
    seen = probed(condition)
    assert seen["tmp"] == seen["home"] != os.environ.get("HOME")
    assert not Path(seen["home"]).exists()
    assert not list(Path(tempfile.gettempdir()).glob("plaudit-aside-*"))


@pytest.mark.parametrize("condition", conditions.CONDITIONS)
def test_the_command_s_exit_code_comes_back(condition):
    if condition not in conditions.available():
        pytest.skip("only root can enter it")
    assert conditions.run_under(condition, ["/bin/sh", "-c", "exit 5"]).returncode == 5


@pytest.mark.skipif("container-root" not in conditions.available(), reason="only root can mount")
@pytest.mark.parametrize("num_places", [1, 2])
def test_a_closed_directory_shows_only_what_is_needed(tmp_path, num_places):
    closed = tmp_path / "closed"
    places = [closed / "deep" / str(n) for n in range(num_places)]
    for place in places:
        place.mkdir(parents=True)
        (place / "file").write_text("here")
    (closed / "secret").write_text("no")
    closed.chmod(0o700)
    code = (
        "import os, sys; from pathlib import Path; from plaudit.sandbox import conditions as c\n"
        "os.umask(0o077); top, *places = map(Path, sys.argv[1:])\n"
        "c._needed = lambda: places\n"
        "assert c._closed(places[0]) == top, c._closed(places[0]); c._open_the_way()\n"
        "os.setresuid(12345, 12345, 12345)\n"
        "assert [p.name for p in top.iterdir()] == ['deep']\n"
        "assert all((p / 'file').read_text() == 'here' for p in places)\n"
    )
    for path in (tmp_path, *tmp_path.parents):
        if not path.stat().st_mode & 0o001:
            path.chmod(path.stat().st_mode | 0o011)
    arguments = [sys.executable, "-c", code, str(closed), *map(str, places)]
    done = conditions.run_under("root", arguments, capture=True)
    assert done.returncode == 0, done.stderr.decode()
    assert (closed / "secret").read_text() == "no"
