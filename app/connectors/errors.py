"""What can be wrong with an import, where it arises."""

from dataclasses import dataclass


class ImportFault(Exception):
    """The import cannot run, or cannot go on; the message says what to do."""


class MappingError(ImportFault):
    """The mapping file cannot be used; the message names the line."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a cell or a row cannot be taken."""

    reason: str


class Missing:
    """The one value that stands for a cell that says nothing."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "MISSING"


MISSING = Missing()
