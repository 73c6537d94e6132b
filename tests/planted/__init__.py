"""Histories with a known truth planted in them, many at a time, and how often an analysis finds it.

Used by the unit tests with few histories and by ``metrics/conclusions.py`` with many.
"""
