"""From posteriors to advice."""
