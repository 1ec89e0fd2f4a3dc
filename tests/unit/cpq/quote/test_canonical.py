"""One spelling of a document, digests of what the customer may see, and numbers that are made offline."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.cpq.quote import QuoteError, canonical, digest, price_quote, public_price, quote_number, version_hash
from app.cpq.quote_canonical import _spelled_by_hand

VECTORS = Path(__file__).resolve().parents[4] / "fixtures" / "vectors"
CANONICAL = json.loads((VECTORS / "quote-canonical.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CANONICAL["canonical"], ids=lambda case: str(case["name"]))
def test_a_document_has_one_spelling(case: dict[str, Any]) -> None:
    assert canonical(case["value"]) == case["text"]
    assert version_hash(case["value"]) == case["sha256"] == hashlib.sha256(case["text"].encode()).hexdigest()


def test_a_surrogate_without_its_partner_is_escaped() -> None:
    assert canonical({"t": "\ud83d"}) == '{"t":"\\ud83d"}'
    assert len(version_hash({"t": "\ud83d"})) == 64


@given(
    st.recursive(
        st.none() | st.booleans() | st.text() | st.integers(-(2**53) + 1, 2**53 - 1),
        lambda of: st.lists(of) | st.dictionaries(st.text(), of),
    )
)
def test_canonical_text_is_json_of_the_same_document_whatever_the_order(value: Any) -> None:
    text = canonical(value)
    assert text == _spelled_by_hand(value)
    assert json.loads(text) == value
    assert canonical(json.loads(text)) == text


@pytest.mark.parametrize("value", [1.5, {"a": [0.0]}, 2**53, float("nan")])
def test_a_number_with_a_fraction_has_no_spelling(value: Any) -> None:
    with pytest.raises(QuoteError, match="decimal strings"):
        canonical(value)


@pytest.mark.parametrize("case", CANONICAL["numbers"], ids=lambda case: str(case["number"]))
def test_the_number_of_a_quote_is_made_of_its_id(case: dict[str, Any]) -> None:
    assert quote_number(case["id"]) == case["number"]


@pytest.mark.parametrize(
    "quote_id", ["", "no", "01a0a0a0-0000-7000-8000-00abcdef012", "ffffffff-ffff-7000-8000-00abcdef0123"]
)
def test_what_is_no_uuid_has_no_number(quote_id: str) -> None:
    with pytest.raises(QuoteError, match="is not a UUID of version 7"):
        quote_number(quote_id)


def priced(discount: str) -> Any:
    """A pump with a discount, as priced for a rep."""
    catalogue = json.loads((VECTORS / "quote-catalogue.json").read_text(encoding="utf-8"))
    case = json.loads((VECTORS / "quote-prices.json").read_text(encoding="utf-8"))[0]
    case["content"]["lines"][0]["discount"]["value"] = discount
    return price_quote(catalogue, case["content"], case["context"])


def test_the_digest_is_that_of_what_the_customer_may_see() -> None:
    price = priced("5")
    shown = public_price(price)
    assert digest(price) == digest(shown) == price["digest"]
    text = json.dumps(shown)
    for secret in ("cost", "margin_percent", "approvals", "floors", "1600.00"):
        assert secret not in text


def test_another_price_has_another_digest() -> None:
    assert priced("5")["digest"] != priced("5.1")["digest"]
