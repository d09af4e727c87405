#!/usr/bin/env python3
"""Writes the tables of docs/reliability.md from the measurements of the scripts.

Usage: reliability_tables.py FILE.json...

Reads the output of scripts/faults.sh --json, scripts/fuzz.sh --json, scripts/long_runs.py --json and
scripts/coverage.sh; merges the rows of several files of one kind. A table without a file is left unchanged.
"""
import json
import pathlib
import re
import sys

from coverage_rooms import rooms_of

PAGE = pathlib.Path(__file__).resolve().parent.parent / "docs/reliability.md"


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(map(str, row)) + " |" for row in rows])


def faults(files):
    rows = [row for file in files for row in file["rows"]]
    together = {}
    for row in rows:
        kept = together.setdefault((row["what"], row["work"]), {"tried": 0, "outcomes": {}, "lost": 0, "slowest": None})
        kept["tried"] += row["tried"]
        kept["lost"] += row["lost"]
        for name, count in row["outcomes"].items():
            kept["outcomes"][name] = kept["outcomes"].get(name, 0) + count
        if row["slowest_stop_s"] is not None:
            kept["slowest"] = max(row["slowest_stop_s"], kept["slowest"] or 0)
    def ended(row):
        return ", ".join(f"{name} {count}" for name, count in sorted(row["outcomes"].items()))

    def slowest(row):
        return "" if row["slowest"] is None else f"{row['slowest']:.2f}"
    lines = [(what, work, row["tried"], ended(row), slowest(row), row["lost"])
             for (what, work), row in together.items()]
    kills = sum(row["tried"] - row["outcomes"].get("had ended", 0)
                for (what, _), row in together.items() if what.startswith("SIG"))
    operations = sum(line[2] for line in lines if "operation" in line[0])
    lost = sum(line[5] for line in lines)
    total = f"\n\n{kills} kills and signals of running programs, {operations} failed file operations, {lost} lost."
    return table(("what", "work", "tried", "how it ended", "slowest stop (s)", "lost"), lines) + total


def fuzz(files):
    together = {}
    for row in (row for file in files for row in file):
        kept = together.setdefault(row["reader"], {"minutes": 0, "inputs": 0, "edges": 0, "finds": 0})
        kept["minutes"] += row["cpu_minutes"]
        kept["inputs"] += row["inputs"]
        kept["edges"] = max(row["edges"], kept["edges"])
        kept["finds"] += len(row["finds"])
    return table(("reader", "CPU-minutes", "inputs", "edges reached", "finds in these runs"),
                 [(reader, f"{row['minutes']:.2f}", f"{row['inputs']:,}", row["edges"], row["finds"])
                  for reader, row in together.items()])


def long_runs(files):
    return table(("what", "minutes", "resident, early (MB)", "late (MB)", "most (MB)", "descriptors", "ended"),
                 [(row["what"], row["minutes"], row["early_mb"], row["late_mb"], row["most_mb"],
                   " to ".join(map(str, row["descriptors"])), row["ended"]) for file in files for row in file])


def coverage(files):
    summary = {"files": [row for file in files for row in file["files"]]}
    return table(("module", "lines that the tests run"),
                 [(room, f"{100 * covered / total:.1f} % of {total:,}") for room, covered, total in rooms_of(summary)])


def kind_of(content):
    if isinstance(content, dict):
        return "coverage" if "files" in content else "faults"
    return "fuzz" if content and "reader" in content[0] else "long-runs"


def main():
    if len(sys.argv) < 2 or sys.argv[1] in ("-h", "--help"):
        sys.exit(__doc__)
    found = {}
    for name in sys.argv[1:]:
        content = json.loads(pathlib.Path(name).read_text())
        found.setdefault(kind_of(content), []).append(content)
    page = PAGE.read_text()
    for kind, write in (("faults", faults), ("fuzz", fuzz), ("long-runs", long_runs), ("coverage", coverage)):
        if kind in found:
            text = f"<!-- {kind} -->\n{write(found[kind])}\n<!-- /{kind} -->"
            page = re.sub(f"<!-- {kind} -->.*?<!-- /{kind} -->", lambda _, text=text: text, page, flags=re.DOTALL)
    PAGE.write_text(page)


if __name__ == "__main__":
    main()
