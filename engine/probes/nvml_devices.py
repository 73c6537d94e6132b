"""Which NVML device is which torch device. Never guesses: an uncertain match is a reason.

NVML counts in PCI order and sees every GPU of the machine. CUDA counts fastest first
unless ``CUDA_DEVICE_ORDER=PCI_BUS_ID``, and shows what ``CUDA_VISIBLE_DEVICES`` lists, in
that order. So identity is by UUID, then by PCI address, and by position only where it
cannot be wrong.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..model import Device
from .nvml import Handle, Nvml, NvmlError


@dataclass(frozen=True, slots=True)
class NvmlDevice:
    """One GPU as NVML shows it. ``index`` counts in PCI order."""

    handle: Handle
    index: int
    name: str
    uuid: str | None
    pci_bus_id: str | None
    memory_total_bytes: int | None
    is_slice: bool = False


class UnmatchedError(Exception):
    """A torch device has no certain NVML device; the text says why."""


def list_devices(nvml: Nvml) -> list[NvmlDevice]:
    """Every GPU that NVML lets this process see. Raises :class:`NvmlError` if it lets see none."""
    found: list[NvmlDevice] = []
    refused: NvmlError | None = None
    for index in range(int(nvml.ask("nvmlDeviceGetCount"))):
        try:
            handle = nvml.gpu(index)
        except NvmlError as error:
            refused = error
            continue
        found.append(_describe(nvml, handle, index))
    if not found and refused is not None:
        raise refused
    return found


def _describe(nvml: Nvml, handle: Handle, index: int, is_slice: bool = False) -> NvmlDevice:
    def ask(function: str) -> Any:
        try:
            return nvml.ask(function, handle)
        except NvmlError:
            return None

    pci = ask("nvmlDeviceGetPciInfo")
    memory = ask("nvmlDeviceGetMemoryInfo")
    uuid = ask("nvmlDeviceGetUUID")
    return NvmlDevice(
        handle=handle,
        index=index,
        name=str(ask("nvmlDeviceGetName") or ""),
        uuid=plain_uuid(str(uuid)) if uuid else None,
        pci_bus_id=f"{pci.domain:04x}:{pci.bus:02x}:{pci.device:02x}.0" if pci is not None else None,
        memory_total_bytes=int(memory.total) if memory is not None else None,
        is_slice=is_slice,
    )


def plain_uuid(uuid: str) -> str:
    """A UUID without ``GPU-`` or ``MIG-``, in lower case."""
    return uuid.lower().removeprefix("gpu-").removeprefix("mig-")


def plain_pci(bus_id: str) -> tuple[int, ...] | None:
    """``00000000:3B:00.0`` -> (0, 0x3b, 0), or ``None`` for what is no PCI address."""
    try:
        head, _, _function = bus_id.partition(".")
        domain, bus, device = (int(part, 16) for part in head.split(":"))
    except ValueError:
        return None
    return domain, bus, device


def visible_tokens(environ: Mapping[str, str]) -> list[str] | None:
    """What ``CUDA_VISIBLE_DEVICES`` lists, cut where CUDA stops reading; ``None`` if it is not set."""
    text = environ.get("CUDA_VISIBLE_DEVICES")
    if text is None:
        return None
    tokens: list[str] = []
    for part in text.split(","):
        token = part.strip()
        if not token.isdigit() and not token.upper().startswith(("GPU-", "MIG-")):
            break
        tokens.append(token)
    return tokens


def find_device(
    nvml: Nvml,
    device: Device,
    position: int,
    found: Sequence[NvmlDevice],
    devices: Sequence[Device],
    environ: Mapping[str, str],
) -> NvmlDevice:
    """The NVML device behind ``device``, which is number ``position`` in torch's order.

    Raises :class:`UnmatchedError`, and :class:`NvmlError` for a MIG slice that NVML refuses.
    """
    tokens = visible_tokens(environ)
    token = tokens[position] if tokens is not None and position < len(tokens) else ""
    if token.upper().startswith("MIG-"):
        return _describe(nvml, nvml.gpu_named(token), position, is_slice=True)
    if device.uuid is not None:
        for candidate in found:
            if candidate.uuid == plain_uuid(device.uuid):
                return _whole(nvml, candidate)
        with contextlib.suppress(NvmlError):  # from CUDA 13 on a part of a GPU has a UUID of its own
            named = nvml.gpu_named(f"MIG-{plain_uuid(device.uuid)}")
            return _describe(nvml, named, position, is_slice=True)
    address = plain_pci(device.pci_bus_id) if device.pci_bus_id else None
    if address is not None:
        for candidate in found:
            if candidate.pci_bus_id is not None and plain_pci(candidate.pci_bus_id) == address:
                return _whole(nvml, candidate)
    if device.uuid is not None or address is not None:
        raise UnmatchedError("the NVIDIA driver does not list the GPU that torch uses")
    return _whole(nvml, _by_position(device, token, position, found, devices, environ))


def _whole(nvml: Nvml, candidate: NvmlDevice) -> NvmlDevice:
    """``candidate``, unless it is divided (MIG): then torch has a part of it, and others have the rest."""
    try:
        is_divided = bool(nvml.ask("nvmlDeviceGetMigMode", candidate.handle)[0])
    except NvmlError:  # most GPUs cannot be divided
        is_divided = False
    if is_divided:
        raise UnmatchedError("the GPU is divided (MIG) and torch does not say which part of it is in use")
    return candidate


def _by_position(
    device: Device,
    token: str,
    position: int,
    found: Sequence[NvmlDevice],
    devices: Sequence[Device],
    environ: Mapping[str, str],
) -> NvmlDevice:
    """For a torch too old to tell UUIDs and PCI addresses."""
    if token.upper().startswith("GPU-"):
        # CUDA accepts any unambiguous beginning of a UUID.
        fits = [c for c in found if c.uuid is not None and c.uuid.startswith(plain_uuid(token))]
        if len(fits) == 1:
            return fits[0]
    if len(found) == 1 and len(devices) == 1:
        return found[0]
    if environ.get("CUDA_DEVICE_ORDER") == "PCI_BUS_ID" and not token.upper().startswith("GPU-"):
        index = int(token) if token else position
        for candidate in found:
            if candidate.index == index:
                return candidate
    same = [c for c in found if c.name == device.name]
    if len(same) == 1:
        return same[0]
    raise UnmatchedError("this torch version does not say which of several equal GPUs it uses")
