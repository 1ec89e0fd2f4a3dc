"""What holds for every quote that can be priced, and for every text that is no quote."""

import contextlib
import copy
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from app.cpq.quote import QuoteError, assemble, price_quote
from tests.differential.strategies import quotes

SOME = settings(max_examples=30, deadline=None, database=None, suppress_health_check=list(HealthCheck))
JSON = st.recursive(
    st.none() | st.booleans() | st.text(max_size=5) | st.integers(-9, 9),
    lambda of: (
        st.lists(of, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "sku", "kind", "value", "feature"]), of, max_size=3)
    ),
    max_leaves=6,
)


def priced(quote: dict[str, Any]) -> Any:
    """The price, when there is one."""
    try:
        return price_quote(quote["catalogue"], quote["content"], quote["context"])
    except QuoteError:
        assume(False)


@SOME
@given(quotes())
def test_rows_sum_to_the_net_and_lines_to_the_totals(quote: dict[str, Any]) -> None:
    price = priced(quote)
    assume(not quote["catalogue"]["policy"]["tax"]["included"])
    later = {
        line["id"]
        for line in assemble(quote["catalogue"], quote["content"], quote["context"])["lines"]
        if line.get("later")
    }
    for line in price["lines"]:
        assert sum(Decimal(row["amount"]) for row in line["waterfall"]) == Decimal(line["net"])
    net = sum(Decimal(line["net"]) for line in price["lines"] if line["included"] and line["id"] not in later)
    assert net == Decimal(price["totals"]["net"])


@SOME
@given(quotes())
def test_every_price_line_belongs_to_a_line_of_the_quote_and_each_has_one_with_its_id(quote: dict[str, Any]) -> None:
    price = priced(quote)
    lines = {line["id"] for line in quote["content"]["lines"]}
    assert set(price["parents"].values()) == lines
    assert lines <= set(price["parents"])


@SOME
@given(quotes())
def test_pricing_changes_nothing_and_gives_the_same_answer_again(quote: dict[str, Any]) -> None:
    before = copy.deepcopy(quote)
    first = priced(quote)
    assert quote == before
    assert price_quote(quote["catalogue"], quote["content"], quote["context"]) == first


@SOME
@given(quotes())
def test_every_row_has_words_and_every_approval_says_who_and_why(quote: dict[str, Any]) -> None:
    price = priced(quote)
    assert all(row["label"] for line in price["lines"] for row in line["waterfall"])
    for approval in price["approvals"]:
        assert approval["role"] in ("rep", "manager", "administrator") and approval["reason"]


@SOME
@given(quotes())
def test_leaving_is_never_below_zero_and_free_at_the_end_of_the_term(quote: dict[str, Any]) -> None:
    for term in priced(quote)["terms"]:
        for choice in (term, *term["compared"]):
            for at in choice["at"]:
                assert Decimal(at["paid"]) + Decimal(at["leave"]) == Decimal(at["total"])
                assert at["month"] < choice["months"] or Decimal(at["leave"]) == 0


@SOME
@given(quotes(), st.data())
def test_a_member_that_is_anything_at_all_is_priced_or_refused(quote: dict[str, Any], data: st.DataObject) -> None:
    line = quote["content"]["lines"][0]
    place = data.draw(st.sampled_from([line, quote["content"]]))
    place[data.draw(st.sampled_from(sorted(place)))] = data.draw(JSON)
    with contextlib.suppress(QuoteError):
        price_quote(quote["catalogue"], quote["content"], quote["context"])
