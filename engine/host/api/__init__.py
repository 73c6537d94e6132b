"""The JSON routes under ``/holaf/profiler/``. Each resource has a file of its own."""
