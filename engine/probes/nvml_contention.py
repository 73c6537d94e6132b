"""What keeps a GPU from this process: other programs' work on it, and the driver's brakes."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

from ..clock import Clock, now
from ..model import Metric, Sample
from .nvml import NOT_FOUND, Nvml, NvmlError
from .nvml_probes import NvmlGpu, NvmlProbe

OTHERS = "gpu_others_percent"
SLOWED = "gpu_slowed_percent"
PERIOD_S = 5.0
"""Looking through the processes takes the driver some milliseconds."""
HW_SLOWDOWN, SW_THERMAL, HW_THERMAL, POWER_BRAKE = 0x8, 0x20, 0x40, 0x80
BRAKES = HW_SLOWDOWN | SW_THERMAL | HW_THERMAL | POWER_BRAKE
"""The power limit (0x4) is none of them: a GPU under full load works at it."""
_OWN_UNSEEN = "the driver did not list this process, whose number it does not know in a container"


class NvmlContention(NvmlProbe):
    """``gpu_others_percent`` and ``gpu_slowed_percent`` of each GPU, every five seconds and at the end.

    Whose work it is, is known only once this process itself has been in the driver's list.
    """

    name = "NVML contention"
    period_s: float | None = PERIOD_S

    def __init__(self, nvml: Nvml, gpus: tuple[NvmlGpu, ...], clock: Clock = now) -> None:
        super().__init__(nvml, gpus, clock)
        self._begin_s = dict.fromkeys((gpu.device.key for gpu in gpus), clock())
        self._newest_us: dict[str, int] = {}
        self._seen_own: set[str] = set()
        self._waiting: dict[str, list[Sample]] = defaultdict(list)
        """Others' load from before this process was seen."""

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """Two entries a GPU."""
        found = []
        for gpu in self._gpus:
            load = "load of other programs on the GPU (NVML), read every five seconds"
            others = gpu.metric(OTHERS, "%", load)
            if others.method is not None and gpu.device.key not in self._seen_own:
                others = Metric(name=OTHERS, unit="%", reason=_OWN_UNSEEN, device=gpu.device.key)
            brake = (
                "whether the driver slows the GPU down for heat or a failing power supply (NVML), "
                "read every five seconds"
            )
            found += [others, gpu.metric(SLOWED, "%", brake)]
        return tuple(found)

    def read(self) -> Iterable[Sample]:
        """Both since the last call."""
        found: list[Sample] = []
        for gpu in self._gpus:
            t_s = self._clock()
            begin_s, self._begin_s[gpu.device.key] = self._begin_s[gpu.device.key], t_s
            if t_s <= begin_s:
                continue
            found += self._others(gpu, begin_s, t_s)
            found += self._slowed(gpu, begin_s, t_s)
        return found

    def _others(self, gpu: NvmlGpu, begin_s: float, t_s: float) -> list[Sample]:
        key = gpu.device.key
        rows = gpu.ask(OTHERS, lambda: self._users(gpu, self._newest_us.get(key, 0)))
        if rows is None:
            return []
        is_first = key not in self._newest_us
        self._newest_us[key] = max((int(row.timeStamp) for row in rows), default=self._newest_us.get(key, 0))
        if is_first:
            return []  # the buffer holds what was before this run
        by_process: dict[int, list[Any]] = defaultdict(list)
        for row in rows:
            by_process[int(row.pid)].append(row)
        if by_process.pop(os.getpid(), None):
            self._seen_own.add(key)
        load = sum(sum(int(row.smUtil) for row in each) / len(each) for each in by_process.values())
        self._waiting[key].append(Sample(OTHERS, t_s, min(100.0, load), key, begin_s))
        return self._waiting.pop(key) if key in self._seen_own else []

    def _users(self, gpu: NvmlGpu, since_us: int) -> Sequence[Any]:
        try:
            rows: Sequence[Any] = self._nvml.ask("nvmlDeviceGetProcessUtilization", gpu.handle, since_us)
        except NvmlError as error:
            if error.code in (0, NOT_FOUND):  # which say that nobody used the GPU
                return ()
            raise
        return rows

    def _slowed(self, gpu: NvmlGpu, begin_s: float, t_s: float) -> list[Sample]:
        question = partial(self._nvml.ask, "nvmlDeviceGetCurrentClocksThrottleReasons", gpu.handle)
        reasons = gpu.ask(SLOWED, question)
        if reasons is None:
            return []
        return [Sample(SLOWED, t_s, 100.0 if int(reasons) & BRAKES else 0.0, gpu.device.key, begin_s)]
