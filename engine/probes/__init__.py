"""Sources of numbers: one module a source, at most one vendor library each."""
