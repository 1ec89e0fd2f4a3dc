"""A walk over every route of the OpenAPI document: rows to find there, and the requests that ask for them.

Nothing here names a resource: rows are made from the document's own shapes, so that a new route is walked as soon as it is
in the document. What cannot be guessed (a route that is no resource) has to be told in `SPECIAL`, and is asked for loudly.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from app.foundation import clock
from app.foundation.db import Database, table_of
from app.foundation.ids import new_id
from app.foundation.outbox import JOBS, NewJob, enqueue
from app.push.tables import Notice
from app.resources.resource import Resource, all_resources
from app.sync.catalogue import all_mutations
from app.tables import metadata
from tests.support.phones import Api
from tests.support.push_service import Browser
from tests.support.selling import content

Document = dict[str, Any]
METHODS = ("get", "post", "put", "patch", "delete")
PREFIX = "/api/v1"
# What ends only with its caller: it has tests of its own.
STREAMS = {("get", "/sync/events")}
# Parts of a path that are no ids, and what a query must say.
FIXED = {"version": "1", "sku": "PUMP"}
QUERIES = {"/quotes/{quote_id}:compare": "?a=1&b=1"}
# What may be asked without signing in.
PUBLIC = {("post", "/session"), ("get", "/openapi.json")}


@dataclass
class World:
    """The rows that one organisation (or one territory) has: by entity its id, and the body that made it."""

    mark: str
    ids: dict[str, str] = field(default_factory=dict)
    bodies: dict[str, dict[str, Any]] = field(default_factory=dict)

    def external_ids(self, entity: str) -> dict[str, str]:
        """What the connected system `walk` calls the row."""
        return {"walk": f"{self.mark}-{entity}"}


@dataclass(frozen=True)
class Call:
    """One request of the walk. `crosses` names what of another's it reaches for; None: nothing by name."""

    method: str
    route: str
    path: str
    body: Any = None
    crosses: str | None = None

    def send(self, api: Api) -> Any:
        """Send it."""
        options: dict[str, Any] = {} if self.body is None else {"json": self.body}
        if isinstance(self.body, bytes):
            options = {"data": self.body, "content_type": "application/octet-stream"}
        if self.method == "patch":
            options["headers"] = {"If-Match": '"1"'}
        return api._send(self.method.upper(), self.path, options)

    def __str__(self) -> str:
        return f"{self.method.upper()} {self.path} {self.crosses or ''}"


def document_of(app: Any) -> Document:
    """The OpenAPI document as it is served."""
    found: Document = app.test_client().get(f"{PREFIX}/openapi.json").json
    return found


def routes(document: Document) -> list[tuple[str, str]]:
    """Every (method, path below the prefix), deletions last so that they take nothing from the others."""
    found = [
        (method, path.removeprefix(PREFIX))
        for path, operations in document["paths"].items()
        for method in METHODS
        if method in operations
        and (method, path.removeprefix(PREFIX)) not in STREAMS
        # Whoever has its link sees an offer, or a rep's visits, which is what a link is for: they have tests of their own.
        and not path.startswith((f"{PREFIX}/offers/", f"{PREFIX}/calendars/feed/"))
    ]
    return sorted(found, key=lambda route: route[0] == "delete")


def ordered_resources() -> list[Resource]:
    """Every resource after those that it refers to."""
    waiting, done = list(all_resources()), []
    while waiting:
        known = {resource.entity for resource in done}
        ready = [r for r in waiting if set(r.references.values()) - {r.entity} <= known]
        # A circle (a promise names a visit, a visit nothing of it) does not occur; should it, the first goes first.
        done += ready or waiting[:1]
        waiting = [r for r in waiting if r not in done]
    return done


def unchecked_references(document: Document) -> list[str]:
    """Fields that look like references to rows, and that their resource does not declare, hence does not check."""
    found = []
    for resource in all_resources():
        shape = document["components"]["schemas"][f"{resource.title}Input"]
        named = {name for name in shape["properties"] if name.endswith(("_id", "_ids")) and name != "external_ids"}
        found += [f"{resource.entity}.{name}" for name in named - set(resource.references)]
    return found


def settle(api: Api, document: Document, world: World, *, only: Mapping[str, str] | None = None) -> None:
    """Make one row of every resource, each field filled that can be; `only` gives rows that are there already."""
    world.ids.update(only or {})
    for resource in ordered_resources():
        if resource.entity in (only or {}):
            continue
        body = _body(document, resource, world)
        answer = api.post(f"/{resource.segment}", body)
        while answer.status_code == 422:
            faults = {error["pointer"].split("/")[1] for error in answer.json["errors"]} & set(body)
            required = document["components"]["schemas"][f"{resource.title}Input"].get("required", [])
            assert faults and not faults & set(required), f"{resource.entity}: {answer.text}\n{body}"
            if "topic" in body and faults <= set(resource.references):
                faults = {"topic"}  # one or the other: the row that hangs on an account is the one to try strangers on
            body = {name: value for name, value in body.items() if name not in faults}
            answer = api.post(f"/{resource.segment}", body)
        assert answer.status_code == 201, f"{resource.entity}: {answer.text}\n{body}"
        world.ids[resource.entity], world.bodies[resource.entity] = answer.json["id"], body
    for _, route in other_batches(document):
        rows = [_batch_row(document, route, world, by_external=by_external) for by_external in (False, True)]
        done = api.post(route, {"rows": rows})
        assert done.status_code == 200 and "rejected" not in done.text, f"{route}: {done.text}"


def a_job(database: Database, org_id: str) -> str:
    """Background work that is not due for days; its id."""
    with database.write() as session:
        enqueue(
            session, [NewJob("walk.later", {"secret": "secret-job"}, org_id, "walk", clock.now() + timedelta(days=9))]
        )
        return str(session.scalar(sa.select(JOBS.c.id).where(JOBS.c.dedup_key == "walk")))


def a_notice(database: Database, world: World, org_id: str, user_id: str | None = None) -> str:
    """A notice that a user's device was sent about the visit, the world's user unless another is given; its id."""
    starts_at = clock.now() + timedelta(hours=1)
    row = {
        "id": new_id(), "org_id": org_id, "visit_id": world.ids["visit"], "account_id": world.ids["account"],
        "user_id": user_id or world.ids["user"], "channel": world.ids["push_device"], "slot": "lead",
        "due_at": clock.now(), "state": "sent",
        "told": {"starts_at": starts_at.isoformat(), "secret": "secret-notice"},
    }  # fmt: skip
    with database.write() as session:
        session.execute(sa.insert(table_of(Notice)).values(row))
    return str(row["id"])


def other_batches(document: Document) -> list[tuple[str, str]]:
    """Batches of rows that are no resources of their own, such as the steps of a ticket's history."""
    own = {f"/{resource.segment}/batch" for resource in all_resources()}
    return [(method, route) for method, route in routes(document) if route.endswith("/batch") and route not in own]


def _batch_row(
    document: Document, route: str, world: World, *, by_external: bool, step: str = "step"
) -> dict[str, Any]:
    body = document["paths"][PREFIX + route]["post"]["requestBody"]["content"]["application/json"]["schema"]
    shape = body["properties"]["rows"]["items"]
    shape = shape["anyOf"][0] if "anyOf" in shape else shape
    if "$ref" in shape:
        shape = document["components"]["schemas"][shape["$ref"].rpartition("/")[2]]
    row = {}
    for name, item in shape["properties"].items():
        if "ExternalReference" in str(item) or (name.endswith("_id") and item.get("format") == "uuid"):
            entity = entity_of(name)
            assert entity in world.ids, f"{route}: which row does {name} name?"
            row[name] = {"system": "walk", "id": f"{world.mark}-{entity}"} if by_external else world.ids[entity]
        elif name == "external_id":
            row[name] = f"{world.mark}-{step}-{by_external}"
        else:
            row[name] = _value(document, item, name, f"{world.mark}-step")
    return row


def entity_of(name: str) -> str:
    """The entity that a path parameter or a field names."""
    stem = name.removesuffix("_id")
    return {"series": "usage_series"}.get(stem, stem)


def _body(document: Document, resource: Resource, world: World) -> dict[str, Any]:
    shape = document["components"]["schemas"][f"{resource.title}Input"]
    body = {}
    for name, item in shape["properties"].items():
        if name in resource.references:
            target = world.ids.get(resource.references[name])
            if target is not None:
                body[name] = [target] if name.endswith("_ids") else target
        elif name == "external_ids":
            body[name] = world.external_ids(resource.entity)
        else:
            body[name] = _value(document, item, name, f"{world.mark}-{resource.entity}")
    return body


def _value(document: Document, shape: Document, name: str, mark: str) -> Any:
    """A value of this shape; free text carries the mark."""
    if "$ref" in shape:
        shape = document["components"]["schemas"][shape["$ref"].rpartition("/")[2]]
    for choice in ("anyOf", "oneOf", "allOf"):
        if choice in shape:
            return _value(document, next(s for s in shape[choice] if s.get("type") != "null"), name, mark)
    if shape.get("enum"):
        return "comment" if "comment" in shape["enum"] else shape["enum"][0]  # a step whose value may be any text
    kind = shape.get("type")
    kind = next((k for k in kind if k != "null"), None) if isinstance(kind, list) else kind
    if kind == "object":
        return {n: _value(document, s, n, mark) for n, s in shape.get("properties", {}).items()}
    if kind == "array":
        return shape["example"] if "example" in shape else [_value(document, shape["items"], name, mark)]
    if kind in ("integer", "number"):
        return shape.get("example", shape.get("minimum", 1))
    if kind == "boolean":
        return True
    return _text(shape, name, mark)


def _text(shape: Document, name: str, mark: str) -> str:
    if shape.get("format") == "date":
        return "2026-03-02"
    if shape.get("format") == "date-time":
        return "2026-03-02T08:00:00Z"
    if name == "email":
        return f"{mark}@walk.example"
    if name in ("url", "website"):
        return f"https://{mark}.walk.example/feed"
    if shape.get("pattern", "^[^\\u0000]*$") != "^[^\\u0000]*$" or name in ("time_zone", "currency", "amount"):
        return str(shape.get("example", "1"))
    return f"{mark} {name}"[: shape.get("maxLength", 200)]


def calls(document: Document, mine: World, theirs: World, shared: frozenset[str] = frozenset()) -> Iterator[Call]:
    """Every request that a stranger with the rows of `mine` can make to reach those of `theirs`.

    `shared` names entities whose rows both may see. With `mine` = `theirs` these are what an owner may ask.
    """
    resources = {f"/{resource.segment}": resource for resource in all_resources()}
    for method, route in routes(document):
        operation = document["paths"][PREFIX + route][method]
        special = SPECIAL.get((method, route))
        if special is not None:
            yield from (
                Call(method, route, _path(route, resources, theirs) + _where(body), body, why)
                for body, why in special(theirs)
            )
        elif route in resources and method == "post":
            yield from _creates(route, resources[route], mine, theirs, shared)
        elif route.removesuffix("/batch") in resources and method == "post":
            yield from _batches(route, resources[route.removesuffix("/batch")], mine, theirs, shared)
        elif (method, route) in other_batches(document):
            rows = [_batch_row(document, route, theirs, by_external=which, step="next") for which in (False, True)]
            yield Call(method, route, route, {"rows": rows}, None if mine is theirs else "rows")
        elif method == "patch" and route.removesuffix("/{row_id}") in resources:
            yield from _changes(route, resources[route.removesuffix("/{row_id}")], mine, theirs, shared)
        else:
            assert "requestBody" not in operation, (
                f"say in SPECIAL what a stranger would send to {method.upper()} {route}"
            )
            yield from _reads(method, route, operation, resources, theirs, shared)


def _where(body: Any) -> str:
    """Bytes are a piece of some content, the first."""
    return "?offset=0" if isinstance(body, bytes) else ""


def _path(route: str, resources: Mapping[str, Resource], world: World) -> str:
    """The route with the ids of a world's rows in it; a parameter that no row is known for fails the test."""
    filled = []
    before = ""
    for part in route.split("/"):
        if part.startswith("{"):
            name, _, action = part[1:].partition("}")
            entity = resources[before].entity if name == "row_id" else entity_of(name)
            assert entity in world.ids or name in FIXED, (
                f"no row is made for {part} of {route}: make one, so that strangers are tried on it"
            )
            part = FIXED.get(name) or world.ids[entity] + action
        else:
            before = f"{before}/{part}" if part else before
        filled.append(part)
    return "/".join(filled)


def _reads(
    method: str,
    route: str,
    operation: Document,
    resources: Mapping[str, Resource],
    theirs: World,
    shared: frozenset[str],
) -> Iterator[Call]:
    path = _path(route, resources, theirs) + QUERIES.get(route, "")
    target = _entity_at(route, resources)
    yield Call(method, route, path, None, "path" if "{" in route and target not in shared else None)
    for parameter in operation.get("parameters", []):
        name = parameter["name"]
        if parameter["in"] != "query":
            continue
        if name == "external_id":
            yield Call(
                method,
                route,
                f"{path}?external_id=walk:{theirs.mark}-{target}",
                None,
                None if target in shared else name,
            )
        elif name.endswith("_id"):
            entity = entity_of(name)
            row_id = theirs.ids["account" if entity == "row" else entity]
            yield Call(method, route, f"{path}?{name}={row_id}", None, None if target in shared else name)
        elif name == "cursor":
            yield Call(method, route, f"{path}?cursor={theirs.ids['account']}")


def _entity_at(route: str, resources: Mapping[str, Resource]) -> str | None:
    if route.startswith("/catalogs"):
        return "catalogue"
    resource = resources.get(route.removesuffix("/{row_id}"))
    return resource.entity if resource else None


def _crossing(
    resource: Resource, mine: World, theirs: World, shared: frozenset[str]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Bodies of one's own in which one reference, by our id or by an external one, is to a row of theirs."""
    for name, entity in resource.references.items():
        if entity in shared or entity not in theirs.ids:
            continue
        many = name.endswith("_ids")
        for target in (theirs.ids[entity], {"system": "walk", "id": f"{theirs.mark}-{entity}"}):
            body = {**mine.bodies.get(resource.entity, {}), name: [target] if many else target}
            body["external_ids"] = {"walk": f"{mine.mark}-again"}
            yield name, body


def _creates(route: str, resource: Resource, mine: World, theirs: World, shared: frozenset[str]) -> Iterator[Call]:
    if mine is theirs:
        fresh = {**mine.bodies[resource.entity], "external_ids": {"walk": "another"}}
        yield Call("post", route, route, {name: _renewed(name, value) for name, value in fresh.items()})
        return
    for name, body in _crossing(resource, mine, theirs, shared):
        yield Call("post", route, route, body, name)


def _renewed(name: str, value: Any) -> Any:
    """Another value where a row has to differ from the one made before."""
    if name in ("email", "sku", "number", "metric", "key"):
        return f"x{value}"
    return "https://another.walk.example/" if name == "url" else "2026-03-01" if name == "starts_on" else value


def _batches(route: str, resource: Resource, mine: World, theirs: World, shared: frozenset[str]) -> Iterator[Call]:
    if mine is theirs:
        changed = {"external_ids": theirs.external_ids(resource.entity), **_harmless(resource, theirs)}
        yield Call("post", route, route, {"rows": [changed]})
        return
    rows = [body for _, body in _crossing(resource, mine, theirs, shared)]
    if resource.entity in theirs.ids and resource.entity not in shared:
        rows.append({"id": theirs.ids[resource.entity], **_harmless(resource, mine)})
        rows.append({"id": theirs.ids[resource.entity], "external_ids": {"walk": "taken"}})
    if rows:
        yield Call("post", route, route, {"rows": rows}, "rows")


def _harmless(resource: Resource, world: World, text: str = "changed", day: str = "2031-01-01") -> dict[str, Any]:
    """A change of one text that a row has."""
    for name in ("name", "title", "text", "subject", "purpose", "contract_number", "topic", "unit"):
        if name in world.bodies.get(resource.entity, {}):
            return {name: text}
    return {"ends_on": day} if resource.entity == "territory" else {}


def _changes(route: str, resource: Resource, mine: World, theirs: World, shared: frozenset[str]) -> Iterator[Call]:
    base = route.removesuffix("/{row_id}")
    if resource.entity in theirs.ids and (mine is theirs or resource.entity not in shared):
        crosses = None if mine is theirs else "path"
        yield Call(
            "patch",
            route,
            f"{base}/{theirs.ids[resource.entity]}",
            _harmless(resource, theirs, "again", "2032-01-01"),
            crosses,
        )
    if mine is theirs or resource.entity not in mine.ids:
        return
    for name, body in _crossing(resource, mine, theirs, shared):
        yield Call("patch", route, f"{base}/{mine.ids[resource.entity]}", {name: body[name]}, name)


WRONG = {"current_password": "wrong horse battery staple", "password": "lighthouse marmalade quorum"}


def _pushes(theirs: World) -> Iterator[tuple[dict[str, Any], str]]:
    """Every kind of mutation, of or below their rows, each from a phone of its own."""
    at = "2026-03-02T08:00:00Z"
    below = {"id": new_id(), "account_id": theirs.ids["account"]}
    signed = {**below, "text": "x", "written_at": at}
    quote = {"id": theirs.ids["quote"], "revision": 1}

    def changed(entity: str, name: str) -> dict[str, Any]:
        base = {name: theirs.bodies.get(entity, {}).get(name)}
        return {"id": theirs.ids[entity], "fields": {name: "x"}, "base": base}

    mutations: dict[str, dict[str, Any]] = {
        "visit.plan": {**below, "starts_at": at, "ends_at": at, "time_zone": "UTC"},
        "visit.change": changed("visit", "place"),
        "visit.cancel": {"id": theirs.ids["visit"]},
        "visit.log": {"id": theirs.ids["visit"], "notes": "x", "done_at": at},
        "note.add": signed,
        "message.post": signed,
        "promise.make": {**below, "text": "x", "made_on": at[:10], "due_on": at[:10]},
        "promise.keep": {"id": theirs.ids["promise"], "kept_on": at[:10]},
        "promise.break": {"id": theirs.ids["promise"], "base": "kept"},
        "account.change": changed("account", "phone"),
        "person.add": {**below, "name": "x"},
        "person.change": changed("person", "title"),
        "consent.record": {
            "id": new_id(), "person_id": theirs.ids["person"], "channel": "phone", "status": "granted", "source": "x",
            "recorded_at": at,
        },
        "goal.set": {**below, "title": "x"},
        "goal.change": changed("goal", "target"),
        "attachment.add": {**below, "name": "x", "media_type": "image/png", "size": 9, "sha256": "0" * 64},
        "draft.decide": {"id": theirs.ids["draft"], "decision": "accept"},
        "quote.create": {**below, "title": "x", "valid_until": at[:10], "content": content()},
        "quote.change": {**quote, "fields": {"title": "x"}},
        "quote.submit": {**quote, "reason": "x"},
        "quote.decide": {**quote, "decision": "approve"},
        "quote.send": quote,
        "quote.revise": quote,
        "quote.withdraw": {"id": quote["id"], "reason": "x"},
        "quote.answer": {"id": theirs.ids["question"], "text": "x"},
    }  # fmt: skip
    assert set(mutations) == {mutation.name for mutation in all_mutations()}
    for name, args in mutations.items():
        sent = {"id": new_id(), "seq": 1, "name": name, "version": 3, "made_at": at, "args": args}
        yield {"client_group": str(uuid4()), "schema": 3, "sent_at": at, "mutations": [sent]}, name
    stolen = {"id": new_id(), "seq": 1, "name": "goal.set", "version": 3, "made_at": at, "args": {}}
    group = theirs.ids["client_group"]
    yield {"client_group": group, "schema": 3, "sent_at": at, "mutations": [stolen]}, "client_group"


PIECE = b"\xff\xd8\xff\xe0"
# Routes with a body that are no resource: what a stranger would send, and what of it reaches for another's.
SPECIAL: dict[tuple[str, str], Any] = {
    ("put", "/attachments/{row_id}/content"): lambda _theirs: [(PIECE, "path")],
    ("post", "/session"): lambda theirs: [
        ({"email": f"{theirs.mark}-user@walk.example", "password": "wrong"}, "email")
    ],
    ("put", "/session/password"): lambda _theirs: [(WRONG, "password")],
    ("post", "/tokens"): lambda theirs: [
        ({"name": "t", "scopes": ["accounts:read"], "user_id": theirs.ids["user"]}, "user_id")
    ],
    ("post", "/sync/push"): _pushes,
    ("post", "/quotes"): lambda theirs: [
        (
            {"account_id": theirs.ids["account"], "title": "x", "valid_until": "2199-12-31", "content": content()},
            "account_id",
        )
    ],
    ("patch", "/quotes/{quote_id}"): lambda _theirs: [({"title": "x"}, "path")],
    ("post", "/quotes/{quote_id}:submit"): lambda _theirs: [({"revision": 1, "reason": "x"}, "path")],
    ("post", "/quotes/{quote_id}:decide"): lambda _theirs: [({"revision": 1, "decision": "approve"}, "path")],
    ("post", "/quotes/{quote_id}:send"): lambda _theirs: [({"revision": 1}, "path")],
    ("post", "/quotes/{quote_id}:revise"): lambda _theirs: [({"revision": 1}, "path")],
    ("post", "/quotes/{quote_id}:withdraw"): lambda _theirs: [({"reason": "x"}, "path")],
    ("post", "/quotes/{quote_id}:copy"): lambda _theirs: [({"title": "x"}, "path")],
    ("post", "/quotes/{quote_id}/questions/{question_id}:answer"): lambda _theirs: [({"text": "x"}, "path")],
    ("post", "/catalogs"): lambda _theirs: [({"format": 1}, None)],
    ("post", "/configurations:evaluate"): lambda theirs: [
        ({"catalogue": theirs.ids["catalogue"], "product": "PUMP", "choices": []}, None)
    ],
    ("post", "/prices:evaluate"): lambda _theirs: [({"content": content()}, None)],
    ("post", "/push/devices"): lambda theirs: [
        (
            {**Browser("https://push.example/another").to_json(), "client_group_id": theirs.ids["client_group"]},
            "client_group_id",
        )
    ],
    ("patch", "/push/devices/{push_device_id}"): lambda _theirs: [({"name": "mine now"}, "path")],
    ("patch", "/notice-preferences"): lambda _theirs: [({"lead_minutes": 30}, None)],
    ("post", "/calendars"): lambda theirs: [
        ({"kind": "url", "url": f"https://{theirs.mark}.walk.example/mine.ics", "name": "mine"}, None)
    ],
    ("patch", "/calendars/{calendar_id}"): lambda _theirs: [({"name": "mine now"}, "path")],
    ("post", "/calendars/{calendar_id}:choose"): lambda _theirs: [
        ({"urls": ["https://dav.walk.example/work/"]}, "path")
    ],
    ("post", "/calendars:import"): lambda _theirs: [({}, None)],
    ("post", "/calendar-events/{event_id}:match"): lambda theirs: [
        ({"account_id": theirs.ids["account"]}, "path"),
        ({"account_id": None}, "path"),
    ],
    ("patch", "/devices/{device_id}"): lambda _theirs: [({"name": "mine now"}, "path")],
    ("post", "/sync/pull"): lambda theirs: [
        ({"client_group": theirs.ids["client_group"], "cookie": None, "schema": 2}, "client_group"),
        ({"client_group": "0193d5a0-0000-7000-8000-00000000aaaa", "cookie": theirs.ids["cookie"], "schema": 2}, None),
        ({"client_group": "0193d5a0-0000-7000-8000-00000000bbbb", "cookie": None, "schema": 2}, None),
    ],
}


def rows_of(database: Database, org_id: str) -> dict[str, set[str]]:
    """Every row of an organisation, each as text, by table; rows of tables without an organisation are all taken."""
    found = {}
    with database.read() as session:
        for table in metadata.sorted_tables:
            query = sa.select(table)
            if "org_id" in table.c:
                query = query.where(table.c.org_id == org_id)
            elif table.name == "organisation":
                query = query.where(table.c.id == org_id)
            found[table.name] = {repr(tuple(row)) for row in session.execute(query)}
    return found
