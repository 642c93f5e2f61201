#!/bin/sh
# Pillow 13.0.0 (LittleCMS 2.19): a gray image whose embedded profile says "values are proportional to light" (an
# identity curve, kTRC) is brought to sRGB up to 9.7 of 255 levels wrong with the default flags, since LittleCMS
# replaces the curve by a table of few points; HIGHRESPRECALC leaves 6.7. With NOOPTIMIZE the result is exact to
# half a level. RGB profiles with the same curves are exact with every flag. Compared with the formula of IEC 61966-2-1.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pillow==13.0.0 numpy==2.4.6
"$folder/venv/bin/python" - <<'PYTHON'
import io
import struct

import numpy as np
from PIL import Image, ImageCms, features


def fixed(*values):
    return b"".join(struct.pack(">i", round(value * 65536)) for value in values)


def profile(space, tags):
    """A version 2 profile (ICC.1:2001-04) for XYZ under D50."""
    white = fixed(0.9642, 1.0, 0.8249)
    tags = {b"wtpt": b"XYZ " + bytes(4) + white, **tags}
    table, body, start = struct.pack(">I", len(tags)), b"", 128 + 4 + 12 * len(tags)
    for name, content in tags.items():
        table += name + struct.pack(">II", start + len(body), len(content))
        body += content + bytes(-len(content) % 4)
    head = struct.pack(">I4sI4s4s4s", start + len(body), bytes(4), 0x02400000, b"mntr", space, b"XYZ ")
    return (head + bytes(12) + b"acsp" + bytes(28) + white).ljust(128, b"\0") + table + body


line = b"curv" + bytes(8)
gray = profile(b"GRAY", {b"kTRC": line})
primaries = {b"rXYZ": (0.4360, 0.2225, 0.0139), b"gXYZ": (0.3851, 0.7169, 0.0971), b"bXYZ": (0.1431, 0.0606, 0.7141)}
color = profile(
    b"RGB ",
    {**{name: b"XYZ " + bytes(4) + fixed(*xyz) for name, xyz in primaries.items()}, b"rTRC": line, b"gTRC": line, b"bTRC": line},
)
light = np.arange(256) / 255
wanted = 255 * np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
ramp = Image.fromarray(np.arange(256, dtype=np.uint8)[None])
srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
found = {}
for mode, content in (("L", gray), ("RGB", color)):
    for flag in ("NONE", "HIGHRESPRECALC", "NOOPTIMIZE"):
        own = ImageCms.ImageCmsProfile(io.BytesIO(content))
        transform = ImageCms.buildTransform(own, srgb, mode, "RGB", flags=ImageCms.Flags[flag])
        made = np.asarray(ImageCms.applyTransform(ramp.convert(mode), transform))[0, :, 0]
        found[mode, flag] = float(np.abs(made - wanted).max())
        print(f"{mode:4s} {flag:15s} off by up to {found[mode, flag]:.2f} levels")
print("LittleCMS", features.version("littlecms2"))
assert found["L", "NONE"] > 9 and found["L", "HIGHRESPRECALC"] > 6, "gray has become exact"
assert found["L", "NOOPTIMIZE"] < 0.6 and max(found["RGB", flag] for flag in ("NONE", "NOOPTIMIZE")) < 0.6
PYTHON
