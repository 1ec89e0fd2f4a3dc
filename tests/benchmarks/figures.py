"""What a benchmark reports: named figures with a unit, a target, and whether they hold."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Target:
    """A row of the table before it is measured. `at_least`: whether more is better."""

    name: str
    label: str
    unit: str
    bound: float | None
    at_least: bool = False
    decimals: int = 0

    def met_by(self, value: float) -> bool:
        """Whether a value holds the target; rows without one always hold."""
        if self.bound is None:
            return True
        return value >= self.bound if self.at_least else value <= self.bound

    @property
    def text(self) -> str:
        """`≥ 0.85`, or a dash."""
        if self.bound is None:
            return "–"
        return f"{'≥' if self.at_least else '≤'} {self.bound:,.{self.decimals}f}"


@dataclass(frozen=True)
class Figure:
    """A measured row, or one that could not be measured and `why`; such a row does not hold."""

    target: Target
    value: float | None
    why: str = ""

    @property
    def holds(self) -> bool:
        """Whether the row was measured and meets its target."""
        return self.value is not None and self.target.met_by(self.value)

    @property
    def verdict(self) -> str:
        """`yes`, `NO`, or a dash for a measured row without a target."""
        if self.value is not None and self.target.bound is None:
            return "–"
        return "yes" if self.holds else "NO"

    @property
    def text(self) -> str:
        """The value as it is printed."""
        return f"not measured: {self.why}" if self.value is None else f"{self.value:,.{self.target.decimals}f}"

    def as_json(self) -> dict[str, Any]:
        """The members in `build/bench.json`."""
        members = {"value": self.value, "unit": self.target.unit, "target": self.target.text, "holds": self.holds}
        return members if self.value is not None else {**members, "why": self.why}


def measured(targets: Sequence[Target], measure: Callable[[], dict[str, float]]) -> list[Figure]:
    """The figures of one group. What fails is reported in each of its rows, never left out."""
    try:
        values = measure()
    except Exception as fault:
        why = f"{type(fault).__name__}: {fault}".splitlines()[0][:200]
        return [Figure(target, None, why) for target in targets]
    return [
        Figure(target, values.get(target.name), "" if target.name in values else "the measurement gave no such figure")
        for target in targets
    ]


def median_ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """The median of the ratios of rounds that were run in turn."""
    return statistics.median(a / b for a, b in zip(ours, theirs, strict=True))
