#!/bin/sh
# datasets 5.2.0: an HDF5 file with the groups train (40 rows) and test (7 rows) is loaded as 7 rows, of which each holds
# one of either group: 33 rows for training are gone, without an error or a warning. As many rows are taken as the first
# dataset in the order of the names has, and lengths are compared at the top of the file alone; where another group is
# shorter, loading ends in an error of pyarrow's. The same datasets at the top of the file are refused by their lengths.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check datasets==5.2.0 h5py==3.16.0 pyarrow==26.0.1 numpy==2.4.6
cd "$folder"
HF_HUB_OFFLINE=1 HF_HOME="$folder/home" HF_DATASETS_DISABLE_PROGRESS_BARS=1 "$folder/venv/bin/python" - <<'PYTHON'
import logging
import warnings
from importlib.metadata import version

import h5py
import numpy as np
from datasets import load_dataset

print("datasets", version("datasets"), "h5py", version("h5py"))


def load(name, sizes, between):
    """What becomes of a file with datasets x and y of as many rows a part."""
    with h5py.File(name, "w") as file:
        for part, count in sizes.items():
            file[f"{part}{between}x"], file[f"{part}{between}y"] = np.arange(count), np.arange(count) * 10
    try:
        found = load_dataset("hdf5", data_files=name, split="train")
    except Exception as error:
        return f"{type(error).__name__}: {error} {error.__cause__}"
    return len(found), found[-1]


said = []
handler = logging.Handler()
handler.emit = lambda record: said.append(record.getMessage())
logging.getLogger("datasets").addHandler(handler)
with warnings.catch_warnings(record=True) as warned:
    groups = load("groups.h5", {"train": 40, "test": 7}, "/")
heard = [*said, *(str(each.message) for each in warned)]
print("groups of 40 and 7 rows:", groups, "and what was said:", heard)
shorter = load("shorter.h5", {"a": 40, "b": 7}, "/")
print("where the first is the longer one:", shorter)
flat = load("flat.h5", {"train": 40, "test": 7}, "_")
print("the same without groups:", flat)

assert groups == (7, {"test": {"x": 6, "y": 60}, "train": {"x": 6, "y": 60}}), "rows of the longer group are kept, or refused"
assert not heard, "something is said of them"
assert "expected length 40 but got length 7" in shorter
assert "has length 40 but expected 7" in flat
PYTHON
