"""Benchmarks: what the hub promises about speed and memory, measured. `python -m bench --help`.

What can be a ratio is one, against the limit of the same database in the same run, in turns: machines are noisy, and
noise that comes to both leaves the ratio alone. A module measures one thing; its `measure(scale)` gives the findings.
"""
