"""Why a message did not arrive, in words for the person whose device it is."""

from __future__ import annotations

from dataclasses import dataclass

from app.foundation.outbound_errors import OutboundError


@dataclass(frozen=True, slots=True)
class NamedProblem:
    """A problem as it is kept with a device or a notice; `slug` has a page under /docs/problems."""

    slug: str
    title: str
    detail: str

    def as_dict(self) -> dict[str, str]:
        return {"type": f"/docs/problems/{self.slug}", "title": self.title, "detail": self.detail}


def of_outbound(error: OutboundError) -> NamedProblem:
    """What kept a request from being made or answered."""
    return NamedProblem(error.problem, error.title, f"{error.detail} {error.advice}")
