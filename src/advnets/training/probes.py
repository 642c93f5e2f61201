"""What is tried of networks before the first step: whether they fit the game, and whether they look across rows."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from advnets.errors import AdvnetsError, RecipeError
from advnets.games.contract import reason
from advnets.games.game import Batch, Seat
from advnets.networks.conditioning import Input

_TRIED = 4


def check_networks(networks: Mapping[str, nn.Module], seats: Mapping[str, Seat], shape: tuple[int, ...]) -> None:
    """See that the networks fit the game, the data and each other, on copies: running statistics stay as they are.

    Raises:
        RecipeError: which network takes or makes what does not fit.
    """
    for name, network in networks.items():
        seat = seats[name]
        made = _try(name, network, [_tried(each) for each in seat.takes.values()])
        if seat.side == "discriminator":
            given = tuple(made[:, : seat.gives[0]].shape) if seat.features and made.ndim == 2 else tuple(made.shape)
            if given != (_TRIED, *seat.gives):
                wanted = "one logit an image, shape (N,)" if not seat.gives else f"(N, {seat.gives[0]})"
                wanted += " with its last hidden layer behind them" if seat.features else ""
                raise RecipeError(f"the {name} returns {tuple(made.shape)} for {_TRIED} images", f"return {wanted}")
        elif tuple(made.shape[1:]) != seat.gives:
            whose = "the data are" if seat.gives == shape else "the game needs"
            raise RecipeError(f"the {name} makes {tuple(made.shape[1:])}, {whose} {seat.gives}", "make them agree")
        elif len(made) != _TRIED:
            raise RecipeError(f"the {name} makes {len(made)} images of 4 latents", "make as many images as latents")


def _try(name: str, network: nn.Module, inputs: Sequence[Tensor]) -> Tensor:
    """What a copy of `network` makes of `inputs`, on the processor in float32."""
    try:
        copied = copy.deepcopy(network).to("cpu", torch.float32)
    except Exception as error:  # whatever else than parameters and buffers a module of the user's own holds
        raise RecipeError(f"the {name} cannot be copied: {_reason(error)}", "let it hold what can be") from error
    try:
        with torch.no_grad(), torch.random.fork_rng(devices=[]):
            made = copied(*inputs)
    except AdvnetsError:
        raise
    except Exception as error:  # whatever the user's own code raises
        raise RecipeError(f"the {name} cannot take rows of {_described(inputs)}: {_reason(error)}") from error
    if not isinstance(made, Tensor):
        raise RecipeError(f"the {name} returns a {type(made).__name__}", "return one tensor")
    return made


def _tried(each: Input) -> Tensor:
    """Rows of zeros, or of classes from the first to the last."""
    return torch.linspace(0, each.classes - 1, _TRIED).long() if each.classes else each.blank(_TRIED)


def _described(inputs: Sequence[Tensor]) -> str:
    shapes = [str(tuple(each.shape[1:])) for each in inputs if each.is_floating_point()]
    classes = [f"classes 0 to {int(each.max())}" for each in inputs if not each.is_floating_point()]
    return " and ".join([f"shape {', '.join(shapes)}", *classes])


def _reason(error: Exception) -> str:
    return reason(error).removeprefix("RuntimeError: ")


def probe_inputs(seat: Seat, batch: Batch, rows: int) -> list[Tensor]:
    """Rows for a network to be tried on, real ones where its inputs are the batch's."""
    image = batch.image[:16] if rows >= _TRIED else batch.image.repeat(_TRIED, *[1] * (batch.image.ndim - 1))
    known = {"image": image, "condition": batch.condition} if seat.side == "discriminator" else {}
    found: list[Tensor] = []
    for name, each in seat.takes.items():
        value = known.get(name)
        fits = value is not None and tuple(value.shape[1:]) == each.shape and len(value) >= len(image)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)  # the same in all processes
            drawn = each.random(len(image))
        found.append(value[: len(image)] if value is not None and fits else drawn.to(image.device))
    return found


def keeps_rows(network: nn.Module, inputs: Sequence[Tensor]) -> bool:
    """Whether a network in training keeps something of the rows that it sees, as running statistics; tried on halves.

    Tried without batch normalization (`without_statistics`), whose own are taken care of.
    """
    half = len(inputs[0]) // 2
    kept: list[dict[str, Tensor]] = []
    devices = [inputs[0].device] if inputs[0].device.type == "cuda" else []
    with torch.no_grad(), torch.random.fork_rng(devices=devices):
        for rows in (slice(half), slice(half, 2 * half)):
            torch.manual_seed(0)
            probe = copy.deepcopy(network).float().train()
            probe(*(each[rows].float() if each.is_floating_point() else each[rows] for each in inputs))
            kept.append(dict(probe.named_buffers()))
    return any(not torch.equal(each, kept[1][name]) for name, each in kept[0].items())


def rows_independent(network: nn.Module, inputs: Sequence[Tensor]) -> bool:
    """Whether what a network makes of a row stays the same when other rows change, tried on `inputs` (2 rows or more).

    Batch normalization and minibatch statistics answer False. A float32 copy with weights drawn anew is tried, since a
    head that begins at zero hides everything below it; random layers see the same random numbers both times.
    """
    half = len(inputs[0]) // 2
    known = [each.float() if each.is_floating_point() else each for each in inputs]
    changed = [_changed(each, half) for each in known]
    logits: list[Tensor] = []
    devices = [known[0].device] if known[0].device.type == "cuda" else []
    with torch.no_grad(), torch.random.fork_rng(devices=devices):
        torch.manual_seed(0)
        probe = copy.deepcopy(network).float()
        for parameter in probe.parameters():
            fan_in = parameter[0].numel() if parameter.ndim > 1 else 1
            parameter.normal_(std=fan_in**-0.5)
        for rows in (known, changed):
            torch.manual_seed(0)
            # A copy each: layers that count or iterate, as spectral normalization does, begin at the same state.
            logits.append(copy.deepcopy(probe)(*rows)[:half])
    return bool(torch.allclose(logits[0], logits[1], rtol=1e-3, atol=1e-4 * logits[0].abs().max().item()))


def _changed(rows: Tensor, half: int) -> Tensor:
    """The rows with all others than the first half."""
    if not rows.is_floating_point():
        return torch.cat([rows[:half], rows[half:].flip(0)])
    return torch.cat([rows[:half], 1.0 - rows[half:].flip(0) * 0.5])
