"""Scripts that write docs/studies: run from the root of the project, not shipped."""
