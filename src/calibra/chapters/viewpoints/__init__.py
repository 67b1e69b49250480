"""How many, how long, how much: the three viewpoints side by side."""
