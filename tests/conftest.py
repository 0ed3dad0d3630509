"""Settings of the whole suite."""

import os
import signal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

os.environ.setdefault("OMP_NUM_THREADS", "1")  # many workers share the processors

settings.register_profile(  # a deadline would time the machine, and so does "too slow"
    "plaudit", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("random", settings.get_profile("plaudit"))
settings.register_profile("repeatable", settings.get_profile("plaudit"), derandomize=True)
settings.load_profile("repeatable")  # `make test-all` asks for the random one
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:  # begun in the background, as by CI
    signal.signal(signal.SIGINT, signal.default_int_handler)  # what tests start must not inherit it


@pytest.fixture
def shared_data() -> Path:
    """The folder of real data, where it stands beside this checkout."""
    path = Path(__file__).parents[1].parent / "shared" / "data"
    if not path.is_dir():
        pytest.skip("the shared data files are not beside this checkout")
    return path


@pytest.fixture
def cpu_machine(monkeypatch):
    """Deadlines of workers count CPU time, whatever else the machine does."""
    return _become(monkeypatch, "CpuMachine")()


@pytest.fixture
def shared_machine(monkeypatch):
    """``shared_machine(share)``: as `cpu_machine`, where a job gets that share of a processor."""
    return _become(monkeypatch, "CpuMachine")


@pytest.fixture
def busy_machine(monkeypatch):
    """``busy_machine(share)``: workers seem to get that share of a processor; the clock jumps."""
    return _become(monkeypatch, "BusyMachine")


def _become(monkeypatch, kind):
    import machines

    from plaudit import workers

    def become(*args, **options):
        machine = getattr(machines, kind)(*args, **options)
        monkeypatch.setattr(workers, "MACHINE", machine)
        return machine

    return become
