"""A peer's side of a measure of benchmarks/bench.py: ../worker.hpp in Python."""

import json
import resource
import sys
import time


def say(answer):
    print(json.dumps(answer), flush=True)


def serve(work, describe=lambda result: {}):
    """Times `work` once for each line of standard input; `describe` gets its result."""
    say({"ready": True})
    for _ in sys.stdin:
        try:
            start = time.perf_counter()
            result = work()
            seconds = time.perf_counter() - start
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            say({"seconds": seconds, **describe(result), "peak_mb": peak})
        except Exception as error:  # reported, so that the bench can name the measure
            say({"error": f"{type(error).__name__}: {error}"})
