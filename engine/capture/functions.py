"""The functions seen on stacks: code objects to small numbers, each looked at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import CodeType

from ..model import Function, Owner
from .call_tree import FUNCTIONS_MAX
from .owners import GPU_WAIT, Owners

PLAIN, ENTRY, HOOK, OWN, SYNC, IDLE = range(6)
"""What a function means for cutting a stack: nothing; the host's way to a node; our own bracket around it;
code of this pack; our own wait for the GPU; a thread that waits for work."""

CODES_MAX = 100_000
"""So many code objects are kept to be known again by their identity."""

_IDLE = frozenset(
    (
        ("threading.py", "wait"),
        ("threading.py", "_wait_for_tstate_lock"),
        ("concurrent/futures/thread.py", "_worker"),
        ("queue.py", "get"),
        ("selectors.py", "select"),
        ("socketserver.py", "serve_forever"),
    )
)
_WRAPPER_FILES = frozenset(("contextlib.py", "functools.py", "torch/utils/_contextlib.py"))
_WRAPPER_FOLDERS = ("importlib/", "asyncio/", "concurrent/", "torch/_dynamo/", "<frozen")
_WRAPPER_NAMES = {
    "torch/nn/modules/module.py": ("_call_impl", "_wrapped_call_impl"),
    "threading.py": ("_bootstrap", "_bootstrap_inner", "run"),
}


class Functions:
    """Numbers for functions, from 0; the function 0 is the wait for the GPU.

    ``owners`` is called when the first function is seen, on the thread that samples: it reads files.
    ``hook`` is the code of our own bracket around a node, ``entry_files`` are the files through which
    the host reaches a node.
    """

    def __init__(
        self, owners: Callable[[], Owners], hook: CodeType | None, entry_files: Iterable[str]
    ) -> None:
        self._owners = owners
        self._hook = hook
        self._entry_files = frozenset(entry_files)
        self._codes: list[CodeType] = []
        self._by_key: dict[tuple[str, str, int], int] = {}
        self._owner_numbers: dict[Owner, int] = {}
        self.by_id: dict[int, int] = {}
        """Identity of a code object -> its function's number: for the loop that walks a stack.
        Comparing code objects themselves hashes their bytecode, which costs more than the walk."""
        self.known: list[Function] = []
        self.meanings: list[int] = []
        self.is_work: list[bool] = []
        """Whether a function belongs to ComfyUI or a pack and does more than call others."""
        self.wait = self._add(
            Function("waiting for the GPU", "", 0, self.owner_number(GPU_WAIT)), SYNC, GPU_WAIT
        )

    @property
    def owners(self) -> tuple[Owner, ...]:
        """The owners that functions refer to."""
        return tuple(self._owner_numbers)

    def owner_number(self, owner: Owner) -> int:
        """The number of ``owner``, given now if it had none."""
        return self._owner_numbers.setdefault(owner, len(self._owner_numbers))

    def owner_of_file(self, file: str) -> int:
        """The number of the owner of a source file."""
        return self.owner_number(self._owners().of(file).owner)

    def learn(self, code: CodeType) -> int:
        """The number of a code object that is not in :attr:`by_id`."""
        name = getattr(code, "co_qualname", code.co_name)
        key = (code.co_filename, name, code.co_firstlineno)
        number = self._by_key.get(key)
        if number is None:
            if len(self.known) >= FUNCTIONS_MAX - 1:
                return self.wait  # never seen in practice: a million different functions
            owner, file = self._owners().of(code.co_filename)
            number = self._by_key[key] = self._add(
                Function(
                    name,
                    file,
                    code.co_firstlineno,
                    self.owner_number(owner),
                    is_wrapper(file, code.co_name),
                ),
                self._meaning(code, file, owner),
                owner,
            )
        if len(self._codes) < CODES_MAX:
            self._codes.append(code)  # kept, so that its identity is not given to another
            self.by_id[id(code)] = number
        return number

    def _add(self, function: Function, meaning: int, owner: Owner) -> int:
        self.known.append(function)
        self.meanings.append(meaning)
        self.is_work.append(owner.kind in ("core", "pack") and not function.is_wrapper)
        return len(self.known) - 1

    def _meaning(self, code: CodeType, file: str, owner: Owner) -> int:
        if code is self._hook:
            return HOOK
        if owner.kind == "profiler":
            return SYNC if code.co_name == "synchronize" else OWN
        if code.co_filename in self._entry_files:
            return ENTRY
        if owner.kind == "interpreter" and (file, code.co_name) in _IDLE:
            return IDLE
        return PLAIN


def is_wrapper(file: str, name: str) -> bool:
    """Whether a function only calls others: decorators, context managers, imports, thread starts."""
    return file in _WRAPPER_FILES or file.startswith(_WRAPPER_FOLDERS) or name in _WRAPPER_NAMES.get(file, ())
