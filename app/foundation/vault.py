"""Secrets of others that we have to use again, such as a password to a calendar: sealed before they are stored.

AES-256-GCM (NIST SP 800-38D) with a key of its own for each purpose, derived by HKDF-SHA-256 (RFC 5869) from the
installation key. That key is a setting or a file, never a row: whoever has a copy of the database alone reads nothing.
"""

from __future__ import annotations

import base64
import binascii
import os
import secrets
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from app.config import Settings

VERSION = "1."
NONCE_BYTES = 12


class SealBroken(Exception):
    """What was stored cannot be opened: another installation key, another row, or changed bytes."""


@dataclass(frozen=True)
class Vault:
    """Seals and opens texts under the installation key: the text `key`, or the content of `key_file`, made when missing."""

    key: str
    key_file: Path

    @classmethod
    def from_settings(cls, settings: Settings) -> Vault:
        """The vault of this installation."""
        return cls(settings.secret_key, Path(settings.secret_key_file))

    def seal(self, purpose: str, row_id: str, text: str) -> str:
        """The text, readable only by `open` with the same purpose and row."""
        nonce = os.urandom(NONCE_BYTES)
        sealed = self._cipher(purpose).encrypt(nonce, text.encode(), row_id.encode())
        return VERSION + base64.urlsafe_b64encode(nonce + sealed).decode()

    def open(self, purpose: str, row_id: str, sealed: str) -> str:
        """What was sealed. Raises SealBroken."""
        try:
            if not sealed.startswith(VERSION):
                raise SealBroken("sealed in a way that this version does not know")
            data = base64.urlsafe_b64decode(sealed.removeprefix(VERSION))
            plain = self._cipher(purpose).decrypt(data[:NONCE_BYTES], data[NONCE_BYTES:], row_id.encode())
        except (InvalidTag, binascii.Error, ValueError) as error:
            raise SealBroken("the installation key is another one, or the stored bytes changed") from error
        return plain.decode()

    def _cipher(self, purpose: str) -> AESGCM:
        derived = HKDF(SHA256(), 32, salt=None, info=f"doorstep {purpose}".encode())
        return AESGCM(derived.derive((self.key or _from_file(self.key_file)).encode()))


def _from_file(path: Path) -> str:
    """The key in a file that its owner alone can read. The first process that needs it makes it, whole or not at all."""
    with suppress(FileNotFoundError):
        return path.read_text("ascii").strip()
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secrets.token_urlsafe(32) + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)  # fails where another process was first
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return path.read_text("ascii").strip()
