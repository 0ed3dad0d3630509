"""The filters: over the whole tables by interpretation, and call by call in the kernel."""

import errno
import json
import os
import re
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from plaudit.sandbox.inside import bpf, seccomp, syscalls
from plaudit.sandbox.inside.seccomp import ALLOW, KILL, REFUSE, UNKNOWN

SRC = Path(seccomp.__file__).parents[3]
MACHINES = sorted(syscalls.TABLES)
HERE = syscalls.machine()
on_linux = pytest.mark.skipif(HERE not in MACHINES, reason="no table for this machine")


def names(text):
    return text.split()


WORKS = names(
    """
read write close openat newfstatat statx lseek getdents64 mkdirat unlinkat renameat2 symlinkat
fchmodat ftruncate mmap munmap mprotect brk mremap madvise futex set_robust_list rseq exit
exit_group getrandom rt_sigaction rt_sigprocmask rt_sigreturn sigaltstack clock_gettime
clock_nanosleep nanosleep timer_create timer_settime setitimer epoll_create1 epoll_ctl epoll_pwait
eventfd2 pipe2 ppoll pselect6 dup3 fsync getcwd chdir sched_getaffinity sched_yield getpid gettid
getuid prlimit64 prctl wait4 waitid kill tgkill memfd_create pidfd_open pidfd_send_signal seccomp
uname sysinfo getrusage sendmsg recvmsg clone membarrier close_range statfs
"""
)
REFUSED = names(
    """
ptrace process_vm_readv process_vm_writev pidfd_getfd kcmp keyctl add_key request_key bpf
perf_event_open userfaultfd io_uring_setup io_uring_enter io_uring_register shmget shmat shmctl
shmdt msgget msgsnd msgrcv msgctl semget semop semctl semtimedop mq_open mq_unlink mq_notify setns
unshare sched_setaffinity sched_setscheduler sched_setattr sched_setparam setpriority ioprio_set
personality process_madvise process_mrelease move_pages mbind migrate_pages set_mempolicy
name_to_handle_at open_by_handle_at fanotify_init fanotify_mark acct quotactl quotactl_fd reboot
memfd_secret setuid setgid setreuid setregid setresuid setresgid setfsuid setfsgid setgroups capset
socket connect bind listen accept accept4 mount umount2 pivot_root chroot fsopen fsconfig fsmount
fspick move_mount open_tree mount_setattr mknodat linkat fchown fchownat swapon swapoff kexec_load
init_module finit_module delete_module settimeofday clock_settime clock_adjtime adjtimex sethostname
setdomainname syslog vhangup tkill rt_sigqueueinfo rt_tgsigqueueinfo io_setup
landlock_create_ruleset landlock_add_rule landlock_restrict_self sync syncfs lookup_dcookie setxattr
lsetxattr fsetxattr removexattr statmount listmount
"""
)
STARTING = ["execve", "execveat", "setsid", "setpgid"]
ONLY_ON_X86 = ["open", "mknod", "link", "chown", "fork", "vfork", "iopl", "ioperm", "modify_ldt"]


def verdict(program, machine, name, *args):
    number = syscalls.TABLES[machine][name]
    arch = syscalls.ARCHITECTURES[machine]
    return bpf.evaluate(program, arch=arch, number=number, args=args)


# --- the tables -----------------------------------------------------------------------------------


HEADERS = {
    "x86_64": Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    "aarch64": Path("/usr/include/asm-generic/unistd.h"),
}


@pytest.mark.parametrize("machine", MACHINES)
def test_the_numbers_are_those_of_the_kernel_s_headers(machine):
    if not HEADERS[machine].exists():
        pytest.skip("the kernel's headers are not installed")
    table, text = syscalls.TABLES[machine], HEADERS[machine].read_text()
    found = dict(re.findall(r"^#define __NR(?:3264)?_(\w+)\s+(\d+)$", text, re.MULTILINE))
    shared = {name: int(number) for name, number in found.items() if name in table}
    assert shared == {name: table[name] for name in shared}
    assert len(shared) > 300
    if machine == "x86_64":
        assert {name for name in found if int(found[name]) <= max(table.values())} <= set(table)


@pytest.mark.parametrize("machine", MACHINES)
def test_no_number_stands_twice_and_late_calls_are_the_same_everywhere(machine):
    table = syscalls.TABLES[machine]
    assert len(set(table.values())) == len(table)
    late = {name: number for name, number in table.items() if number >= 424}
    assert late.items() >= {"pidfd_open": 434, "clone3": 435, "landlock_add_rule": 445}.items()
    both = set(late) & set(syscalls.TABLES["x86_64"])
    assert all(syscalls.TABLES["x86_64"][name] == late[name] for name in both)


def test_every_name_in_a_list_is_a_system_call():
    known = {name for table in syscalls.TABLES.values() for name in table}
    lists = (seccomp._ALLOWED, seccomp._FORKING, seccomp._ONLY_SLOT, seccomp._CONTAINER)
    assert not {name for listed in lists for name in listed} - known


# --- by interpretation ----------------------------------------------------------------------------


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("forking", [False, True])
def test_the_base_lets_through_what_is_needed_and_refuses_the_rest(machine, forking):
    table, program = syscalls.TABLES[machine], seccomp.base(machine, forking=forking)
    assert {name: verdict(program, machine, name) for name in WORKS} == dict.fromkeys(WORKS, ALLOW)
    refused = [name for name in REFUSED if name in table]
    assert {name: verdict(program, machine, name) for name in refused} == dict.fromkeys(
        refused, REFUSE
    )
    starting = ALLOW if forking else REFUSE
    assert [verdict(program, machine, name) for name in STARTING] == [starting] * len(STARTING)
    assert set(ONLY_ON_X86) <= set(syscalls.TABLES["x86_64"])


@pytest.mark.parametrize("machine", MACHINES)
def test_the_base_has_an_answer_for_every_number(machine):
    program, table = seccomp.base(machine), syscalls.TABLES[machine]
    arch, known = syscalls.ARCHITECTURES[machine], set(table.values())
    highest = max(known)
    for number in range(highest + 200):
        action = bpf.evaluate(program, arch=arch, number=number)
        if number not in known or number == table["clone3"]:
            assert action == (REFUSE if number <= highest and number not in known else UNKNOWN)
        else:
            assert action in (ALLOW, REFUSE)


@pytest.mark.parametrize("machine", MACHINES)
def test_a_foreign_architecture_dies_and_x32_is_refused(machine):
    program = seccomp.base(machine)
    for arch in (0x40000003, 0x40000028, 0xC00000F3, 0):  # i386, arm, riscv64, none
        assert bpf.evaluate(program, arch=arch, number=0) == KILL
    arch = syscalls.ARCHITECTURES[machine]
    assert bpf.evaluate(program, arch=arch, number=0x40000000) == REFUSE
    assert bpf.evaluate(program, arch=arch, number=-1) == REFUSE


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("make", [seccomp.base, seccomp.container])
def test_no_clone_makes_a_namespace(machine, make):
    program = make(machine)
    threads = 0x3D0F00
    for flag in (0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000):
        assert verdict(program, machine, "clone", flag | threads) == REFUSE
        assert verdict(program, machine, "clone", flag | 17 | 1 << 40) == REFUSE
    assert verdict(program, machine, "clone", threads) == ALLOW
    assert verdict(program, machine, "clone", 17) == ALLOW
    assert verdict(program, machine, "clone3") == UNKNOWN


@pytest.mark.parametrize("machine", MACHINES)
def test_commands_that_reach_other_processes_are_refused(machine):
    program = seccomp.base(machine)
    for command in (0x5412, 0x541C, 0x8901, 0x8902, 0x5412 | 1 << 32):
        assert verdict(program, machine, "ioctl", 0, command) == REFUSE
    for command in (0x5401, 0x541B, 0x5421):  # TCGETS, FIONREAD, FIONBIO
        assert verdict(program, machine, "ioctl", 0, command) == ALLOW
    for command in (8, 10, 15):  # F_SETOWN, F_SETSIG, F_SETOWN_EX
        assert verdict(program, machine, "fcntl", 0, command) == REFUSE
    for command in (0, 1, 2, 3, 4, 6, 7, 1030, 1031, 1033):
        assert verdict(program, machine, "fcntl", 0, command) == ALLOW


@pytest.mark.parametrize("machine", MACHINES)
def test_pairs_of_sockets_are_connected_and_local(machine):
    program = seccomp.base(machine)
    for flags in (0, 0x800, 0x80000, 0x80800):
        for kind in (1, 5):
            assert verdict(program, machine, "socketpair", 1, kind | flags) == ALLOW
        for kind in (2, 3, 4):
            assert verdict(program, machine, "socketpair", 1, kind | flags) == REFUSE
    for family in (2, 10, 16, 30, 40):
        assert verdict(program, machine, "socketpair", family, 1) == REFUSE


@pytest.mark.parametrize("machine", MACHINES)
def test_a_program_touches_only_itself(machine):
    program = seccomp.child(machine, pid=4242)
    for name in ("kill", "tgkill"):
        assert verdict(program, machine, name, 4242, 9) == ALLOW
        for pid in (0, 1, -1, -4242, 4243):
            assert verdict(program, machine, name, pid, 9) == REFUSE
    assert verdict(program, machine, "clone", 17) == REFUSE
    assert verdict(program, machine, "clone", 0x3D0F00) == ALLOW
    forks = [name for name in ("fork", "vfork") if name in syscalls.TABLES[machine]]
    assert [verdict(program, machine, name) for name in forks] == [REFUSE] * len(forks)


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("forking", [False, True])
def test_a_program_loses_what_only_its_slot_needs(machine, forking):
    program = seccomp.child(machine, pid=4242, forking=forking)
    for name in ("pidfd_open", "pidfd_send_signal", "memfd_create", "seccomp"):
        assert verdict(program, machine, name) == REFUSE
    assert verdict(program, machine, "setrlimit") == REFUSE
    assert verdict(program, machine, "prlimit64", 0, 7, 0, 1) == ALLOW
    for pointer in (1, 1 << 32, 0x7FFF00000000):
        assert verdict(program, machine, "prlimit64", 0, 7, pointer, 0) == REFUSE
    for option in (4, 22, 0x59616D61):  # PR_SET_DUMPABLE, _SECCOMP, _PTRACER
        assert verdict(program, machine, "prctl", option) == REFUSE
    for option in (3, 15, 16, 39):
        assert verdict(program, machine, "prctl", option) == ALLOW
    assert verdict(program, machine, "openat") == ALLOW


@pytest.mark.parametrize("machine", MACHINES)
def test_programs_that_start_others_may_signal_them(machine):
    program = seccomp.child(machine, pid=4242, forking=True)
    assert verdict(program, machine, "kill", 4243, 9) == ALLOW
    assert verdict(program, machine, "clone", 17) == ALLOW


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("pid", [1, 2, 4242, 1 << 22])
def test_a_patched_filter_is_the_one_built_for_the_pid(machine, pid):
    assert seccomp.patched(seccomp.child(machine), pid) == seccomp.child(machine, pid=pid)


@pytest.mark.parametrize("machine", MACHINES)
def test_a_program_s_filter_stays_short(machine):
    assert len(seccomp.child(machine)) // 8 <= 45
    assert len(seccomp.base(machine, forking=True)) // 8 <= 250


# --- in the kernel --------------------------------------------------------------------------------

PRELUDE = """
import ctypes, errno, json, os, sys
from plaudit.sandbox.inside import bpf, kernel, seccomp, syscalls
HERE = syscalls.machine()
TABLE, ARCH = syscalls.TABLES[HERE], syscalls.ARCHITECTURES[HERE]
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
def issue(name, *args):
    ctypes.set_errno(0)
    number = TABLE[name] if isinstance(name, str) else name
    passed = [ctypes.c_long(arg) for arg in args]
    result = libc.syscall(ctypes.c_long(number), *passed)
    return errno.errorcode[ctypes.get_errno()] if result < 0 else "ok"
def refused(act):
    try:
        act()
    except OSError as error:
        return errno.errorcode[error.errno]
    except ValueError:
        return "ValueError"
    return "ok"
kernel.never_gain_privileges()
"""


def start(code, *args):
    """Runs code in a fresh interpreter: filters are for ever."""
    text = PRELUDE + textwrap.dedent(code)
    # what is imported under a filter must not be refused for want of a file's date
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(SRC), "OPENBLAS_NUM_THREADS": "2"}
    return subprocess.run(
        [sys.executable, "-c", text, *args],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
        env=environment,
    )


def seen(code, *args):
    done = start(code, *args)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


ISSUE_ALL = """
program = getattr(seccomp, sys.argv[1])(HERE)
answers = {n: bpf.evaluate(program, arch=ARCH, number=TABLE[n], args=(-1,) * 6) for n in TABLE}
seccomp.load(program)
# -1 is a bad pointer, descriptor and id everywhere: a call that came through would do no harm
print(json.dumps({n: issue(n, *(-1,) * 6) for n, a in answers.items() if a != seccomp.ALLOW}))
"""


@on_linux
@pytest.mark.parametrize("name", ["base", "container"])
def test_every_refused_call_is_refused_by_the_kernel(name):
    answers = seen(ISSUE_ALL, name)
    expected = {call: "ENOSYS" if call == "clone3" else "EPERM" for call in answers}
    assert answers == expected
    needed = REFUSED if name == "base" else ("unshare", "setns", "mount", "keyctl", "bpf")
    assert set(answers) >= {call for call in needed if call in syscalls.TABLES[HERE]}


@on_linux
def test_numbers_after_the_table_are_not_there():
    code = "seccomp.load(seccomp.base(HERE)); print(json.dumps([issue(n) for n in (480, 5000)]))"
    assert seen(code) == ["ENOSYS", "ENOSYS"]


@on_linux
def test_python_works_under_the_base_filter():
    answers = seen("""
    import asyncio, multiprocessing, random, select, signal, socket, tempfile, threading, time
    seccomp.load(seccomp.base(HERE))
    with tempfile.TemporaryDirectory() as root:
        os.chdir(root)
        os.mkdir("d"); open("d/f", "w").write("x" * 100); os.rename("d/f", "d/g")
        os.symlink("g", "d/s"); os.chmod("d/g", 0o600); os.truncate("d/g", 3); os.utime("d/g")
        listed = sorted(os.listdir("d")); os.unlink("d/g"); os.unlink("d/s"); os.rmdir("d")
        os.chdir("/")
    found = []
    threads = [threading.Thread(target=found.append, args=(n,)) for n in range(3)]
    [t.start() for t in threads]; [t.join() for t in threads]
    async def twice(): return await asyncio.gather(*(asyncio.sleep(0.01, n) for n in (1, 2)))
    left, right = socket.socketpair(); left.send(b"hi")
    fd = os.memfd_create("m"); pid = os.fork()
    if pid == 0: os._exit(7)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    own = os.pidfd_open(os.getpid()) if hasattr(os, "pidfd_open") else 0
    signal.signal(signal.SIGALRM, lambda *_: found.append("alarm"))
    signal.setitimer(signal.ITIMER_REAL, 0.01); time.sleep(0.05)
    os.kill(os.getpid(), 0)
    print(json.dumps([listed, sorted(map(str, found)), asyncio.run(twice()),
                      right.recv(2).decode(), status, len(os.urandom(8))]))
    """)
    assert answers == [["g", "s"], ["0", "1", "2", "alarm"], [1, 2], "hi", 7, 8]


@on_linux
def test_numpy_works_under_both_filters():
    pytest.importorskip("numpy")
    code = """
    seccomp.load(seccomp.base(HERE)); seccomp.load(seccomp.child(HERE, pid=os.getpid()))
    import numpy
    square = numpy.ones((300, 300))
    print(json.dumps([float((square @ square).sum()), numpy.random.default_rng(0).random() < 1]))
    """
    assert seen(code) == [27_000_000.0, True]


@on_linux
def test_the_network_and_other_processes_are_out_of_reach():
    answers = seen("""
    import fcntl, socket
    left, _ = socket.socketpair()
    seccomp.load(seccomp.base(HERE))
    print(json.dumps([
        refused(socket.socket), refused(lambda: socket.socket(socket.AF_UNIX)),
        refused(lambda: socket.socketpair(type=socket.SOCK_DGRAM)),
        refused(lambda: fcntl.fcntl(left, fcntl.F_SETOWN, os.getppid())),
        refused(lambda: fcntl.fcntl(left, 10, 9)),
        refused(lambda: os.execv("/bin/true", ["true"])),
        refused(lambda: os.link(sys.executable, "/tmp/x")), refused(os.setsid),
        refused(lambda: os.setuid(os.getuid())), refused(lambda: os.mkfifo("/tmp/x-fifo")),
        issue("clone", 0x10000000 | 17, 0, 0, 0, 0),
    ]))
    """)
    assert answers == ["EPERM"] * len(answers)


CHILD = """
import _thread, resource, signal, socket, threading
forking = sys.argv[1] == "forking"
seccomp.load(seccomp.base(HERE, forking=forking))
prepared = seccomp.Prepared(seccomp.child(HERE, forking=forking))
prepared.load(os.getpid())
thread = threading.Thread(target=len, args=("",)); thread.start(); thread.join()
def fork():
    pid = os.fork()
    if pid == 0: os._exit(0)
    os.waitpid(pid, 0)
soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
print(json.dumps({
    "self": refused(lambda: os.kill(os.getpid(), 0)),
    "parent": refused(lambda: os.kill(os.getppid(), 0)),
    "group": refused(lambda: os.kill(0, 0)), "all": refused(lambda: os.kill(-1, 0)),
    "tgkill": refused(lambda: signal.raise_signal(signal.SIGCONT)),
    "pthread_kill": refused(lambda: signal.pthread_kill(_thread.get_ident(), 0)),
    "tkill": issue("tkill", os.getpid(), 0), "fork": refused(fork),
    "pidfd": issue("pidfd_open", os.getpid(), 0), "memfd": refused(lambda: os.memfd_create("m")),
    "limit": refused(lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))),
    "limit of parent": issue("prlimit64", os.getppid(), 7, -1, 0),
    "filter": refused(lambda: seccomp.load(seccomp.child(HERE))),
    "dumpable": issue("prctl", 4, 1, 0, 0, 0), "tracer": issue("prctl", 0x59616D61, -1, 0, 0, 0),
    "name": issue("prctl", 3, 0, 0, 0, 0),
}))
"""


@on_linux
@pytest.mark.parametrize("forking", [False, True])
def test_a_program_s_filter_in_the_kernel(forking):
    answers = seen(CHILD, "forking" if forking else "single")
    works = {"self", "tgkill", "pthread_kill", "name"}
    works |= {"parent", "group", "all", "fork"} if forking else set()
    expected = {key: "ok" if key in works else "EPERM" for key in answers}
    # Python makes a ValueError of the EPERM, and os.kill(-1) may find nobody in a private space
    expected["limit"] = "ValueError"
    if forking:
        expected["all"] = answers["all"] if answers["all"] in ("ok", "ESRCH") else "ok"
    assert answers == expected


@on_linux
def test_a_program_that_may_starts_others():
    code = """
    import subprocess
    seccomp.load(seccomp.base(HERE, forking=True))
    seccomp.load(seccomp.child(HERE, pid=os.getpid(), forking=True))
    done = subprocess.run(["/bin/sh", "-c", "echo hi | cat"], capture_output=True, text=True)
    print(json.dumps([done.returncode, done.stdout]))
    """
    assert seen(code) == [0, "hi\n"]


@pytest.mark.skipif(HERE != "x86_64", reason="the old gates are x86-64's")
def test_the_gate_of_32_bit_programs_kills_and_x32_is_refused():
    assert seen("seccomp.load(seccomp.base(HERE)); print(json.dumps(issue(0x40000027)))") == "EPERM"
    done = start("""
    import mmap
    seccomp.load(seccomp.base(HERE))
    page = mmap.mmap(-1, 4096, prot=7)
    page.write(b"\\xb8\\x14\\x00\\x00\\x00\\xcd\\x80\\xc3")  # getpid by int 0x80
    ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))()
    """)
    # SIGSEGV where the kernel was built without that gate
    assert -done.returncode in (signal.SIGSYS, signal.SIGSEGV), done.stderr


@on_linux
def test_a_broken_filter_is_refused_with_the_reason():
    code = """
    try:
        seccomp.load(bytes(8))
    except OSError as error:
        print(json.dumps(error.errno))
    """
    assert seen(code) == errno.EINVAL


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_modes_and_times_are_kept_where_landlock_is_the_only_wall(machine):
    from plaudit.sandbox.inside import bpf, syscalls

    arch, table = syscalls.ARCHITECTURES[machine], syscalls.TABLES[machine]
    for name in ("fchmod", "fchmodat", "fchmodat2", "utimensat"):
        for keeps, action in ((True, seccomp.REFUSE), (False, seccomp.ALLOW)):
            program = seccomp.child(machine, keeps_modes=keeps)
            assert bpf.evaluate(program, arch=arch, number=table[name]) == action
