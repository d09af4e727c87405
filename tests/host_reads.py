#!/usr/bin/env python3
"""Checks that no code of networks, training or generation that reads a GPU's memory from the CPU is added unnoticed.

Counts, per file of src/models (without cpu/), src/training, src/generation and src/vision, everything that waits for a
GPU or is wrong for a tensor on one: `.item()`, raw pointers and accessors, copies to the CPU, and tensors created
without a device. The counts must be those of host_reads.txt, where each line gives a reason.

Usage: host_reads.py [SOURCE_FOLDER] | host_reads.py --print | host_reads.py --self-test
"""
import collections
import pathlib
import re
import sys
import unittest

ROOMS = ("models", "training", "generation", "vision")
LIST = pathlib.Path(__file__).with_suffix(".txt")
KINDS = {
    "item": re.compile(r"[.>]\s*(?:template\s+)?item\s*(?:<[^>]*>)?\s*\("),
    "pointer": re.compile(r"\b(?:const_|mutable_)?data_ptr\b|\baccessor\s*<"),
    "cpu": re.compile(r"\bkCPU\b|[.>]cpu\(\)"),
}
FACTORY = re.compile(r"\bat::(zeros|ones|full|empty|arange|tensor|rand|randn|linspace|eye|hann_window)\(")
PLACED = re.compile(r"options|device|_like\b|kCPU")
COMMENT = re.compile(r'//[^\n]*|"(?:[^"\\\n]|\\.)*"')


def arguments(text: str, opening: int) -> str:
    """The text from the character after an opening parenthesis to its closing one."""
    depth = 1
    for end in range(opening, len(text)):
        depth += {"(": 1, ")": -1}.get(text[end], 0)
        if depth == 0:
            return text[opening:end]
    return text[opening:]


def counts_of(text: str) -> dict:
    text = COMMENT.sub("", text)
    counts = {kind: len(pattern.findall(text)) for kind, pattern in KINDS.items()}
    counts["device"] = sum(not PLACED.search(arguments(text, found.end())) for found in FACTORY.finditer(text))
    return {kind: count for kind, count in counts.items() if count}


def found_in(root: pathlib.Path) -> dict:
    result = {}
    for room in ROOMS:
        for path in sorted((root / "src" / room).rglob("*.?pp")):
            name = path.relative_to(root).as_posix()
            if not name.startswith("src/models/cpu/"):
                for kind, count in counts_of(path.read_text(encoding="utf-8")).items():
                    result[name, kind] = count
    return result


def allowed() -> dict:
    result = {}
    for number, line in enumerate(LIST.read_text(encoding="utf-8").splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        fields, _, reason = line.partition("#")
        if len(fields.split()) != 3 or not reason.strip():
            raise SystemExit(f"{LIST.name}:{number}: expected 'FILE KIND COUNT  # reason', got '{line}'")
        name, kind, count = fields.split()
        result[name, kind] = int(count)
    return result


def problems(found: dict, listed: dict) -> list:
    lines = []
    for key in sorted(found.keys() | listed.keys()):
        now, before = found.get(key, 0), listed.get(key, 0)
        if now != before:
            lines.append(f"{key[0]}: expected {before} of kind '{key[1]}', got {now}; avoid it, or say in tests/{LIST.name}"
                         " why it is right")
    return lines


class SelfTest(unittest.TestCase):
    def test_counts(self):
        self.assertEqual(counts_of("x.item<double>(); a->template item<float>(); // y.item<int>()"), {"item": 2})
        self.assertEqual(counts_of("t.const_data_ptr<float>() + u.accessor<float, 2>()[0]"), {"pointer": 2})
        self.assertEqual(counts_of("t.to(at::kCPU)"), {"cpu": 1})
        self.assertEqual(counts_of("at::zeros({f(1), 2})"), {"device": 1})
        self.assertEqual(counts_of("at::zeros({f(1), 2}, x.options()); at::zeros_like(x);"), {})

    def test_differences(self):
        collect = collections.Counter
        self.assertEqual(problems({("a", "item"): 1}, {("a", "item"): 1}), [])
        self.assertEqual(len(problems({("a", "item"): 2}, {("a", "item"): 1})), 1)
        self.assertEqual(len(problems({}, collect({("a", "item"): 1}))), 1)


def main() -> int:
    if "--self-test" in sys.argv:
        return not unittest.main(argv=sys.argv[:1], exit=False).result.wasSuccessful()
    root = pathlib.Path(next((a for a in sys.argv[1:] if not a.startswith("-")), LIST.parent.parent))
    found = found_in(root)
    if "--print" in sys.argv:
        for (name, kind), count in found.items():
            print(f"{name} {kind} {count}")
        return 0
    lines = problems(found, allowed())
    print(*lines, f"{sum(found.values())} places in {len({name for name, _ in found})} files, {len(lines)} problems", sep="\n")
    return bool(lines)


if __name__ == "__main__":
    sys.exit(main())
