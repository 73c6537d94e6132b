"""The Profiler Report node's work: waiting, drawing, saving."""
