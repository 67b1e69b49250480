"""Sales organisations whose truth is known."""
