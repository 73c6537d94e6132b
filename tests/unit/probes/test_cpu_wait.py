"""How long threads waited for a core: from files made by hand, and from this kernel."""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

import pytest

from engine.clock import FakeClock
from engine.probes.cpu_wait import METRIC, CpuWait, usable_cores

SECOND = 10**9


def threads(folder: Path, **each: tuple[float, float]) -> None:
    """Thread -> seconds on a core, and ready without one."""
    for name, (used_s, waited_s) in each.items():
        place = folder / "task" / name
        place.mkdir(parents=True, exist_ok=True)
        text = f"{round(used_s * SECOND)} {round(waited_s * SECOND)} 7\n"
        (place / "schedstat").write_text(text, encoding="ascii")


def values(probe: CpuWait) -> list[float]:
    return [round(sample.value, 6) for sample in probe.read()]


def test_what_threads_waited_since_the_last_reading_new_ones_included(tmp_path: Path) -> None:
    clock = FakeClock()
    threads(tmp_path, a=(5.0, 9.0))
    probe = CpuWait(str(tmp_path), cores=4, clock=clock)
    assert values(probe) == []
    threads(tmp_path, a=(5.5, 9.25), b=(0.1, 0.25))
    clock.advance(1.0)
    (sample,) = probe.read()
    assert (sample.metric, sample.value, sample.start_s, sample.t_s) == (
        METRIC,
        pytest.approx(50.0),
        0.0,
        1.0,
    )
    clock.advance(1.0)
    assert values(probe) == [0.0]


def test_threads_that_wait_for_one_another_have_lost_nothing_to_others(tmp_path: Path) -> None:
    clock = FakeClock()
    threads(tmp_path, a=(1.0, 0.0), b=(1.0, 0.0), c=(1.0, 0.0))
    probe = CpuWait(str(tmp_path), cores=2, clock=clock)
    probe.read()
    clock.advance(1.0)
    threads(tmp_path, a=(1.7, 0.3), b=(1.7, 0.3), c=(1.6, 0.4))
    assert values(probe) == [0.0], "three threads kept both cores busy"
    clock.advance(1.0)
    threads(tmp_path, a=(2.0, 1.0), b=(2.2, 0.8), c=(2.0, 1.0))
    assert values(probe) == [pytest.approx(80.0)], "of two cores they got 1.2"


def test_a_kernel_without_counters_and_a_system_without_files_say_why(tmp_path: Path) -> None:
    assert "this system" in (CpuWait(str(tmp_path)).metrics[0].reason or "")
    threads(tmp_path, a=(0.0, 0.0))
    probe = CpuWait(str(tmp_path))
    assert "schedstat" in (probe.metrics[0].reason or "")
    assert values(probe) == []


def test_a_containers_limit_bounds_the_cores(tmp_path: Path) -> None:
    free = usable_cores(str(tmp_path))
    assert free >= 1
    (tmp_path / "cpu.max").write_text("50000 100000\n", encoding="ascii")
    assert usable_cores(str(tmp_path)) == 0.5
    (tmp_path / "cpu.max").write_text("max 100000\n", encoding="ascii")
    assert usable_cores(str(tmp_path)) == free


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads Linux's /proc")
def test_on_this_kernel_work_that_shares_one_core_waits_and_work_alone_on_it_does_not() -> None:
    """Another process that is bound to the same core takes about half of it."""
    import os
    import subprocess

    probe = CpuWait()
    if probe.metrics[0].reason is not None:
        pytest.skip(probe.metrics[0].reason)
    core = min(os.sched_getaffinity(0))
    found: list[float] = []

    def work() -> None:
        os.sched_setaffinity(0, {core})  # this thread alone
        until_s = time.monotonic() + 1.0
        while time.monotonic() < until_s:
            pass

    burn = f"import os\nos.sched_setaffinity(0, {{{core}}})\nprint(flush=True)\nwhile True: pass"
    with subprocess.Popen([sys.executable, "-c", burn], stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        probe.read()
        thread = threading.Thread(target=work)
        thread.start()
        while thread.is_alive():
            thread.join(0.2)
            found += [sample.value * (sample.t_s - (sample.start_s or 0.0)) for sample in probe.read()]
        other.kill()
    assert sum(found) / 100 > 0.2, "seconds that the thread waited"
