"""A line of the bench: minet beside a peer, as JSON, for people and for docs/benchmarks.md."""

from __future__ import annotations

import dataclasses
import re

from harness import Timing


@dataclasses.dataclass
class Line:
    measure: str
    work: str
    peer: str
    ours: Timing | None = None
    theirs: Timing | None = None
    aim: float | None = None  # the peer's time over minet's; for "dB", minet's lead in dB
    limit: Timing | None = None  # which nothing on this processor could undercut
    unit: str = "s"  # or "dB" (quality), "MB" (memory)
    ours_value: float | None = None  # for "dB" and "MB"
    theirs_value: float | None = None
    note: str = ""
    threads: int = 1

    @property
    def gain(self) -> float | None:
        """How many times (s, MB), or by how much (dB), minet is better."""
        ours, theirs = self.values()
        if ours is None or theirs is None:
            return None
        return theirs - ours if self.unit == "dB" else theirs / ours

    def values(self) -> tuple[float | None, float | None]:
        if self.unit == "s":
            return (self.ours.median if self.ours else None,
                    self.theirs.median if self.theirs else None)
        return self.ours_value, self.theirs_value

    @property
    def fastest_gain(self) -> float | None:
        """The same for each side's fastest turn, which a busy machine disturbs least."""
        if self.unit != "s" or not self.ours or not self.theirs:
            return None
        return min(self.theirs.seconds) / min(self.ours.seconds)

    @property
    def nearness(self) -> float | None:
        """The limit's share of minet's time, by the fastest turns: 1 is the limit."""
        return min(self.limit.seconds) / min(self.ours.seconds) if self.limit and self.ours else None

    def as_json(self) -> dict:
        ours, theirs = self.values()
        found = {"measure": self.measure, "work": self.work, "peer": self.peer, "unit": self.unit,
                 "ours": ours, "theirs": theirs, "gain": self.gain,
                 "fastest_gain": self.fastest_gain, "aim": self.aim,
                 "met": None if self.aim is None or self.gain is None else self.gain >= self.aim,
                 "nearness": self.nearness, "threads": self.threads, "note": self.note}
        for name, timing in (("our_runs", self.ours), ("their_runs", self.theirs),
                             ("limit_runs", self.limit)):
            if timing:
                found[name] = timing.as_json()
        return {key: value for key, value in found.items() if value not in (None, "")}


def seconds_text(seconds: float) -> str:
    if seconds >= 100:
        return f"{seconds:,.0f} s"
    if seconds >= 1:
        return f"{seconds:.2f} s"
    milli = seconds * 1000
    return f"{milli:.0f} ms" if milli >= 100 else f"{milli:.3g} ms"


def _value(found: dict, key: str, runs: str) -> str:
    if key not in found:
        return ""
    if found["unit"] == "s":
        spread = found[runs]
        middle = seconds_text(found[key])
        if spread["runs"] == 1:
            return middle
        return (f"{middle} ({seconds_text(spread['min_s'])} to {seconds_text(spread['max_s'])})")
    return f"{found[key]:.1f} dB" if found["unit"] == "dB" else f"{found[key]:,.0f} MB"


def _gain(found: dict, key: str) -> str:
    if key not in found:
        return ""
    return f"{found[key]:.1f} dB" if found["unit"] == "dB" else f"{found[key]:.3g}x"


def cells(found: dict) -> dict[str, str]:
    """A line as shown to people, column by column."""
    limit = ""
    if "nearness" in found:
        runs = found["limit_runs"]
        limit = f"{runs['name']}: {seconds_text(runs['min_s'])}, {found['nearness']:.0%}"
    aim = _gain(found, "aim")
    if "met" in found:
        aim += " (met)" if found["met"] else " (missed)"
    return {"work": found["work"], "ours": _value(found, "ours", "our_runs"),
            "peer": found.get("peer", ""), "peer's": _value(found, "theirs", "their_runs"),
            "ratio": _gain(found, "gain"), "of the fastest": _gain(found, "fastest_gain"),
            "aim": aim, "limit, and its share of ours": limit,
            "note": found.get("note", "")}


def for_people(found: dict) -> str:
    parts = cells(found)
    text = f"{found['measure']}: {parts['work']}: ours {parts['ours']}"
    theirs = parts["peer's"]
    if theirs:
        text += f", {parts['peer']} {theirs}"
    if parts["ratio"]:
        text += f", ratio {parts['ratio']}"
    if parts["of the fastest"]:
        text += f" (of the fastest turns {parts['of the fastest']})"
    if parts["aim"]:
        text += f", aim {parts['aim']}"
    if parts["limit, and its share of ours"]:
        text += f"; limit {parts['limit, and its share of ours']}"
    if parts["note"]:
        text += f"; {parts['note']}"
    return text


def table(lines: list[dict]) -> str:
    """Markdown; columns that are entirely empty are left out."""
    rows = [cells(line) for line in lines]
    columns = [name for name in rows[0] if any(row[name] for row in rows)]
    text = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    text += ["| " + " | ".join(row[name] for name in columns) + " |" for row in rows]
    return "\n".join(text)


def replace_section(page: str, measure: str, body: str) -> str:
    """The page with `body` between the measure's marks; ValueError if it has none."""
    marks = re.compile(rf"(<!-- bench: {re.escape(measure)} -->\n).*?(<!-- end -->)", re.DOTALL)
    if not marks.search(page):
        raise ValueError(f"expected a line <!-- bench: {measure} --> and a line <!-- end --> after it")
    return marks.sub(lambda found: found.group(1) + body + "\n" + found.group(2), page)
