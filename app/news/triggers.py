"""News after which a visit is another one: a breach of security, or a change of owner. Pure."""

from __future__ import annotations

import re
from enum import StrEnum


class Trigger(StrEnum):
    """What a headline tells of."""

    BREACH = "breach"
    ACQUISITION = "acquisition"


# Words that a headline about something else hardly has; English, Swedish and German.
_WORDS = {
    Trigger.BREACH: (
        r"data (breach|leak|theft)", r"breach(es|ed)? (of|at|in)", r"security breach", r"cyber[- ]?attacks?", r"ransomware",
        r"hacked", r"hackers?", r"leaked (data|records)", r"dataintrång\w*", r"it-attack\w*", r"cyberattack\w*",
        r"dataläck\w*", r"datenleck\w*", r"cyberangriff\w*", r"hackerangriff\w*",
    ),
    Trigger.ACQUISITION: (
        r"acquir(es|ed|ing)", r"acquisition", r"takeover", r"tak(es|en) over", r"merger", r"merg(es|ed|ing) with",
        r"(bought|snapped up) by", r"buyout", r"(is|to be|been) sold to", r"förvärv\w*", r"uppköp\w*", r"köps (upp )?av",
        r"fusion(eras|erar|en|iert)?", r"übernimmt", r"übernahme", r"übernommen",
    ),
}  # fmt: skip
_PATTERNS = {trigger: re.compile(rf"\b({'|'.join(words)})\b", re.IGNORECASE) for trigger, words in _WORDS.items()}


def trigger_of(headline: str) -> Trigger | None:
    """Which of the two a headline tells of, None for neither; a breach comes first."""
    return next((trigger for trigger, pattern in _PATTERNS.items() if pattern.search(headline)), None)
