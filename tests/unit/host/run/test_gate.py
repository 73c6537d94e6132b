"""A report's wait: it opens on the hook's word or on its own look, and never holds Cancel."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from engine.host.run import gate as gate_module
from engine.host.run.gate import ReportGate


@pytest.fixture(autouse=True)
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate_module, "POLL_S", 0.001)


def never() -> None:
    """Nobody pressed Cancel."""


def answers(*looks: str) -> Callable[[int], Any]:
    """Looks that see this, one after the other."""
    following: Iterator[str] = iter(looks)
    return lambda _waiting: next(following)


@pytest.mark.parametrize("last", ["reports", "stuck"])
def test_it_opens_by_its_own_look_without_any_hook(last: str) -> None:
    gate = ReportGate({"report"}, answers("others", "others", "unknown", "others", last))
    asyncio.run(gate.wait("report", never))
    assert (gate.is_open, gate.opened_because) == (True, last)


def test_what_cannot_be_known_is_not_waited_for() -> None:
    gate = ReportGate({"report"}, answers("others", "unknown", "unknown"))
    asyncio.run(gate.wait("report", never))
    assert gate.opened_because == "unknown"


def fails(*_given: object) -> None:
    raise ValueError("a bug")


@pytest.mark.parametrize(("broken", "fault"), [("_look", fails), ("open", fails), ("open", lambda: None)])
def test_a_gate_that_is_broken_holds_no_report(broken: str, fault: Callable[..., Any]) -> None:
    gate = ReportGate({"a", "b"}, lambda _waiting: "reports")
    setattr(gate, broken, fault)

    async def main() -> None:
        await asyncio.gather(*(gate.wait(node_id, never) for node_id in ("a", "b")))

    asyncio.run(asyncio.wait_for(main(), 60.0))


def test_all_reports_open_together_and_count_once_each() -> None:
    counts: list[int] = []

    def look(waiting: int) -> Any:
        counts.append(waiting)
        return "reports" if len(counts) > 4 else "others"

    gate = ReportGate({"a", "b"}, look)

    async def main() -> None:
        # "b" stands for a report over a list, which waits once for each item.
        await asyncio.gather(*(gate.wait(node_id, never) for node_id in ("a", "b", "b")))

    asyncio.run(main())
    assert set(counts) == {2}
    asyncio.run(gate.wait("a", never))  # open for good


def test_cancel_ends_the_wait() -> None:
    class Interrupted(Exception):  # noqa: N818 - stands for the host's
        pass

    presses = iter((False, False, True))

    def raise_if_interrupted() -> None:
        if next(presses):
            raise Interrupted

    gate = ReportGate({"report"}, lambda _waiting: "others")
    with pytest.raises(Interrupted):
        asyncio.run(gate.wait("report", raise_if_interrupted))
    assert not gate.is_open


def test_a_list_that_is_not_known_does_not_open_it() -> None:
    gate = ReportGate({"report"}, answers("others", "reports"))

    async def main() -> None:
        waiting = asyncio.ensure_future(gate.wait("report", never))
        await asyncio.sleep(0)
        gate.check(object(), "1")
        assert not gate.is_open
        await waiting

    asyncio.run(main())
