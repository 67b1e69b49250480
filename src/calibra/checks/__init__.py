"""What speaks against a model: predictive checks, priors, recovery."""
