"""onnxruntime-web, which draws in a browser: its files as the npm registry has them, fetched once, or given."""

from __future__ import annotations

import base64
import hashlib
import os
import tarfile
from pathlib import Path

from advnets.data.archive import BROKEN
from advnets.data.cache import cache_folder
from advnets.data.cache_files import writing
from advnets.data.download import UnreachableError, download
from advnets.errors import RunError
from advnets.files import digest_of, write_whole

VERSION = "1.30.0"
TARBALL = f"onnxruntime-web-{VERSION}.tgz"
INTEGRITY = "q0y+JrrtukXSzsBWEMccVfqX25LRmosXHF+CaRJmg8pZClzcV7svNc4rKY3jL02Vb7QmRMDs1SigqR4CXAfKYQ=="
"""SHA-512 of the tarball, in Base64, as the registry states it."""
FILES = {
    "ort.wasm.min.js": "faece07e84faa9001f5104bbe4e5c70861d06cb2376a0dea1fa0ad33a67adc81",
    "ort-wasm-simd-threaded.mjs": "e13f7f94fc51b4ca72b12faeb1ee95f4ace6dfbc8939bc718aabdc0a27c4299b",
    "ort-wasm-simd-threaded.wasm": "3398c10d07d229bd91b364548e130e0e51a8e5704b88c7c083ebbeb78842dee2",
}
"""What a page needs of it, without WebGL, WebGPU and the rest, with SHA-256."""
_REGISTRY = "https://registry.npmjs.org"
_SETTINGS = "npm_config_registry", "NPM_CONFIG_REGISTRY"
_BELOW = "", "dist", "package/dist", "node_modules/onnxruntime-web/dist"


def runtime_folder(given: Path | None = None, progress: bool = True) -> Path:
    """A folder with `FILES` as they were published.

    Args:
        given: the tarball, or a folder that holds them or has the package installed; by default the cache, which is
            filled from the npm registry that `npm_config_registry` names.
        progress: whether to show what is downloaded.

    Raises:
        RunError: what is given is another version or damaged, or the registry cannot be reached.
        DataError: the download broke off, or the cache cannot be written.
    """
    own = cache_folder() / f"onnxruntime-web-{VERSION}"
    if given is not None and given.is_dir():
        return _in_folder(given)
    if given is not None:
        _unpack(given, own)
    elif not _holds(own):
        _fetch(own, progress)
    return own


def _holds(folder: Path) -> bool:
    return all((folder / name).is_file() and digest_of(folder / name) == digest for name, digest in FILES.items())


def _in_folder(given: Path) -> Path:
    for below in _BELOW:
        if _holds(given / below):
            return given / below
    what = f"{given} does not hold {', '.join(FILES)} of onnxruntime-web {VERSION}"
    raise RunError(what, f"give the folder in which npm install onnxruntime-web@{VERSION} was run, or {TARBALL}")


def _fetch(own: Path, progress: bool) -> None:
    registry = next((os.environ[name] for name in _SETTINGS if os.environ.get(name)), _REGISTRY)
    tarball = own / TARBALL
    try:
        download(f"{registry.rstrip('/')}/onnxruntime-web/-/{TARBALL}", tarball, progress=progress)
    except UnreachableError as error:
        remedy = f"give --runtime {TARBALL}, as npm pack onnxruntime-web@{VERSION} fetches it elsewhere"
        raise RunError(f"a page needs onnxruntime-web, and {error}", remedy) from error
    try:
        _unpack(tarball, own)
    finally:
        with writing(tarball):
            tarball.unlink(missing_ok=True)


def _unpack(tarball: Path, own: Path) -> None:
    """Write the files that we know by name, and no others, into our own folder."""
    try:
        with tarball.open("rb") as file:
            digest = hashlib.file_digest(file, "sha512").digest()
        if base64.b64encode(digest).decode("ascii") != INTEGRITY:
            raise RunError(f"{tarball} is not {TARBALL} as it was published", "run again, or give another --runtime")
        with tarfile.open(tarball) as archive:
            found = {name: _read(archive, f"package/dist/{name}") for name in FILES}
    except BROKEN as error:
        raise RunError(f"{tarball} cannot be read: {error}", f"give --runtime {TARBALL}") from error
    with writing(own):
        for name, content in found.items():
            write_whole(own / name, content)


def _read(archive: tarfile.TarFile, name: str) -> bytes:
    file = archive.extractfile(name)
    assert file is not None  # the tarball is the published one
    return file.read()
