#!/usr/bin/env python3
"""A source for mi_generate --live: a pose.npy as lines of JSON, in real time, repeated.

Usage: live_source.py POSE.npy [--rate N] [--seconds N] [--stall | --burst]
  --stall   silent for the last 8 of every 20 seconds
  --burst   the lines of each 0.4 s are sent together at their end
"""
import argparse
import array
import sys
import time

VALUES = 141  # 47 joints: x, y, confidence


def read_poses(path):
    with open(path, "rb") as file:
        data = file.read()
    start = 10 + int.from_bytes(data[8:10], "little")
    if not data.startswith(b"\x93NUMPY\1") or b"<f4" not in data[:start]:
        sys.exit(f"{path}: expected float32 [frames, 47, 3], as mi_prepare pose writes it")
    numbers = array.array("f", data[start:])
    return [numbers[i:i + VALUES] for i in range(0, len(numbers) - VALUES + 1, VALUES)]


def lines_of(poses):
    for pose in poses:
        pose[2::3] = array.array("f", [1] * (VALUES // 3))  # its gaps are filled
        yield "[" + ",".join(f"{value:.2f}" for value in pose) + "]\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pose")
    parser.add_argument("--rate", type=float, default=25)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--stall", action="store_true")
    parser.add_argument("--burst", action="store_true")
    options = parser.parse_args()
    lines = list(lines_of(read_poses(options.pose)))
    began = time.monotonic()
    for i in range(int(options.seconds * options.rate)):
        at = i / options.rate
        if options.stall and at % 20 >= 12:
            continue
        due = (int(at / 0.4) + 1) * 0.4 if options.burst else at
        wait = began + due - time.monotonic()
        if wait > 0:
            sys.stdout.flush()
            time.sleep(wait)
        sys.stdout.write(lines[int(at * 25) % len(lines)])
        if not options.burst:
            sys.stdout.flush()


if __name__ == "__main__":
    try:
        main()
    except (BrokenPipeError, KeyboardInterrupt):
        sys.stderr.close()
