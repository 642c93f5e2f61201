"""The command line: help with an example, one clear line for a mistake, answers that others can build on."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from advnets import api, cli
from advnets.config.load import recipe_names
from advnets.data import open_table
from advnets.evaluation.report import write_report
from advnets.runs.run import Run
from advnets.terminal import measuring

TINY = ("--generator.hidden", "16", "--discriminator.units", "8", "--batch", "10", "--sample-every", "0")


def quiet(*args: object) -> None:
    """A command that succeeds."""
    assert cli.main([str(arg) for arg in args]) == 0


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of 20 steps of a tiny MNIST game."""
    run = tmp_path_factory.mktemp("runs") / "digits"
    quiet("train", "mnist", *TINY, "--steps", 20, "--log-every", 10, "--checkpoint-every", 10, "--run", run)
    return run


@pytest.fixture(scope="module")
def ring(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("runs") / "ring"
    quiet("train", "ring", *TINY, "--steps", "10", "--run", run)
    return run


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty working folder, outside of which nothing is written."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


class Terminal:
    """Runs commands and looks at what they printed."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def out(self, *args: object) -> str:
        """What a command that succeeds prints."""
        self._capsys.readouterr()
        status = cli.main([str(arg) for arg in args])
        out, err = self._capsys.readouterr()
        assert status == 0, err
        return out

    def mistake(self, *args: object) -> str:
        """The one line that a command prints when the user is wrong."""
        self._capsys.readouterr()
        status = cli.main([str(arg) for arg in args])
        out, err = self._capsys.readouterr()
        assert status == 2, out + err
        assert err.startswith("advnets: ")
        assert err.count("\n") == 1, err
        assert "Traceback" not in err
        assert not re.search("[│╭╰─]", err)
        assert out == ""
        return err.strip()


@pytest.fixture
def terminal(capsys: pytest.CaptureFixture[str], folder: Path) -> Terminal:
    return Terminal(capsys)


# Help


@pytest.mark.parametrize("command", cli.COMMANDS)
def test_every_command_has_help_with_an_example(command: str, terminal: Terminal) -> None:
    said = terminal.out(command, "--help")
    assert f"Example: advnets {command}" in " ".join(said.split())


@pytest.mark.parametrize("args", [[], ["--help"], ["-h"]])
def test_the_overview_names_every_command(args: list[str], terminal: Terminal) -> None:
    said = terminal.out(*args)
    assert all(command in said for command in cli.COMMANDS)


def test_the_version(terminal: Terminal) -> None:
    assert re.fullmatch(r"advnets \d+\.\d+\.\d+\S*", terminal.out("--version").strip())


def test_the_flags_that_others_build_on_are_at_the_top(terminal: Terminal) -> None:
    said = terminal.out("train", "--help")
    flags = set(re.findall(r"  (--[a-z-]+) ", said))
    promised = "data run steps seed size channels checkpoint-every log-every precision device strict"
    assert {f"--{name}" for name in promised.split()} <= flags


# Mistakes


@pytest.mark.parametrize(
    ("args", "says"),
    [
        ("trian", "no command 'trian'; choose one of train"),
        ("train nosuch", "no recipe 'nosuch'; name a YAML file, or one of"),
        ("train missing/mine.yaml", "no recipe 'missing/mine.yaml'"),
        ("train ring --stepz 3", "unknown flag --stepz; perhaps you mean --steps"),
        ("train --steps 3 ring", "--steps takes one value, not 3 ring"),
        ("train ring --steps many", "steps = 'many': Input should be a valid integer"),
        ("train ring --steps", "--steps needs a value"),
        ("train ring --steps 0", "steps cannot be 0; use 1 or more"),
        ("train ring --precision half", "precision = 'half'"),
        ("train ring --device warp", "device 'warp' is not there"),
        ("train mnist --size 12by7", "size '12by7' is not a size; write H, or HxW: 64, 48x64"),
        ("train mnist --channels 2", "channels cannot be 2; use 1 or 3"),
        ("train mnist --objective cheat", "objective cannot be 'cheat'"),
        ("train mnist --generator.output cheat", "game.generator.network.output = 'cheat'"),
        ("train ring --generator.kind conv", "convolutional networks need images, not points; use the mlp kinds"),
        ("train --data nowhere", "nowhere"),
        ("train images", "images trains on data of your own; name them with --data"),
        ("train RUN", "is a run; continue it with `advnets resume"),
        ("train ring --generator.base 3", "the mlp generator has no such field; it has hidden"),
        ("train ring --lr 1", "say --generator.rate and --discriminator.rate"),
        ("train --data empty", "empty"),
        ("resume nowhere", "nowhere is not a run; name a directory that `advnets train` made"),
        ("resume empty", "empty is not a run"),
        ("resume", "Missing from advnets resume"),
        ("resume RUN --steps 5", "is at step 10 already; give more --steps"),
        ("sample nowhere", "nowhere is not a run"),
        ("sample RUN --count 0", "0 samples cannot be drawn; ask for 1 or more"),
        ("sample RUN --seed x", "Error parsing --seed"),
        ("sample RUN --out some.gif", "samples cannot be written to some.gif; name a .png, .npy"),
        ("sample RUN --out points", "samples cannot be written to points"),
        ("interpolate RUN", "makes points, not images"),
        ("interpolate nowhere", "nowhere is not a run"),
        ("evaluate RUN --metrics parzen", "holds points, not images"),
        ("compare RUN", "name two or more"),
        ("sample RUN --step best", "was not measured in training"),
        ("sample RUN --step soon", "give newest, best or a step"),
        ("train ring --measure", "--measure takes one value; such as"),
        ("train ring --measure fid", "unknown measure 'fid'"),
        ("evaluate nowhere", "nowhere"),
        ("evaluate RUN --metrics beauty", "unknown measure 'beauty'; choose from parzen"),
        ("info nowhere", "nowhere is not a run"),
        ("info empty", "empty is not a run"),
        ("info RUN --jsn", "perhaps you meant --json"),
        ("recipe nosuch", "no recipe 'nosuch'"),
        ("recipe", "Missing from advnets recipe"),
        ("recipes all", "Unrecognized options: all"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_clear_line(args: str, says: str, terminal: Terminal, ring: Path, folder: Path) -> None:
    (folder / "empty").mkdir()
    assert says in terminal.mistake(*(ring if word == "RUN" else word for word in args.split()))
    assert sorted(path.name for path in folder.iterdir()) == ["empty"]


def test_samples_alone_need_data_to_be_measured_against(terminal: Terminal, folder: Path) -> None:
    np.save(folder / "made.npy", np.zeros((4, 28, 28, 1), np.uint8))
    assert "name the data they imitate with --data" in terminal.mistake("evaluate", "made.npy")


def test_a_run_without_a_checkpoint(terminal: Terminal, ring: Path, folder: Path) -> None:
    shutil.copytree(ring, folder / "run")
    shutil.rmtree(folder / "run" / "checkpoints")
    assert "holds no checkpoint to load; run `advnets resume run` first" in terminal.mistake("sample", "run")
    assert json.loads(terminal.out("info", "run", "--json"))["step"] == 0


def test_a_run_that_is_there_is_told_before_images_are_decoded(terminal: Terminal, ring: Path, folder: Path) -> None:
    assert "already holds a run" in terminal.mistake("train", "images", "--data", folder / "none", "--run", ring)


def test_a_run_is_not_overwritten(terminal: Terminal, ring: Path) -> None:
    said = terminal.mistake("train", "ring", "--steps", 5, "--run", ring)
    assert f"already holds a run; continue it with `advnets resume {ring}`" in said


def test_what_cannot_be_written_is_one_line(terminal: Terminal, digits: Path, folder: Path) -> None:
    (folder / "file").write_text("")
    for command in ("sample", "interpolate"):
        said = terminal.mistake(command, digits, "--out", "file/made.png")
        assert "file" in said
        assert "resume" not in said  # which would not help
    said = terminal.mistake("sample", digits, "--out", "file/made.npy")
    assert "cannot write to file/made.npy" in said
    assert said.endswith("choose another place")


def test_a_failure_of_ours_has_a_report(
    capsys: pytest.CaptureFixture[str], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: object, **fields: object) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(api, "train", broken)
    assert cli.main(["train", "ring", "--steps", "7"]) == 1
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "Traceback" not in err
    report = Path(re.search(r"please send us (\S+)", err)[1])  # type: ignore[index]
    assert report.parent == folder
    text = report.read_text()
    assert "advnets train ring --steps 7" in text
    assert "ZeroDivisionError: a bug" in text


def test_a_reader_that_goes_away_is_no_failure() -> None:
    command = f"{sys.executable} -m advnets recipe mnist | head -1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "format: 2\n"


# Commands


@pytest.mark.usefixtures("no_report")
def test_training_says_where_its_results_lie(terminal: Terminal, folder: Path) -> None:
    said = terminal.out("train", "ring", *TINY, "--steps", 5, "--run", "here", "--seed", "3")
    assert "done: here" in said
    facts = json.loads((folder / "here" / "run.json").read_text())
    assert facts["command"][:3] == ["advnets", "train", "ring"]
    assert facts["command"][-2:] == ["--seed", "3"]


def test_the_flags_reach_the_recipe(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = {}

    class DoneError(Exception):
        pass

    def watched(recipe, **fields):
        seen.update(recipe=recipe, **fields)
        raise DoneError

    monkeypatch.setattr(api, "train", watched)
    line = """train --data photos --run runs/mine --steps 12 --seed 5 --size 48x64 --channels 3 --checkpoint-every 6
        --log-every 3 --precision float32 --device cpu --strict --generator.rate 0.01"""
    cli.main(line.split())
    recipe = seen["recipe"]
    assert recipe.name == "images"  # the default for data of the user's own
    assert (recipe.data, seen["run"], recipe.steps, recipe.seed) == ("photos", Path("runs/mine"), 12, 5)
    assert (recipe.height_width, recipe.channels, recipe.checkpoint_every, recipe.log_every) == ((48, 64), 3, 6, 3)
    assert (recipe.precision, recipe.device, recipe.strict) == ("float32", "cpu", True)
    assert recipe.game.generator.optimizer.rate == 0.01
    for args, name in (("train", "mnist"), ("train --data mnist", "mnist"), ("train --data=photos", "images")):
        cli.main(args.split())
        assert seen["recipe"].name == name
    cli.main(["train", "ring", "--size", "64"])
    assert seen["recipe"].height_width == (64, 64)


@pytest.mark.usefixtures("no_report")
def test_resuming_trains_further(terminal: Terminal, ring: Path, folder: Path) -> None:
    shutil.copytree(ring, folder / "run")
    assert "done: run" in terminal.out("resume", "run", "--steps", 15)
    facts = json.loads(terminal.out("info", "run", "--json"))
    assert (facts["step"], facts["steps"], facts["status"]) == (15, 15, "done")


@pytest.mark.usefixtures("no_report")
def test_a_run_goes_on_from_any_folder_and_with_data_that_were_moved(terminal: Terminal, folder: Path) -> None:
    rng = np.random.default_rng(0)
    np.save(folder / "noise.npy", rng.integers(0, 256, (40, 8, 8, 1), dtype=np.uint8))
    terminal.out("train", "mnist", *TINY, "--steps", 5, "--data", "noise.npy", "--holdout", "0.2", "--run", "run")
    split = open_table("noise.npy", holdout=0.2, progress=False)
    assert json.loads(terminal.out("info", "run", "--json"))["data"]["training"] == len(split.rows("train"))
    (folder / "below").mkdir()
    with contextlib.chdir(folder / "below"):
        terminal.out("resume", "../run", "--steps", 10)
        terminal.out("evaluate", "../run", "--count", 100)
    (folder / "noise.npy").rename(folder / "moved.npy")
    assert "noise.npy: no such file" in terminal.mistake("resume", "run", "--steps", 15)
    assert "done: run" in terminal.out("resume", "run", "--steps", 15, "--data", "moved.npy")
    terminal.out("evaluate", "run", "--count", 100)
    measured = json.loads((folder / "run" / "evaluation.json").read_text("utf-8"))
    assert measured["total_variation"]["value"] > 0
    np.save(folder / "moved.npy", rng.integers(0, 256, (40, 8, 8, 1), dtype=np.uint8))
    assert "have changed since it was started" in terminal.mistake("resume", "run", "--steps", 20)


def test_info(terminal: Terminal, digits: Path) -> None:
    facts = json.loads(terminal.out("info", digits, "--json"))
    assert set(facts) >= {"step", "steps", "status", "recipe", "data"}
    assert (facts["step"], facts["steps"], facts["status"]) == (20, 20, "done")
    assert facts["recipe"]["game"]["generator"]["network"]["hidden"] == [16]
    assert facts["data"]["name"] == "mnist"
    assert facts["data"]["shape"] == [1, 28, 28]
    assert "step 20 of 20, done" in terminal.out("info", digits)


def test_samples_as_array_picture_and_directory(terminal: Terminal, digits: Path, folder: Path) -> None:
    for out in ("made.npy", "made.png", "made"):
        assert f"7 samples: {out}" in terminal.out("sample", digits, "--count", 7, "--seed", 2, "--out", out)
    array = np.load(folder / "made.npy")
    assert array.dtype == np.uint8
    assert array.shape == (7, 28, 28, 1)
    files = sorted((folder / "made").iterdir())
    assert [file.name for file in files] == [f"{n:06d}.png" for n in range(7)]
    for file, image in zip(files, array, strict=True):
        np.testing.assert_array_equal(np.asarray(Image.open(file)), image[..., 0])
    assert np.asarray(Image.open(folder / "made.png")).ndim == 2


def test_the_same_seed_gives_the_same_samples_whatever_the_count(
    terminal: Terminal, digits: Path, ring: Path, folder: Path
) -> None:
    for run in (digits, ring):
        made = {}
        for count, seed in ((300, 2), (3, 2), (3, 4)):
            terminal.out("sample", run, "--count", count, "--seed", seed, "--out", "made.npy")
            made[count, seed] = np.load(folder / "made.npy")
        np.testing.assert_array_equal(made[300, 2][:3], made[3, 2])
        assert not np.array_equal(made[3, 2], made[3, 4])


def test_points_are_arrays_and_pictures(terminal: Terminal, ring: Path, folder: Path) -> None:
    terminal.out("sample", ring, "--out", "points.npy")
    array = np.load(folder / "points.npy")
    assert (array.shape, array.dtype) == ((100, 2), np.float32)
    terminal.out("sample", ring, "--out", "points.png")
    assert Image.open(folder / "points.png").size[0] > 100


def test_interpolation(terminal: Terminal, digits: Path, folder: Path) -> None:
    said = terminal.out("interpolate", digits, "--lines", 2, "--points", 5, "--out", "walk.png")
    assert "interpolation: walk.png" in said
    width, height = Image.open(folder / "walk.png").size
    assert width > height >= 2 * 28
    assert "ask for 1 line or more, 2 points or more" in terminal.mistake("interpolate", digits, "--points", 1)


def test_evaluation(terminal: Terminal, digits: Path, folder: Path) -> None:
    said = terminal.out(
        "evaluate", digits, "--metrics", "total_variation,parzen", "--count", 200, "--json", "answers.json"
    )
    answers = json.loads((folder / "answers.json").read_text())
    assert list(answers) == ["total_variation", "parzen"]
    for answer in answers.values():
        assert isinstance(answer["value"], float)
        assert "standard_error" in answer or "interval" in answer
    assert "answers: answers.json" in said
    assert json.loads((digits / "evaluation.json").read_text()) == answers
    assert "## Measures" in (digits / "report.md").read_text()


def test_samples_in_a_file_are_measured(terminal: Terminal, digits: Path, folder: Path) -> None:
    terminal.out("sample", digits, "--count", 50, "--out", "made.npy")
    args = ("--data", "mnist", "--metrics", "total_variation", "--json", "answers.json")
    terminal.out("evaluate", "made.npy", *args)
    assert list(json.loads((folder / "answers.json").read_text())) == ["total_variation"]


def test_recipes_are_listed_and_printed(terminal: Terminal, folder: Path) -> None:
    listed = [line.split()[0] for line in terminal.out("recipes").splitlines()]
    assert listed == recipe_names()
    for name in listed:
        (folder / "mine.yaml").write_text(terminal.out("recipe", name))
        assert terminal.out("recipe", "mine.yaml") == (folder / "mine.yaml").read_text()


def test_a_damaged_checkpoint_is_passed_over_and_said(
    digits: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(digits, folder / "run")
    (folder / "run/checkpoints/step-00000020/players/generator/average.safetensors").write_bytes(b"")
    quiet("sample", "run", "--count", 1)
    assert "average.safetensors is damaged; using step 10" in capsys.readouterr().err


def test_a_path_that_the_system_refuses_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["info", "x" * 5000]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "too long" in said


def test_the_report_says_which_step_was_measured(terminal: Terminal, digits: Path, folder: Path) -> None:
    shutil.copytree(digits, folder / "run")
    terminal.out("evaluate", "run", "--count", 100, "--metrics", "total_variation")
    report = folder / "run" / "report.md"
    assert "100 samples (seed 1) of step 20 against mnist." in report.read_text("utf-8")
    assert "neighbors.png" in report.read_text("utf-8")
    terminal.out("resume", "run", "--steps", 25)
    assert "of step 20 against mnist." in report.read_text("utf-8")
    assert "neighbors.png" not in report.read_text("utf-8")  # it shows samples of another step
    terminal.out("evaluate", "run", "--count", 10, "--metrics", "total_variation")
    assert not (folder / "run" / "neighbors.png").exists()


def test_another_seed_leaves_the_reports_picture(terminal: Terminal, digits: Path, folder: Path) -> None:
    shutil.copytree(digits, folder / "run")
    before = (folder / "run" / "samples.png").read_bytes()
    assert "samples-5.png" in terminal.out("sample", "run", "--seed", 5)
    assert (folder / "run" / "samples.png").read_bytes() == before


def test_points_are_not_images_to_measure_against(terminal: Terminal, digits: Path) -> None:
    assert "ring holds points, not images" in terminal.mistake("evaluate", digits, "--data", "ring")


def test_pictures_of_other_samples_are_not_mixed_in(terminal: Terminal, digits: Path, folder: Path) -> None:
    terminal.out("sample", digits, "--count", 5, "--out", "made")
    terminal.out("sample", digits, "--count", 5, "--out", "made")  # the same again
    assert "made holds other pictures; name an empty" in terminal.mistake(
        "sample", digits, "--count", 3, "--out", "made"
    )
    assert len(list((folder / "made").iterdir())) == 5


@pytest.mark.parametrize("content", ["", "[]", "{", '{"parzen": {"value": 1.0, "of": {"data": "mnist", "count": 5}}}'])
def test_a_report_does_without_measures_that_are_not_its_own(
    digits: Path, folder: Path, content: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("advnets.figures.curves", lambda *_: None)
    shutil.copytree(digits, folder / "run")
    (folder / "run" / "evaluation.json").write_text(content)
    write_report(Run(folder / "run"))
    assert "## Measures" not in (folder / "run" / "report.md").read_text("utf-8")


def test_a_copied_run_keeps_its_pictures(terminal: Terminal, digits: Path, folder: Path) -> None:
    shutil.copytree(digits, folder / "run")
    terminal.out("evaluate", "run", "--count", 100, "--metrics", "total_variation")
    terminal.out("interpolate", "run")
    for file in (folder / "run" / "checkpoints").rglob("*"):
        os.utime(file)
    terminal.out("resume", "run")
    report = (folder / "run" / "report.md").read_text("utf-8")
    assert "neighbors.png" in report
    assert "interpolation.png" in report
    terminal.out("resume", "run", "--steps", 21)
    report = (folder / "run" / "report.md").read_text("utf-8")
    assert "neighbors.png" not in report
    assert "interpolation.png" not in report


def test_a_run_is_measured_against_images_of_another_size(terminal: Terminal, digits: Path, folder: Path) -> None:
    rng = np.random.default_rng(0)
    np.save(folder / "large [1].npy", rng.integers(0, 256, (60, 40, 40, 3), dtype=np.uint8))
    args = ("--metrics", "total_variation", "--count", 50)
    said = terminal.out("evaluate", digits, "--data", "large [1].npy", *args)
    assert "50 samples, 1 x 28 x 28, against large [1]" in said


def test_the_closest_pairs_are_shown(terminal: Terminal, digits: Path, folder: Path) -> None:
    shutil.copytree(digits, folder / "run")
    terminal.out("evaluate", "run", "--count", 100, "--metrics", "birthday,two_sample")
    assert Image.open(folder / "run" / "duplicates.png").size[0] > 10 * 28
    terminal.out("evaluate", "run", "--count", 100, "--metrics", "total_variation")
    answers = json.loads((folder / "run" / "evaluation.json").read_text())
    assert set(answers) == {"birthday", "two_sample", "total_variation"}  # of the same samples: kept
    assert "duplicates.png" in (folder / "run" / "report.md").read_text("utf-8")
    terminal.out("evaluate", "run", "--count", 90, "--metrics", "total_variation")
    assert set(json.loads((folder / "run" / "evaluation.json").read_text())) == {"total_variation"}
    assert not (folder / "run" / "duplicates.png").exists()


def test_generators_are_compared(terminal: Terminal, digits: Path, folder: Path) -> None:
    shutil.copytree(digits, folder / "again")
    rng = np.random.default_rng(0)
    np.save(folder / "noise.npy", rng.integers(0, 256, (100, 28, 28, 1), dtype=np.uint8))
    args = ("--data", "mnist", "--count", 100, "--metrics", "total_variation,sliced_wasserstein")
    said = terminal.out("compare", digits, "again", "noise.npy", *args, "--json", "found.json")
    assert "differences are real at 95 %" in said
    assert Image.open(folder / "comparison.png").size[0] > 300
    found = json.loads((folder / "found.json").read_text())
    verdicts = found["verdicts"]["sliced_wasserstein"]
    assert verdicts["again"] in ("best", "like the best")
    assert verdicts["noise.npy"] == "worse"


def test_measuring_is_a_flag_of_training(terminal: Terminal, folder: Path) -> None:
    args = ("train", "ring", "--steps", 20, "--batch", 16, "--run", "run", "--measure")
    terminal.out(*args, "frechet,modes@every=10,count=500,best=modes")
    lines = (folder / "run" / "measures.jsonl").read_text().splitlines()
    assert [json.loads(line)["step"] for line in lines] == [10, 20]
    assert Image.open(folder / "run" / "measures.png").size[0] > 300
    assert "measures.png" in (folder / "run" / "report.md").read_text("utf-8")
    assert "100 samples" in terminal.out("sample", "run", "--step", "best", "--out", "best.npy")


def test_what_was_measured_is_kept_though_nobody_reads_it(
    digits: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*args: object, **options: object) -> None:
        raise BrokenPipeError

    run = shutil.copytree(digits, folder / "unread")
    (run / "evaluation.json").unlink(missing_ok=True)
    monkeypatch.setattr("advnets.terminal.answers.print_evaluation", gone)
    with pytest.raises(BrokenPipeError):
        measuring.evaluate([str(run), "--metrics", "total_variation", "--count", "50"])
    assert (run / "evaluation.json").exists()
