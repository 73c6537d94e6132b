"""A real ComfyUI for tests, the demo and the benchmarks: getting one, starting one, talking to one."""
