"""cgroup v2 on directories that look like one; the kernel's own is seldom writable in CI."""

import os

import pytest

from plaudit.sandbox.inside import cgroup


@pytest.fixture
def tree(tmp_path):
    (tmp_path / "user").mkdir()
    for name, text in (("cgroup.controllers", "cpu memory pids"), ("cgroup.subtree_control", "")):
        (tmp_path / "user" / name).write_text(text)
    (tmp_path / "user" / "cgroup.procs").write_text("")
    mounts = tmp_path / "mounts"
    mounts.write_text(f"proc /proc proc rw 0 0\ncgroup2 {tmp_path} cgroup2 rw 0 0\n")
    own = tmp_path / "own"
    own.write_text("9:name=systemd:/\n0::/user\n")
    return {"mounts": str(mounts), "own": str(own)}


def test_limits_are_written_before_the_process_moves(tree, tmp_path):
    group = cgroup.enter(256, **tree)
    folder = tmp_path / "user" / f"plaudit-{os.getpid()}"
    assert group.limits == ("pids", "memory")
    assert group.path == str(folder)
    assert (folder / "memory.max").read_text() == str(256 << 20)
    assert (folder / "pids.max").read_text() == "512"
    assert (folder / "cgroup.procs").read_text() == str(os.getpid())
    assert (tmp_path / "user" / "cgroup.subtree_control").read_text() == "+memory +pids"


def test_leaving_moves_back(tree, tmp_path):
    group = cgroup.enter(None, **tree)
    assert group.limits == ("pids",)
    group.leave()
    assert (tmp_path / "user" / "cgroup.procs").read_text() == str(os.getpid())


def test_no_controllers(tree, tmp_path):
    (tmp_path / "user" / "cgroup.controllers").write_text("")
    group = cgroup.enter(256, **tree)
    assert (group.limits, group.missing) == ((), "the cgroup offers neither memory nor pids")
    group.leave()


def test_no_unified_hierarchy(tree, tmp_path):
    (tmp_path / "mounts").write_text("proc /proc proc rw 0 0\n")
    assert cgroup.enter(256, **tree).missing == "no cgroup v2 is mounted"


def test_not_delegated(tree, tmp_path):
    (tmp_path / "user" / "cgroup.subtree_control").unlink()
    (tmp_path / "user" / "cgroup.subtree_control").mkdir()
    assert cgroup.enter(256, **tree).missing.startswith("not writable")
