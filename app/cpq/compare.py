"""What differs between two configurations."""

from dataclasses import dataclass

from app.cpq.model import Configuration


@dataclass(frozen=True, slots=True)
class Difference:
    """A feature and its two values; None where a configuration does not have the feature."""

    feature: str
    a: str | None
    b: str | None


def compare(a: Configuration, b: Configuration) -> tuple[Difference, ...]:
    """Features whose values differ: in the order of `a`, then those that only `b` has in the order of `b`."""
    features = [*a, *(feature for feature in b if feature not in a)]
    return tuple(
        Difference(feature, a.get(feature), b.get(feature)) for feature in features if a.get(feature) != b.get(feature)
    )
