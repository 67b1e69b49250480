"""Signal detection: how ranks relate to outcomes, and where cuts should lie."""
