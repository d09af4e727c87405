#!/usr/bin/env python3
"""minet compared with what a user would use instead, measured side by side in one run.

Started by scripts/bench.sh, which builds and installs what it needs. Each measure prints one line per
peer: median (minimum to maximum) of alternating turns, the ratio of the medians, the aim, and the
limit, which no program could undercut on this processor, as a share of minet's time. All sides are
pinned to the same core, with one thread.
"""

from __future__ import annotations

import argparse
import dataclasses
import datetime
import json
import os
import pathlib
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "benchmarks"))

import harness  # noqa: E402
import lines as texts  # noqa: E402
from harness import Side  # noqa: E402
from material import Material  # noqa: E402
from measures import MEASURES  # noqa: E402


class Bench:
    """What a measure needs in order to run a race."""

    def __init__(self, arguments, scratch: pathlib.Path):
        self.quick, self.scratch = arguments.quick, scratch
        self.rounds = arguments.rounds or (2 if arguments.quick else 5)
        self.turns = self.rounds  # of the last race
        self.processor = harness.pick_processor()
        self.programs = arguments.build / "bin"
        self.peers = ROOT / "benchmarks/peers"
        self.material = Material(ROOT, arguments.material, self.programs, arguments.quick,
                                 arguments.sounds, arguments.corpus, arguments.model)

    def program(self, name: str) -> pathlib.Path:
        path = self.programs / name
        if not path.exists():
            raise harness.Failure(f"expected the program {path}, which is not built")
        return path

    def ours(self, name: str, program: str, *arguments, env=None, cold=False) -> Side:
        return Side(name, [self.program(program), *arguments], cold, env or {})

    def peer(self, name: str, script: str, *arguments, cold=False) -> Side:
        path = self.peers / script
        if not path.exists():
            raise harness.Failure(f"expected the script {path}, which is not there")
        return Side(name, [sys.executable, path, *arguments], cold)

    def config(self, name: str) -> pathlib.Path:
        return ROOT / "configs" / name

    def limit(self, name: str, *arguments) -> Side:
        return self.ours(name, "limits", *arguments)

    def run_alone(self, side: Side) -> None:
        """One turn without timing."""
        harness.take_turns([dataclasses.replace(side, cold=True)], 1, self.processor, warm_up=False)

    def race(self, sides: list[Side], rounds: int = 0, warm_up: bool = True):
        self.turns = rounds or self.rounds
        return harness.take_turns(sides, self.turns, self.processor, warm_up)


def parse(words):
    parser = argparse.ArgumentParser(
        prog="scripts/bench.sh", formatter_class=argparse.RawDescriptionHelpFormatter,
        description=__doc__, epilog="Measures: " + ", ".join(MEASURES))
    parser.add_argument("--only", action="append", metavar="NAME", default=[],
                        help="only this measure (repeatable)")
    parser.add_argument("--quick", action="store_true",
                        help="less work and two turns, only to check that everything runs")
    parser.add_argument("--rounds", type=int, metavar="N", help="turns per side (default: 5; with --quick: 2)")
    parser.add_argument("--json", type=pathlib.Path, metavar="OUT", help="also write the results")
    parser.add_argument("--docs", action="store_true",
                        help="write the measures' tables into docs/benchmarks.md")
    parser.add_argument("--sounds", type=pathlib.Path, nargs="+", default=[], metavar="FILE",
                        help="recordings to take phrases from (default: those of the tests' data "
                        "if there, else synthetic players)")
    parser.add_argument("--corpus", type=pathlib.Path, metavar="DIR",
                        help="prepared corpus (default: a synthetic one is made)")
    parser.add_argument("--model", type=pathlib.Path, metavar="RUN",
                        help="model trained on that corpus, for decoded spectrograms (default: a small "
                        "one is trained)")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release", metavar="DIR",
                        help="build folder (default: build/release)")
    parser.add_argument("--material", type=pathlib.Path, default=ROOT / "build/bench",
                        metavar="DIR", help="folder for generated material (default: build/bench)")
    arguments = parser.parse_args(words)
    unknown = [name for name in arguments.only if name not in MEASURES]
    if unknown:
        parser.error(f"--only: expected one of {', '.join(MEASURES)}, got {unknown[0]}")
    if arguments.rounds is not None and arguments.rounds < 1:
        parser.error(f"--rounds: expected at least 1, got {arguments.rounds}")
    if arguments.model and not arguments.corpus:
        parser.error("--model: expected --corpus with it, the corpus that the model was trained on")
    if arguments.docs and arguments.quick:
        parser.error("--docs: expected a full run, got --quick, whose figures say nothing")
    return arguments


def save_whole(path: pathlib.Path, text: str) -> None:
    partial = path.with_name(path.name + ".partial")
    try:
        partial.write_text(text, encoding="utf-8")
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def footer(machine: dict) -> str:
    return (f"*{machine['date']}, {machine['processor']}, one core, one thread; load of the machine "
            f"{machine['load']:.1f} when it began; {machine['rounds']} "
            f"{'turn' if machine['rounds'] == 1 else 'turns'} each.*")


def write_docs(results: dict[str, list[dict]], machines: dict[str, dict]) -> None:
    path = ROOT / "docs/benchmarks.md"
    page = path.read_text(encoding="utf-8")
    for name, lines in results.items():
        page = texts.replace_section(page, name,
                                     texts.table(lines) + "\n\n" + footer(machines[name]))
    save_whole(path, page)


def main(words) -> int:
    arguments = parse(words)
    results: dict[str, list[dict]] = {}
    machines: dict[str, dict] = {}
    failures: dict[str, str] = {}
    for name in arguments.only or MEASURES:
        machines[name] = {"date": datetime.date.today().isoformat(), "load": os.getloadavg()[0],
                          "processor": harness.processor_name()}
        with tempfile.TemporaryDirectory(prefix="minet-bench-") as scratch:
            bench = Bench(arguments, pathlib.Path(scratch))
            try:
                results[name] = [line.as_json() for line in MEASURES[name](bench)]
                machines[name]["rounds"] = bench.turns
            except Exception as error:  # a failing measure is reported, and the others continue
                failures[name] = str(error) or type(error).__name__
                print(f"{name}: failed: {failures[name]}", file=sys.stderr, flush=True)
                continue
        for line in results[name]:
            print(texts.for_people(line), flush=True)
    print(f"one core of {harness.processor_name()}, one thread"
          + ("; --quick: the figures say nothing" if arguments.quick else ""))
    if arguments.json:
        whole = {"quick": arguments.quick, "machines": machines, "lines": results,
                 "failures": failures}
        save_whole(arguments.json, json.dumps(whole, indent=1) + "\n")
    if arguments.docs:
        write_docs(results, machines)
    return 1 if failures else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
