"""Hashes are keys in journals and caches: their values never change."""

import hashlib
import struct

from hypothesis import given
from hypothesis import strategies as st

from plaudit.hashing import (
    content_hash,
    digest,
    file_sha256,
    hash_number,
    seeded_hash,
    sha256,
    sha256_of_blocks,
)


def test_values_are_those_of_the_first_release():
    assert content_hash("a", "b") == "cfb9cbd0aeeea44e"
    assert content_hash() == "e4a6a0577479b2b4"
    assert seeded_hash(7, "a", "") == 2387083125612435521
    assert digest("a").hex() == "27c35e6e9373877f29e562464e46497e"
    assert hash_number("a") == 3405396810240292928


@given(st.text() | st.just("\ud800"), st.integers(1, 64))
def test_digests_are_blake2b_of_utf_8(text, size):
    content = text.encode("utf-8", "surrogatepass")
    assert digest(text, size=size) == hashlib.blake2b(content, digest_size=size).digest()
    assert hash_number(text) == struct.unpack("<Q", digest(content, size=8))[0]


def test_a_file_is_hashed_whole(tmp_path):
    path, content = tmp_path / "f", bytes(range(256)) * 9000
    path.write_bytes(content)
    assert file_sha256(path) == hashlib.sha256(content).hexdigest()
    assert (
        file_sha256(path) == sha256(content).hex() == sha256_of_blocks([content[:5], content[5:]])
    )


def test_only_one_module_hashes():
    from pathlib import Path

    import plaudit

    root = Path(plaudit.__file__).parent
    files = (path for path in root.rglob("*.py") if "import hashlib" in path.read_text("utf-8"))
    assert [str(path.relative_to(root)) for path in files] == ["hashing.py"]
