#!/usr/bin/env python3
"""Prints golden cases for tests/evaluation/note_scores_test.cpp from mir_eval's onset.f_measure.

    python tests/evaluation/make_onset_golden.py      (made with mir_eval 0.8.2)

Onsets are integers from a linear congruential generator, in steps of 1/1024 s, so that C++ generates
the same; they are dense enough that greedy matching can go wrong.
"""
import mir_eval
import numpy as np


def onsets(state, count):
    """The case's onsets, sorted and distinct, in s."""
    found = set()
    for _ in range(count):
        state = (1664525 * state + 1013904223) % 2**32
        found.add((state >> 16) % 4096)
    return np.array(sorted(found)) / 1024


for case in range(8):
    a, b = onsets(2 * case + 1, 10 + 12 * case), onsets(2 * case + 2, 14 + 10 * case)
    _, precision, _ = mir_eval.onset.f_measure(a, b, window=0.05)
    print(f"{round(precision * len(b))}, ", end="")
print()
