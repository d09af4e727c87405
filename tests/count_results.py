"""Adds up the result files of a test run and prints 'N passed, N failed, N skipped'.

usage: count_results.py FOLDER CTEST_STATUS

FOLDER holds GoogleTest's XML files and the JSON files of the Python tests (tests/cli/support.py). A ctest failure
without a failed case (a crash, a timeout) counts as one.
"""
import json
import pathlib
import sys
import xml.etree.ElementTree as ElementTree


def main():
    folder, status = pathlib.Path(sys.argv[1]), int(sys.argv[2])
    passed = failed = skipped = 0
    for path in sorted(folder.glob("*.xml")):
        for case in ElementTree.parse(path).getroot().iter("testcase"):
            if case.find("failure") is not None:
                failed += 1
                print(f"FAILED {path.stem}: {case.get('classname')}.{case.get('name')}")
            elif case.find("skipped") is not None or case.get("result") == "skipped":
                skipped += 1
                reason = case.find("skipped")
                detail = (reason.get("message") or "").strip().splitlines() if reason is not None else []
                print(f"skipped {path.stem}: {case.get('classname')}.{case.get('name')}: {detail[-1] if detail else ''}")
            elif case.get("status") == "run":
                passed += 1
    for path in sorted(folder.glob("*.json")):
        counts = json.loads(path.read_text())
        passed += counts["passed"]
        failed += counts["failed"]
        skipped += counts["skipped"]
    if status != 0 and failed == 0:
        failed = 1
        print("FAILED: a test binary crashed or ran out of time (see above)")
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    sys.exit(1 if failed or passed == 0 else 0)


main()
