"""The OpenAPI document: what flask-smorest writes, with every answer declared and every shape closed."""

from collections.abc import Iterator
from typing import Any

from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Flask, Response
from flask_smorest import Api
from marshmallow import Schema
from werkzeug.exceptions import HTTPException

from app.foundation.fields import DECIMALS, FIELD_FORMATS, MAX_NAMES, MAX_NUMBER, YEAR_PATTERN, ZONES
from app.foundation.money import CURRENCIES
from app.foundation.problems import MEDIA_TYPE
from app.quotes.content import content_components
from app.resources import wire
from app.resources.resource import all_resources
from app.resources.schemas import ProblemSchema
from app.threads.schemas import ATTACHED, MAX_FACT_TEXT, MAX_FACTS
from app.web import answer_http_error

Document = dict[str, Any]

METHODS = ("get", "post", "put", "patch", "delete")
PROBLEMS = {
    400: "The request could not be read: malformed JSON, or not UTF-8.",
    401: "Not signed in: no credential, or one that is unknown, expired or revoked.",
    403: "Signed in, but not allowed to do this.",
    404: "There is no such thing that you can see.",
    409: "It clashes with what is there: an external id or another unique value is taken.",
    412: "It changed since you read it.",
    413: "The body is too large.",
    414: "The query string is too long.",
    415: "The body is of a type that is not taken here.",
    422: "Some values are not valid; `errors` says which and why.",
    428: "Say which version you change: send `If-Match`.",
    429: "Too many requests; `Retry-After` says in how many seconds to try again.",
}
HEADERS: Document = {
    "ETag": {
        "description": "The version of the row, for `If-Match` and `If-None-Match`.",
        "schema": {"type": "string"},
    },
    "Location": {"description": "Where the new row is.", "schema": {"type": "string"}},
    "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 1}},
    "WWW-Authenticate": {"description": "How to sign in.", "schema": {"type": "string"}},
}
NO_NUL = "^[^\\u0000]*$"
HEADERS_OF = {401: ("WWW-Authenticate",), 429: ("Retry-After",)}


def schema_name(schema: Any) -> str:
    """`AccountPatch` for the partial form of `AccountInputSchema`: two shapes need two names."""
    resolved = schema if isinstance(schema, type) else type(schema)
    name = resolved.__name__.removesuffix("Schema")
    if not isinstance(schema, type) and schema.partial is True:
        return f"{name.removesuffix('Input')}Patch"
    return name


class ProblemApi(Api):
    """flask-smorest with problem details for every error, and a document that says so."""

    ERROR_SCHEMA = ProblemSchema

    def __init__(self, app: Flask) -> None:
        plugin = MarshmallowPlugin(schema_name_resolver=schema_name)
        super().__init__(app, spec_kwargs={"marshmallow_plugin": plugin})
        self._bytes: bytes | None = None
        self._finished: Document | None = None
        for field, (kind, form) in FIELD_FORMATS.items():
            self.register_field(field, kind, form)
        if "Problem" not in self.spec.components.schemas:
            self.spec.components.schema("Problem", schema=ProblemSchema)

    def handle_http_exception(self, error: HTTPException) -> Response:
        return answer_http_error(error)

    @property
    def document(self) -> Document:
        """The finished document; asked for when every blueprint is registered."""
        if self._finished is None:
            self._finished = finish(self.spec.to_dict())
        return self._finished

    def _openapi_json(self) -> Response:
        if self._bytes is None:
            self._bytes = wire.dumps(self.document)
        return Response(self._bytes, content_type="application/json")


def finish(document: Document) -> Document:
    """Declare every problem of every operation, close the shapes that are taken, and say what marshmallow cannot."""
    components = document.setdefault("components", {})
    components["schemas"] |= {"TimeZone": _time_zone(), "ExternalReference": _external_reference()}
    components["schemas"] |= content_components()
    components["schemas"].pop("PaginationMetadata", None)
    if "Money" in components["schemas"]:
        components["schemas"]["Money"] = _money(components["schemas"]["Money"])
    if "Attached" in components["schemas"]:
        components["schemas"]["Attached"] = _attached(components["schemas"]["Attached"])
    components["headers"] = HEADERS
    components["responses"] = {f"Problem{status}": _problem(status, text) for status, text in PROBLEMS.items()}
    for path, method, operation in operations(document):
        operation["operationId"] = operation.get("operationId") or _operation_id(path, method)
        operation["responses"] = _answers(path, method, operation)
    _open_references(document)
    for resource in all_resources():
        told = components["schemas"].get(resource.title, {})
        told["required"] = sorted(told.get("properties", ()))
    return document


def operations(document: Document) -> Iterator[tuple[str, str, Document]]:
    """Path, method and operation, of the whole document."""
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield path, method, item[method]


def _operation_id(path: str, method: str) -> str:
    steps = [step for step in path.removeprefix("/api/v1/").split("/") if step]
    names = [f"by_{step.strip('{}')}" if step.startswith("{") else step for step in steps]
    return "_".join([method, *names]).replace("-", "_")


def _answers(path: str, method: str, operation: Document) -> Document:
    declared: Document = {
        str(status): answer for status, answer in operation["responses"].items() if str(status) != "default"
    }
    for status in _problems_of(path, method, operation):
        if str(status) not in declared or status == 422:
            declared[str(status)] = {"$ref": f"#/components/responses/Problem{status}"}
    for code, answer in declared.items():
        if int(code) >= 400 and "$ref" not in answer:
            answer["content"] = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return dict(sorted(declared.items()))


def _problems_of(path: str, method: str, operation: Document) -> Iterator[int]:
    places = {parameter.get("in") for parameter in operation.get("parameters", ()) if isinstance(parameter, dict)}
    yield 414
    if operation.get("security"):
        yield from (401, 403)
    if "{" in path:
        yield 404
    if "requestBody" in operation:
        yield from (400, 413, 415, 422)
    if "query" in places or "header" in places:
        yield 422
    if method != "get":
        yield from (415, 429)


def _problem(status: int, text: str) -> Document:
    headers = {name: {"$ref": f"#/components/headers/{name}"} for name in HEADERS_OF.get(status, ())}
    return {
        "description": text,
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        **({"headers": headers} if headers else {}),
    }


def _time_zone() -> Document:
    return {"type": "string", "description": "An IANA time zone.", "enum": sorted(ZONES), "example": "Europe/Stockholm"}


def _external_reference() -> Document:
    return {
        "type": "object",
        "description": "A row named by what a connected system calls it.",
        "required": ["system", "id"],
        "additionalProperties": False,
        "properties": {
            "system": {"type": "string", "minLength": 1, "maxLength": 60, "pattern": NO_NUL, "example": "crm"},
            "id": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": NO_NUL, "example": "0015"},
        },
    }


def _money(plain: Document) -> Document:
    """Money by its currency: each has so many decimal places and no more."""
    kinds = []
    for places, currencies in DECIMALS.items():
        fraction = f"(\\.[0-9]{{1,{places}}})?" if places else ""
        amount = {
            "type": "string",
            "pattern": f"^-?[0-9]{{1,13}}{fraction}$",
            "example": "1234.50"[: 5 + places] if places else "1234",
        }
        kinds.append(
            {
                "type": "object",
                "title": f"{places} decimal places",
                "required": ["amount", "currency"],
                "additionalProperties": False,
                "properties": {"amount": amount, "currency": {"type": "string", "enum": currencies}},
            }
        )
    return {"description": plain.get("description", ""), "oneOf": kinds}


def _attached(plain: Document) -> Document:
    """What is attached to a message, by its kind: each has its own members and no others."""
    kinds = []
    for kind, names in ATTACHED.items():
        members = {name: plain["properties"][name] for name in names}
        kinds.append(
            {
                "type": "object",
                "title": kind,
                "required": ["kind", *names],
                "additionalProperties": False,
                "properties": {"kind": {"type": "string", "enum": [kind]}, **members},
            }
        )
    return {"description": plain.get("description", ""), "oneOf": kinds}


def _facts() -> Document:
    """Facts of a briefing line: plain values, and objects that say what they are."""
    day = {"type": "string", "format": "date", "pattern": YEAR_PATTERN, "example": "2026-03-02"}
    instant = {"type": "string", "format": "date-time", "pattern": YEAR_PATTERN, "example": "2026-03-02T08:00:00Z"}
    amount = {"type": "string", "pattern": "^-?[0-9]{1,13}(\\.[0-9]{1,4})?$"}
    money = {
        "type": "array",
        "prefixItems": [amount, {"type": "string", "enum": sorted(CURRENCIES)}],
        "items": False,
        "minItems": 2,
    }
    plain: list[Document] = [
        {"type": "string", "maxLength": MAX_FACT_TEXT, "pattern": NO_NUL},
        {"type": "number", "minimum": -MAX_NUMBER, "maximum": MAX_NUMBER},
        {"type": "boolean"},
    ]
    said = [
        {"type": "object", "required": [name], "additionalProperties": False, "properties": {name: shape}}
        for name, shape in (("date", day), ("instant", instant), ("money", money))
    ]
    return {
        "maxProperties": MAX_FACTS,
        "propertyNames": {"pattern": "^[a-z][a-z0-9_]{0,39}$"},
        "additionalProperties": {"anyOf": [*plain, *said]},
    }


def _open_references(document: Document) -> None:
    """In what is taken, references may also be external and unknown members are refused; in what is given, neither."""
    schemas = document["components"]["schemas"]
    taken: set[str] = set()
    for _path, _method, operation in operations(document):
        _take(operation.get("requestBody", {}), schemas, taken)
    for schema in schemas.values():
        _polish(schema, taken=False)
    for _path, _method, operation in operations(document):
        for parameter in operation.get("parameters", ()):
            _polish(parameter, taken=False)
            if parameter.get("schema", {}).pop("x-required", False):
                parameter["required"] = True


def _take(node: Any, schemas: Document, taken: set[str]) -> None:
    if isinstance(node, list):
        for item in node:
            _take(item, schemas, taken)
    if not isinstance(node, dict):
        return
    name = str(node.get("$ref", "")).rpartition("/")[2]
    if name in schemas and name not in taken:
        taken.add(name)
        _take(schemas[name], schemas, taken)
    if "properties" in node and "additionalProperties" not in node:
        node["additionalProperties"] = False
        node["properties"] = {name: item for name, item in node["properties"].items() if not item.get("readOnly")}
    for value in list(node.values()):
        _take(value, schemas, taken)
    _polish_one(node, taken=True)


def _polish(node: Any, *, taken: bool) -> None:
    if isinstance(node, list):
        for item in node:
            _polish(item, taken=taken)
    elif isinstance(node, dict):
        for value in list(node.values()):
            _polish(value, taken=taken)
        _polish_one(node, taken=taken)


def _polish_one(node: Document, *, taken: bool) -> None:
    if node.pop("x-time-zone", False):
        rest = {name: node[name] for name in ("description", "default") if name in node}
        none = "null" in node.get("type", ())
        node.clear()
        zone = {"$ref": "#/components/schemas/TimeZone"}
        node |= rest | ({"anyOf": [zone, {"type": "null"}]} if none else zone)
    for mark, component in (("x-quote-content", "QuoteContent"), ("x-quote-context", "QuoteContext")):
        if node.pop(mark, False):
            rest = {name: node[name] for name in ("description",) if name in node}
            node.clear()
            node |= rest | {"$ref": f"#/components/schemas/{component}"}
    if node.pop("x-facts", False):
        node |= _facts()
    if node.pop("x-names", False):
        node |= {"maxProperties": MAX_NAMES, "propertyNames": {"minLength": 1, "maxLength": 60, "pattern": NO_NUL}}
    if node.pop("x-reference", False) and taken:
        kinds = node["type"] if isinstance(node["type"], list) else [node["type"]]
        rest = {name: node[name] for name in ("description",) if name in node}
        node.clear()
        uuid = {"type": "string", "format": "uuid", "description": "Our id."}
        node |= rest | {"anyOf": [uuid, {"$ref": "#/components/schemas/ExternalReference"}]}
        if "null" in kinds:
            node["anyOf"].append({"type": "null"})


__all__ = ["ProblemApi", "Schema", "finish", "operations"]
