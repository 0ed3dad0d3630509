"""Which system calls a slot, and a program in it, may make.

The slot's filter is a list of what is allowed; the rest is refused. Each program adds a short
filter that takes away what only its slot needs. Source: seccomp(2), signal numbers of <errno.h>.
"""

from __future__ import annotations

import ctypes
import errno
import functools
import struct

from plaudit.sandbox.inside import bpf, syscalls
from plaudit.sandbox.inside.bpf import give, when, when_any, when_at_least, when_bits

__all__ = ["Prepared", "base", "child", "container", "load", "patched"]

ALLOW, KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
REFUSE, UNKNOWN = _ERRNO | errno.EPERM, _ERRNO | errno.ENOSYS
_PID = 0x5EED1D77  # stands for the program's pid in a prepared filter
_NEW_SPACES = 0x7E020080  # every CLONE_NEW* flag
_THREAD = 0x00010000
_X32 = 0x40000000
_AF_UNIX = 1
# stream and seqpacket, with and without SOCK_NONBLOCK and SOCK_CLOEXEC
_CONNECTED = [kind | flags for kind in (1, 5) for flags in (0, 0x800, 0x80000, 0x80800)]
_TIOCSTI, _TIOCLINUX, _FIOSETOWN, _SIOCSPGRP = 0x5412, 0x541C, 0x8901, 0x8902
_F_SETOWN, _F_SETSIG, _F_SETOWN_EX = 8, 10, 15
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_SECCOMP, _PR_SET_SUBREAPER = 1, 4, 22, 36
_PR_SET_PTRACER = 0x59616D61


def _names(text: str) -> list[str]:
    return text.split()


_ALLOWED = _names(
    # files and directories
    "read write readv writev pread64 pwrite64 preadv pwritev preadv2 pwritev2 open openat openat2"
    " creat close close_range lseek stat fstat lstat newfstatat statx statfs fstatfs access"
    " faccessat faccessat2 readlink readlinkat getdents getdents64 getcwd chdir fchdir mkdir"
    " mkdirat rmdir unlink unlinkat rename renameat renameat2 symlink symlinkat truncate ftruncate"
    " fallocate chmod fchmod fchmodat fchmodat2 umask utime utimes utimensat futimesat dup dup2"
    " dup3 pipe pipe2 flock fsync fdatasync sync_file_range fadvise64 readahead sendfile"
    " splice tee vmsplice copy_file_range memfd_create fgetxattr getxattr lgetxattr listxattr"
    " llistxattr flistxattr cachestat inotify_init inotify_init1 inotify_add_watch inotify_rm_watch"
    # waiting
    " poll ppoll select pselect6 epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait"
    " epoll_pwait2 eventfd eventfd2 signalfd signalfd4 timerfd_create timerfd_settime"
    " timerfd_gettime"
    # memory
    " mmap munmap mremap mprotect madvise mincore msync brk mlock mlock2 munlock mlockall"
    " munlockall membarrier pkey_alloc pkey_free pkey_mprotect get_mempolicy mseal map_shadow_stack"
    # threads, time and signals
    " clone futex futex_waitv futex_wake futex_wait futex_requeue set_robust_list get_robust_list"
    " rseq set_tid_address arch_prctl sched_yield sched_getaffinity sched_getparam"
    " sched_getscheduler sched_getattr sched_get_priority_max sched_get_priority_min"
    " sched_rr_get_interval getcpu gettid getpid getppid getpgid getpgrp getsid getuid geteuid"
    " getgid getegid getresuid getresgid getgroups capget getpriority ioprio_get exit exit_group"
    " rt_sigaction rt_sigprocmask rt_sigreturn rt_sigpending rt_sigtimedwait rt_sigsuspend"
    " sigaltstack restart_syscall pause alarm kill tgkill wait4 waitid pidfd_open"
    " pidfd_send_signal nanosleep clock_nanosleep clock_gettime clock_getres gettimeofday time"
    " times getitimer setitimer timer_create timer_settime timer_gettime timer_getoverrun"
    " timer_delete getrlimit setrlimit prlimit64 getrusage sysinfo uname getrandom prctl seccomp"
    # what asyncio and multiprocessing need of sockets: pairs (below), nothing that has an address
    " sendto recvfrom sendmsg recvmsg sendmmsg recvmmsg shutdown getsockopt setsockopt"
    " getsockname getpeername"
)
_FORKING = _names("fork vfork execve execveat setsid setpgid")
_ONLY_SLOT = _names("pidfd_open pidfd_send_signal memfd_create seccomp setrlimit")
# and fallocate, which takes a disk's room faster than anybody looks, where there is no quota
_MODES = _names("fallocate chmod fchmod fchmodat fchmodat2 utime utimes utimensat futimesat")
_CONTAINER = _names(
    "unshare setns mount umount2 pivot_root fsopen fsconfig fsmount fspick move_mount open_tree"
    " mount_setattr keyctl add_key request_key bpf perf_event_open userfaultfd kexec_load"
    " kexec_file_load init_module finit_module delete_module reboot swapon swapoff"
    " open_by_handle_at pidfd_getfd io_uring_setup io_uring_enter io_uring_register acct quotactl"
    " settimeofday clock_settime sethostname setdomainname syslog kcmp process_madvise"
    " fanotify_init lookup_dcookie quotactl_fd get_mempolicy set_mempolicy mbind move_pages"
    " migrate_pages set_mempolicy_home_node iopl ioperm uselib ustat sysfs nfsservctl vhangup"
    " open_tree_attr"
)


def base(machine: str, *, forking: bool = False) -> bytes:
    """The slot's filter: what is not listed is refused, what is not known is not there.

    `forking` adds what programs need that start others.
    """
    names = [*_ALLOWED, *(_FORKING if forking else ("fork", "vfork"))]
    return _filter(machine, _special(machine), names)


def _special(machine: str) -> bpf.Block:
    """The calls that are judged by their arguments.

    A pair of datagram sockets could send to any socket's address, and the owner of a descriptor's
    signals can be any process of the same user: either would reach out of the slot.
    """
    number = syscalls.TABLES[machine]
    spaces = bpf.load(_arg(0)) + when_bits(_NEW_SPACES, give(REFUSE)) + give(ALLOW)
    ioctls = (_TIOCSTI, _TIOCLINUX, _FIOSETOWN, _SIOCSPGRP)
    kinds = bpf.load(_arg(1)) + when_any(_CONNECTED, give(ALLOW))
    pairs = bpf.load(_arg(0)) + when(_AF_UNIX, kinds) + give(REFUSE)
    return (
        when(number["clone3"], give(UNKNOWN))  # its flags are out of a filter's sight
        + when(number["clone"], spaces)
        + when(number["ioctl"], _all_but(1, ioctls))
        + when(number["fcntl"], _all_but(1, (_F_SETOWN, _F_SETSIG, _F_SETOWN_EX)))
        + when(number["socketpair"], pairs)
    )


def _all_but(index: int, refused: tuple[int, ...]) -> bpf.Block:
    return bpf.load(_arg(index)) + when_any(refused, give(REFUSE)) + give(ALLOW)


def _filter(machine: str, special: bpf.Block, allowed: list[str]) -> bytes:
    table = syscalls.TABLES[machine]
    numbers = sorted(table[name] for name in allowed if name in table)
    highest = max(table.values())
    foreign = [bpf.Instruction(0x15, 1, 0, syscalls.ARCHITECTURES[machine]), *give(KILL)]
    ranges = _ranges(numbers)
    return bpf.assemble(
        bpf.load(bpf.ARCHITECTURE)
        + foreign
        + bpf.load(bpf.NUMBER)
        + when_at_least(_X32, give(REFUSE))
        + when_at_least(highest + 1, give(UNKNOWN))
        + special
        + [step for first, last in ranges for step in _between(first, last)]
        + give(REFUSE)
    )


def _ranges(numbers: list[int]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for number in numbers:
        if found and found[-1][1] == number - 1:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return found


def _between(first: int, last: int) -> bpf.Block:
    if first == last:
        return when(first, give(ALLOW))
    above = bpf.Instruction(0x35, 1, 0, last + 1)
    return when_at_least(first, [above, *give(ALLOW)])


def child(
    machine: str, *, pid: int = _PID, forking: bool = False, keeps_modes: bool = False
) -> bytes:
    """What each program loses besides: other processes, other limits, filters of its own.

    `keeps_modes` refuses to change modes and times, which Landlock does not watch: without a root
    of its own a program could do it to files of the same user.
    """
    table = syscalls.TABLES[machine]
    limits = [
        *bpf.load(_arg(2)),
        bpf.Instruction(0x15, 0, 2, 0),
        *bpf.load(_arg(2) + 4),
        bpf.Instruction(0x15, 1, 0, 0),
        *give(REFUSE),
        *give(ALLOW),
    ]
    options = (_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_SECCOMP, _PR_SET_SUBREAPER)
    own = [] if forking else _only_itself(table, pid)
    lost = [*_ONLY_SLOT, *(_MODES if keeps_modes else ())]
    return bpf.assemble(
        bpf.load(bpf.NUMBER)
        + when_any((table[name] for name in lost if name in table), give(REFUSE))
        + when(table["prlimit64"], limits)
        + when(table["prctl"], _all_but(0, (*options, _PR_SET_PTRACER)))
        + own
        + give(ALLOW)
    )


def _only_itself(table: dict[str, int], pid: int) -> bpf.Block:
    """No process but threads, no signal but to itself."""
    threads = bpf.load(_arg(0)) + when_bits(_THREAD, give(ALLOW)) + give(REFUSE)
    signals = bpf.load(_arg(0)) + when(pid, give(ALLOW)) + give(REFUSE)
    forks = [table[name] for name in ("fork", "vfork") if name in table]
    return (
        (when_any(forks, give(REFUSE)) if forks else [])
        + when(table["clone"], threads)
        + when_any((table["kill"], table["tgkill"]), signals)
    )


def patched(prepared: bytes, pid: int) -> bytes:
    """A filter made by `child` with its default pid, for this pid."""
    return prepared.replace(struct.pack("I", _PID), struct.pack("I", pid))


def container(machine: str) -> bytes:
    """What Docker's default profile denies without CAP_SYS_ADMIN; for tests."""
    table = syscalls.TABLES[machine]
    spaces = bpf.load(_arg(0)) + when_bits(_NEW_SPACES, give(REFUSE)) + give(ALLOW)
    return bpf.assemble(
        bpf.load(bpf.NUMBER)
        + when(table["clone3"], give(UNKNOWN))
        + when(table["clone"], spaces)
        + when_any((table[name] for name in _CONTAINER if name in table), give(REFUSE))
        + give(ALLOW)
    )


def _arg(index: int) -> int:
    return 16 + 8 * index


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("steps", ctypes.c_void_p)]


@functools.cache
def _seccomp():
    libc = ctypes.CDLL(None, use_errno=True)
    number = syscalls.TABLES[syscalls.machine()]["seccomp"]
    return functools.partial(libc.syscall, ctypes.c_long(number), ctypes.c_long(1))


def load(program: bytes) -> None:
    """Puts a filter on this process, for ever; needs no_new_privs. Raises OSError."""
    steps = ctypes.create_string_buffer(program, len(program))
    loaded = _Program(len(program) // 8, ctypes.addressof(steps))
    if _seccomp()(ctypes.c_long(0), ctypes.byref(loaded)) != 0:
        reason = ctypes.get_errno()
        raise OSError(reason, "seccomp filter refused")


class Prepared:
    """A filter of `child` with all that its loading needs made ready before the fork."""

    def __init__(self, program: bytes) -> None:
        self._words = (ctypes.c_uint32 * (len(program) // 4)).from_buffer_copy(program)
        places = [place for place, word in enumerate(self._words) if word == _PID]
        loaded = _Program(len(program) // 8, ctypes.addressof(self._words))
        number = syscalls.TABLES[syscalls.machine()]["seccomp"]
        call = functools.partial(
            ctypes.PyDLL(None).syscall,  # which keeps the lock that nobody else waits for
            *map(ctypes.c_long, (number, 1, 0)),
            ctypes.byref(loaded),
        )
        self._ready = self._words, places, call

    def load(self, pid: int) -> None:
        """Puts it on this process, with its pid. Raises OSError."""
        words, places, call = self._ready
        for place in places:
            words[place] = pid
        if call() != 0:
            load(bytes(words))  # raises the reason
