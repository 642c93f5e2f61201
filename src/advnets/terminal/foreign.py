"""Words of other libraries: some mean one field of a recipe and are understood, others are answered."""

from __future__ import annotations

UNDERSTOOD = {
    "from": "from_run",
    "transfer": "from_run",
    "freezed": "game.discriminator.frozen",
    "batch_size": "batch",
    "mini_batch": "batch",
    "resolution": "size",
    "image_size": "size",
    "img_size": "size",
    "imsize": "size",
    "iterations": "steps",
    "iters": "steps",
    "max_steps": "steps",
    "num_steps": "steps",
    "total_steps": "steps",
    "z_dim": "game.latent",
    "latent_dim": "game.latent",
    "latent_size": "game.latent",
    "nz": "game.latent",
    "loss": "game.objective",
    "gan_mode": "game.objective",
    "ngf": "game.generator.network.base",
    "ndf": "game.discriminator.network.base",
    "g_lr": "game.generator.optimizer.rate",
    "lr_g": "game.generator.optimizer.rate",
    "d_lr": "game.discriminator.optimizer.rate",
    "lr_d": "game.discriminator.optimizer.rate",
    "r1_gamma": "game.penalties.r1.weight",
    "lambda_gp": "game.penalties.wgan_gp.weight",
    "dataset": "data",
    "dataroot": "data",
    "data_dir": "data",
    "data_path": "data",
    "random_seed": "seed",
    "manual_seed": "seed",
    "nc": "channels",
    "save_every": "checkpoint_every",
}

_RATES = "say --generator.rate and --discriminator.rate"
_STEPS = "say --steps: epochs x images / batch, as 12000 for 20 epochs of 60,000 images in batches of 100"
_UPDATES = "say --discriminator-steps, with --schedule alternating"
_DEVICE = "say --device cuda; one process trains on one device"
_PRECISION = "say --precision bfloat16"
_WORKERS = "leave it out: images are decoded once and kept"
_RUN = "say --run"
_BETAS = "say --generator.betas and --discriminator.betas, two values each"
_MOMENTUM = "say --generator.optimizer.kind sgd --generator.final-momentum, and the same of the discriminator"

ANSWERED = {
    "lr": _RATES,
    "learning_rate": _RATES,
    "epochs": _STEPS,
    "epoch": _STEPS,
    "n_epochs": _STEPS,
    "num_epochs": _STEPS,
    "max_epochs": _STEPS,
    "kimg": "say --steps: 1000 x kimg / batch",
    "n_critic": _UPDATES,
    "d_steps": _UPDATES,
    "critic_iters": _UPDATES,
    "optimizer": "say --generator.optimizer.kind and --discriminator.optimizer.kind",
    "beta1": _BETAS,
    "b1": _BETAS,
    "beta2": _BETAS,
    "b2": _BETAS,
    "momentum": _MOMENTUM,
    "ema": "say --generator.average.decay",
    "ema_decay": "say --generator.average.decay",
    "dropout": "say --discriminator.keep-hidden, the share that is kept",
    "gpu": _DEVICE,
    "gpus": _DEVICE,
    "cuda": _DEVICE,
    "cpu": "say --device cpu",
    "amp": _PRECISION,
    "fp16": _PRECISION,
    "bf16": _PRECISION,
    "workers": _WORKERS,
    "num_workers": _WORKERS,
    "out": _RUN,
    "outdir": _RUN,
    "output": _RUN,
    "output_dir": _RUN,
    "save_dir": _RUN,
    "resume": "say `advnets resume RUN`",
    "config": "say it first: advnets train FILE.yaml",
    "recipe": "say it first: advnets train RECIPE",
    "cond": "say --game.kind conditional",
    "conditional": "say --game.kind conditional",
}
