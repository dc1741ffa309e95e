"""Real data through a real hub: each set's README commands, then its own comparison over HTTP.

`python -m tests.real_data DATA` does it for all sets of that folder that are there.
"""
