"""Small ICC profiles made to order (ICC.1:2001-04, sections 6 and 7)."""

from __future__ import annotations

import itertools
import struct

SRGB_PRIMARIES = ((0.4360, 0.2225, 0.0139), (0.3851, 0.7169, 0.0971), (0.1431, 0.0606, 0.7141))
"""Red, green and blue of sRGB as XYZ under D50."""


def _fixed(*values: float) -> bytes:
    return b"".join(struct.pack(">i", round(value * 65536)) for value in values)


def _profile(space: bytes, connection: bytes, tags: dict[bytes, bytes]) -> bytes:
    text = b"made for a test\0"
    tags = {
        b"desc": b"desc" + bytes(4) + struct.pack(">I", len(text)) + text + bytes(4 + 4 + 2 + 1 + 67),
        b"wtpt": b"XYZ " + bytes(4) + _fixed(0.9642, 1.0, 0.8249),
        **tags,
    }
    table, body, start = struct.pack(">I", len(tags)), b"", 128 + 4 + 12 * len(tags)
    for name, content in tags.items():
        table += name + struct.pack(">II", start + len(body), len(content))
        body += content + bytes(-len(content) % 4)
    head = struct.pack(">I4sI4s4s4s", start + len(body), b"\0\0\0\0", 0x02400000, b"mntr", space, connection)
    head += bytes(12) + b"acsp" + bytes(28) + _fixed(0.9642, 1.0, 0.8249)
    return head.ljust(128, b"\0") + table + body


_LINEAR = b"curv" + bytes(8)


def linear_rgb() -> bytes:
    """The primaries of sRGB without its tone curve: values are proportional to light."""
    tags = {
        name: b"XYZ " + bytes(4) + _fixed(*xyz)
        for name, xyz in zip((b"rXYZ", b"gXYZ", b"bXYZ"), SRGB_PRIMARIES, strict=True)
    }
    return _profile(b"RGB ", b"XYZ ", {**tags, b"rTRC": _LINEAR, b"gTRC": _LINEAR, b"bTRC": _LINEAR})


def linear_gray() -> bytes:
    """Gray values proportional to light."""
    return _profile(b"GRAY", b"XYZ ", {b"kTRC": _LINEAR})


def neutral_cmyk() -> bytes:
    """CMYK whose inks are all gray: lightness is (1 - k) (1 - (c + m + y) / 3)."""
    corners = [round(255 * (1 - k) * (1 - (c + m + y) / 3)) for c, m, y, k in itertools.product((0, 1), repeat=4)]
    identity = bytes(range(256))
    content = b"mft1" + bytes(4) + bytes((4, 3, 2, 0)) + _fixed(1, 0, 0, 0, 1, 0, 0, 0, 1)
    content += identity * 4 + b"".join(bytes((lightness, 128, 128)) for lightness in corners) + identity * 3
    return _profile(b"CMYK", b"Lab ", {b"A2B0": content})
