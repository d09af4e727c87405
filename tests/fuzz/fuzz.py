#!/usr/bin/env python3
"""Runs libFuzzer on each reader for N minutes of CPU time. See scripts/fuzz.sh."""
import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
SLOW = 10  # s for one input
PIECE = 300  # s after which the results are written
INTERRUPTED = 72  # libFuzzer's exit code after Ctrl-C
LIMITS = ["-max_len=16384", f"-timeout={SLOW}", "-rss_limit_mb=1024", "-malloc_limit_mb=512", "-print_final_stats=1"]


def readers(build):
    """{reader: the program that contains it}"""
    found = {}
    for program in (build / "bin/readers_fuzz", build / "bin/models_fuzz"):
        names = subprocess.run([program], capture_output=True, text=True, check=True).stdout.split()
        found.update({name: program for name in names})
    return found


def last_number(pattern, said):
    found = re.findall(pattern, said)
    return int(found[-1]) if found else 0


def run_once(program, reader, arguments, memory):
    """(exit code, libFuzzer's output, CPU seconds)"""
    log = memory / f"{reader}.log"
    with open(log, "wb") as stream:
        process = subprocess.Popen([program, *LIMITS, *arguments],
                                   env={**os.environ, "MINET_FUZZ": reader, "TMPDIR": str(memory)},
                                   stdout=subprocess.DEVNULL, stderr=stream)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, log.read_text(errors="replace"), usage.ru_utime + usage.ru_stime


def passes_alone(program, reader, found, memory):
    """Whether a separate process reads the input within the time and memory limits. On a busy machine the clock runs on
    while the reader waits, and libvorbis leaks a little on many inputs: neither is a find."""
    if not found.name.startswith(("timeout-", "oom-", "slow-unit-")):
        return False
    code, _, took = run_once(program, reader, [f"-timeout={60 * SLOW}", found], memory)
    return code == 0 and took < SLOW


def fuzz(build, reader, program, seconds, memory, row, keep):
    """Fuzzes until `row`, which has the results of earlier runs for this reader, has `seconds` of CPU time. libFuzzer
    counts wall-clock time, so a busy machine needs several pieces. `keep` is called after each."""
    kept, finds = build / "corpus" / reader, build / "finds" / reader
    kept.mkdir(parents=True, exist_ok=True)
    finds.mkdir(parents=True, exist_ok=True)
    before = {path.name for path in finds.iterdir()}
    starts = [path for path in (memory / "seeds" / reader, HERE / "found" / reader) if path.is_dir()]
    new = []
    while 60 * row["cpu_minutes"] < 0.99 * seconds and not new:
        piece = max(1, round(min(PIECE, seconds - 60 * row["cpu_minutes"])))
        arguments = [f"-max_total_time={piece}", f"-artifact_prefix={finds}/", kept, *starts]
        code, said, took = run_once(program, reader, arguments, memory)
        found = [path for path in finds.iterdir() if path.name not in before]
        alone = [path for path in found if passes_alone(program, reader, path, memory)]
        for path in alone:
            path.unlink()
        new = sorted(path.name for path in found if path not in alone)
        if code not in (0, INTERRUPTED) and (new or not alone):
            print(said[-6000:], file=sys.stderr)
            new = new or [f"it ended with {code}"]
        row["cpu_minutes"] = round(row["cpu_minutes"] + took / 60, 2)
        row["inputs"] += last_number(r"number_of_executed_units: (\d+)", said)
        row["edges"] = max(row["edges"], last_number(r"cov: (\d+)", said))
        row["kept"] = sum(1 for _ in kept.iterdir())
        row["finds"] += new
        keep()
        if code == INTERRUPTED:
            break


def earlier(path):
    return json.loads(path.read_text()) if path and path.exists() else []


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("minutes", type=float, nargs="?", default=30)
    parser.add_argument("readers", nargs="*")
    parser.add_argument("--jobs", type=int, default=1, help="readers to run in parallel")
    parser.add_argument("--json", type=pathlib.Path, help="file for the results, added to those already in it")
    options = parser.parse_intermixed_args()
    build = options.build.resolve()
    every = readers(build)
    in_memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="minet-fuzz-", dir=in_memory) as holder:
        memory = pathlib.Path(holder)
        subprocess.run([sys.executable, HERE / "make_seeds.py", memory / "seeds"], check=True)
        seconds = max(1, round(options.minutes * 60))
        names = options.readers or list(every)
        rows = {row["reader"]: row for row in earlier(options.json)}
        for name in names:
            rows.setdefault(name, {"reader": name, "cpu_minutes": 0, "inputs": 0, "edges": 0, "kept": 0, "finds": []})

        def keep():
            if options.json:
                options.json.write_text(json.dumps(list(rows.values()), indent=2) + "\n")

        def run(name):
            fuzz(build, name, every[name], seconds, memory, rows[name], keep)
            return rows[name]

        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            for row in pool.map(run, names):
                print("{reader}: {inputs} inputs in {cpu_minutes} CPU-minutes, {edges} edges reached".format(**row)
                      + "".join(f"; FOUND {name}" for name in row["finds"]), flush=True)
    sys.exit(1 if any(rows[name]["finds"] for name in names) else 0)


if __name__ == "__main__":
    main()
