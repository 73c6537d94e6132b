"""One profiled prompt, from its first node to the history."""
