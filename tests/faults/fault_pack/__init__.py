"""A node pack for tests alone: breaks the profiler's seams from outside, as asked over a route.

``POST /profiler_faults {"seams": {"module:attribute": kind}}`` puts every seam back and breaks these;
kinds are ``raise``, ``memory`` (a MemoryError), ``exit`` (a SystemExit), ``hang`` (30 s, or until the next
request), ``nonsense`` (answers an object that nothing can be done with), ``past`` and ``future`` (answer a
date). ``GET`` answers how often each was met.
"""

import importlib
import inspect
import sys
import threading

from aiohttp import web
from server import PromptServer

NODE_CLASS_MAPPINGS = {}

HANG_S = 30.0
MARK = ".engine.host.executor.hooks"

_originals = {}
_met = {}
_release = threading.Event()


DATES = {"past": "1970-01-01T00:00:00.000Z", "future": "2999-01-01T00:00:00.000Z"}


class Nonsense:
    """Looks like nothing that the profiler knows."""


def _package():
    return next(name for name in sys.modules if name.endswith(MARK)).removesuffix(MARK)


def _owner(seam):
    module, _, path = seam.partition(":")
    owner = importlib.import_module(f"{_package()}.{module}")
    *outer, name = path.split(".")
    for part in outer:
        owner = getattr(owner, part)
    return owner, name


def _fault(seam, kind, original, release):
    def strike():
        _met[seam] = _met.get(seam, 0) + 1
        if kind == "raise":
            raise ValueError(f"a fault in {seam}")
        if kind == "memory":
            raise MemoryError(f"a fault in {seam}")
        if kind == "exit":
            raise SystemExit(f"a fault in {seam}")
        if kind == "hang":
            release.wait(HANG_S)
            return False
        return True

    if inspect.iscoroutinefunction(original):

        async def broken(*args, **kwargs):
            return Nonsense() if strike() else await original(*args, **kwargs)

    elif kind in DATES:

        def broken(*args, **kwargs):
            strike()
            return DATES[kind]

    else:

        def broken(*args, **kwargs):
            return Nonsense() if strike() else original(*args, **kwargs)

    return broken


def _restore():
    global _release
    _release.set()
    _release = threading.Event()
    for _seam, (owner, name, original) in _originals.items():
        setattr(owner, name, original)
    _originals.clear()
    _met.clear()


@PromptServer.instance.routes.post("/profiler_faults")
async def break_seams(request):
    body = await request.json()
    _restore()
    for seam, kind in body["seams"].items():
        owner, name = _owner(seam)
        original = getattr(owner, name)
        _originals[seam] = (owner, name, original)
        setattr(owner, name, _fault(seam, kind, original, _release))
    return web.json_response({})


@PromptServer.instance.routes.get("/profiler_faults")
async def met(request):
    return web.json_response(_met)
