"""The artefact: what is written is what is read, and nothing that was touched is read at all."""

import gzip
import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.cpq.artefact import Artefact, ArtefactError, Budget, Clause, Default, Feature, Nodes, Rule, Value, _zip, digest

TEXT = st.text(max_size=12)
PUBLIC = 6


def artefact(**changed: object) -> Artefact:
    """A small model with one of everything."""
    values = (Value("no", "No"), Value("yes", "Ja ✓"))
    fields: dict[str, object] = {
        "catalogue_id": "pumps",
        "catalogue_version": "1",
        "catalogue_hash": "ab",
        "product": "PX",
        "name": "Pump",
        "engine": "diagram",
        "variables": 7,
        "public": 2,
        "features": tuple(
            Feature(f"f{n}", f"F {n}", "boolean", (-n, n), values, group="g", default="yes") for n in (1, 2)
        ),
        "rules": (Rule("r1", "One of both."),),
        "clauses": (Clause(1, (1, 2)), Clause(0, (-1, 2, -7)), Clause(0, ())),
        "defaults": (Default("r1", ((1, -2),), (2,)),),
        "budgets": (
            Budget("w", "Weight", "kg", 1, -3, ((1, 5), (-2, -9)), maximum=0, limit_of={"max": ("f2", {"no": 9})}),
        ),
        "order": (2, 1),
        "nodes": Nodes((1, 0), (0, 2), (1, 1)),
        "solutions": 3,
    }
    return Artefact(**{**fields, **changed})  # type: ignore[arg-type]


@st.composite
def diagrams(draw: st.DrawFn) -> Nodes:
    """Ordered, reduced diagrams over PUBLIC variables."""
    levels: list[int] = []
    lows: list[int] = []
    highs: list[int] = []
    for level in sorted(draw(st.lists(st.integers(0, PUBLIC - 1), max_size=12)), reverse=True):
        below = [0, 1, *(own for own, other in enumerate(levels, start=2) if other > level)]
        low, high = draw(st.lists(st.sampled_from(below), min_size=2, max_size=2, unique=True))
        levels.append(level)
        lows.append(low)
        highs.append(high)
    return Nodes(tuple(levels), tuple(lows), tuple(highs))


CLAUSES = st.lists(
    st.builds(
        lambda rule, literals: Clause(rule, tuple(sorted(literals, key=abs))),
        st.integers(0, 1),
        st.lists(st.integers(1, 7), unique=True).flatmap(
            lambda variables: st.tuples(*(st.sampled_from((variable, -variable)) for variable in variables))
        ),
    ),
    max_size=8,
)


@given(nodes=diagrams(), clauses=CLAUSES, name=TEXT, solutions=st.none() | st.integers(0, 2**400))
@settings(max_examples=80, deadline=None)
def test_what_is_written_is_read_again(nodes: Nodes, clauses: list[Clause], name: str, solutions: int | None) -> None:
    model = artefact(
        public=PUBLIC,
        order=tuple(range(PUBLIC, 0, -1)),
        nodes=nodes,
        clauses=tuple(clauses),
        name=name,
        solutions=solutions,
    )
    assert Artefact.from_bytes(model.to_bytes()) == model


def test_a_model_for_sat_has_no_nodes() -> None:
    model = artefact(engine="sat", order=(), nodes=None, solutions=None)
    assert Artefact.from_bytes(model.to_bytes()) == model


def test_every_flipped_bit_is_refused() -> None:
    data = artefact().to_bytes()
    for bit in range(len(data) * 8):
        touched = bytearray(data)
        touched[bit // 8] ^= 1 << bit % 8
        with pytest.raises(ArtefactError):
            Artefact.from_bytes(bytes(touched))


def test_every_cut_and_every_addition_is_refused() -> None:
    data = artefact().to_bytes()
    for length in range(len(data)):
        with pytest.raises(ArtefactError):
            Artefact.from_bytes(data[:length])
    with pytest.raises(ArtefactError):
        Artefact.from_bytes(data + b"\0")


def test_any_gzip_reader_inflates_it_and_the_same_model_gives_the_same_bytes() -> None:
    data = artefact().to_bytes()
    assert gzip.decompress(data).startswith(b"DSCM\x01H")
    assert artefact().to_bytes() == data
    assert digest(data) == hashlib.sha256(data).hexdigest()


def _packed(body: bytes) -> bytes:
    return _zip(body + hashlib.sha256(body).digest())


def test_a_newer_format_says_to_update() -> None:
    with pytest.raises(ArtefactError, match=r"format 2.*Update"):
        Artefact.from_bytes(_packed(b"DSCM\x02" + b"?" * 40))


@pytest.mark.parametrize(
    "changed",
    [
        {"nodes": Nodes((1, 0), (0, 3), (1, 1))},
        {"nodes": Nodes((1, 0), (0, 1), (1, 1))},
        {"nodes": Nodes((0, 0), (0, 2), (1, 1))},
        {"nodes": None},
        {"order": (1, 1)},
        {"clauses": (Clause(2, (1,)),)},
        {"clauses": (Clause(1, (8,)),)},
        {"clauses": (Clause(1, (2, 1)),)},
        {"public": 8},
    ],
    ids=["child above", "not reduced", "same level", "no nodes", "order", "rule", "variable", "unsorted", "public"],
)
def test_what_contradicts_itself_is_refused_although_its_checksum_fits(changed: dict[str, object]) -> None:
    try:
        data = artefact(**changed).to_bytes()
    except (ValueError, IndexError):
        return
    with pytest.raises(ArtefactError):
        Artefact.from_bytes(data)


def test_other_bytes_are_not_an_artefact() -> None:
    for data in (b"", b"DSCM", b"\x1f\x8b", gzip.compress(b"hello"), _packed(b"NOPE\x01")):
        with pytest.raises(ArtefactError):
            Artefact.from_bytes(data)


def test_a_count_of_more_digits_than_python_likes_to_write_is_kept() -> None:
    model = artefact(solutions=2**15000)

    assert Artefact.from_bytes(model.to_bytes()).solutions == 2**15000
