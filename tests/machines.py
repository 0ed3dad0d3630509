"""Machines with a clock of their own, for what a deadline does: no test waits for this one's.

The workers are real processes; only the time that passes for their parent is not. Each thread waits
for one worker at a time, so what is remembered is remembered by thread.
"""

import math
import re
import threading
from collections import defaultdict

from plaudit.workers import Machine


def without_slow_tasks(stderr: str) -> str:
    """What ``python -X dev`` wrote, but for asyncio's word that a step of a task took long."""
    return re.sub(r"(?m)^Executing <.*> took [\d.]+ seconds\n", "", stderr)


class BusyMachine(Machine):
    """A process gets `share` of a processor; the clock jumps, so that a test takes no time.

    A job is done after `needs_s` CPU seconds (infinity: never). `elapsed_s` is the time that passed
    for each thread, by its name.
    """

    def __init__(self, share: float, needs_s: float = math.inf) -> None:
        self.share, self.needs_s = share, needs_s
        self.elapsed_s: dict[str, float] = defaultdict(float)
        self._worked_s: dict[int, float] = defaultdict(float)
        self._mine = threading.local()

    def now(self) -> float:
        return self.elapsed_s[threading.current_thread().name]

    def cpu_s(self, pid: int) -> float:
        self._mine.pid = pid
        return self._worked_s[pid]

    def readable(self, fd: int, timeout_s: float) -> bool:
        pid = self._mine.pid
        missing_s = (self.needs_s - self._worked_s[pid]) / self.share if self.share else math.inf
        passed_s = min(missing_s, timeout_s)
        self.elapsed_s[threading.current_thread().name] += passed_s
        self._worked_s[pid] += passed_s * self.share
        return missing_s <= timeout_s and super().readable(fd, 60.0)


class CpuMachine(Machine):
    """A machine whose clock follows the CPU time of the job, as if that got `share` of a processor.

    A job that burns a processor meets its deadline at the same point however busy the real machine
    is, and an honest one never does. One that only waits would never be late: BusyMachine is for
    those. `elapsed_s` is the time that was spent waiting for each process, by its id.
    """

    def __init__(self, share: float = 1.0) -> None:
        self.share = share
        self.elapsed_s: dict[int, float] = defaultdict(float)
        self._mine = threading.local()

    def now(self) -> float:
        return super().cpu_s(self._mine.pid) / self.share

    def cpu_s(self, pid: int) -> float:
        self._mine.pid = pid
        return super().cpu_s(pid)

    def readable(self, fd: int, timeout_s: float) -> bool:
        began = self.now()
        is_done = False
        while not is_done and self.now() < began + timeout_s:
            is_done = super().readable(fd, 0.01)
        self.elapsed_s[self._mine.pid] += self.now() - began
        return is_done
