"""From a result to JSON: members that are not there are left out."""

from typing import Any

from app.cpq.price.model import HeaderResult, PricedLine, PriceResult, Sum, Totals, WaterfallRow


def as_json(result: PriceResult) -> dict[str, Any]:
    """The result as a JSON object."""
    return {
        "currency": result.currency,
        "lines": [_line(line) for line in result.lines],
        "header": [_header(entry) for entry in result.header],
        "taxes": [tax._asdict() for tax in result.taxes],
        "totals": _totals(result.totals),
        "floors": [_present(violation._asdict()) for violation in result.floors],
    }


def _present(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


def _line(line: PricedLine) -> dict[str, Any]:
    members = line._asdict()
    members["waterfall"] = [_row(row) for row in line.waterfall]
    members["taxes"] = [tax._asdict() for tax in line.taxes]
    members["bundle"] = None if line.bundle is None else line.bundle._asdict()
    return _present(members)


def _row(row: WaterfallRow) -> dict[str, Any]:
    step, phase, label, amount, running, detail, source = row
    members: dict[str, Any] = {"step": step, "phase": phase, "label": label, "amount": amount, "running": running}
    if detail is not None:
        members["detail"] = list(detail)
    if source is not None:
        members["source"] = source
    return members


def _header(entry: HeaderResult) -> dict[str, Any]:
    return {**entry._asdict(), "parts": [part._asdict() for part in entry.parts]}


def _totals(totals: Totals) -> dict[str, Any]:
    def by_period(sums: Any) -> dict[str, dict[str, str]]:
        return {period: one._asdict() for period, one in sums.items()}

    members = totals._asdict()
    members["one_time"] = _sum(totals.one_time)
    members["recurring"] = by_period(totals.recurring)
    members["usage"] = by_period(totals.usage)
    return _present(members)


def _sum(amounts: Sum) -> dict[str, str]:
    return amounts._asdict()
