"""Passwords: how they are kept, compared, and which are refused.

The rules are those of NIST SP 800-63B: length counts, composition does not, and what is easily guessed is refused.
"""

import secrets
from collections.abc import Iterable

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from app.foundation.problems import FieldError, invalid

LEAST, MOST = 12, 128
# Guesses that a patient attacker makes against a stolen hash in an hour or so; below it a password is refused.
LEAST_GUESSES_LOG10 = 10.0
# The estimate tries all readings of look-alike characters: ten seconds for 72 of them, a fifth of one for 20. A password
# is at least as hard as its beginning, and as its end.
WINDOW = 20
# What an attacker of this installation tries first, besides the names of the user and of the organisation.
CONTEXT_WORDS = ("doorstep", "briefing", "territory", "customer", "visit", "sales", "salesrep", "crm")

# OWASP's argon2id profile m=19 MiB, t=2, p=1: about 25 ms here, and little enough memory for many sign-ins at once.
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_NOBODY = _hasher.hash(secrets.token_urlsafe(16))


def hash_password(password: str) -> str:
    """The argon2id hash to keep, in PHC format: its parameters travel with it."""
    return _hasher.hash(password)


def is_right(stored: str | None, password: str) -> bool:
    """Whether this is the password; without a stored hash the same work is done, and the answer is no."""
    try:
        return _hasher.verify(stored or _NOBODY, password) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


def is_outdated(stored: str) -> bool:
    """Whether a hash was made with other parameters than today's, and should be made anew when the password is at hand."""
    return _hasher.check_needs_rehash(stored)


def check_password(password: str, context: Iterable[str] = (), *, pointer: str = "/password") -> None:
    """Problem 422 unless the password has 12 to 128 characters and is not easily guessed.

    `context` holds what is known of the user: e-mail, name, organisation. Common passwords, words, names, dates, rows of
    keys and repetitions are ranked by zxcvbn's estimate of guesses.
    """
    if not LEAST <= len(password) <= MOST:
        raise invalid([FieldError(pointer, f"Use {LEAST} to {MOST} characters.")])
    words = _words(context)
    if _is_mostly(words, password):
        why = "This is made of your name, address, company or ours; use other words."
        raise invalid([FieldError(pointer, why)])
    if max(_guesses_log10(part, words) for part in {password[:WINDOW], password[-WINDOW:]}) < LEAST_GUESSES_LOG10:
        why = "This is too easy to guess: it is common, repeats itself, or is made of names and dates. Use other words."
        raise invalid([FieldError(pointer, why)])


def _guesses_log10(text: str, words: list[str]) -> float:
    from zxcvbn import zxcvbn

    estimate: float = zxcvbn(text, user_inputs=words)["guesses_log10"]
    return estimate


def _words(context: Iterable[str]) -> list[str]:
    words = list(CONTEXT_WORDS)
    for text in context:
        parts = "".join(c if c.isalnum() else " " for c in text.lower()).split()
        words += [text.lower(), "".join(parts), *(part for part in parts if len(part) > 2)]
    return words


def _is_mostly(words: Iterable[str], password: str) -> bool:
    """Whether fewer than eight letters are left of a password when the words known of the user are taken out."""
    rest = password.lower()
    for word in sorted(words, key=len, reverse=True):
        if len(word) > 3:
            rest = rest.replace(word, "")
    return rest != password.lower() and sum(c.isalpha() for c in rest) < 8
