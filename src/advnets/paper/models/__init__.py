"""The rivals of Table 1, from before adversarial nets: trained, sampled from and measured by the same estimator."""
