"""Run the blocks of docs/gallery.md and draw the pictures it shows."""

import re
from pathlib import Path
from typing import Any

from calibra.views.style import save_picture

PAGE = Path(__file__).parent / "gallery.md"
BLOCK_OR_PICTURE = re.compile(r"```python\n(?P<code>.*?)```|!\[[^\]]*\]\((?P<picture>[^)]+)\)", re.DOTALL)


def make_gallery(folder: Path) -> list[Path]:
    """Run every block; save the axes of the last one before each picture under `folder`. Returns the files written."""
    namespace: dict[str, Any] = {}
    written = []
    for match in BLOCK_OR_PICTURE.finditer(PAGE.read_text(encoding="utf-8")):
        if match["code"]:
            namespace.pop("axes", None)
            exec(compile(match["code"], str(PAGE), "exec"), namespace)
        else:
            path = folder / match["picture"]
            path.parent.mkdir(parents=True, exist_ok=True)
            written.append(save_picture(namespace["axes"], path))
    return written


if __name__ == "__main__":
    make_gallery(PAGE.parent)
