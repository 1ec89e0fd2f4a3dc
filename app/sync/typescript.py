"""The mutations in TypeScript, written from their schemas: `python -m app.sync.typescript` writes the phone's file.

A type for the arguments of each, the limits that a form needs, and how arguments of earlier versions are read.
"""

import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson
from marshmallow import Schema, fields, validate

from app.foundation.fields import Day, Moment, Uuid, Zone
from app.sync.mutation import MUTATION_SCHEMA

TARGET = Path(__file__).resolve().parents[2] / "pwa" / "src" / "store" / "mutations.gen.ts"
HEAD = """\
/** Written by `python -m app.sync.typescript` from the server's schemas. Change those, and write it again. */

import type { Instant, IsoDate } from './rows.ts';
"""
LIMIT = """\
/** What a form has to mind of one field: lengths of texts and lists, bounds of numbers, the words of a choice. */
export interface Limit {
  required?: true;
  nullable?: true;
  minLength?: number;
  maxLength?: number;
  min?: number;
  max?: number;
  maxItems?: number;
  values?: readonly string[];
}
"""
Named = tuple[str, type[Schema]]
Field = fields.Field[Any]


def source(mutations: Iterable[Named], version: int, translations: Mapping[int, Mapping[str, Any]]) -> str:
    """The whole file, for mutations by name with their argument schemas."""
    known = list(mutations)
    kept = _Interfaces()
    for _name, schema in known:
        kept.add(schema)
    parts = [
        HEAD,
        f"export const MUTATION_SCHEMA = {version};\n",
        *kept.texts.values(),
        _by_name(known),
        f"export const MUTATION_NAMES: readonly MutationName[] = {_literal([name for name, _ in known])};\n",
        LIMIT,
        "/** By mutation and field; of a change, the fields that can be entered. */\n"
        "export const LIMITS: { readonly [Name in MutationName]: Readonly<Record<string, Limit>> } = "
        f"{_literal({name: dict(_limits(schema)) for name, schema in known})};\n",
        "/** How arguments written by an earlier version of the app are read: from a version to the next, by mutation. */\n"
        "export const TRANSLATIONS: Readonly<\n"
        "  Record<number, Readonly<Record<string, { rename?: Record<string, string>; defaults?: Record<string, unknown> }>>>\n"
        f"> = {_literal({str(number): dict(steps) for number, steps in translations.items()})};\n",
    ]
    return "\n".join(parts)


def _by_name(known: list[Named]) -> str:
    members = "".join(f"  '{name}': {_interface_name(schema)};\n" for name, schema in known)
    return (
        "/** The arguments of each mutation. */\nexport interface Mutations {\n"
        f"{members}}}\n\nexport type MutationName = keyof Mutations;\n"
    )


class _Interfaces:
    """One interface a schema, those inside others first."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}

    def add(self, schema: type[Schema]) -> str:
        """The name of the schema's interface, which is written when it is new."""
        name = _interface_name(schema)
        if name not in self.texts:
            doc = (schema.__doc__ or "").strip().splitlines()[0]
            declared: Mapping[str, Field] = schema._declared_fields
            entered = declared.get("fields")
            members = "".join(self._member(field_name, item, entered) for field_name, item in declared.items())
            self.texts[name] = f"/** {doc} */\nexport interface {name} {{\n{members}}}\n"
        return name

    def _member(self, name: str, item: Field, entered: Field | None) -> str:
        doc = item.metadata.get("description")
        comment = f"  /** {doc} */\n" if doc else ""
        if name == "base" and isinstance(entered, fields.Nested):
            shown = self._type(entered)
            return f"{comment}  base: {{ [Name in keyof {shown}]?: {shown}[Name] | null }};\n"
        none = " | null" if item.allow_none else ""
        return f"{comment}  {name}{'' if item.required else '?'}: {self._type(item)}{none};\n"

    def _type(self, item: Field) -> str:
        if isinstance(item, fields.Nested):
            return self.add(type(item.schema))
        if isinstance(item, fields.List):
            inner = self._type(item.inner)
            return f"({inner})[]" if "|" in inner else f"{inner}[]"
        if isinstance(item, fields.Dict):
            return "Record<string, unknown>"
        words = _words(item)
        if words is not None:
            return " | ".join(f"'{word}'" for word in words)
        plain: tuple[tuple[type[Field], str], ...] = (
            (Moment, "Instant"),
            (Day, "IsoDate"),
            (fields.Number, "number"),
            (fields.Boolean, "boolean"),
            (fields.String, "string"),
        )
        for kind, text in plain:
            if isinstance(item, kind):
                return text
        raise TypeError(f"no TypeScript for {type(item).__name__}")


def _interface_name(schema: type[Schema]) -> str:
    return schema.__name__.removesuffix("Schema").removesuffix("Arguments")


def _words(item: Field) -> list[str] | None:
    return next(([str(word) for word in rule.choices] for rule in _rules(item, validate.OneOf)), None)


def _rules(item: Field, kind: type[Any]) -> Iterator[Any]:
    return (rule for rule in item.validators if isinstance(rule, kind))


def _limits(schema: type[Schema], prefix: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    declared: Mapping[str, Field] = schema._declared_fields
    for name, item in declared.items():
        if isinstance(item, fields.Nested):
            inner = "" if name == "fields" else f"{prefix}{name}."
            yield from _limits(type(item.schema), inner)
        elif name != "base":
            found = _limit(item)
            if found:
                yield f"{prefix}{name}", found


def _limit(item: Field) -> dict[str, Any]:
    """What a form minds of one field; empty for a field that no form shows, such as an id."""
    if isinstance(item, Uuid):
        return {}
    found: dict[str, Any] = {}
    if isinstance(item, fields.List):
        found = {f"max{name[3:]}": most for name, most in _limit(item.inner).items() if name.startswith("max")}
        for rule in _rules(item, validate.Length):
            found["maxItems"] = rule.max
    else:
        for rule in _rules(item, validate.Length):
            found |= {"minLength": rule.min} if rule.min else {}
            found |= {"maxLength": rule.max} if rule.max else {}
        for rule in _rules(item, validate.Range):
            found |= {"min": rule.min, "max": rule.max}
    words = _words(item)
    if words is not None:
        found["values"] = words
    elif isinstance(item, Zone):
        found["minLength"] = 1
    if item.required:
        found["required"] = True
    return {**found, **({"nullable": True} if item.allow_none and found else {})}


def _literal(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()


def current() -> str:
    """The file as it should be now."""
    from app.sync.catalogue import all_mutations

    known = all_mutations()
    steps: dict[int, dict[str, Any]] = {}
    for mutation in known:
        for version, upgrade in mutation.upgrades.items():
            told = {"rename": dict(upgrade.renames), "defaults": dict(upgrade.defaults)}
            steps.setdefault(version, {})[mutation.name] = {name: step for name, step in told.items() if step}
    named = [(mutation.name, mutation.schema) for mutation in known]
    return source(named, MUTATION_SCHEMA, dict(sorted(steps.items())))


def main() -> None:
    """Write the file, or say with `--check` that it is stale."""
    text = current()
    if "--check" in sys.argv[1:]:
        sys.exit(0 if TARGET.read_text() == text else "mutations.gen.ts is stale; run python -m app.sync.typescript")
    TARGET.write_text(text)


if __name__ == "__main__":
    main()
