"""Secrets of others are readable with the installation's key, for the purpose and the row they were sealed for, and not else."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.foundation.vault import SealBroken, Vault

VAULT = Vault("a key", Path("unused"))


@given(st.text(max_size=200), st.text(max_size=40))
def test_what_was_sealed_is_opened_again(text: str, row: str) -> None:
    sealed = VAULT.seal("calendar", row, text)
    assert VAULT.open("calendar", row, sealed) == text
    assert sealed != VAULT.seal("calendar", row, text)  # never the same twice


@pytest.mark.parametrize(
    ("vault", "purpose", "row"),
    [(Vault("another", Path("unused")), "calendar", "1"), (VAULT, "push", "1"), (VAULT, "calendar", "2")],
)
def test_another_key_purpose_or_row_opens_nothing(vault: Vault, purpose: str, row: str) -> None:
    with pytest.raises(SealBroken):
        vault.open(purpose, row, VAULT.seal("calendar", "1", "hunter2"))


@given(st.integers(min_value=2), st.sampled_from("AbZ9-_=!é"))
def test_changed_bytes_are_refused(at: int, letter: str) -> None:
    sealed = VAULT.seal("calendar", "1", "hunter2")
    at = 2 + at % (len(sealed) - 3)
    changed = sealed[:at] + letter + sealed[at + 1 :]
    try:
        opened = VAULT.open("calendar", "1", changed)
    except SealBroken:
        return
    assert opened == "hunter2"  # bits that base64 leaves over


@pytest.mark.parametrize("sealed", ["", "1.", "2.AAAA", "1.AAAA", "hunter2"])
def test_what_was_never_sealed_is_refused(sealed: str) -> None:
    with pytest.raises(SealBroken):
        VAULT.open("calendar", "1", sealed)


def test_the_key_file_is_made_once_however_many_begin_and_is_its_owners_alone(tmp_path: Path) -> None:
    vault = Vault("", tmp_path / "deep" / "secret.key")
    with ThreadPoolExecutor(8) as threads:
        sealed = list(threads.map(lambda number: vault.seal("calendar", "1", f"{number}"), range(40)))
    assert [vault.open("calendar", "1", one) for one in sealed] == [f"{number}" for number in range(40)]
    assert os.listdir(vault.key_file.parent) == ["secret.key"]
    assert stat.S_IMODE(vault.key_file.stat().st_mode) == 0o600
    assert len(vault.key_file.read_text().strip()) >= 43
