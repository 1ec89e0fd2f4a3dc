"""The commands about catalogues: check, compile, schema."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from app.cpq import catalogue as catalogues
from app.cpq.artefact import digest
from app.cpq.clauses import Problem
from app.cpq.diagram_build import Gate
from app.cpq.dimacs import parse_dimacs
from app.cpq.reading import MAX_BYTES, ModelError
from app.cpq.sat_limit import CHECK_SECONDS
from app.cpq.uvl import parse_uvl

if TYPE_CHECKING:
    from app.cpq.compile import Compiled

FOUND = 1
UNUSABLE = 2
UNCHECKED = 3
_MAX_MODEL_BYTES = 4 * MAX_BYTES
_KINDS = {".yaml": "yaml", ".yml": "yaml", ".json": "json", ".uvl": "uvl", ".dimacs": "dimacs", ".cnf": "dimacs"}
_FILE = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE")


class Unusable(click.ClickException):
    """A file that cannot be used: one line, exit status 2."""

    exit_code = UNUSABLE


@click.group()
def catalog() -> None:
    """Catalogues and feature models: check, compile, schema."""


@catalog.command("schema")
def schema_command() -> None:
    """Print the JSON Schema of the catalogue format."""
    click.echo(json.dumps(catalogues.schema(), indent=1, ensure_ascii=False))


@catalog.command("compile")
@_FILE
@click.option("--json", "as_json", is_flag=True, help="One JSON object on one line; of several products the sums.")
@click.option("--product", metavar="SKU", help="Only this product of a catalogue.")
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="Write the compiled model here.")
@click.option("--gate-nodes", type=click.IntRange(1), default=Gate().nodes, show_default=True, help="Largest diagram.")
@click.option(
    "--gate-seconds",
    type=click.FloatRange(0.1, 86_400),
    default=Gate().seconds,
    show_default=True,
    help="Longest building.",
)
def compile_command(
    file: Path, as_json: bool, product: str | None, out: Path | None, gate_nodes: int, gate_seconds: float
) -> None:
    """Compile FILE (.yaml, .json, .uvl, .dimacs, .cnf), and say how large it became and which engine serves it.

    Rules are what the file has as rules: those of a catalogue; the clauses of DIMACS; the groups of the feature tree and the
    constraints of UVL. Solutions is the exact number of configurations by the rules, before budgets. Beyond the gate there is
    no diagram, SAT serves the model, and solutions is null. Of a catalogue with several configurable products, --json gives the sums
    (of solutions the product: one configuration of each), null where SAT serves one of them.
    """
    from app.cpq.compile import summary_of

    with _said(file):
        name, compiled = _compiled(file, product, Gate(gate_nodes, gate_seconds))
        if out is not None and len(compiled) > 1:
            raise ModelError(0, "Several products are configurable; say which one to write with --product.")
    if out is not None:
        out.write_bytes(compiled[0].data)
    if as_json:
        click.echo(json.dumps(summary_of(name, compiled), ensure_ascii=False))
        return
    for one in compiled:
        for name, value in one.summary().items():
            click.echo(f"{name:<10} {_shown(value)}")
        click.echo(f"{'sha256':<10} {digest(one.data)}")


@catalog.command("check")
@_FILE
@click.option("--json", "as_json", is_flag=True, help="One JSON object with the findings.")
@click.option(
    "--seconds",
    type=click.FloatRange(0.1, 86_400),
    default=CHECK_SECONDS,
    show_default=True,
    help="Longest checking of one product.",
)
def check_command(file: Path, as_json: bool, seconds: float) -> None:
    """Check FILE for what cannot be meant, and name the rules at fault.

    Finds products that cannot be configured, dead features, unreachable values, features said to be optional that are always
    there, advice and guided answers that fit nothing, and price steps that never apply. What there was no time to check is said. Exit
    status: 0 nothing found, 1 something found, 2 the file cannot be read, 3 nothing found but not everything checked.
    """
    from app.cpq.check import NOT_CHECKED, check_catalogue, check_problem

    with _said(file):
        if _kind(file) in ("yaml", "json"):
            catalogue = _catalogue(file)
            name, findings = catalogue.name, check_catalogue(catalogue, seconds)
            line: Callable[[str], int] = catalogue.source.line
        else:
            problem = _model(file)
            name, findings, line = problem.name, check_problem(problem, seconds), _nowhere
    unchecked = [finding for finding in findings if finding.kind == NOT_CHECKED]
    found = len(findings) - len(unchecked)
    if as_json:
        told: dict[str, Any] = {"name": name, "findings": [], "unchecked": []}
        for finding in findings:
            told["unchecked" if finding.kind == NOT_CHECKED else "findings"].append(finding.as_json(line))
        click.echo(json.dumps(told, ensure_ascii=False))
    else:
        for finding in findings:
            where = f"{file}:{line(finding.pointer)}" if finding.pointer else str(file)
            click.echo(f"{where}: {finding.text}")
            for rule in finding.rules:
                click.echo(f"    {rule.id}: {rule.text}")
        click.echo(f"{name}: {_counted(found)}{'; not everything was checked' if unchecked else ''}.")
    if findings:
        sys.exit(FOUND if found else UNCHECKED)


def _nowhere(pointer: str) -> int:
    """Feature models have no pointers."""
    return 0


def _counted(findings: int) -> str:
    return "nothing found" if not findings else "1 finding" if findings == 1 else f"{findings} findings"


def _shown(value: Any) -> str:
    return "–" if value is None else f"{value:,}" if isinstance(value, int) else str(value)


def _kind(file: Path) -> str:
    kind = _KINDS.get(file.suffix.lower())
    if kind is None:
        raise ModelError(0, f"The ending {file.suffix!r} is not known; one of {', '.join(_KINDS)} is.")
    return kind


def _compiled(file: Path, product: str | None, gate: Gate) -> "tuple[str, list[Compiled]]":
    """What there is to compile, compiled; and the name of it all."""
    from app.cpq.compile import compile_problem, compile_product

    if _kind(file) not in ("yaml", "json"):
        if product is not None:
            raise ModelError(0, "A feature model has no products; leave --product out.")
        compiled = compile_problem(_model(file), gate=gate)
        return compiled.artefact.name, [compiled]
    catalogue = _catalogue(file)
    chosen = [one for one in catalogue.configurable if product in (None, one.sku)]
    if not chosen:
        raise ModelError(0, f"The catalogue has no configurable product{f' {product}' if product else ''}.")
    return catalogue.name, [compile_product(catalogue, one, gate) for one in chosen]


def _catalogue(file: Path) -> catalogues.Catalogue:
    return catalogues.read_catalogue(_text(file), json_text=_kind(file) == "json")


def _model(file: Path) -> Problem:
    parse = parse_uvl if _kind(file) == "uvl" else parse_dimacs
    return parse(_text(file), file.stem)


def _text(file: Path) -> str:
    with file.open("rb") as stream:
        data = stream.read(_MAX_MODEL_BYTES + 1)
    if len(data) > _MAX_MODEL_BYTES:
        raise ModelError(0, f"The file has more than {_MAX_MODEL_BYTES:,} bytes.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        raise ModelError(data.count(b"\n", 0, fault.start) + 1, "This is not UTF-8.") from None


@contextmanager
def _said(file: Path) -> Iterator[None]:
    """A fault of the file becomes one line: file, line, what is wrong, and where in a document."""
    try:
        yield
    except ModelError as fault:
        where = f"{file}:{fault.line}" if fault.line else str(file)
        place = f" (at {fault.pointer})" if fault.pointer else ""
        raise Unusable(f"{where}: {fault.detail}{place}") from fault
