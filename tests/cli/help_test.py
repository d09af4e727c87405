#!/usr/bin/env python3
"""Man pages and completions have every option that --help explains, and man, bash and zsh accept them.

Usage: help_test.py MI_PREPARE [MI_TRAIN MI_GENERATE MI_EVAL] [unittest arguments]
"""
import os
import re
import shutil
import subprocess
import sys

import support

OPTION = re.compile(r"^  ((?:-\w,)?--[\w-]+|-\w)\b", re.MULTILINE)
COMMAND = re.compile(r"^  (\w[\w-]*) {2,}\S", re.MULTILINE)


class Help(support.Case):
    programs = []

    def output(self, program, *arguments):
        done = self.run_program(*arguments, program=program)
        self.assertEqual((0, ""), (done.returncode, done.stderr), arguments)
        return done.stdout

    def explained(self, program, *command):
        """{(command, option)} in --help, and in the --help of each command."""
        text = self.output(program, *command, "--help")
        found = {(command[0] if command else "", name) for names in OPTION.findall(text) for name in names.split(",")}
        if not command and "Subcommands:" in text:
            for name in COMMAND.findall(text[text.index("Subcommands:"):]):
                if name != "video" or len(self.programs) > 1:  # without LibTorch there is no mi_video
                    found |= self.explained(program, name)
        return found

    def listed(self, program):
        rows = [line.split("\t") for line in self.output(program, "--help-format", "list").splitlines()]
        own = os.path.basename(program)
        return {("" if row[0] == own else row[0], name) for row in rows for name in row[1].split(",")
                if name.startswith("-") and not name == "--live" or name == "--live" and row[0] == own}

    def test_every_option_is_in_every_format(self):
        for program in self.programs:
            wanted = self.explained(program)
            self.assertGreater(len(wanted), 8, program)
            self.assertLessEqual(wanted, self.listed(program), program)
            for form in ("man", "bash", "zsh"):
                page = self.output(program, "--help-format=" + form).replace("\\-", "-")
                for _, name in wanted:
                    self.assertRegex(page, re.escape(name) + r"\b", f"{program} {form}")

    def completed(self, program, *words):
        script = self.folder / "completion"
        script.write_text(self.output(program, "--help-format", "bash"))
        name = os.path.basename(program)
        line = f'. {script}; COMP_WORDS=("$@"); COMP_CWORD={len(words)}; _{name}; echo "${{COMPREPLY[@]}}"'
        return subprocess.run(["bash", "-c", line, "bash", name, *words], check=True, capture_output=True,
                              text=True).stdout.split()

    def test_bash_completes(self):
        prepare = self.programs[0]
        self.assertEqual(["folder"], self.completed(prepare, "fo"))
        self.assertEqual({"--table", "--test-share", "--threads"}, set(self.completed(prepare, "folder", "--t")))
        self.assertEqual(["--quiet"], self.completed(prepare, "--qu"))
        self.assertEqual([], self.completed(prepare, "folder", "fi"))  # a file: bash completes it
        if len(self.programs) > 1:
            self.assertEqual(["--overlay", "--overlay-notes"], self.completed(prepare, "video", "--ov"))
            self.assertIn("--model", self.completed(self.programs[2], "--mo"))

    def test_man_and_zsh_take_them(self):
        for program in self.programs:
            page, script = self.folder / "page.1", self.folder / "_page"
            page.write_text(self.output(program, "--help-format", "man"))
            script.write_text(self.output(program, "--help-format", "zsh"))
            for command in (["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", page],
                            ["mandoc", "-T", "lint", "-W", "error", page], ["zsh", "-n", script]):
                if shutil.which(command[0]):
                    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False,
                                          env=os.environ | {"LC_ALL": "C.UTF-8"})
                    self.assertEqual((0, ""), (done.returncode, done.stderr), command)

    def test_other_formats_are_refused(self):
        self.assert_fails("--help-format", "html", says=["--help-format: expected man, bash, zsh or list"])


if __name__ == "__main__":
    Help.programs = [word for word in sys.argv[1:] if os.path.basename(word).startswith("mi_")]
    support.main(["program"] + [f"program_{i}" for i in range(1, len(Help.programs))], __doc__)
