#!/usr/bin/env python3
"""Checks which rooms include which.

The order of the rooms is the table in docs/architecture.md. A file may include its own room and
rooms above it, by the room's name; only comparison sees training. Further rules: public headers keep
third-party libraries out, models/ outside cpu/ uses no processor-specific instructions and reads no environment
variables, rooms marked "no" in the torch column include nothing of LibTorch, programs see the library through its
public headers only, and nothing but the corpus room itself and evaluation can reach the instrument of a track.

Usage: room_order.py [SOURCE_FOLDER] | room_order.py --self-test
Includes that a macro hides are not seen.
"""
import pathlib
import re
import sys
import tempfile
import unittest

SEES_TRAINING = {"comparison"}  # the only rooms below training that may include it
TORCH = ("torch/", "ATen/", "c10/", "caffe2/")
# Not in public headers, and each only in the rooms named here.
LIBRARIES = {
    "yaml-cpp": {"config", "corpus"},
    "spdlog": {"core"},
    "fmt/": {"core"},
    "fftw3": {"audio"},
    "sndfile": {"audio"},
    "soxr": {"audio"},
    "ebur128": {"audio"},
    "nlohmann": None,  # None: any room's sources
    "openssl": {"core"},
    "opencv": {"video"},
    "lo/": {"live"},
    "RtAudio": {"live"},
    "CLI/": set(),
    "CLI11": set(),
}
KNOWS_INSTRUMENT = {"corpus", "evaluation", "comparison", "listening"}  # may include minet/corpus/instruments.hpp
READS_NO_INDEX = {"models", "clips", "training", "generation"}  # nor parse the index themselves
APP_MAY_INCLUDE = ("sys/", "minet/", "CLI/", "c10/util/Exception.h")

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)
# Kernels are in models/cpu, which reads the environment once; the networks above it stay plain C++.
KERNEL = re.compile(r"\b(_mm\w*|__m(?:128|256|512)\w*|\w*intrin\.h|vector_size|target_clones|(?:secure_)?getenv)\b")
STRING = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
LINE_COMMENT = re.compile(r"//[^\n]*")


def read_rooms(root):
    """Rooms from top to bottom as (name, uses torch), from the table."""
    text = (root / "docs/architecture.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \|.*\| (yes|no) \|$", text, re.M)
    if len(rows) < 2:
        raise SystemExit("docs/architecture.md: no table of rooms found (| `room` | ... | yes |)")
    return [(name, torch == "yes") for name, torch in rows]


def sources(folder):
    return sorted(p for p in folder.rglob("*") if p.suffix in (".hpp", ".cpp", ".h", ".cc"))


def includes(path):
    text = path.read_text(encoding="utf-8")
    for match in INCLUDE.finditer(text):
        line = text.count("\n", 0, match.start(2)) + 1
        yield line, match.group(1) == '"', match.group(2)


def target_room(path, name, quoted, names):
    """The room that an include refers to, or None."""
    parts = name.split("/")
    if parts[0] == "minet" and len(parts) > 2:
        return parts[1]
    if quoted and len(parts) > 1 and parts[0] in names and not (path.parent / name).exists():
        return parts[0]
    if quoted and ".." in parts:
        return (path.parent / name).resolve().parent.name
    return None


def check_room_file(path, room, public, rooms):
    names = [name for name, _ in rooms]
    uses_torch = dict(rooms)[room]
    for line, quoted, name in includes(path):
        where = f"{path}:{line}: "
        other = target_room(path, name, quoted, names)
        if other is not None and other != room:
            if other not in names:
                yield f"{where}{name} is in no room of docs/architecture.md"
            elif names.index(other) > names.index(room):
                yield f"{where}{room} includes {name}, but {other} lies below it"
            elif other == "training" and room not in SEES_TRAINING:
                yield f"{where}{room} includes {name}, but only comparison sees training"
        if quoted and "/" not in name:
            yield f"{where}{name} is included without its room; write {path.parent.name}/{name}"
        if name.startswith(TORCH) and not uses_torch:
            yield f"{where}{room} is a room without LibTorch, but includes {name}"
        for library, allowed in LIBRARIES.items():
            if not name.startswith(library):
                continue
            if public:
                yield f"{where}a public header includes {name}"
            elif allowed is not None and room not in allowed:
                yield f"{where}{name} belongs behind {', '.join(sorted(allowed)) or 'apps/'}"
        if name.endswith("corpus/instruments.hpp"):
            if room not in KNOWS_INSTRUMENT:
                yield f"{where}{room} must not know the instrument, but includes {name}"
            if public and room == "corpus":
                yield f"{where}a header of the corpus room hands on {name}"
    if room == "models" and "cpu" not in path.parts:
        code = LINE_COMMENT.sub("", path.read_text(encoding="utf-8"))
        for match in KERNEL.finditer(code):
            yield f"{path}: {match.group(1)} belongs into models/cpu"
    if room in READS_NO_INDEX:
        text = path.read_text(encoding="utf-8")
        code = LINE_COMMENT.sub("", text)
        for match in STRING.finditer(code):
            if match.group(1) == "instrument" or "tracks.csv" in match.group(1):
                yield f'{path}: {room} must not know the instrument, but says "{match.group(1)}"'


def check_app(path):
    for line, quoted, name in includes(path):
        where = f"{path}:{line}: "
        if quoted and (path.parent / name).exists():
            continue
        if name.startswith(APP_MAY_INCLUDE):
            if path.name == "mi_prepare.cpp" and name.startswith("c10/"):
                yield f"{where}mi_prepare does without LibTorch"
            if path.name == "app_main.hpp" and name.startswith("c10/"):
                yield f"{where}the header shared by all programs does without LibTorch"
        elif "/" in name or quoted:
            yield f"{where}a program includes {name}; programs see public headers and CLI11 only"
        if name.endswith("corpus/instruments.hpp"):
            yield f"{where}a program includes {name}; the evaluation room does that"


def check_tree(root):
    rooms = read_rooms(root)
    problems, files = [], 0
    for base, public in ((root / "include/minet", True), (root / "src", False)):
        for folder in sorted(p for p in base.iterdir() if p.is_dir()):
            if folder.name not in dict(rooms):
                problems.append(f"{folder}: not in the table of docs/architecture.md")
                continue
            for path in sources(folder):
                files += 1
                problems += check_room_file(path, folder.name, public, rooms)
    for path in sources(root / "apps"):
        files += 1
        problems += check_app(path)
    return problems, files


class SelfTest(unittest.TestCase):
    """Every rule is broken once and kept once."""

    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.root = pathlib.Path(holder.name)
        self.write("docs/architecture.md",
                   "| `core` | x | no |\n| `corpus` | x | no |\n| `models` | x | yes |\n"
                   "| `training` | x | yes |\n| `generation` | x | yes |\n"
                   "| `evaluation` | x | yes |\n| `comparison` | x | yes |\n")
        for folder in ("include/minet/core", "src/core", "apps"):
            (self.root / folder).mkdir(parents=True, exist_ok=True)

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def problems(self, name, text):
        self.write(name, text)
        return check_tree(self.root)[0]

    def assert_bad(self, name, text, part):
        found = self.problems(name, text)
        self.assertEqual(len(found), 1, found)
        self.assertIn(part, found[0])

    def test_looking_up_is_fine(self):
        self.assertEqual([], self.problems("src/training/a.cpp", '#include "minet/core/csv.hpp"\n'
                                           '#include <vector>\n#include <torch/torch.h>\n'))

    def test_looking_down(self):
        self.assert_bad("src/core/a.cpp", '#include "minet/models/a.hpp"\n', "lies below")

    def test_looking_down_at_a_private_header(self):
        self.assert_bad("src/core/a.cpp", '#include "models/a.hpp"\n', "lies below")

    def test_looking_down_by_a_relative_path(self):
        self.assert_bad("src/core/a.cpp", '#include "../models/a.hpp"\n', "lies below")

    def test_only_comparison_sees_training(self):
        for room in ("generation", "evaluation"):
            self.assert_bad(f"src/{room}/a.cpp", '#include "minet/training/a.hpp"\n',
                            "only comparison")
            (self.root / f"src/{room}/a.cpp").unlink()
        self.assertEqual([], self.problems("src/comparison/a.cpp",
                                           '#include "minet/training/a.hpp"\n'))

    def test_unknown_room(self):
        self.assert_bad("src/core/a.cpp", '#include "minet/cellar/a.hpp"\n', "in no room")
        (self.root / "src/core/a.cpp").unlink()
        self.assert_bad("src/cellar/a.cpp", "", "not in the table")

    def test_torch_in_a_base_room(self):
        self.assert_bad("src/corpus/a.cpp", "#include <ATen/core/Tensor.h>\n", "without LibTorch")

    def test_library_in_a_public_header(self):
        self.assert_bad("include/minet/core/a.hpp", "#include <spdlog/spdlog.h>\n", "public header")

    def test_library_in_a_wrong_room(self):
        self.assert_bad("src/models/a.cpp", "#include <spdlog/spdlog.h>\n", "belongs behind core")

    def test_instrument_header(self):
        self.assert_bad("src/training/a.cpp", '#include "minet/corpus/instruments.hpp"\n',
                        "must not know")
        (self.root / "src/training/a.cpp").unlink()
        self.assertEqual([], self.problems("src/evaluation/a.cpp",
                                           '#include "minet/corpus/instruments.hpp"\n'))

    def test_instrument_by_hand(self):
        self.assert_bad("src/models/a.cpp", 'auto x = row.column("instrument");\n', "must not know")
        self.assert_bad("src/models/a.cpp", 'auto x = read_csv(root / "tracks.csv");\n',
                        "must not know")
        self.assertEqual([], self.problems("src/models/a.cpp", '// "instrument" is not read here\n'))

    def test_evaluation_trains_nothing(self):
        self.assert_bad("src/evaluation/statistics/a.cpp", '#include "training/steps.hpp"\n', "only comparison")

    def test_kernels_lie_in_models_cpu(self):
        for line in ("#include <immintrin.h>", "__m256 x;", "auto x = _mm256_setzero_ps();",
                     'const char* x = std::getenv("MINET_ISA");',
                     "using Lanes = float __attribute__((vector_size(32)));"):
            self.assert_bad("src/models/a.cpp", line + "\n", "belongs into models/cpu")
        self.assertEqual([], self.problems("src/models/a.cpp", "// std::getenv stands in cpu/\n"))
        self.assertEqual([], self.problems("src/models/cpu/a.cpp", "#include <immintrin.h>\n__m256 x;\n"))

    def test_includes_name_their_room(self):
        self.assert_bad("src/core/a.cpp", '#include "b.hpp"\n', "without its room")

    def test_programs(self):
        self.assert_bad("apps/mi_train.cpp", "#include <torch/torch.h>\n", "public headers")
        self.assert_bad("apps/mi_train.cpp", '#include "corpus/index.hpp"\n', "public headers")
        self.assertEqual([], self.problems("apps/mi_train.cpp", '#include "minet/core/csv.hpp"\n'
                                           "#include <CLI/CLI.hpp>\n#include <iostream>\n"))

    def test_mi_prepare_without_torch(self):
        self.assert_bad("apps/mi_prepare.cpp", "#include <c10/util/Exception.h>\n", "does without")


def main():
    if sys.argv[1:] == ["--self-test"]:
        unittest.main(argv=sys.argv[:1])
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent.parent)
    problems, files = check_tree(root)
    for problem in problems:
        print(problem)
    print(f"{files} files, {len(problems)} problems")
    return 1 if problems or files == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
