#!/bin/sh
# tfrecord 1.14.6: what its reader makes of valid records. A feature of several byte strings comes back without the zero
# bytes at their ends (they pass through a NumPy array of type S), while a single one comes back whole. A feature without
# a value, which is how TensorFlow writes one that is unknown, ends the reading of the whole file with an IndexError. And
# the views that tfrecord_iterator gives share one buffer: a list of them is the last record, as often as there are
# records.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check tfrecord==1.14.6 protobuf==7.36.2 crc32c==2.9.post0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import struct
from importlib.metadata import version

from tfrecord import TFRecordWriter, tfrecord_iterator, tfrecord_loader
from tfrecord.example_pb2 import Example, Feature, Features, Int64List

print("tfrecord", version("tfrecord"))
writer = TFRecordWriter("two.tfrecord")
writer.write({"masks": ([b"ab\0\0", b"c\0"], "byte"), "image": (b"ab\0\0", "byte")})
writer.write({"masks": ([b"xyz\0", b"z\0"], "byte"), "image": (b"zzzz", "byte")})
writer.close()

first, _ = tfrecord_loader("two.tfrecord", None)
masks = list(first["masks"])
print("written [b'ab\\x00\\x00', b'c\\x00'], read", masks, "and alone", first["image"])

kept = [bytes(view) for view in list(tfrecord_iterator("two.tfrecord"))]
passing = [bytes(view) for view in tfrecord_iterator("two.tfrecord")]
print("different records kept in a list:", len({*kept}), "and looked at one by one:", len({*passing}))

record = Example(
    features=Features(feature={"age": Feature(), "label": Feature(int64_list=Int64List(value=[1]))})
).SerializeToString()
head = struct.pack("<Q", len(record))
with open("unknown.tfrecord", "wb") as file:
    file.write(head + TFRecordWriter.masked_crc(head) + record + TFRecordWriter.masked_crc(record))
assert list(Example.FromString(record).features.feature["label"].int64_list.value) == [1]
try:
    seen = str(list(tfrecord_loader("unknown.tfrecord", None)))
except IndexError as error:
    seen = f"IndexError: {error}"
print("a feature without a value:", seen)

assert masks == [b"ab", b"c"] and first["image"] == b"ab\0\0", "byte strings come back whole"
assert len({*kept}) == 1 and len({*passing}) == 2, "records can be kept"
assert seen.startswith("IndexError"), "a feature without a value can be read"
PYTHON
