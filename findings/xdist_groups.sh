#!/bin/sh
# pytest-xdist 3.8.0 under pytest 9.2.0: --dist loadgroup runs tests of one xdist_group in several processes, without a
# word. xdist marks a test's group by writing to its private _nodeid; since pytest 9.2 a node's id is made of something
# else, so that the mark is never seen. Under pytest 9.1.1 the same tests stay together.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat >"$folder/test_group.py" <<'PYTHON'
import time

import pytest


@pytest.mark.xdist_group("together")
@pytest.mark.parametrize("number", range(8))
def test_one(number, worker_id):
    time.sleep(0.3)
    with open("processes", "a") as file:
        file.write(worker_id + "\n")
PYTHON
for version in 9.1.1 9.2.0; do
    python3 -m venv "$folder/$version"
    "$folder/$version/bin/pip" install --quiet --disable-pip-version-check pytest==$version pytest-xdist==3.8.0
    (cd "$folder" && "$version/bin/python" -m pytest -q -p no:cacheprovider -n 2 --dist loadgroup test_group.py >/dev/null)
    processes=$(sort -u "$folder/processes" | wc -l)
    rm "$folder/processes"
    echo "pytest $version, pytest-xdist 3.8.0: 8 tests of one group ran in $processes of 2 processes"
    case "$version $processes" in
    "9.1.1 1" | "9.2.0 2") ;;
    *) exit 1 ;;
    esac
done
