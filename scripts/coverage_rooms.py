#!/usr/bin/env python3
"""Prints the line coverage in gcovr's --json-summary by room, and the files with the most uncovered lines.

Usage: coverage_rooms.py coverage.json
"""
import collections
import json
import sys


def rooms_of(summary):
    """[(room, covered lines, lines)], "all" last."""
    rooms = collections.defaultdict(lambda: [0, 0])
    for file in summary["files"]:
        parts = file["filename"].split("/")
        room = parts[1] if parts[0] == "src" else parts[2]
        rooms[room][0] += file["line_covered"]
        rooms[room][1] += file["line_total"]
    rows = [(room, covered, total) for room, (covered, total) in sorted(rooms.items()) if total]
    return [*rows, ("all", sum(row[1] for row in rows), sum(row[2] for row in rows))]


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    with open(sys.argv[1], encoding="utf-8") as stream:
        summary = json.load(stream)
    for room, covered, total in rooms_of(summary):
        print(f"{room:12} {covered:6} of {total:6} lines, {100 * covered / total:5.1f} %")
    print("most lines that no test runs:")
    for file in sorted(summary["files"], key=lambda f: f["line_covered"] - f["line_total"])[:15]:
        print(f"{file['line_total'] - file['line_covered']:5} of {file['line_total']:5}  {file['filename']}")


if __name__ == "__main__":
    main()
