"""Every hash of the package: BLAKE2b for keys and draws, SHA-256 where others check it.

Text is hashed as UTF-8, lone surrogates included.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator

__all__ = [
    "content_hash",
    "digest",
    "file_sha256",
    "hash_number",
    "seeded_hash",
    "sha256",
    "sha256_of_blocks",
]

_BLOCK = 1 << 20


def digest(content: str | bytes, *, size: int = 16, salt: bytes = b"") -> bytes:
    """The BLAKE2b digest of a text or of bytes, `size` bytes long (1 to 64).

    >>> digest("a", size=4).hex(), digest("a", size=4) == digest(b"a", size=4)
    ('ca234c55', True)
    """
    return hashlib.blake2b(_bytes_of(content), digest_size=size, salt=salt).digest()


def hash_number(content: str | bytes, *, salt: bytes = b"") -> int:
    """The 8-byte digest as a number in [0, 2**64).

    >>> hash_number("a") == int.from_bytes(digest("a", size=8), "little")
    True
    """
    return int.from_bytes(digest(content, size=8, salt=salt), "little")


def content_hash(*texts: str) -> str:
    """A stable 16-digit hash of texts (lone surrogates included).

    >>> content_hash("a", "b") == content_hash("ab")
    False
    """
    return _blake2b_8(_framed(texts)).hex()


def seeded_hash(seed: int, *texts: str) -> int:
    """A 64-bit number drawn from a seed and texts: the source of every random choice.

    >>> seeded_hash(0, "a") == seeded_hash(0, "a"), seeded_hash(0, "a") == seeded_hash(1, "a")
    (True, False)
    """
    return int.from_bytes(_blake2b_8((str(seed).encode(), *_framed(texts))), "little")


def sha256(content: str | bytes) -> bytes:
    """The SHA-256 digest of a text or of bytes: 32 bytes.

    >>> sha256("")[:4].hex()
    'e3b0c442'
    """
    return hashlib.sha256(_bytes_of(content)).digest()


def file_sha256(path: str | os.PathLike[str]) -> str:
    """The SHA-256 of a file in 64 hex digits, read in blocks. Raises OSError."""
    with open(path, "rb") as file:
        return sha256_of_blocks(iter(lambda: file.read(_BLOCK), b""))


def sha256_of_blocks(blocks: Iterable[bytes]) -> str:
    """The SHA-256 of the blocks joined, in 64 hex digits.

    >>> sha256_of_blocks([b"a", b"b"]) == sha256("ab").hex()
    True
    """
    state = hashlib.sha256()
    for block in blocks:
        state.update(block)
    return state.hexdigest()


def _bytes_of(content: str | bytes) -> bytes:
    return content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass")


def _framed(texts: Iterable[str]) -> Iterator[bytes]:
    """Each text with its length before it, so that no two lists of texts give the same bytes."""
    for text in texts:
        content = _bytes_of(text)
        yield len(content).to_bytes(8, "little")
        yield content


def _blake2b_8(blocks: Iterable[bytes]) -> bytes:
    state = hashlib.blake2b(digest_size=8)
    for block in blocks:
        state.update(block)
    return state.digest()
