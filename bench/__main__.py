"""`python -m bench [names] [--quick] [--json]`: measure, and print each number beside its target.

Exit 0, met or not.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import replace
from importlib import import_module

from bench import hubs
from bench.findings import Finding, Scale, table

NAMES = ("digest", "workers", "growth", "again", "ingest", "homepage", "live", "rank")


def main() -> None:
    asked = _arguments()
    # A process with a file of its own is what `hub` is; SQLite's and PostgreSQL's part of the work counts in all of
    # them.
    out = sys.stderr if asked.json else sys.stdout
    found: list[Finding] = []
    scale = Scale(quick=asked.quick)
    for name in asked.names or NAMES:
        print(f"{name}: {(import_module(f'bench.{name}').__doc__ or '').splitlines()[0]}", file=out, flush=True)
        for measured in import_module(f"bench.{name}").measure(scale):
            finding = replace(measured, quick=scale.quick)
            found.append(finding)
            print(f"  {finding.line()}", file=out, flush=True)
    if asked.json:
        print(json.dumps(_report(scale, found), indent=2))
    else:
        print(f"\n{_heading(scale)}\n{table(found)}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="What the hub promises about speed, measured.")
    parser.add_argument("names", nargs="*", choices=[[], *NAMES], metavar="name", help=f"of: {', '.join(NAMES)}")
    parser.add_argument("--quick", action="store_true", help="less of everything: for a look while working")
    parser.add_argument("--json", action="store_true", help="the findings as JSON; what happens meanwhile to stderr")
    parser.add_argument("--forget", action="store_true", help="build the large databases anew")
    asked = parser.parse_args()
    if asked.forget:
        hubs.forget()
    return asked


def _heading(scale: Scale) -> str:
    load = os.getloadavg()[0]
    quick = " QUICK: a look, not a measurement." if scale.quick else ""
    return f"Summary ({os.cpu_count()} processors, load {load:.1f} at the end, Python {sys.version.split()[0]}).{quick}"


def _report(scale: Scale, found: list[Finding]) -> dict[str, object]:
    return {"quick": scale.quick, "processors": os.cpu_count(), "findings": [finding.json() for finding in found]}


if __name__ == "__main__":
    main()
