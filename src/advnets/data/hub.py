"""Data sets by their names on Hugging Face's hub: hf:owner/name, hf:owner/name:config, hf:owner/name@revision.

The commit that a name stands for is asked for first, so new content under an old name is new to the cache. Without a
network it is taken to be the one that it was, and what the cache has is opened. Code from the hub is never run: the
package datasets has had no scripts since version 4.

Source: datasets 5.2.0, `load_dataset`; huggingface_hub 2.4.0, `HfApi.dataset_info`.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from advnets.data.cache_files import write_json
from advnets.data.extras import need
from advnets.data.formats.arrow_rows import ROWS_AT_ONCE, layout_of, rows_of
from advnets.data.formats.format import Shard
from advnets.data.pictures import Entry, Pictures
from advnets.data.source import Source, lazy_source, pictures_source, with_remarks
from advnets.data.splits import splits_of_names
from advnets.data.table import Skipped
from advnets.errors import DataError

PREFIX = "hf:"
SECONDS = 10.0
_FORM = re.compile(r"hf:(?://(?:datasets/)?)?([\w.-]+(?:/[\w.-]+)?)(?::([^:@\s]+))?(?:@([^:@\s]+))?")
_COMMIT = re.compile("[0-9a-f]{40}")
_WHAT = "names on Hugging Face's hub"


def is_hub_name(source: str) -> bool:
    """Whether a source is meant to be on the hub. Such a name goes before a path (then write ./hf:...)."""
    return source.startswith(PREFIX)


@dataclass(frozen=True)
class HubName:
    """A data set on the hub.

    Args:
        repository: "owner/name".
        config: of those that it has; empty for its only one or the one that it prefers.
        revision: a branch, tag or commit; empty for what is newest.
    """

    repository: str
    config: str = ""
    revision: str = ""

    @staticmethod
    def read(source: str) -> HubName:
        """A name as people write it.

        Raises:
            DataError: it has another form.
        """
        if not (found := _FORM.fullmatch(source)):
            remedy = "write hf:owner/name, hf:owner/name:config or hf:owner/name@revision"
            raise DataError(f"{source}: no name on Hugging Face's hub", remedy)
        return HubName(*(each or "" for each in found.groups()))


def hub_source(source: str, cache: Path) -> Source:
    """A data set of the hub. It is downloaded when it is read, into the cache of the package datasets.

    Args:
        cache: our cache folder, which remembers the commits.

    Raises:
        DataError: there is none of this name, or it cannot be asked for and was never read.
    """
    name = HubName.read(source)
    commit = _commit(source, name, cache / "datasets" / "hub" / f"{name.repository.replace('/', '--')}.json")
    identity: list[object] = ["hub", name.repository, name.config, commit]
    return lazy_source(source, identity, lambda: _find(source, name, commit), "a data set of Hugging Face's hub")


def _commit(source: str, name: HubName, remembered: Path) -> str:
    if _COMMIT.fullmatch(name.revision):
        return name.revision
    api, errors = need("huggingface_hub", _WHAT).HfApi(), need("huggingface_hub.errors", _WHAT)
    known = _read(remembered)
    try:
        found = api.dataset_info(name.repository, revision=name.revision or None, timeout=SECONDS).sha
    except (errors.HfHubHTTPError, errors.HFValidationError) as error:
        raise DataError(
            f"{source}: the hub does not give it ({_line(error)})", "look for its name on huggingface.co"
        ) from error
    except Exception as error:  # no network, in whatever words the library of the day puts it
        if name.revision in known:
            return known[name.revision]
        remedy = "try again with a network, or give a folder that save_to_disk wrote"
        raise DataError(f"{source}: Hugging Face's hub cannot be reached ({_line(error)})", remedy) from error
    if known.get(name.revision) != found:
        write_json(remembered, {**known, name.revision: found})
    return str(found)


def _read(remembered: Path) -> dict[str, str]:
    try:
        found: Any = json.loads(remembered.read_text("ascii"))
    except (OSError, ValueError):
        return {}
    return {str(key): str(value) for key, value in found.items()} if isinstance(found, dict) else {}


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:150] or type(error).__name__


def _find(source: str, name: HubName, commit: str) -> Source:
    try:
        found = need("datasets", _WHAT).load_dataset(name.repository, name.config or None, revision=commit)
    except Exception as error:  # what a stranger's repository makes of the library may be any of its errors
        remedy = f"write {PREFIX}{name.repository}:CONFIG if it names configs, or look at it on huggingface.co"
        raise DataError(f"{source}: cannot be loaded ({_line(error)})", remedy) from error
    return dataset_source(source, dict(found))


def dataset_source(name: str, splits: dict[str, Any]) -> Source:
    """The source that data sets of the package datasets are, by split.

    Raises:
        DataError: they have no images, or several columns of them.
    """
    first = next(iter(splits.values()), None)
    if first is None:
        raise DataError(f"{name}: no split", "give another data set")
    head = next(_batches(first), None)
    layout = layout_of(
        name, first.features.arrow_schema, lambda column: head.column(column).to_pylist() if head else []
    )
    if layout is None:
        raise DataError(f"{name}: no column of images among {', '.join(first.column_names)}", "give another data set")
    said, note = splits_of_names(list(splits))

    def entries() -> Iterator[Entry | Skipped]:
        for (split, dataset), known in zip(splits.items(), said, strict=True):
            yield from rows_of(_batches(dataset), layout, Shard(Path(split), known), roots=_downloads())

    total = sum(len(dataset) for dataset in splits.values())
    pictures = Pictures(name, entries, total, notes=lambda: layout.notes)
    return with_remarks(pictures_source(name, [], pictures, layout.names, columns_first=True), (note,) if note else ())


def _batches(dataset: Any) -> Iterator[Any]:
    """Arrow's batches of a data set, not decoded."""
    tables = dataset.with_format("arrow").iter(batch_size=ROWS_AT_ONCE)
    return itertools.chain.from_iterable(table.to_batches() for table in tables)


def _downloads() -> list[Path]:
    """Where files from the hub are: a stranger's paths lead nowhere else."""
    downloaded = need("datasets.config", _WHAT).HF_DATASETS_CACHE
    return [Path(downloaded), Path(need("huggingface_hub.constants", _WHAT).HF_HUB_CACHE)]
