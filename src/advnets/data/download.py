"""Fetching a file over HTTP, with a progress bar, from where the last attempt broke off."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from advnets.data.cache_files import writing
from advnets.data.parallel import progress_bar
from advnets.errors import DataError
from advnets.files import sync

CHUNK_BYTES = 1 << 18
TIMEOUT_SECONDS = 20
UNSATISFIABLE = 416  # HTTP: the range asked for begins at or after the end


class UnreachableError(Exception):
    """The server cannot be reached, or does not have the file; the text is the reason."""


def download(url: str, target: Path, *, progress: bool = True) -> None:
    """Fetches a file into `target`, through `target.part`, which a later attempt continues.

    Two processes may fetch the same file at once: both write the same bytes at the same places.

    Raises:
        UnreachableError: no answer from the server.
        DataError: the connection broke, or the disk cannot be written.
    """
    part = target.with_name(target.name + ".part")
    with writing(part):
        part.parent.mkdir(parents=True, exist_ok=True)
        part.touch()
    try:
        start = part.stat().st_size
        with _ask(url, start) as answer:
            _receive(answer, part, start if answer.status == http.client.PARTIAL_CONTENT else 0, progress)
    except urllib.error.HTTPError as error:
        if error.code != UNSATISFIABLE:
            raise UnreachableError(f"{url} answers {error.code}") from error
        # The part is as long as the file already, or longer: the digest will tell which.
    except (urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError) as error:
        raise UnreachableError(f"{url} cannot be reached ({getattr(error, 'reason', error)})") from error
    with writing(target):
        part.replace(target)


def _ask(url: str, start: int) -> http.client.HTTPResponse:
    headers = {"User-Agent": "advnets", **({"Range": f"bytes={start}-"} if start else {})}
    return urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=TIMEOUT_SECONDS)


def _receive(answer: http.client.HTTPResponse, part: Path, start: int, progress: bool) -> None:
    left = answer.length
    total = None if left is None else start + left
    bar = progress_bar(f"Downloading {part.stem}", total, unit="bytes", shown=progress)
    with bar as advance:
        advance(start)
        end = _copy(answer, part, start, advance)
    if total is not None and end < total:
        raise DataError(f"{part.stem}: the download broke off at {end:,} of {total:,} bytes", "run again to continue")


def _copy(answer: http.client.HTTPResponse, part: Path, start: int, advance: Callable[[int], None]) -> int:
    with writing(part), part.open("r+b") as file:
        file.seek(start)
        while data := _next(answer):
            file.write(data)
            advance(len(data))
        sync(file)
        return file.tell()


def _next(answer: http.client.HTTPResponse) -> bytes:
    try:
        return answer.read(CHUNK_BYTES)
    except (http.client.HTTPException, OSError):
        return b""  # what has arrived is kept; the length tells that it is not all
