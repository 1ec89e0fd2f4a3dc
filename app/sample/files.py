"""The files of the sample territory: where they are, and what they hold."""

import json
from functools import cache
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
# Inside an installed package, and in the source tree.
PLACES = (HERE / "territory", HERE.parents[1] / "fixtures" / "territory")


class SampleMissing(FileNotFoundError):
    """The files of the sample territory are not where they should be."""


@cache
def folder() -> Path:
    """The folder with `data/` and `feeds/`. Raises SampleMissing."""
    for place in PLACES:
        if (place / "data" / "organisation.json").is_file():
            return place
    raise SampleMissing(f"The sample territory is in neither {PLACES[0]} nor {PLACES[1]}.")


def organisation() -> dict[str, Any]:
    """`{"organisation": {…}, "users": [{…}]}`."""
    content: dict[str, Any] = json.loads((folder() / "data" / "organisation.json").read_text("utf-8"))
    return content


def rows(kind: str) -> list[dict[str, Any]]:
    """The rows of `data/<kind>.ndjson`."""
    return [json.loads(line) for line in (folder() / "data" / f"{kind}.ndjson").read_text("utf-8").splitlines()]
