"""Who plays what: the costs of the players, penalties on the discriminator, priors of the latent vector."""
