"""The engine: everything the profiler does, in one-way layers.

``host`` is the only package here that imports ComfyUI.
"""
