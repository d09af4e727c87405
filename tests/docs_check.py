#!/usr/bin/env python3
"""Checks the pages: line width, words that do not belong in them, links, and the names in
docs/architecture.md. Also checks words in help texts, messages and comments.

Usage: docs_check.py [SOURCE_FOLDER] | docs_check.py --self-test
"""
import pathlib
import re
import sys
import tempfile
import unittest

COLUMNS = 120
SKIPPED = {"build", "demo", "demo-real", ".git", ".venv", ".venv-bench", ".venv-reference"}
# Traces of translation, and "1" with a plural.
WORDS = re.compile(r"\b(foretell\w*|foretold|anew|none such|dealt out|in passing(?!\w)|"
                   r"(?<![\d.,:-])(?<!- )(?<!of )1 (?:threads|tracks|clips|codes|frames|seconds|minutes|steps))\b")
LINK = re.compile(r"\]\(([^)\s]+)\)")
PATH = re.compile(r"`((?:src|include|tests|apps|scripts|configs|benchmarks|docs)/[\w./-]+\.\w+)`")
CALL = re.compile(r"`(?:\w+::)*(\w+)\(\)`")
CODE = {".hpp", ".cpp", ".inl", ".py", ".sh", ".yaml", ".html"}


def files(root, suffixes):
    for path in sorted(root.rglob("*")):
        if path.suffix in suffixes and not SKIPPED & set(path.relative_to(root).parts):
            yield path


def prose(text):
    """(number, line) of lines that are neither in a fence nor indented code."""
    fenced = False
    for number, line in enumerate(text.split("\n"), 1):
        if line.lstrip().startswith("```"):
            fenced = not fenced
        elif not fenced and not line.startswith("    "):
            yield number, line


def slug(heading):
    """A heading's anchor on a code host."""
    heading = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def anchors(path):
    return {slug(line.lstrip("#")) for _, line in prose(path.read_text(encoding="utf-8")) if line.startswith("#")}


def check_words(name, text):
    for number, line in enumerate(text.split("\n"), 1):
        for found in WORDS.finditer(line):
            yield f"{name}:{number}: '{found.group(0)}': say it in plain English"


def check_page(root, path):
    name = path.relative_to(root)
    text = path.read_text(encoding="utf-8")
    for number, line in prose(text):
        if len(line) > COLUMNS and not line.startswith("|") and "](" not in line and "://" not in line:
            yield f"{name}:{number}: {len(line)} columns, at most {COLUMNS}"
        for link in LINK.findall(line):
            if "://" in link or link.startswith("mailto:"):
                continue
            target, _, anchor = link.partition("#")
            file = (path.parent / target) if target else path
            if not file.exists():
                yield f"{name}:{number}: link to {link}, which is not in the repository"
            elif anchor and file.suffix == ".md" and anchor not in anchors(file):
                yield f"{name}:{number}: link to {link}, a heading that is not there"
        for file in PATH.findall(line):
            if not re.search(r"[A-Z]{3,}", file.replace("README", "")) and not (root / file).exists():
                yield f"{name}:{number}: {file} is not in the repository"


def check_names(root):
    """Checks that every function named in docs/architecture.md exists."""
    page = root / "docs/architecture.md"
    sources = "\n".join(path.read_text(encoding="utf-8") for folder in ("include", "src")
                        for path in files(root / folder, {".hpp", ".cpp"}))
    for number, line in prose(page.read_text(encoding="utf-8")):
        for name in CALL.findall(line):
            if not re.search(rf"\b{name}\(", sources) and not re.search(r"[A-Z]{3,}", name):
                yield f"docs/architecture.md:{number}: no function {name}() in include/ or src/"


def check(root):
    problems = []
    for path in files(root, {".md"} | CODE):
        if path.name == "docs_check.py":
            continue
        text = path.read_text(encoding="utf-8")
        problems += check_words(path.relative_to(root), text)
        if path.suffix == ".md":
            problems += check_page(root, path)
    return problems + list(check_names(root))


class SelfTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        self.write("docs/architecture.md", "# Map\n\n`play()` is in `src/play.cpp`.\n")
        self.write("src/play.cpp", "void play() {}\n")

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def found(self, text):
        self.write("docs/page.md", text)
        return check(self.root)

    def test_good_pages_pass(self):
        self.assertEqual([], self.found("# A page\n\n[map](architecture.md#map), [here](#a-page), [far](https://a.b)\n"
                                        "\n    " + "code " * 40 + "\n\n```\n" + "code " * 40 + "\n```\n"
                                        "| " + "cell " * 40 + "|\n1 thread, 11 threads, v1 steps\n"))

    def test_long_lines(self):
        self.assertEqual(1, len(self.found("word " * 30 + "\n")))

    def test_words(self):
        self.assertEqual(2, len(self.found("It foretells.\nWith 1 threads.\n")))
        self.write("src/play.cpp", "void play() { say(\"made anew\"); }\n")
        self.assertIn("src/play.cpp:1", self.found("")[0])

    def test_links(self):
        self.assertEqual(3, len(self.found("[a](gone.md) [b](architecture.md#gone) [c](#gone)\n")))
        self.assertEqual(1, len(self.found("`src/gone.cpp`\n")))

    def test_names_of_functions(self):
        self.write("docs/architecture.md", "`gone()`, `Player::play()`, `make_NAME()`\n")
        self.assertEqual(["docs/architecture.md:1: no function gone() in include/ or src/"], self.found(""))


def main():
    if sys.argv[1:] == ["--self-test"]:
        unittest.main(argv=sys.argv[:1])
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    problems = check(root)
    print(*problems, sep="\n")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
