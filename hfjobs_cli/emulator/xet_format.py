"""What clients of Xet upload: xorbs, which hold compressed chunks, and shards, which list the chunks of files.

Sources: https://huggingface.co/docs/xet (pages xorb and shard), and the frame and block formats of LZ4 at
https://github.com/lz4/lz4/tree/dev/doc. Hashes are not verified: Python has no BLAKE3.
"""

import struct
from collections.abc import Iterator
from typing import NamedTuple

MAX_XORB_BYTES = 64 * 1024 * 1024

_CHUNK = struct.Struct("<B3sB3s")
_STORED, _LZ4, _GROUPED_LZ4 = range(3)
_FOOTER = b"XETBLOB"
_FRAME = b"\x04\x22\x4d\x18"

_SHARD = b"HFRepoMetaData\0UigEj{\x81W\x83\xa5\xbd\xd9\\\xcd\xd1J\xa9" + (2).to_bytes(8, "little")
_SHARD_HEADER_BYTES = 48
_FILE = struct.Struct("<32sII8x")
_SEGMENT = struct.Struct("<32s4xIII")
_NO_FILE = b"\xff" * 32
_HAS_VERIFICATION, _HAS_METADATA = 1 << 31, 1 << 30


class Segment(NamedTuple):
    """A part of a file, of `size` bytes: the chunks of a xorb from `start` up to but not including `end`."""

    xorb: str
    size: int
    start: int
    end: int


def chunks(xorb: bytes) -> Iterator[bytes]:
    """Yield the decompressed chunks of a xorb. Raises ValueError if it is malformed."""
    at = total = 0
    while at < len(xorb) and not xorb.startswith(_FOOTER, at):
        if at + _CHUNK.size > len(xorb):
            raise ValueError("the xorb is incomplete")
        version, packed, method, unpacked = _CHUNK.unpack_from(xorb, at)
        start = at + _CHUNK.size
        at = start + int.from_bytes(packed, "little")
        size = int.from_bytes(unpacked, "little")
        total += size
        if version != 0 or method > _GROUPED_LZ4 or at > len(xorb) or total > MAX_XORB_BYTES:
            raise ValueError("the xorb has an invalid chunk")
        chunk = xorb[start:at] if method == _STORED else _unlz4(xorb[start:at], size)
        if len(chunk) != size:
            raise ValueError("the xorb has a chunk of another size than it says")
        yield _ungrouped(chunk) if method == _GROUPED_LZ4 else chunk


def files(shard: bytes) -> Iterator[tuple[str, list[Segment]]]:
    """Yield the hash and the segments of each file in a shard. Raises ValueError if it is malformed."""
    if not shard.startswith(_SHARD):
        raise ValueError("not a shard of version 2")
    at = _SHARD_HEADER_BYTES
    try:
        while (entry := _FILE.unpack_from(shard, at))[0] != _NO_FILE:
            file, flags, count = entry
            at += _FILE.size
            parts = [_SEGMENT.unpack_from(shard, at + place * _SEGMENT.size) for place in range(count)]
            at += _SEGMENT.size * (count * (2 if flags & _HAS_VERIFICATION else 1) + bool(flags & _HAS_METADATA))
            yield _text(file), [Segment(_text(xorb), size, start, end) for xorb, size, start, end in parts]
    except struct.error:
        raise ValueError("the shard is incomplete") from None


def _text(digest: bytes) -> str:
    """Return a hash as it is written in URLs: four little-endian numbers of 64 bits."""
    return "".join(f"{number:016x}" for number in struct.unpack("<4Q", digest))


def _ungrouped(chunk: bytes) -> bytes:
    """Return the bytes of a chunk in order: they are grouped by their position modulo 4."""
    result = bytearray(len(chunk))
    at = 0
    for first in range(4):
        size = len(range(first, len(chunk), 4))
        result[first::4] = chunk[at : at + size]
        at += size
    return bytes(result)


def _unlz4(frame: bytes, max_size: int) -> bytes:
    """Decompress an LZ4 frame. Raises ValueError."""
    if len(frame) < 7 or not frame.startswith(_FRAME):
        raise ValueError("not an LZ4 frame")
    flags = frame[4]
    at = 7 + 8 * bool(flags & 8) + 4 * (flags & 1)  # with the size of the content, with a dictionary
    result = bytearray()
    while header := int.from_bytes(frame[at : at + 4], "little"):
        size, is_stored = header & (1 << 31) - 1, header >> 31
        block = frame[at + 4 : at + 4 + size]
        at += 4 + size + 4 * bool(flags & 16)  # with a checksum of the block
        if is_stored:
            result += block
        else:
            _unlz4_block(block, result, max_size)
        if len(block) != size or len(result) > max_size:
            raise ValueError("invalid LZ4 block")
    return bytes(result)


def _unlz4_block(block: bytes, result: bytearray, max_size: int) -> None:
    """Append the content of an LZ4 block to `result`. Raises ValueError, also once that is too large."""
    at = 0

    def length(bits: int) -> int:
        """Return a length of four bits, to which bytes are added if all are set, up to one that is not 255."""
        nonlocal at
        is_last = bits < 15
        while not is_last:
            bits += block[at]
            is_last = block[at] < 255
            at += 1
        return bits

    try:
        while True:
            token = block[at]
            at += 1
            literals = length(token >> 4)
            result += block[at : at + literals]
            at += literals
            if at >= len(block):
                return
            offset = block[at] | block[at + 1] << 8
            at += 2
            copied = length(token & 15) + 4
            start = len(result) - offset
            if offset == 0 or start < 0 or len(result) + copied > max_size:
                raise ValueError("invalid LZ4 block")
            pattern = result[start : start + copied]  # shorter if the copy overlaps itself
            result += (pattern * (copied // len(pattern) + 1))[:copied]
    except IndexError:
        raise ValueError("incomplete LZ4 block") from None
