"""Which passwords are kept, how, and which are refused."""

import contextlib
import time

import pytest

from app.foundation.problems import Problem
from app.identity.passwords import check_password, hash_password, is_outdated, is_right

PASSWORDS_AS_IN_PRODUCTION = True
GOOD = [
    "correct horse battery staple",
    "blåbär gräddfil tunnelbana",
    "zq8#kd92ndkals",
    "ключ под ковриком у двери",
    "x" * 3 + "lighthouse marmalade quorum " * 3,
]
EASY = [
    "passwordpassword", "qwertyuiop123", "123456789012", "iloveyou1234", "aaaaaaaaaaaaaaaa", "abcabcabcabc",
    "administrator", "Password123456", "1q2w3e4r5t6y", "letmeinletmein", "P@ssw0rd1234", "monkeymonkey1",
]  # fmt: skip


@pytest.mark.parametrize("password", GOOD)
def test_a_password_of_any_composition_is_taken_when_it_is_hard_to_guess(password: str) -> None:
    check_password(password, ("rep@north.example", "Rep", "North"))


@pytest.mark.parametrize("password", EASY)
def test_a_password_that_is_tried_first_is_refused(password: str) -> None:
    with pytest.raises(Problem) as refused:
        check_password(password)
    assert refused.value.status == 422 and "guess" in refused.value.errors[0].detail


@pytest.mark.parametrize(
    "password", ["eva.lindqvist", "norrvikpaper1", "doorstepsales", "lindqvist@norrvik-paper", "Norrvik-Paper-2026"]
)
def test_a_password_made_of_what_is_known_of_the_user_is_refused(password: str) -> None:
    with pytest.raises(Problem):
        check_password(password, ("eva.lindqvist@norrvik-paper.example", "Eva Lindqvist", "Norrvik Paper"))


@pytest.mark.parametrize("length", [1, 11, 129, 4000])
def test_a_password_of_the_wrong_length_is_refused(length: int) -> None:
    text = ("zq8#kd92ndkals" * 300)[:length]
    with pytest.raises(Problem) as refused:
        check_password(text)
    assert "12 to 128" in refused.value.errors[0].detail


def test_the_longest_password_is_taken_and_all_of_it_counts() -> None:
    long = ("lighthouse marmalade quorum zephyr " * 4)[:128]
    check_password(long)
    hashed = hash_password(long)
    assert is_right(hashed, long)
    assert (
        not is_right(hashed, long[:127])
        and not is_right(hashed, long[:-1] + "x")
        and not is_right(hashed, long.upper())
    )


def test_a_hash_is_argon2id_with_a_salt_of_its_own() -> None:
    first, second = hash_password(GOOD[0]), hash_password(GOOD[0])
    assert first != second
    assert first.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert not is_outdated(first)
    assert is_outdated("$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$bGlpaTSvf8/3cQvXdX3x2w")


@pytest.mark.parametrize(
    "password", [("({[<4@86&#9!1|7$5+0%2" * 7)[:128], ("4@8({[<369&#!1|0$57%2+x" * 6)[:128], "a1" * 64]
)
def test_a_password_made_to_keep_the_estimate_busy_is_judged_soon(password: str) -> None:
    began = time.process_time()
    with contextlib.suppress(Problem):
        check_password(password)
    assert time.process_time() - began < 2


def test_a_long_password_is_as_hard_as_its_end() -> None:
    check_password("a" * 40 + "lighthouse marmalade quorum")
    with pytest.raises(Problem):
        check_password("a" * 128)


def test_nobody_has_no_password() -> None:
    assert not is_right(None, "")
    assert not is_right("", GOOD[0])
    assert not is_right("not a hash", GOOD[0])
