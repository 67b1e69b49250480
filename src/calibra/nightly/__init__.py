"""A night: what must stop it, what it leaves, and how it goes on where it was killed."""
