"""A migration does only what the version before it survives: that version goes on serving while it runs, and after it."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
VERSIONS = sorted((ROOT / "app/migrations/versions").glob("0*.py"))
# What takes away something that the version before has stopped using, by revision, with the version that stopped.
CONTRACTED: dict[str, str] = {}
BREAKING = {"drop_table", "drop_column", "drop_constraint", "rename_table", "create_check_constraint"}
WORDS = ("DROP TABLE", "DROP COLUMN", "RENAME", "SET NOT NULL", "TRUNCATE")


def faults(source: str) -> Iterator[str]:
    """What in a migration's `upgrade` the version before would not survive."""
    tree = ast.parse(source)
    upgrade = next(node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "upgrade")
    made = {_text(call.args[0]) for call in _calls(upgrade) if _name(call) == "create_table"}
    for call in _calls(upgrade):
        name, given = _name(call), {word.arg: word.value for word in call.keywords}
        on = _text(call.args[0]) if call.args else ""
        if on in made:
            continue
        if name in BREAKING:
            yield f"{name} {on}"
        loosens = given.keys() <= {"nullable", "existing_type"} and _constant(given.get("nullable")) is True
        if name == "alter_column" and not loosens:
            yield f"alter_column {on}"
        if name == "add_column":
            column = call.args[-1]
            words = {word.arg: word.value for word in column.keywords} if isinstance(column, ast.Call) else {}
            if _constant(words.get("nullable")) is False and "server_default" not in words:
                yield f"add_column {on} that may not be empty and has no default"
        if name in ("create_unique_constraint", "create_foreign_key"):
            yield f"{name} {on}"
        if name == "execute":
            yield from (f"execute {word}" for word in WORDS if word in ast.unparse(call).upper())


def _calls(node: ast.AST) -> list[ast.Call]:
    return [one for one in ast.walk(node) if isinstance(one, ast.Call)]


def _name(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _constant(node: ast.AST | None) -> object:
    return node.value if isinstance(node, ast.Constant) else None


def _text(node: ast.AST) -> str:
    return str(_constant(node) or ast.unparse(node))


@pytest.mark.parametrize("path", VERSIONS, ids=lambda path: path.stem)
def test_the_version_before_survives_a_migration(path: Path) -> None:
    if path.stem[:4] not in CONTRACTED:
        assert list(faults(path.read_text())) == [], "add now, remove a version later, and name that in CONTRACTED"


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("op.drop_table('visit')", 1),
        ("op.drop_column('visit', 'notes')", 1),
        ("op.add_column('visit', sa.Column('x', sa.Integer(), nullable=False))", 1),
        ("op.add_column('visit', sa.Column('x', sa.Integer(), nullable=False, server_default='0'))", 0),
        ("op.add_column('visit', sa.Column('x', sa.Integer(), nullable=True))", 0),
        ("with op.batch_alter_table('visit') as batch:\n        batch.alter_column('x', new_column_name='y')", 1),
        ("op.alter_column('visit', 'x', nullable=True)", 0),
        ("op.alter_column('visit', 'x', nullable=False)", 1),
        ("op.execute('ALTER TABLE visit RENAME COLUMN x TO y')", 1),
        ("op.create_index('ix', 'visit', ['x'])", 0),
        ("op.create_table('new', sa.Column('x', sa.Integer(), nullable=False))", 0),
        ("op.create_unique_constraint('visit', 'uq', ['x'])", 1),
    ],
)
def test_what_the_version_before_would_not_survive_is_found(body: str, found: int) -> None:
    assert len(list(faults(f"def upgrade():\n    {body}\n"))) == found


def test_the_release_before_reads_and_writes_the_new_schema(tmp_path: Path) -> None:
    """The newest release's own tests of the API, with its own code, on a database that this version migrated."""
    tags = subprocess.run(
        ["git", "tag", "--list", "v*", "--sort=-version:refname"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    if not tags:
        pytest.skip("no release has been tagged yet (v*): there is no version before this one whose code could be run")
    from tests.support.older_release import run_on_new_schema

    run_on_new_schema(tags[0], tmp_path)
