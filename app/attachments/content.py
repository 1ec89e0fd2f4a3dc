"""What an attachment's bytes are: which types are taken, and how each begins. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping

MAX_BYTES = 5 * 1024 * 1024
MAX_CHUNK, MIN_CHUNK = 256 * 1024, 1024
HEIF_BRANDS = frozenset({b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1"})


def _is_jpeg(head: bytes) -> bool:
    return head.startswith(b"\xff\xd8\xff")


def _is_png(head: bytes) -> bool:
    return head.startswith(b"\x89PNG\r\n\x1a\n")


def _is_webp(head: bytes) -> bool:
    return head[:4] == b"RIFF" and head[8:12] == b"WEBP"


def _is_heic(head: bytes) -> bool:
    """An ISO base media file (ISO/IEC 14496-12) whose `ftyp` box names a HEIF brand, as major or compatible brand."""
    if head[4:8] != b"ftyp":
        return False
    length = min(int.from_bytes(head[:4], "big"), len(head))
    brands = {head[8:12], *(head[start : start + 4] for start in range(16, length - 3, 4))}
    return not brands.isdisjoint(HEIF_BRANDS)


def _is_pdf(head: bytes) -> bool:
    return head.startswith(b"%PDF-")


_LOOKS: Mapping[str, Callable[[bytes], bool]] = {
    "image/jpeg": _is_jpeg,
    "image/png": _is_png,
    "image/webp": _is_webp,
    "image/heic": _is_heic,
    "application/pdf": _is_pdf,
}
MEDIA_TYPES = tuple(_LOOKS)
EXTENSIONS: Mapping[str, str] = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/webp": "webp",
    "image/heic": "heic",
    "application/pdf": "pdf",
}
HEAD_BYTES = 64


def is_of_type(head: bytes, media_type: str) -> bool:
    """Whether content that begins with `head` (its first 64 bytes, or all of it) is of this media type."""
    return _LOOKS[media_type](head[:HEAD_BYTES])
