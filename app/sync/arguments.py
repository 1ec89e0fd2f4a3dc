"""What mutations take: fields of the resources' own schemas, so that a limit is written once.

A phone names rows by our ids alone, so references lose their external form here.
"""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import orjson
from marshmallow import Schema, ValidationError, fields

from app.foundation.fields import Embedded, Reference, Uuid

Field = fields.Field[Any]
# What a phone showed before is kept with answers and drafts: deeper or larger than any row of ours it is a mistake.
MAX_DEPTH, MAX_SHOWN_BYTES = 8, 200_000


class Shown(fields.Dict):
    """Fields as the phone showed them. Only compared with what is there now, so a value that would not be taken does no harm."""

    def __init__(self) -> None:
        super().__init__(keys=fields.String(), required=True, metadata={"description": "As the phone showed it."})

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **options: Any) -> Any:
        shown = super()._deserialize(value, attr, data, **options)  # type: ignore[no-untyped-call]
        if _is_deeper(shown, MAX_DEPTH) or len(orjson.dumps(shown)) > MAX_SHOWN_BYTES:
            raise ValidationError("Nothing that the phone was sent is as deep or as large as this.")
        return shown


def _is_deeper(value: Any, levels: int) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return levels < 0 or any(_is_deeper(one, levels - 1) for one in inner)


def like(schema: type[Schema], name: str, *, required: bool = False) -> Field:
    """The field `name` of a resource's schema, as an argument."""
    declared: Mapping[str, Field] = schema._declared_fields
    copied = _by_our_ids(deepcopy(declared[name]))
    copied.required = required
    if required:
        # A description may say what happens when the field is left out.
        copied.metadata = {name: told for name, told in copied.metadata.items() if name != "description"}
    return copied


def likes(schema: type[Schema], *names: str, required: tuple[str, ...] = ()) -> dict[str, Field]:
    """`like` for several fields; those in `required` must be given."""
    return {name: like(schema, name, required=name in required) for name in names}


def _by_our_ids(declared: Field) -> Field:
    if isinstance(declared, Reference):
        return Uuid(required=declared.required, allow_none=declared.allow_none)
    if isinstance(declared, fields.List):
        declared.inner = _by_our_ids(declared.inner)
    return declared


def arguments(name: str, doc: str, members: Mapping[str, Field]) -> type[Schema]:
    """A schema of arguments; `doc` says what the mutation does."""
    return type(f"{name}ArgumentsSchema", (Schema,), {"__doc__": doc, **members})


def changes(name: str, doc: str, schema: type[Schema], *names: str) -> type[Schema]:
    """Arguments of a change: the row, what was entered, and what the phone showed before (null for empty)."""
    entered = type(f"{name}FieldsSchema", (Schema,), {"__doc__": "What was entered.", **likes(schema, *names)})
    members: dict[str, Field] = {
        "id": Uuid(required=True),
        "fields": Embedded(entered, required=True),
        "base": Shown(),
    }
    return arguments(name, doc, members)
