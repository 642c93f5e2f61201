#!/bin/sh
# torch 2.13.0, torchrun: an option of the script is refused where it is the beginning of two of torchrun's own
# (--run: "ambiguous option: --run could match --run-path, --run_path"), though it stands after the script's name, from
# where on everything is documented to be the script's. One that is the beginning of none, and one of the same name as
# torchrun's own (--standalone), arrive at the script. After `--` all do.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.13.0 numpy==2.4.6
printf 'import sys\nprint("script got", sys.argv[1:])\n' > "$folder/script.py"
cd "$folder"

got() {
    echo "torchrun $*"
    venv/bin/torchrun --nproc-per-node 1 "$@" > out 2>&1 || true
    grep -h "script got\|torchrun: error" out
}

got script.py --steps 3 | tee plain
got script.py --run here | tee refused
got -- script.py --run here | tee apart
got script.py --standalone | tee same
grep -q "script got \['--steps', '3'\]" plain
grep -q "ambiguous option: --run could match" refused
grep -q "script got \['--run', 'here'\]" apart
grep -q "script got \['--standalone'\]" same
