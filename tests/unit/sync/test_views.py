"""Client views as values: packing, naming, comparing."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.sync import views
from app.sync.views import Cookie, CookieError, Held

ids = st.uuids().map(str)
versions = st.from_regex(r"[1-9][0-9]{0,5}(\.[1-9][0-9]?)?[abc]{0,3}", fullmatch=True)
rows = st.dictionaries(ids, versions, max_size=12)
contents = st.dictionaries(st.sampled_from(["me", "account", "person"]), rows)


def view(content: dict[str, dict[str, str]]) -> dict[str, Held]:
    return {row_type: Held("".join(held), ",".join(held.values())) for row_type, held in content.items()}


@given(contents)
def test_a_view_is_unpacked_as_it_was_packed(content: dict[str, dict[str, str]]) -> None:
    assert views.unpack(views.pack(view(content))) == view(content)


@given(contents, contents)
def test_applying_the_difference_turns_one_view_into_the_other(
    before: dict[str, dict[str, str]], after: dict[str, dict[str, str]]
) -> None:
    changes = views.difference(view(before), view(after))
    held = {row_type: dict(had) for row_type, had in before.items()}
    for row_type, gone in changes.dels.items():
        for row_id in gone:
            del held[row_type][row_id]
    for row_type, put in changes.puts.items():
        held.setdefault(row_type, {}).update({row_id: after[row_type][row_id] for row_id in put})
    assert {t: had for t, had in held.items() if had} == {t: has for t, has in after.items() if has}


@given(contents, contents)
def test_equal_digests_mean_equal_views(one: dict[str, dict[str, str]], other: dict[str, dict[str, str]]) -> None:
    if views.digest(view(one)) == views.digest(view(other)):
        assert {t: rows for t, rows in one.items() if rows} == {t: rows for t, rows in other.items() if rows}
    assert views.digest(view(one)) == views.digest(view(dict(reversed(one.items()))))


def test_a_view_of_another_revision_is_not_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    packed = views.pack({"me": Held(str(uuid.uuid4()), "1")})
    before = views.digest({})
    monkeypatch.setattr(views, "REVISION", views.REVISION + 1)
    assert views.unpack(packed) is None and views.digest({}) != before


@given(st.integers(0, 2**59), ids, ids)
def test_a_cookie_is_read_as_it_was_written(order: int, group: str, user: str) -> None:
    cookie = Cookie(order, views.tag(group, user))
    assert views.parse_cookie(str(cookie)) == cookie and len(str(cookie)) <= 40


@pytest.mark.parametrize(
    "text", ["", "12", "0123456789", "19a-0123456789", "0123456789A-0123456789", "-" * 19, "0" * 40]
)
def test_other_text_is_no_cookie(text: str) -> None:
    with pytest.raises(CookieError):
        views.parse_cookie(text)


def test_the_tag_tells_phones_and_users_apart() -> None:
    assert len({views.tag(group, user) for group in ("a", "b") for user in ("c", "d")}) == 4
