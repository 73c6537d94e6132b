"""Which run is being profiled now. One prompt executes at a time, so there is at most one."""

from __future__ import annotations

from typing import Any, Protocol

from .binding import NodeCall


class NodeHooks(Protocol):
    """What the hooks tell a profiled run."""

    is_off: bool

    def enter_node(self, call: NodeCall) -> None:
        """``execution.execute`` is about to be called for a node."""
        ...

    def leave_node(self, call: NodeCall, result: Any) -> None:
        """``execution.execute`` returned ``(ExecutionResult, error details, exception)``."""
        ...

    def node_raised(self, call: NodeCall, error: BaseException) -> None:
        """``execution.execute`` raised, as it does when the run is cancelled from outside."""
        ...

    def boundaries_unknown(self, why: str) -> None:
        """Node boundaries cannot be read from the executor on this host."""
        ...

    def end_run(self, failure: BaseException | None) -> None:
        """The prompt is over."""
        ...

    def switch_off(self, error: BaseException) -> None:
        """The profiler itself failed: release everybody and measure no more. Never raises."""
        ...


active: NodeHooks | None = None
