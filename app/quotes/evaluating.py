"""Configuring and pricing of which nothing is kept: for a CRM, or a shop, that uses the engine alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from app.cpq.complete import Cheapest, Lightest, Nearest, Objective, Usual, completion
from app.cpq.domains import evaluate
from app.cpq.explain import explain, swap
from app.cpq.model import BudgetExcess, Choice, Choices, ConfigurationError, Model, NeverPossible
from app.cpq.price import PriceError, price_json
from app.foundation.principal import Role, principal_of
from app.foundation.problems import FieldError, Problem, invalid, not_found
from app.quotes import stock
from app.quotes.content import sound_json
from app.quotes.pricing import priced, sentence

Json = dict[str, Any]


def configuration(session: Session, asked: Mapping[str, Any]) -> Json:
    """What is possible after these choices, and what else was asked.

    Problems: 404 for a catalogue or product that there is not, 422 for features and values that the product does not have,
    409 for a value that no configuration has.
    """
    model = _model(session, asked)
    choices = _choices(model, asked["choices"])
    told: Json = _asked("/choices", lambda: evaluate(model, choices))
    if "explain" in asked:
        told["explained"] = [
            _asked(f"/explain/{place}", partial(_explained, model, choices, one["feature"], one["value"]))
            for place, one in enumerate(asked["explain"])
        ]
    if "take" in asked:
        told["taken"] = _asked("/take", lambda: _taken(model, choices, asked["take"]))
    if "complete" in asked:
        whole = _asked("/complete", lambda: completion(model, choices, _objective(asked["complete"])))
        told["completed"], told["proven"] = whole.configuration, whole.proven
    return told


def _model(session: Session, asked: Mapping[str, Any]) -> Model:
    if ("catalogue" in asked) == ("named" in asked):
        raise invalid([FieldError("/catalogue", "Name the catalogue once: by `catalogue`, our id, or by `named`.")])
    if "catalogue" in asked:
        stocked = stock.by_id(session, asked["catalogue"])
    else:
        stocked = stock.by_name(session, asked["named"]["key"], asked["named"]["version"])
    if stocked is None:
        raise not_found("catalogue")
    if asked["product"] in stocked.configurable and stocked.compilation != "ready":
        raise Problem(409, "catalogue-not-ready", "Not compiled yet", "It is being compiled; ask again in a moment.")
    model = stock.model_of(session, stocked, asked["product"])
    if model is None:
        raise not_found("configurable product")
    return model


def _choices(model: Model, given: list[Json]) -> Choices:
    made, faults = [], []
    for place, one in enumerate(given):
        values = one.get("values") or ([one["value"]] if "value" in one else [])
        if not values or ("values" in one and "value" in one):
            faults.append(FieldError(f"/choices/{place}", "Say `value`, or `values` for several."))
        for value in values:
            try:
                model.literal(one["feature"], value)
            except ConfigurationError as fault:
                faults.append(FieldError(f"/choices/{place}", str(fault)))
        made.append(Choice(one["feature"], tuple(values)))
    if faults:
        raise invalid(faults)
    return tuple(made)


def _asked(pointer: str, question: Callable[[], Any]) -> Any:
    try:
        return question()
    except NeverPossible as never:
        why = "; ".join([*never.rules, *(one.id for one in never.budgets)])
        fault = FieldError(pointer, f"Rules at fault: {why}." if why else str(never))
        raise Problem(409, "never-possible", "No configuration has this", str(never), (fault,)) from None
    except ConfigurationError as fault:
        raise invalid([FieldError(pointer, str(fault))]) from None


def _explained(model: Model, choices: Choices, feature: str, value: str) -> Json:
    found = explain(model, choices, feature, value)
    texts = {rule.id: rule.text for rule in model.rules}
    return {
        "feature": feature,
        "value": value,
        "give_up": [_choice(one) for one in found.give_up],
        "rules": [{"id": rule, "text": texts.get(rule, "")} for rule in found.rules],
        "budgets": [_budget(one) for one in found.budgets],
        **_unproven(found.proven),
    }


def _budget(excess: BudgetExcess) -> Json:
    return {"id": excess.id, "by": excess.by}


def _taken(model: Model, choices: Choices, wanted: Mapping[str, str]) -> Json:
    found = swap(model, choices, wanted["feature"], wanted["value"])
    told = {"choices": [_choice(one) for one in found.choices], "given_up": [_choice(one) for one in found.given_up]}
    return told | _unproven(found.proven)


def _unproven(proven: bool) -> Json:
    """What is said only of an answer that the search was too short for."""
    return {} if proven else {"unproven": True}


def _choice(choice: Choice) -> Json:
    if len(choice.values) == 1:
        return {"feature": choice.feature, "value": choice.values[0]}
    return {"feature": choice.feature, "values": list(choice.values)}


def _objective(asked: Mapping[str, Any]) -> Objective:
    kind = asked["objective"]
    if kind == "cheapest":
        prices = asked.get("prices") or {}
        return Cheapest({(feature, value): minor for feature, row in prices.items() for value, minor in row.items()})
    if kind == "lightest":
        if "budget" not in asked:
            raise ConfigurationError("Say which budget is kept low.")
        return Lightest(asked["budget"])
    if kind == "nearest":
        return Nearest(asked.get("configuration") or {})
    return Usual()


def price(session: Session, asked: Mapping[str, Any]) -> Json:
    """The price of a request, or of a content; Problem 422 points at what cannot be priced."""
    if ("request" in asked) == ("content" in asked):
        raise invalid([FieldError("/request", "Send `request`, or `content` with its catalogue.")])
    for name in ("request", "context"):
        if name in asked:
            sound_json(asked[name], f"/{name}")
    if "request" in asked:
        try:
            return dict(price_json(asked["request"]))
        except PriceError as fault:
            raise invalid([FieldError(f"/request{fault.pointer}", sentence(fault.detail))]) from None
    content = asked["content"]
    stocked = stock.by_name(session, content["catalogue"], content["catalogue_version"])
    if stocked is None:
        raise not_found("catalogue")
    role = principal_of(session).role
    usual = {"role": Role.REP.value if role is Role.INTEGRATION else role.value, "facts": {}}
    return priced(stocked, content, {**usual, **asked.get("context", {})}, "/content")
