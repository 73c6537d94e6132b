"""A real ComfyUI for tests, the demo and the benchmarks: getting one, starting one, talking to one."""

import sys

# first of all and in old Python's words, so that an old Python says this and not a syntax error
if sys.version_info < (3, 10):  # noqa: UP036
    sys.exit(
        "This is Python %d.%d (%s), and 3.10 or newer is needed: make PYTHON=python3.12 ..."  # noqa: UP031
        % (sys.version_info[0], sys.version_info[1], sys.executable)
    )
