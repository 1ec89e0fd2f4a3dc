"""What differs between two versions is told line by line, step by step, and nothing else is."""

from typing import Any

from app.quotes.comparing import compare


def line(line_id: str, **more: Any) -> dict[str, Any]:
    return {"id": line_id, "sku": "PX", "quantity": "1", **more}


def priced(line_id: str, **steps: str) -> dict[str, Any]:
    rows = [{"step": name, "label": name, "amount": amount} for name, amount in steps.items()]
    return {"id": line_id, "net": f"{sum(int(amount) for amount in steps.values())}.00", "waterfall": rows}


def side(lines: list[Any], prices: list[Any], net: str, **more: Any) -> dict[str, Any]:
    content = {"lines": lines, "currency": "SEK", **more}
    return {
        "content": content,
        "price": {"lines": prices, "totals": {"net": net}},
        "title": "T",
        "valid_until": "2027-01-31",
    }


A = side(
    [line("a"), line("b", configuration={"motor": "kw4"})], [priced("a", List="100"), priced("b", List="200")], "300.00"
)


def test_a_version_is_the_same_as_itself() -> None:
    assert compare(A, A) == {"fields": [], "lines": [], "totals": [], "same": True}


def test_lines_are_added_and_removed() -> None:
    other = side([line("a"), line("c")], [priced("a", List="100"), priced("c", List="50")], "150.00")
    told = compare(A, other)
    assert [(one["line"], one["what"], one["net"]) for one in told["lines"]] == [
        ("c", "added", {"a": None, "b": "50.00"}),
        ("b", "removed", {"a": "200.00", "b": None}),
    ]
    assert told["totals"] == [{"total": "net", "a": "300.00", "b": "150.00", "change": "-150.00"}] and not told["same"]


def test_of_a_changed_line_fields_features_and_steps_are_told() -> None:
    changed = line("b", quantity="2", configuration={"motor": "kw7", "frame": "steel"})
    other = side([line("a"), changed], [priced("a", List="100"), priced("b", List="420", Discount="-20")], "500.00")
    (told,) = compare(A, other)["lines"]
    assert told["what"] == "changed" and told["fields"] == [{"field": "quantity", "a": "1", "b": "2"}]
    assert told["configuration"] == [
        {"feature": "motor", "a": "kw4", "b": "kw7"},
        {"feature": "frame", "a": None, "b": "steel"},
    ]
    assert told["waterfall"] == [
        {"step": "List", "a": "200", "b": "420", "change": "220"},
        {"step": "Discount", "a": None, "b": "-20", "change": "-20"},
    ]


def test_the_priced_parts_of_a_line_are_taken_together() -> None:
    parts = side(
        [line("a"), line("b", configuration={"motor": "kw4"})],
        [priced("a", List="100"), priced("b.1", List="150"), priced("b.2", List="50")],
        "300.00",
    )
    parts["price"]["parents"] = {"b.1": "b", "b.2": "b"}
    assert compare(A, parts)["same"]


def test_what_is_said_of_the_quote_itself_is_compared_too() -> None:
    other = {**A, "valid_until": "2027-03-31", "content": {**A["content"], "currency": "EUR"}}
    assert compare(A, other)["fields"] == [
        {"field": "valid_until", "a": "2027-01-31", "b": "2027-03-31"},
        {"field": "currency", "a": "SEK", "b": "EUR"},
    ]
