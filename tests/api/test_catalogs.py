"""Catalogues over the API: stored once and for ever, compiled, activated, read; configuring and pricing without keeping."""

from __future__ import annotations

import base64
import gzip
import hashlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import orjson
import pytest
import yaml

from app.cpq import domains_diagram
from app.cpq.complete import completion
from app.cpq.model import load
from app.foundation import outbox
from app.foundation.db import Database
from app.quotes import evaluating
from tests.support.phones import Api, Directory
from tests.support.pulling import held_clock
from tests.support.selling import CATALOGUE, WHOLE, content, line, pump, sell

SIMPLE = {**CATALOGUE, "id": "simple", "products": CATALOGUE["products"][1:], "price_books": [], "terms": []}


@pytest.fixture(autouse=True)
def _at_eight() -> Iterator[None]:
    with held_clock():
        yield


@pytest.fixture
def admin(sign_in: Any) -> Api:
    api: Api = sign_in("admin@north")
    return api


def changed(**members: Any) -> dict[str, Any]:
    return {**CATALOGUE, **members}


def slug(answer: Any) -> str:
    return str(answer.json["type"]).rpartition("/")[2]


def test_a_catalogue_is_stored_compiled_by_a_job_and_activated(admin: Api, database: Database) -> None:
    stored = admin.post("/catalogs", CATALOGUE)
    assert stored.status_code == 201, stored.text
    assert (stored.json["status"], stored.json["compilation"], stored.json["models"]) == ("draft", "compiling", [])
    path = f"/catalogs/{stored.json['id']}"
    assert stored.headers["Location"] == f"/api/v1{path}"
    for early in (admin.post(f"{path}/activate"), admin.get(f"{path}/content")):
        assert early.status_code == 409 and slug(early) == "catalogue-not-ready"
    outbox.drain(database)
    ready = admin.get(path).json
    assert ready["compilation"] == "ready" and ready["bytes"] > 0
    (model,) = ready["models"]
    assert (model["sku"], model["engine"], model["solutions"]) == ("PUMP", "diagram", "26")
    assert admin.post(f"{path}/activate").json["status"] == "active"
    assert [one["status"] for one in admin.get("/catalogs?status=active&key=small").json["data"]] == ["active"]
    assert admin.post(f"{path}/retire").json["status"] == "retired"


def test_yaml_and_json_of_one_document_are_one_catalogue_and_another_document_is_refused(admin: Api) -> None:
    first = admin.post("/catalogs", data=yaml.safe_dump(SIMPLE).encode(), content_type="application/yaml")
    assert first.status_code == 201 and first.json["compilation"] == "ready", first.text
    again = admin.post("/catalogs", SIMPLE)
    assert again.status_code == 200 and again.json["id"] == first.json["id"]
    other = admin.post("/catalogs", {**SIMPLE, "name": "Another"})
    assert other.status_code == 409 and slug(other) == "catalogue-exists"
    assert admin.post("/catalogs", {**SIMPLE, "name": "Another", "version": "2"}).status_code == 201


def test_what_is_wrong_in_a_document_is_told_with_its_place(admin: Api) -> None:
    pump_ = CATALOGUE["products"][0]
    unknown = {"id": "X-1", "text": "", "excludes": [{"wings": "yes"}, {"motor": "kw4"}]}
    tiers = [{"upto": "10", "unit": "5"}, {"from": "20", "upto": None, "unit": "4"}]
    graduated = {"sku": "KIT", "charge": "one_time", "adjustment": {"type": "graduated", "tiers": tiers}}
    book = {**CATALOGUE["price_books"][0], "entries": [graduated]}
    cases = [
        (changed(format=2), "/format"),
        (changed(products=[{**pump_, "rules": [unknown]}]), "/products/0/rules/0"),
        (changed(price_books=[{**CATALOGUE["price_books"][0], "currency": "XXX"}]), "/price_books/0/currency"),
        (changed(price_books=[book]), "/price_books/0/entries/0/adjustment"),
        (changed(more=1), ""),
    ]
    for document, pointer in cases:
        refused = admin.post("/catalogs", document)
        assert refused.status_code == 422 and slug(refused) == "catalogue-invalid", refused.text
        assert refused.json["errors"][0]["pointer"].startswith(pointer), (refused.json, pointer)
    text = yaml.safe_dump(changed(format=2), sort_keys=False).encode()
    lined = admin.post("/catalogs", data=text, content_type="application/yaml")
    assert "(line 1)" in lined.json["errors"][0]["detail"]
    for body in (b"", b"- [", b"format: 1\nformat: 1", b"\xff", b"a: &a [*a, *a]", b'{"format": NaN}'):
        assert admin.post("/catalogs", data=body, content_type="application/yaml").status_code == 422, body
    assert admin.post("/catalogs", data=b"x", content_type="text/csv").status_code == 415
    assert admin.get("/catalogs").json["data"] == []


def test_rules_that_contradict_each_other_leave_a_catalogue_with_its_problem(admin: Api, database: Database) -> None:
    void = [
        {"id": "A", "text": "", "requires": {"if": {"sensor": "yes"}, "then": {"motor": "kw4"}}},
        {"id": "B", "text": "", "requires": {"if": {"sensor": "no"}, "then": {"motor": "kw4"}}},
        {"id": "C", "text": "", "requires": {"if": {"motor": "kw4"}, "then": {"motor": "kw7"}}},
    ]
    document = changed(products=[{**CATALOGUE["products"][0], "rules": void}, *CATALOGUE["products"][1:]])
    stored = admin.post("/catalogs", document)
    if stored.status_code == 422:
        assert slug(stored) == "catalogue-invalid"
        return
    outbox.drain(database)
    failed = admin.get(f"/catalogs/{stored.json['id']}").json
    assert failed["compilation"] == "failed" and "contradict" in failed["problem"]["errors"][0]["detail"]
    refused = admin.post(f"/catalogs/{stored.json['id']}/activate")
    assert refused.status_code == 409 and "could not be compiled" in refused.json["detail"]


def test_the_content_is_what_the_hash_says_and_comes_packed_once(
    admin: Api, database: Database, directory: Directory
) -> None:
    catalogue_id = sell(database, directory.orgs["north"])
    told = admin.get(f"/catalogs/{catalogue_id}").json
    plain = admin.get(f"/catalogs/{catalogue_id}/content")
    packed = admin.get(f"/catalogs/{catalogue_id}/content", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip" and len(packed.data) == told["bytes"]
    assert gzip.decompress(packed.data) == plain.data and plain.headers["ETag"] == f'"{told["hash"]}"'
    assert "immutable" in plain.headers["Cache-Control"] and plain.headers["Vary"] == "Accept-Encoding"
    document = orjson.dumps(plain.json["document"], option=orjson.OPT_SORT_KEYS)
    assert hashlib.sha256(document).hexdigest() == told["hash"]
    model = base64.b64decode(plain.json["models"]["PUMP"])
    assert [feature.id for feature in load(model).features] == ["motor", "size", "sensor", "stages"]
    same = {"If-None-Match": plain.headers["ETag"]}
    assert admin.get(f"/catalogs/{catalogue_id}/content", headers=same).status_code == 304
    alone = admin.get(f"/catalogs/{catalogue_id}/models/PUMP")
    assert alone.data == model and alone.content_type == "application/octet-stream"
    same = {"If-None-Match": alone.headers["ETag"]}
    assert admin.get(f"/catalogs/{catalogue_id}/models/PUMP", headers=same).status_code == 304
    assert admin.get(f"/catalogs/{catalogue_id}/models/KIT").status_code == 404


def test_catalogues_are_the_organisations_own_and_reps_only_read(
    sign_in: Any, database: Database, directory: Directory
) -> None:
    catalogue_id = sell(database, directory.orgs["north"])
    rep, stranger = sign_in("rep@north"), sign_in("admin@south")
    assert rep.get(f"/catalogs/{catalogue_id}/content").status_code == 200
    assert rep.post("/catalogs", SIMPLE).status_code == 403
    assert rep.post(f"/catalogs/{catalogue_id}/retire").status_code == 403
    for path in ("", "/content", "/models/PUMP"):
        assert stranger.get(f"/catalogs/{catalogue_id}{path}").status_code == 404
    assert stranger.post(f"/catalogs/{catalogue_id}/retire").status_code == 404
    assert stranger.get("/catalogs").json["data"] == []
    asked = {"catalogue": catalogue_id, "product": "PUMP", "choices": []}
    assert stranger.post("/configurations:evaluate", asked).status_code == 404


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_configuration_is_evaluated_explained_taken_and_completed(
    sign_in: Any, database: Database, directory: Directory
) -> None:
    catalogue_id = sell(database, directory.orgs["north"])
    asked = {
        "catalogue": catalogue_id,
        "product": "PUMP",
        "choices": [{"feature": "size", "value": "s50"}, {"feature": "sensor", "value": "no"}],
        "explain": [{"feature": "motor", "value": "kw11"}],
        "take": {"feature": "motor", "value": "kw11"},
        "complete": {"objective": "usual"},
    }
    rep = sign_in("rep@north")
    told = rep.post("/configurations:evaluate", asked)
    assert told.status_code == 200, told.text
    assert told.json["engine"] == "diagram" and told.json["consistent"] and not told.json["complete"]
    assert told.json["features"]["motor"]["valid"] == ["kw4", "kw7"] and told.json["ways"] == "4"
    (explained,) = told.json["explained"]
    assert explained["give_up"] == [{"feature": "size", "value": "s50"}]
    assert explained["rules"] == [{"id": "M-1", "text": "The small size takes no large motor."}]
    assert told.json["taken"]["given_up"] == [{"feature": "size", "value": "s50"}]
    assert told.json["completed"]["size"] == "s50" and set(told.json["completed"]) == set(WHOLE)
    assert told.json["proven"] is True
    named = {**asked, "named": {"key": "small", "version": "1"}}
    del named["catalogue"]
    assert rep.post("/configurations:evaluate", named).json == told.json
    assert rep.post("/configurations:evaluate", {**asked, "product": "KIT"}).status_code == 404
    wrong = rep.post("/configurations:evaluate", {**asked, "choices": [{"feature": "wings", "value": "yes"}]})
    assert wrong.status_code == 422 and wrong.json["errors"][0]["pointer"] == "/choices/0"


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_swap_that_was_not_proven_to_be_the_smallest_says_so(
    admin: Api, database: Database, directory: Directory, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = {"feature": "motor", "value": "kw11"}
    heavy = {"size": "s80", "sensor": "yes", "stages": "3"}
    asked = {
        "catalogue": sell(database, directory.orgs["north"]),
        "product": "PUMP",
        "choices": [{"feature": feature, "value": value} for feature, value in heavy.items()],
        "explain": [wanted],
        "take": wanted,
    }
    monkeypatch.setattr(domains_diagram, "_SWAP_LIMIT", 0)
    for limit, marked in ((domains_diagram.NODE_LIMIT, {}), (50, {"unproven": True})):
        monkeypatch.setattr(domains_diagram, "NODE_LIMIT", limit)
        told = admin.post("/configurations:evaluate", asked)
        assert told.status_code == 200, told.text
        for answer in (told.json["taken"], *told.json["explained"]):
            assert {key: answer[key] for key in answer if key == "unproven"} == marked


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_completion_that_the_time_did_not_suffice_for_says_that_it_is_not_proven(
    sign_in: Any, database: Database, directory: Directory, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalogue_id = sell(database, directory.orgs["north"])
    monkeypatch.setattr(evaluating, "completion", lambda *wanted: replace(completion(*wanted), proven=False))
    asked = {"catalogue": catalogue_id, "product": "PUMP", "choices": [], "complete": {"objective": "usual"}}
    told = sign_in("rep@north").post("/configurations:evaluate", asked)
    assert told.status_code == 200, told.text
    assert set(told.json["completed"]) == set(WHOLE)
    assert told.json["proven"] is False


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_price_is_evaluated_without_being_kept(sign_in: Any, database: Database, directory: Directory) -> None:
    sell(database, directory.orgs["north"])
    rep = sign_in("rep@north")
    told = rep.post("/prices:evaluate", {"content": content(pump(), line())})
    assert told.status_code == 200 and told.json["totals"]["net"] == "21201.50", told.text
    assert told.json["digest"] and rep.get("/quotes").json["data"] == []
    step = {
        "id": "list",
        "phase": "list",
        "scope": "unit",
        "reason": "",
        "adjustment": {"type": "per_unit", "amount": "219000"},
    }
    one = {"id": "l1", "sku": "PX", "name": "Pump", "charge": "one_time", "quantity": "3", "steps": [step]}
    request = {"currency": "SEK", "on": "2026-11-21", "lines": [one]}
    told = rep.post("/prices:evaluate", {"request": request})
    assert told.status_code == 200 and told.json["totals"]["net"] == "657000.00", told.text
    for quantity in ("-1", "NaN", "1e999", "1000000001"):
        bad = rep.post("/prices:evaluate", {"request": {**request, "lines": [{**one, "quantity": quantity}]}})
        assert bad.status_code == 422 and bad.json["errors"][0]["pointer"] == "/request/lines/0/quantity", bad.text
    gap = {"type": "graduated", "tiers": [{"upto": "10", "unit": "5"}, {"from": "20", "upto": None, "unit": "4"}]}
    bad = rep.post(
        "/prices:evaluate", {"request": {**request, "lines": [{**one, "steps": [{**step, "adjustment": gap}]}]}}
    )
    assert bad.status_code == 422 and bad.json["errors"][0]["pointer"].startswith("/request/lines/0/steps/0")
    for body in ({}, {"request": request, "content": content()}):
        assert rep.post("/prices:evaluate", body).status_code == 422
