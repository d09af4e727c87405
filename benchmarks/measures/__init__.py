"""The measures of the bench: each is a function that runs a race and returns lines (lines.Line)."""

from __future__ import annotations

import importlib

MEASURES: dict = {}  # name -> function, in the order in which the bench runs them


def measure(name: str):
    def register(function):
        MEASURES[name] = function
        return function

    return register


for room in ("codes", "phases", "training", "programs", "evaluation", "growth"):
    importlib.import_module(f"measures.{room}")
