"""The flags of `advnets train`: fields of the recipe by any name that is clear, and words of other libraries."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from advnets.config.load import load_recipe, recipe_names, to_yaml
from advnets.config.recipe import Recipe
from advnets.config.resolve import candidates
from advnets.config.tree import Node, at, grow
from advnets.errors import AdvnetsError, UsageError
from advnets.terminal.flags import train_flags
from advnets.terminal.foreign import ANSWERED, UNDERSTOOD


def recipe(line: str) -> Recipe:
    return train_flags(line.split()).recipe


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos").mkdir()
    for name in ("0.tar", "1.tar"):
        (tmp_path / name).touch()
    return tmp_path


def test_values_are_words_up_to_the_next_flag() -> None:
    line = """mnist-dense --data photos --size 48x64 --strict --generator.hidden 64 32
        --generator.activations relu sigmoid
        --generator.max-norm 1.5 --discriminator.max-norm none --generator.rate=0.01 --labels none --seed 5"""
    found = recipe(line)
    network = found.game.generator.network
    assert (found.height_width, found.strict, found.labels, found.seed) == ((48, 64), True, "none", 5)
    assert (network.hidden, network.activations, network.max_norm) == ((64, 32), ("relu", "sigmoid"), 1.5)
    assert (found.game.discriminator.network.max_norm, found.game.generator.optimizer.rate) == (None, 0.01)
    assert recipe("mnist-dense --data photos --hidden 64,32 --no-strict").game.generator.network.hidden == (64, 32)
    assert recipe("mnist-dense --hidden --seed 1").game.generator.network.hidden == ()
    assert recipe("ring --contrast null --watch.action off").watch.action == "off"


def test_flags_and_python_are_one() -> None:
    assert recipe("mnist-dense --penalties.r1.weight 2") == load_recipe("mnist-dense").replace(
        penalties={"r1": {"weight": 2}}
    )
    assert recipe("images --data photos --generator.base 16") == load_recipe("images").replace(
        data="photos", generator={"base": 16}
    )


def test_kinds() -> None:
    found = recipe("mnist --generator.base 8 --generator.kind conv --game.kind conditional --embedding 4")
    assert (found.game.generator.network.base, found.game.generator.embedding) == (8, 4)


def test_where_the_run_goes() -> None:
    assert train_flags(["ring", "--run", "runs/mine"]).run == Path("runs/mine")
    assert train_flags(["ring"]).run is None


@pytest.mark.parametrize(
    ("line", "name", "data"),
    [
        ("", "mnist", "mnist"),
        ("--steps 5", "mnist", "mnist"),
        ("--data mnist", "mnist", "mnist"),
        ("--data=photos", "images", "photos"),
        ("--data ring", "ring", "ring"),
        ("photos", "images", "photos"),
        ("photos --steps 5", "images", "photos"),
        ("[01].tar", "images", "[01].tar"),
        ("train-{000..009}.tar", "images", "train-{000..009}.tar"),
        ("hf:me/cats", "images", "hf:me/cats"),
        ("cifar10", "images", "cifar10"),
        ("fashion-mnist", "mnist", "fashion-mnist"),
        ("mnist --data photos", "mnist", "photos"),
    ],
)
def test_what_is_trained_on_what(line: str, name: str, data: str) -> None:
    found = recipe(line)
    assert (found.name, found.data) == (name, data)


def test_a_table_of_numbers_is_known_by_what_is_in_the_file(folder: Path) -> None:
    np.save(folder / "numbers.npy", np.zeros((4, 2)))
    np.save(folder / "faces.npy", np.zeros((4, 2, 2)))
    (folder / "table.csv").write_text("a,b\n1,2\n")
    found = {line: recipe(line).name for line in ("numbers.npy", "--data numbers.npy", "faces.npy", "table.csv")}
    assert list(found.values()) == ["vectors", "vectors", "images", "vectors"]
    assert recipe("ring --data table.csv").data == "table.csv"
    with pytest.raises(AdvnetsError, match=r"--size changes nothing: table.csv is a table of numbers; leave it out"):
        recipe("table.csv --size 8")


def test_a_recipe_file(folder: Path) -> None:
    (folder / "mine.yaml").write_text("extends: ring\nsteps: 3")
    assert recipe("mine.yaml --batch 4") == load_recipe("ring").replace(steps=3, batch=4)


def test_a_run_is_not_trained_again_by_mistake(folder: Path) -> None:
    run = folder / "run"
    run.mkdir()
    (run / "run.json").write_text("{}")
    (run / "recipe.yaml").write_text(to_yaml(load_recipe("grid")))
    with pytest.raises(AdvnetsError, match=r"run is a run; continue it with `advnets resume run`"):
        recipe("run")
    assert recipe("run/recipe.yaml") == load_recipe("grid")


def test_measures() -> None:
    measure = recipe("ring --measure modes,frechet@every=50,best=modes").measure
    assert (measure.metrics, measure.every, measure.best) == ("modes,frechet", 50, "modes")


def test_modules_of_ones_own_are_named_by_the_command_alone(folder: Path) -> None:
    flags = train_flags(["mnist-dense", "--module", "generator=mine.nets:G", "--module", "discriminator=mine.nets:D"])
    assert flags.modules == {"generator": "mine.nets:G", "discriminator": "mine.nets:D"}
    network = flags.recipe.game.generator.network
    assert (network.kind, network.module) == ("own", "mine.nets:G")
    assert flags.recipe.game.generator.optimizer == load_recipe("mnist-dense").game.generator.optimizer
    (folder / "mine.yaml").write_text("generator: {kind: own, module: 'evil.module:G'}")
    with pytest.raises(AdvnetsError, match=r"generator is a module of your own; say --module generator=evil.module:G"):
        recipe("mine.yaml")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("images", "images trains on data of your own; name them with --data"),
        ("mnst", "no recipe, file or folder 'mnst'; perhaps you mean mnist"),
        ("nosuch", "no recipe, file or folder 'nosuch'; check the path of your data"),
        ("missing/mine.yaml", "no recipe, file or folder 'missing/mine.yaml'"),
        ("mnist ring", "mnist ring: one recipe is trained; write the recipe first"),
        ("0.tar 1.tar", "0.tar 1.tar: one recipe is trained; quote a pattern of shards"),
        ("--steps 3 ring", "--steps takes one value, not 3 ring"),
        ("ring --steps", "--steps needs a value"),
        ("ring --steps 1 --steps 2", "--steps is said twice; say it once"),
        ("ring --run a --run b", "--run is said twice"),
        ("photos --data photos", "photos and --data are the same field"),
        ("ring --stepz 3", "unknown flag --stepz; perhaps you mean --steps"),
        ("ring --steps many", "steps = 'many'"),
        ("ring --steps 0", "steps cannot be 0; use 1 or more"),
        ("mnist --rate 1", "--rate may mean --generator.rate or --discriminator.rate"),
        ("photos --generator.hidden 64", "--generator.hidden: the conv generator has no such field; it has"),
        ("mnist --generator mlp", "--generator cannot be 'mlp'; write --generator.kind mlp"),
        ("mnist --measure", "--measure takes one value"),
        ("mnist --measure a@wrong=1", "write NAMES@field=value"),
        ("mnist --measure a@every=1 --measure.every 2", "are the same field"),
        ("mnist --module mine.nets:G", "names no player; write --module generator=package.module:Name"),
        ("mnist --module generator=nets", "module cannot be 'nets'; write package.module:Name"),
        ("mnist-dense --module generator=a:B --hidden 3", "--hidden: the own generator has no such field"),
        ("mnist --module generator=a:B --module generator=a:C", "--module generator is said twice"),
        ("mnist --module encoder=a:B", "--module encoder"),
        ("mnist --generator.kind own --generator.module a:B", "say --module generator=a:B"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line(line: str, says: str) -> None:
    with pytest.raises(AdvnetsError) as error:
        recipe(line)
    assert says in str(error.value)
    assert "\n" not in str(error.value)


def test_words_of_other_libraries_are_understood() -> None:
    found = recipe("photos --batch-size 5 --resolution 32 --iterations 6 --z-dim 7 --ngf 8 --g-lr 0.1 --loss hinge")
    game = found.game
    assert (found.batch, found.height_width, found.steps, game.latent) == (5, (32, 32), 6, 7)
    assert (game.generator.network.base, game.generator.optimizer.rate, game.objective) == (8, 0.1, "hinge")
    with pytest.raises(AdvnetsError, match=r"^--ngf: the mlp generator has no such field"):
        recipe("mnist-dense --ngf 8")


@pytest.mark.parametrize(
    ("flag", "says"),
    [
        ("--lr", "say --generator.rate and --discriminator.rate"),
        ("--learning_rate", "say --generator.rate"),
        ("--epochs", "say --steps: epochs x images / batch"),
        ("--n-critic", "say --discriminator-steps"),
        ("--optimizer", "say --generator.optimizer.kind"),
    ],
)
def test_words_of_other_libraries_are_answered(flag: str, says: str) -> None:
    with pytest.raises(AdvnetsError, match=rf"{flag} is no flag of ours; {says}"):
        recipe(f"mnist {flag} 3")


def test_no_word_of_other_libraries_is_one_of_ours() -> None:
    trees = [grow(load_recipe(name)) for name in recipe_names()]
    for word in UNDERSTOOD:
        assert not any(candidates(tree, word) for tree in trees), word
    for name in UNDERSTOOD.values():
        found = [path for tree in trees for path in candidates(tree, name)]
        assert found, name
        assert not any(isinstance(at(tree, path), Node) for tree in trees for path in candidates(tree, name))
    assert not UNDERSTOOD.keys() & ANSWERED.keys()


def test_a_module_of_nobody_is_answered_with_the_players_there_are() -> None:
    with pytest.raises(UsageError, match="--module gen: the game has no such player; name one of generator, discrim"):
        train_flags(["mnist-dense", "--module", "gen=nets:G"])


def test_a_module_leaves_the_other_changes_alone() -> None:
    args = "paper-cifar10-conv --contrast null --generator.kind mlp --generator.output-range null"
    assert train_flags([*args.split(), "--module", "discriminator=nets:D"]).recipe.contrast is None
