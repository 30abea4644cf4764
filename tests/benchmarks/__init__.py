"""Timings beside peers, in one run; each is started as `python -m tests.benchmarks.NAME`."""
