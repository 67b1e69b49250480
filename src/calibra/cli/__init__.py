"""calibra in the shell."""
