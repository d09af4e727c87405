#!/usr/bin/env python3
"""Checks that memory and descriptors stay flat in a long training and a long generation, and that SIGTERM stops both.

Usage: long_runs.py BIN CORPUS [--minutes 120] [--hours-of-sound 1] [--json FILE]

BIN is the folder of mi_train and mi_generate, CORPUS a prepared corpus. Compares resident memory in the second and the
last tenth of the time (lasting allocations are made in the first).
"""
import argparse
import json
import os
import pathlib
import signal
import statistics
import subprocess
import sys
import tempfile
import time

SOURCE = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(SOURCE / "tests/cli"))
import support

EVERY = 5  # s


def resident_mb(process):
    for line in pathlib.Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return None


def watch(what, command, seconds):
    """Runs the command for at most `seconds`, then stops it; returns a row of the table."""
    began = time.monotonic()
    process = subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    memory, descriptors = [], []
    while process.poll() is None and time.monotonic() - began < seconds:
        time.sleep(min(EVERY, seconds / 100))
        try:
            if mb := resident_mb(process.pid):
                memory.append(mb)
                descriptors.append(len(os.listdir(f"/proc/{process.pid}/fd")))
        except OSError:
            break
    took = time.monotonic() - began
    process.send_signal(signal.SIGTERM)
    try:
        said = process.communicate(timeout=60)[1]
    except subprocess.TimeoutExpired:
        process.kill()
        sys.exit(f"{what} did not end within 60 s of SIGTERM, after {took / 60:.0f} minutes")
    if process.returncode not in (0, -signal.SIGTERM):
        sys.exit(f"{what} ended with {process.returncode}: {said}")
    tenth = max(1, len(memory) // 10)
    return {"what": what, "minutes": round(took / 60, 1), "samples": len(memory),
            "early_mb": round(statistics.median(memory[tenth:2 * tenth] or memory)),
            "late_mb": round(statistics.median(memory[-tenth:])), "most_mb": round(max(memory)),
            "descriptors": [min(descriptors[tenth:] or descriptors), max(descriptors)],
            "ended": "done" if process.returncode == 0 else "stopped by SIGTERM"}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bin", type=pathlib.Path)
    parser.add_argument("corpus", type=pathlib.Path)
    parser.add_argument("--minutes", type=float, default=120)
    parser.add_argument("--hours-of-sound", type=float, default=1)
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    rows = []

    def keep(row):
        rows.append(row)
        print(json.dumps(row), flush=True)
        if options.json:
            options.json.write_text(json.dumps(rows, indent=2) + "\n")

    with tempfile.TemporaryDirectory(prefix="minet-long-") as holder:
        folder = pathlib.Path(holder)
        frames = int(options.hours_of_sound * 3600 * 25)
        support.write_npy(folder / "pose.npy", (frames, support.JOINTS, 3))
        for model in ("paper", "plus"):
            keep(watch(f"mi_generate, {model}, {options.hours_of_sound:g} h of sound",
                       [options.bin / "mi_generate", "-q", "--model", SOURCE / "models" / model, "--pose",
                        folder / "pose.npy", "--threads", "1", "-o", folder / f"{model}.wav"], 3600))
        run = folder / "run"
        row = watch("mi_train, tiny", [options.bin / "mi_train", "-q", SOURCE / "configs/tiny.yaml", "--corpus",
                                       options.corpus, "--run", run, "--threads", "1", "--set",
                                       "vqvae_training.steps=1000000", "--set", "run.log_every=1", "--set",
                                       "run.save_every=50", "--set", "run.evaluate_every=100"], options.minutes * 60)
        row["log_bytes"] = {path.name: path.stat().st_size for path in sorted(run.glob("*.txt"))
                            + sorted(run.glob("*.jsonl"))}
        keep(row)


if __name__ == "__main__":
    main()
