"""Pure functions on runs. No I/O, no clock, no state."""
