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
    """The rows of `data/<kind>.ndjson`, with every reference in full."""
    lines = (folder() / "data" / f"{kind}.ndjson").read_text("utf-8").splitlines()
    return [_in_full(json.loads(line)) for line in lines]


def _in_full(row: dict[str, Any]) -> dict[str, Any]:
    """A row whose key is `norrvik-paper/pumps` belongs to that account, and its `/eva` is `norrvik-paper/eva`."""
    account, slash, _ = row["key"].partition("/")
    if not slash or "account_id" in row:
        return row

    def full(key: str) -> str:
        return f"{account}{key}" if key.startswith("/") else key

    for name, value in row.items():
        if name.endswith("_ids"):
            row[name] = [full(key) for key in value]
        elif name.endswith("_id"):
            row[name] = full(value)
    return {"key": row["key"], "account_id": account, **row}
