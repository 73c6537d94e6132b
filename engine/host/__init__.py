"""The only package that imports ComfyUI: hooks, routes, events, paths."""
