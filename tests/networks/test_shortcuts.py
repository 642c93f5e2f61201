"""A module that somebody changed is asked itself: no shortcut goes past what was changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import leaky_relu
from torch.nn.utils import parametrizations

from advnets.games.penalties import penalty
from advnets.networks.conditioning import Input, ProjectionDiscriminator
from advnets.networks.convolutional import ConvDiscriminator
from advnets.networks.mlp import MaxoutDiscriminator, MLPDiscriminator, MLPGenerator
from advnets.networks.shortcuts import shortcut
from advnets.training.gradients import Shown, scores

BUILT: dict[str, Callable[[], Any]] = {
    "mlp": lambda: MLPDiscriminator((1, 4, 4), hidden=(8, 6)),
    "maxout": lambda: MaxoutDiscriminator((1, 4, 4), units=(6, 5), pieces=2, init=0.3).eval(),
    "conv": lambda: ConvDiscriminator(1, 4, 4, base=4),
    "projection": lambda: ProjectionDiscriminator(BUILT["conv"](), Input((), classes=3)),
}
EVERY = pytest.mark.parametrize("name", BUILT)


def built(name: str) -> Any:
    torch.manual_seed(0)
    return BUILT[name]()


def shown(D: Any) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Real and fake rows as a view shows them."""
    torch.manual_seed(1)
    real, fake = {"image": torch.randn(3, 1, 4, 4)}, {"image": torch.randn(3, 1, 4, 4)}
    if isinstance(D, ProjectionDiscriminator):
        D.embedding.weight.data.normal_()
        real["condition"] = fake["condition"] = torch.arange(3)
    return real, fake


def in_the_step(D: Any) -> Tensor:
    real, fake = shown(D)
    return torch.cat(scores(D, Shown("discriminator", real, fake, []), rowwise=True)[:2])


def asked(D: Any) -> Tensor:
    """By its own forward, the fake rows beside the real ones."""
    return torch.cat([D(*side.values()) for side in shown(D)]).detach()


@EVERY
def test_a_network_as_it_was_built_has_shortcuts(name: str) -> None:
    D = built(name)
    assert shortcut(D, "pair") is not None
    torch.testing.assert_close(in_the_step(D), asked(D))


@EVERY
def test_a_derived_class_is_asked_itself(name: str) -> None:
    D = built(name)

    class Scaled(type(D)):
        def forward(self, images: Tensor, *rest: Tensor) -> Tensor:
            return super().forward(10 * images, *rest)

    plain, D.__class__ = asked(D), Scaled
    assert shortcut(D, "pair") is None
    torch.testing.assert_close(in_the_step(D), asked(D))
    assert not torch.allclose(asked(D), plain)
    if name == "mlp":  # the only one whose penalties have a closed form
        real = shown(D)[0]
        leaf = real["image"].clone().requires_grad_()
        (slopes,) = torch.autograd.grad(D(leaf).sum(), leaf)
        torch.testing.assert_close(penalty("r1")(D, real, real), slopes.square().sum() / 6)


@EVERY
def test_a_forward_of_the_instance_is_asked(name: str) -> None:
    D = built(name)
    D.forward = lambda images, *rest: images.flatten(1).sum(1)
    torch.testing.assert_close(in_the_step(D), asked(D))


def test_features_of_the_instance_are_asked() -> None:
    D = built("maxout")
    features = D.features
    D.features = lambda images: 2 * features(images)
    torch.testing.assert_close(in_the_step(D), asked(D))


@EVERY
def test_whoever_listens_to_all_modules_hears_the_same(name: str) -> None:
    D, seen = built(name), list[nn.Module]()
    hook = nn.modules.module.register_module_forward_hook(lambda module, *_: seen.append(module))
    try:
        asked(D)
        calls = len(seen)
        in_the_step(D)
    finally:
        hook.remove()
    assert calls
    assert len(seen) - calls == calls / 2  # one pass of all rows, where `asked` has two


def hooks(module: nn.Module, note: Callable[..., None]) -> list[Any]:
    return [
        module.register_forward_hook(note), module.register_forward_pre_hook(note),
        module.register_full_backward_hook(note), module.register_full_backward_pre_hook(note),
    ]  # fmt: skip


@EVERY
@pytest.mark.parametrize("kind", range(4), ids=["forward", "before forward", "backward", "before backward"])
@pytest.mark.parametrize("where", ["itself", "a layer"])
def test_whoever_hooked_it_is_called(name: str, kind: int, where: str) -> None:
    D = built(name)
    inner = D.network if name == "projection" else D
    module = D if where == "itself" else inner.layers[1 if name == "mlp" else 0]
    seen = list[int]()
    for number, hook in enumerate(hooks(module, lambda *_: seen.append(1))):
        if number != kind:
            hook.remove()
    real, fake = shown(D)
    leaf = fake["image"].requires_grad_()
    _, _, held = scores(D, Shown("discriminator", real, fake, []), rowwise=True)
    torch.autograd.grad([each.sum() for each in held], [leaf, *D.parameters()], allow_unused=True)
    assert seen


class Doubled(nn.Sequential):
    def forward(self, input: Tensor) -> Tensor:
        return 2 * super().forward(input)


def replaced_weight(layer: nn.Linear) -> None:
    weight = layer.weight.detach()
    del layer.weight
    layer.register_buffer("weight", weight)


CHANGES: dict[str, tuple[str, Callable[[Any], None]]] = {
    "another slope": ("mlp", lambda D: D.layers.__setitem__(2, nn.LeakyReLU(0.9))),
    "another activation": ("mlp", lambda D: D.layers.__setitem__(2, nn.Tanh())),
    "no rectifier": ("mlp", lambda D: D.layers.__delitem__(2)),
    "no bias": ("mlp", lambda D: D.layers.__setitem__(1, nn.Linear(16, 8, bias=False))),
    "normed head": ("mlp", lambda D: parametrizations.spectral_norm(D.layers[-1]).eval()),
    "more above": ("mlp", lambda D: D.layers.append(nn.Tanh())),
    "no maxout": ("maxout", lambda D: D.layers.__setitem__(1, nn.Linear(16, 6))),
    "normed maxout": ("maxout", lambda D: parametrizations.spectral_norm(D.layers[1].linear).eval()),
    "another sequence": ("mlp", lambda D: setattr(D, "layers", Doubled(*D.layers))),
    "a weight that is none": ("mlp", lambda D: replaced_weight(D.layers[1])),
    "another stride": ("conv", lambda D: D.layers.__setitem__(0, nn.Conv2d(1, 4, 3, stride=3, padding=2))),
    "normed convolution": ("conv", lambda D: parametrizations.spectral_norm(D.layers[0]).eval()),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_layer_that_was_replaced_takes_part(change: str) -> None:
    name, replace = CHANGES[change]
    D = built(name)
    replace(D)
    D.layers.eval()
    images = torch.cat([side["image"] for side in shown(D)])
    if name == "conv":
        wanted = D.head(leaky_relu(D.layers[0](images), 0.2).permute(0, 2, 3, 1).flatten(1)).squeeze(1)
    else:
        wanted = D.layers(images.flatten(1)).squeeze(1)
    torch.testing.assert_close(in_the_step(D), wanted.detach())
    torch.testing.assert_close(asked(D), wanted.detach())


def test_a_generators_layers_too() -> None:
    torch.manual_seed(0)
    G, z = MLPGenerator(4, (2,), hidden=(8, 8), output="tanh"), torch.randn(5, 4)
    G.layers[1] = nn.LeakyReLU(0.5)
    assert torch.equal(G(z), G.layers(z))
    G.layers[1], seen = nn.ReLU(), list[int]()
    G.layers[-1].register_forward_hook(lambda *_: seen.append(1))
    torch.testing.assert_close(G(z), G.layers(z))
    assert len(seen) == 2
