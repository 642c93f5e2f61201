#!/bin/sh
# datasets 5.2.0, imagefolder: of six images in two folders it makes six rows with the folders as labels. A metadata.csv
# that lists two of them leaves two rows without the labels: four images are gone, and no warning is raised. Where train
# has a table and test none, neither can be loaded: the test images are dropped, and then "Instruction "test" corresponds
# to no data!". The same two folders without the table load whole.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check datasets==5.2.0 pillow==13.0.0
cd "$folder"
HF_HOME="$folder/home" HF_HUB_OFFLINE=1 "$folder/venv/bin/python" - <<'PYTHON'
import logging
import warnings
from pathlib import Path

import datasets
from PIL import Image

datasets.disable_progress_bars()
said = []
logging.getLogger("datasets").addHandler(type("Said", (logging.Handler,), {"emit": lambda _, each: said.append(each.msg)})())
warnings.showwarning = lambda message, *more: said.append(str(message))


def save(*names):
    for shade, name in enumerate(names):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 8), (shade, shade, shade)).save(name)


def load(folder):
    try:
        found = datasets.load_dataset("imagefolder", data_dir=folder)
        shown = {split: (len(rows), rows.column_names) for split, rows in found.items()}
    except Exception as error:
        shown = f"{type(error).__name__}: {error}"
    print(f"{folder}: {shown}; said: {said or 'nothing'}")
    return shown, list(said)


print("datasets", datasets.__version__)
pictures = [f"{kind}/{n}.png" for kind in ("cat", "dog") for n in range(3)]
for folder in ("plain", "listed"):
    save(*(f"{folder}/{name}" for name in pictures))
Path("listed/metadata.csv").write_text("file_name,age\ncat/0.png,3\ndog/1.png,4\n")
for folder in ("whole", "half"):
    save(*(f"{folder}/{split}/{n}.png" for split in ("train", "test") for n in range(3)))
Path("half/train/metadata.csv").write_text("file_name,age\n0.png,3\n1.png,4\n2.png,5\n")

assert load("plain") == ({"train": (6, ["image", "label"])}, [])
assert load("listed") == ({"train": (2, ["image", "age"])}, []), "images that no row lists are no longer dropped unsaid"
assert {split: count for split, (count, _) in load("whole")[0].items()} == {"train": 3, "test": 3}
assert "corresponds to no data" in load("half")[0], "splits with and without a table load"
PYTHON
