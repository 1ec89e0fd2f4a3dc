"""What became of the rows of an import."""

from dataclasses import dataclass, field

from app.connectors.records import Reject


@dataclass(slots=True)
class Counts:
    """Rows by outcome: every row of the file is exactly one of them."""

    created: int = 0
    changed: int = 0
    unchanged: int = 0
    rejected: int = 0
    skipped: int = 0

    @property
    def total(self) -> int:
        """Rows read."""
        return self.created + self.changed + self.unchanged + self.rejected + self.skipped

    @property
    def writes(self) -> int:
        """Rows that changed something."""
        return self.created + self.changed

    def add(self, status: str, times: int = 1) -> None:
        """Count `times` rows as `created`, `changed`, `unchanged`, `rejected` or `skipped`."""
        setattr(self, status, getattr(self, status) + times)

    def plus(self, other: "Counts") -> None:
        """Add another count to this."""
        for name in ("created", "changed", "unchanged", "rejected", "skipped"):
            self.add(name, getattr(other, name))

    def as_dict(self) -> dict[str, int]:
        """Counts by name."""
        return {name: getattr(self, name) for name in ("created", "changed", "unchanged", "rejected", "skipped")}


@dataclass(slots=True)
class Report:
    """The outcome of an import: its rows, the tickets or usage series that they belong to, the first rejects, and how far dates moved."""

    rows: Counts = field(default_factory=Counts)
    owners: Counts = field(default_factory=Counts)
    owners_name: str = ""
    days: int = 0
    rejects: list[Reject] = field(default_factory=list)
