"""One node's call paths, merged while they come in. Compact: four numbers a frame once it is closed."""

from __future__ import annotations

from array import array
from collections.abc import Sequence

FUNCTION_BITS = 20
FUNCTIONS_MAX = 1 << FUNCTION_BITS


class CallTree:
    """A tree of calls that grows by paths.

    While open it holds an index for finding children; :meth:`close` drops that, and the next path
    that is added builds it again.
    """

    __slots__ = ("_children", "functions", "parents", "sample_count", "self_s")

    def __init__(self) -> None:
        self.functions = array("i")
        self.parents = array("i")
        self.self_s = array("d")
        self.sample_count = 0
        self._children: dict[int, int] | None = {}

    def __len__(self) -> int:
        return len(self.functions)

    def add(self, path: Sequence[int], seconds: float, room: int) -> bool:
        """Add ``seconds`` at the end of ``path``, outermost function first.

        At most ``room`` new frames are made; a path that needs more ends at the deepest one there is,
        and the answer is ``False``.
        """
        children = self._children
        if children is None:
            children = self._index()
        find = children.get
        whole = True
        frame = -1
        for function in path:
            key = (frame + 1) << FUNCTION_BITS | function
            child = find(key)
            if child is None:
                if room <= 0:
                    whole = False
                    break
                room -= 1
                child = children[key] = len(self.functions)
                self.functions.append(function)
                self.parents.append(frame)
                self.self_s.append(0.0)
            frame = child
        self.sample_count += 1
        if frame >= 0:
            self.self_s[frame] += seconds
        return whole

    def close(self) -> None:
        """Give back the memory that only growing needs."""
        self._children = None

    def _index(self) -> dict[int, int]:
        self._children = {
            (parent + 1) << FUNCTION_BITS | function: frame
            for frame, (parent, function) in enumerate(zip(self.parents, self.functions, strict=True))
        }
        return self._children
