"""From literals to value ids: which values of each feature are left, looked up by their pattern of bits."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from app.cpq.artefact import Feature
from app.cpq.domains_reach import Flags
from app.cpq.model import Model

# Bits that a signed 64-bit sum holds; features with more values are looked at one by one.
_WIDE = 62
_REMEMBERED = 1000


@dataclass(frozen=True, slots=True)
class FeatureDomain:
    """What is left of one feature; value ids in the order of the feature."""

    feature: str
    valid: tuple[str, ...]
    chosen: tuple[str, ...] = ()
    forced: str | None = None


class _Values:
    """Value ids of one feature by pattern: bit i stands for value i."""

    def __init__(self, feature: Feature) -> None:
        self.feature = feature.id
        self.ids = [value.id for value in feature.values]
        self._domains: dict[tuple[int, int], FeatureDomain] = {}

    def of(self, pattern: int) -> tuple[str, ...]:
        return tuple(value for position, value in enumerate(self.ids) if pattern >> position & 1)

    def open(self, valid: int, possible: int) -> FeatureDomain:
        """The domain of a feature of which nothing was chosen."""
        found = self._domains.get((valid, possible))
        if found is None:
            if len(self._domains) > _REMEMBERED:
                self._domains = {}
            left = self.of(possible)
            found = FeatureDomain(self.feature, self.of(valid), (), left[0] if len(left) == 1 else None)
            self._domains[valid, possible] = found
        return found


class ValueSets:
    """The values of all features of a model."""

    def __init__(self, model: Model) -> None:
        self._features = [_Values(feature) for feature in model.features]
        self._slots = [np.array(slots) for slots in model.slots]
        self._wide = [number for number, slots in enumerate(model.slots) if len(slots) > _WIDE]
        self._flat = np.array([slot for slots in model.slots for slot in slots], np.int64)
        self._shift = np.array(
            [position if len(slots) <= _WIDE else 0 for slots in model.slots for position in range(len(slots))],
            np.int64,
        )
        lengths = np.array([len(slots) for slots in model.slots], np.int64)
        self._starts = np.cumsum(lengths) - lengths

    def patterns(self, flags: Flags) -> list[int]:
        """Of each feature the values whose literal's flag is set, as bits."""
        if not self._features:
            return []
        found: list[int] = np.add.reduceat(flags[self._flat].astype(np.int64) << self._shift, self._starts).tolist()
        for number in self._wide:
            found[number] = int.from_bytes(
                np.packbits(flags[self._slots[number]], bitorder="little").tobytes(), "little"
            )
        return found

    def values(self, number: int, pattern: int) -> tuple[str, ...]:
        """Value ids of feature `number` by pattern."""
        return self._features[number].of(pattern)

    def open_domains(self, valid: Sequence[int], possible: Sequence[int]) -> list[FeatureDomain]:
        """Domains by patterns, as if nothing had been chosen of any feature."""
        return [feature.open(*patterns) for feature, *patterns in zip(self._features, valid, possible, strict=True)]
