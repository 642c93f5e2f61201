"""`advnets translate`: files keep their names, what was begun is gone on with, and what does not fit is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import advnets
from advnets import cli, figures
from advnets.networks.image_to_image import Upscaler
from advnets.runs.run import Run
from advnets.runs.translating import Translator

COUNT, SIDE = 120, 8
SMALL: dict[str, Any] = {
    "steps": 2, "batch": 4, "sample_every": 0, "device": "cpu", "precision": "float32", "watch.action": "off",
    "discriminator.base": 4, "generator.base": 4,
}  # fmt: skip


def colored(seed: int, count: int = COUNT) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, SIDE, SIDE, 3), np.uint8)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A run of each recipe, of images in memory: gray sources, targets in color."""
    folder, images = tmp_path_factory.mktemp("translated"), colored(0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ADVNETS_CACHE", str(folder / "cache"))
        patch.setattr("advnets.api.write_report", lambda run: None)
        pair: dict[str, Any] = {"data": images, "sources": images[..., 0]}
        reverse: dict[str, Any] = {"reverse.base": 4, "source_discriminator.base": 4}
        advnets.train("pairs", **pair, run=folder / "pairs", **SMALL)
        advnets.train("pairs", **pair, run=folder / "z", latent=3, **SMALL)
        advnets.train("unpaired", **pair, run=folder / "unpaired", **SMALL, **reverse)
        advnets.train("super-resolution", data=images, run=folder / "sr", factor=2, **SMALL)
    return {name: folder / name for name in ("pairs", "z", "unpaired", "sr")}


@pytest.fixture
def grays(tmp_path: Path) -> Path:
    """Gray images, some in a sub-folder, one larger than the run's, and a file that is none."""
    folder = tmp_path / "grays"
    (folder / "deep").mkdir(parents=True)
    for number, image in enumerate(colored(1, 6)[..., 0]):
        Image.fromarray(image).save(folder / ("deep" if number % 2 else "") / f"{number}.jpg.png")
    Image.fromarray(np.zeros((20, 30), np.uint8)).save(folder / "large.bmp")
    (folder / "torn.png").write_bytes(b"no image")
    return folder


def said(capsys: pytest.CaptureFixture[str], *args: object) -> tuple[int, str]:
    capsys.readouterr()
    code = cli.main(["translate", *map(str, args)])
    found = capsys.readouterr()
    return code, found.out + found.err


def names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*.*")}


def test_files_keep_their_names_and_a_command_goes_on(
    trained: dict[str, Path], grays: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "made"
    code, text = said(capsys, trained["pairs"], grays, "--out", out)
    assert code == 0
    assert "7 images" in text
    assert "torn.png: not a readable image" in text
    kept = {f"{'deep/' * (number % 2)}{number}.jpg.png" for number in range(6)}
    assert names(out) == {*kept, "large.png"}
    source = np.asarray(Image.open(grays / "0.jpg.png"))
    made = np.asarray(Image.open(out / "0.jpg.png"))
    assert (made.transpose(2, 0, 1) == Run(trained["pairs"]).translate(source[None, None])[0]).all()
    before, stamp = (out / "0.jpg.png").read_bytes(), (out / "0.jpg.png").stat().st_mtime_ns
    (out / "deep" / "3.jpg.png").unlink()
    assert "7 images (6 of them were there)" in said(capsys, trained["pairs"], grays, "--out", out)[1]
    assert (out / "0.jpg.png").read_bytes() == before
    assert (out / "0.jpg.png").stat().st_mtime_ns == stamp
    assert (out / "deep" / "3.jpg.png").exists()


def test_another_folder_is_left_alone(
    trained: dict[str, Path], grays: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "made"
    said(capsys, trained["pairs"], grays, "--out", out)
    code, text = said(capsys, trained["unpaired"], grays, "--out", out)
    assert code == 2
    assert "is another picture than the run makes of" in text
    code, text = said(capsys, trained["pairs"], grays / "deep", "--out", out)
    assert (code, "holds other pictures, as 0.jpg.png" in text) == (2, True)
    code, text = said(capsys, trained["pairs"], grays, "--out", grays / "made")
    assert (code, "lies in" in text) == (2, True)


def test_nothing_is_written_where_the_last_image_has_colors(
    trained: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, out = tmp_path / "grays", tmp_path / "made"
    folder.mkdir()
    gray = colored(1, 1)[0, ..., :1].repeat(3, 2)
    Image.fromarray(gray).save(folder / "a.png")  # gray, whatever its header says
    Image.fromarray(colored(1, 1)[0]).save(folder / "b.png")
    code, text = said(capsys, trained["pairs"], folder, "--out", out)
    assert (code, "b.png has colors, and gray images are wanted" in text, out.exists()) == (2, True, False)
    (folder / "b.png").unlink()
    assert said(capsys, trained["pairs"], folder, "--out", out) == (0, f"1 image: {out}\n")


def test_both_ways_one_image_and_an_own_size(
    trained: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    image = tmp_path / "one.png"
    Image.fromarray(colored(2, 2).reshape(2 * SIDE, SIDE, 3)[:, :6]).save(image)
    for run, flags, shape in (("unpaired", ["--reverse"], (SIDE, SIDE)), ("sr", [], (4 * SIDE, 12, 3))):
        out = tmp_path / f"{run}.png"
        code, text = said(capsys, trained[run], image, "--out", out, *flags)
        assert (code, text) == (0, f"1 image: {out}\n")
        assert np.asarray(Image.open(out)).shape == shape


def test_z_of_a_seed_belongs_to_the_name(trained: dict[str, Path], grays: Path, tmp_path: Path) -> None:
    run, image = Run(trained["z"]), np.zeros((3, 1, SIDE, SIDE), np.uint8)
    made = run.translate(image)
    assert (made[0] != made[1]).any()
    assert (run.translate(image[:2]) == made[:2]).all()
    assert (run.translate(image, seed=1) != made).any()


def test_what_does_not_fit_is_refused_in_one_line(
    trained: dict[str, Path], finished: Path, grays: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, color = tmp_path / "out", tmp_path / "color.png"
    Image.fromarray(colored(3, 1)[0]).save(color)
    for args, what in (
        ((finished, grays, "--out", out), "is a run of the adversarial game, which translates no images; train with"),
        ((trained["pairs"], color, "--out", out), "color.png has colors, and gray images are wanted; make it gray"),
        ((trained["pairs"], grays, "--out", out, "--reverse"), "translates one way"),
        ((trained["pairs"], tmp_path / "none", "--out", out), "no such file or folder"),
        ((trained["pairs"], grays, "--out", out.with_suffix(".png")), "is one picture"),
        ((trained["pairs"], grays, "--out", out, "--seed", 3), "seed 3 changes nothing: "),
        ((trained["unpaired"], grays, "--out", out, "--seed", 3, "--reverse"), "without latents z; leave --seed out"),
        (
            (trained["z"], grays / "0.jpg.png", "--out", tmp_path / "one.png", "--format", "jpg"),
            "one.png says what it is; leave it out, or name a directory",
        ),
    ):
        code, text = said(capsys, *args)
        assert (code, text.count("\n")) == (2, 1)
        assert what in text
    images = colored(0)
    for data, sources, told in (
        (images, images[..., 1], "the sources of .* --sources"),
        (images[::-1], images[..., 0], "the data of .* --data, or"),
    ):
        with pytest.raises(advnets.AdvnetsError, match=told):
            advnets.resume(trained["pairs"], steps=3, data=data, sources=sources)
    with pytest.raises(advnets.AdvnetsError, match="candidates would be all alike"):
        Run(trained["unpaired"]).selecting(candidates=3).sample(1)
    with pytest.raises(advnets.AdvnetsError, match=r"an image of 3 channels, .* translates images of 1"):
        Run(trained["pairs"]).translate(colored(0, 2).transpose(0, 3, 1, 2))


def test_samples_are_translations_of_images_held_out(trained: dict[str, Path]) -> None:
    run = Run(trained["pairs"])
    assert run.translated.endswith("images held out of the training")
    known = len(run.sampler.sources)  # type: ignore[arg-type]  # it has some
    assert run.sampler.once(10_000) == known
    sources, samples = run.sampler.sources_of(known + 2), run.sample(known + 2)
    assert (samples[known:] == samples[:2]).all()
    apart = samples.astype(int) - run.translate(sources)
    assert np.abs(apart).max() <= 1  # rounded in passes of another size
    others = run.sampler.sources_of(known, seed=1)
    assert {each.tobytes() for each in others} == {each.tobytes() for each in sources}
    assert (others != sources[:known]).any()
    with pytest.raises(advnets.AdvnetsError, match="no z to walk in"):
        run.interpolate()
    assert Run(trained["z"]).interpolate(2, 3).shape == (2, 3, 3, SIDE, SIDE)


@pytest.mark.parametrize(("name", "factor"), [("pairs", 1), ("sr", 2)])
def test_pictures_of_samples_have_sources_on_their_left(
    trained: dict[str, Path], tmp_path: Path, name: str, factor: int
) -> None:
    run = Run(trained[name])
    for out in ("made.npy", "made.png", "made"):
        assert cli.main(["sample", str(run.path), "--count", "3", "--seed", "2", "--out", str(tmp_path / out)]) == 0
    made, sources = np.load(tmp_path / "made.npy"), run.sampler.sources_of(3, 2).transpose(0, 2, 3, 1)
    assert made.shape == (3, SIDE, SIDE, 3)
    for number in range(3):
        one = np.asarray(Image.open(tmp_path / "made" / f"{number:06d}.png"))
        np.testing.assert_array_equal(one, made[number])
    large = sources.repeat(factor, 1).repeat(factor, 2) * np.ones((1, 1, 1, 3), np.uint8)
    beside = np.concatenate([large, made], 2).transpose(0, 3, 1, 2)
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "made.png")), figures.grid(beside))


def test_a_large_image_is_enlarged_part_by_part_without_a_seam(
    trained: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    run, image = advnets.load(trained["sr"]), np.random.default_rng(3).integers(0, 256, (3, 41, 57), np.uint8)
    network = run.players["generator"]
    assert isinstance(network, Upscaler)
    torch.nn.init.normal_(network.last.weight, std=0.1)  # in two steps it has hardly begun to see its surroundings
    whole, done = Translator(run)(image), list[int]()
    monkeypatch.setattr("advnets.runs.translating._PART", 16)
    parts = Translator(run)(image, say=done.append)
    assert (sum(done), len(done)) == (41 * 57, 12)
    assert whole.shape == parts.shape == (3, 82, 114)
    apart = np.abs(whole.astype(int) - parts)
    assert apart.max() <= 1  # kernels may add up in another order
    assert (apart > 0).mean() < 0.001
    monkeypatch.setattr(Upscaler, "reach", 5)  # parts that see too little have seams
    assert np.abs(whole.astype(int) - Translator(run)(image)).max() > 1


def test_what_would_become_too_large_to_be_read_is_refused(
    trained: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("advnets.terminal.translating.MAX_PIXELS", 4 * 12 * 12)
    for side in (12, 13):
        Image.fromarray(np.zeros((12, side, 3), np.uint8)).save(tmp_path / "one.png")
        code, words = said(capsys, trained["sr"], tmp_path / "one.png", "--out", tmp_path / f"{side}.png")
        assert (code, (tmp_path / f"{side}.png").exists()) == ((0, True) if side == 12 else (2, False))
    assert "one.png: 12 x 13 is more than 144 pixels; name another image" in words


def test_a_picture_of_an_ending_that_is_not_written_is_no_folder(
    trained: dict[str, Path], grays: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = grays.parent / "one.bmp"
    code, words = said(capsys, trained["pairs"], grays / "large.bmp", "--out", out)
    assert (code, out.exists()) == (2, False)
    assert "one.bmp cannot be a picture; end its name in .png, " in words
