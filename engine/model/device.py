"""Accelerators, their memory, and the models that lie in it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """One accelerator that the process can use.

    ``key`` identifies it within the run's samples and steps (``cuda:0``);
    ``uuid`` and ``pci_bus_id`` identify the hardware.
    """

    key: str
    name: str
    memory_total_bytes: int | None = None
    uuid: str | None = None
    pci_bus_id: str | None = None
    primary: bool = False


@dataclass(frozen=True, slots=True)
class DeviceMemory:
    """Process memory on one device at a node boundary, in bytes.

    ``peak_bytes`` is the highest ``used_bytes`` since the boundary before this
    one, or ``None`` where the allocator keeps no peak.
    """

    device: str
    used_bytes: int
    peak_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class ResidentModel:
    """A model that the host held loaded at a node boundary.

    ``loaded_bytes`` are on the device, ``total_bytes`` is the whole model.
    """

    name: str
    device: str
    loaded_bytes: int
    total_bytes: int
