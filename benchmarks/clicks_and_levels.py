#!/usr/bin/env python3
"""Clicks and levels of the sounds written by `mi_eval examples --out FOLDER`, compared with the recordings.

Usage: clicks_and_levels.py FOLDER     (needs numpy and soundfile)

Click: the largest second difference, relative to its root mean square over the surrounding 10 ms; a jump out of silence
has 8.9, eight seconds of white noise 4. Level: root mean square in dB of full scale, averaged over the sounds.
"""
import pathlib
import sys

import numpy as np
import soundfile

WINDOW_S = 0.01
SILENCE = 1e-4  # of full scale


def click_of(sound, rate):
    jumps = np.diff(sound, 2)
    window = round(WINDOW_S * rate)
    around = np.sqrt(np.convolve(jumps**2, np.full(window, 1 / window), "same"))
    return np.max(np.abs(jumps) / np.maximum(around, SILENCE))


def level_of(sound):
    return 10 * np.log10(np.mean(sound**2))


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = pathlib.Path(sys.argv[1]) / "sound"
    kinds = sorted({path.stem.split("-", 1)[1] for path in folder.glob("*.flac")}, key=lambda kind: kind != "recorded")
    if not kinds:
        sys.exit(f"{folder}: expected the sounds of mi_eval examples, got none")
    print(f"{'':24}{'sounds':>8}{'click':>8}{'median':>8}{'dB':>8}")
    for kind in kinds:
        sounds = [soundfile.read(path) for path in sorted(folder.glob(f"*-{kind}.flac"))]
        clicks = [click_of(sound, rate) for sound, rate in sounds]
        level = np.mean([level_of(sound) for sound, _ in sounds])
        print(f"{kind:24}{len(sounds):8}{max(clicks):8.1f}{np.median(clicks):8.1f}{level:8.1f}")


if __name__ == "__main__":
    main()
