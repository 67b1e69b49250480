"""How much is won, and what a rank is worth."""
