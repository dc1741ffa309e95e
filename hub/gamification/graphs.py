"""What needs what: circles, and an order in which each comes after all that it needs. Without recursion, so that a long
chain costs no stack.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

#: By each key those that it needs; what is no key of its own is left out.
Edges = Mapping[str, Collection[str]]


def circles(edges: Edges) -> list[tuple[str, ...]]:
    """Each circle, found once."""
    return _walked(edges)[1]


def in_order(edges: Edges) -> list[str]:
    """All keys, each after those that it needs, as far as they form no circle."""
    return list(_walked(edges)[0])


def _walked(edges: Edges) -> tuple[dict[str, None], list[tuple[str, ...]]]:
    settled: dict[str, None] = {}
    found: list[tuple[str, ...]] = []
    for start in edges:
        path: dict[str, Iterator[str]] = {}
        if start not in settled:
            path[start] = iter(dict.fromkeys(edges[start]))
        while path:
            node, ahead = next(reversed(path.items()))
            step = next((each for each in ahead if each in edges and each not in settled), None)
            if step is None:
                settled[node] = None
                del path[node]
            elif step in path:
                walked = list(path)
                found.append(tuple(walked[walked.index(step) :]))
            else:
                path[step] = iter(dict.fromkeys(edges[step]))
    return settled, found
