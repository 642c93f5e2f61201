"""Moving pictures: GIF by Pillow; MP4 or WebM where an `ffmpeg` program is found."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from advnets.errors import DataError
from advnets.files import write_whole

Frame = npt.NDArray[np.uint8]

_COLORS = 128
_SHOWN_TO_PALETTE = 8  # frames that choose the colors
_SECONDS_TO_ENCODE = 300

# What to ask of ffmpeg, in this order: not every build has every encoder.
_FILMS = {
    ".mp4": ("-c:v", "libx264", "-pix_fmt", "yuv420p", "-crf", "20", "-movflags", "+faststart"),
    ".webm": ("-c:v", "libvpx-vp9", "-pix_fmt", "yuv420p", "-crf", "30", "-b:v", "0"),
}


def gif(frames: Sequence[Frame], path: str | os.PathLike[str], milliseconds: Sequence[int] | int = 100) -> Path:
    """Write frames as an animated GIF that begins anew at its end. All frames share one palette, so nothing flickers.

    Args:
        frames: uint8, H x W x 3, all of one size.
        path: where to.
        milliseconds: how long a frame stays, or how long each does; GIF counts in hundredths of a second.

    Returns:
        The path.

    Raises:
        DataError: no frames, or not such frames.
        OSError: the file cannot be written; what was there is untouched.
    """
    _check(frames)
    palette = _palette(frames)
    pictures = [Image.fromarray(f).quantize(palette=palette, dither=Image.Dither.NONE) for f in frames]
    stay = milliseconds if isinstance(milliseconds, int) else list(milliseconds)
    target = Path(path)
    write_whole(
        target,
        lambda file: pictures[0].save(
            file, format="GIF", save_all=True, append_images=pictures[1:], duration=stay, loop=0, optimize=False
        ),
    )
    return target


def film(frames: Sequence[Frame], path: str | os.PathLike[str], milliseconds: Sequence[int] | int = 100) -> Path | None:
    """Write frames as MP4 (H.264), or as WebM (VP9) where that is what the encoder can.

    Args:
        frames: as for `gif`; an odd row or column at the end is left out, since both formats want even sizes.
        path: where to, without its ending.
        milliseconds: as for `gif`; the film has as many frames a second as the shortest stay asks for.

    Returns:
        The path with its ending; None where no `ffmpeg` is on the PATH, or it has neither encoder.

    Raises:
        DataError: no frames, or not such frames.
        OSError: the file cannot be written.
    """
    _check(frames)
    program = shutil.which("ffmpeg")
    if program is None:
        return None
    stays = [milliseconds] * len(frames) if isinstance(milliseconds, int) else list(milliseconds)
    shortest = min(stays)
    repeated = [frame for frame, stay in zip(frames, stays, strict=True) for _ in range(round(stay / shortest))]
    for ending, options in _FILMS.items():
        content = _encode(program, repeated, 1000 / shortest, ending, options)
        if content is not None:
            target = Path(f"{os.fspath(path)}{ending}")
            write_whole(target, content)
            return target
    return None


def _encode(program: str, frames: Sequence[Frame], rate: float, ending: str, options: Sequence[str]) -> bytes | None:
    """The film as bytes; None where ffmpeg cannot."""
    height, width = (side // 2 * 2 for side in frames[0].shape[:2])
    with tempfile.TemporaryDirectory() as folder:
        made, raw = Path(folder) / f"film{ending}", Path(folder) / "frames.rgb"
        with raw.open("wb") as file:
            for frame in frames:
                file.write(np.ascontiguousarray(frame[:height, :width]).tobytes())
        command = [
            program, "-hide_banner", "-loglevel", "error", "-nostdin", "-y",
            "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-r", f"{rate:g}", "-i", str(raw),
            *options, str(made),
        ]  # fmt: skip
        try:
            done = subprocess.run(command, capture_output=True, timeout=_SECONDS_TO_ENCODE, check=False)
        except (OSError, subprocess.TimeoutExpired):
            return None
        return made.read_bytes() if done.returncode == 0 and made.is_file() else None


def _palette(frames: Sequence[Frame]) -> Image.Image:
    """The colors of frames from all over the film."""
    chosen = np.linspace(0, len(frames) - 1, min(len(frames), _SHOWN_TO_PALETTE)).round().astype(int)
    together = np.concatenate([frames[place] for place in chosen])
    return Image.fromarray(together).quantize(_COLORS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)


def _check(frames: Sequence[Frame]) -> None:
    if not frames:
        raise DataError("a film of no frames", "give one at least")
    for frame in frames:
        if frame.dtype != np.uint8 or frame.ndim != 3 or frame.shape != frames[0].shape or frame.shape[2] != 3:
            raise DataError(f"a frame {frame.dtype} of shape {frame.shape}", "give uint8, H x W x 3, all of one size")
