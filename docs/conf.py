"""How the documentation is built: `make docs`. Every warning is an error, and nothing is fetched."""

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import calibra

if TYPE_CHECKING:
    from sphinx.application import Sphinx

HERE = Path(__file__).parent

project = "calibra"
author = "The calibra maintainers"
copyright = "The calibra maintainers"  # noqa: A001 (the name Sphinx reads)
release = calibra.__version__

extensions = ["myst_nb", "numpydoc", "sphinx.ext.autodoc", "sphinx.ext.autosummary"]
exclude_patterns = ["_build", "**/.ipynb_checkpoints"]
nitpicky = False  # docstrings name numpy and pandas types, and no foreign inventory is fetched

# Pages are Markdown; notebooks are Markdown with code cells. They live beside docs/, and the build reads copies.
source_suffix = {".md": "myst-nb"}
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
myst_links_external_new_tab = False

nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_timeout = 900  # a cell, on a busy machine
nb_execution_show_tb = True
nb_merge_streams = True
suppress_warnings = ["mystnb.unknown_mime_type"]

# Reference: one page a public name, from its docstring.
autosummary_generate = True
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False
default_role = "code"
templates_path = ["_templates"]

html_theme = "pydata_sphinx_theme"
html_static_path = ["_static"]
html_css_files = ["calibra.css"]
html_title = "calibra"
html_show_copyright = False
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "navigation_with_keys": False,
    "show_toc_level": 2,
    "header_links_before_dropdown": 6,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["sphinx-version"],
    "footer_end": ["theme-version"],
}


def _copy_notebooks() -> None:
    """Bring the notebooks under docs/, where Sphinx looks; a copy is renewed only where its text has changed."""
    source, target = HERE.parent / "notebooks", HERE / "notebooks"
    target.mkdir(exist_ok=True)
    wanted = {path.name: path for path in source.glob("*.md")}
    for old in target.glob("*.md"):
        if old.name not in wanted:
            old.unlink()
    for name, path in wanted.items():
        copy = target / name
        if not copy.exists() or copy.read_bytes() != path.read_bytes():
            shutil.copyfile(path, copy)


def _draws(cell: str) -> bool:
    """Whether a cell of a notebook ends with a picture."""
    last = cell.strip().splitlines()[-1]
    return last.startswith("cb.plot_") or last.endswith((".plot()", ".figure"))


def _count_pictures(app: "Sphinx", failed: Exception | None) -> None:
    """Every picture that a notebook draws stands on its page, or the build has a warning, which is an error."""
    from sphinx.util import logging

    if failed is not None or app.builder.name != "html":
        return
    for path in sorted((HERE / "notebooks").glob("*.md")):
        cells = re.findall(r"^```\{code-cell\} python\n(.*?)^```$", path.read_text("utf-8"), re.MULTILINE | re.DOTALL)
        wanted = sum(_draws(cell) for cell in cells if cell.strip())
        page = Path(app.outdir) / "notebooks" / f"{path.stem}.html"
        found = len(re.findall(r'<img [^>]*src="[^"]*_images|<img [^>]*src="data:image', page.read_text("utf-8")))
        if found < wanted:
            logging.getLogger(__name__).warning(f"{path.name} draws {wanted} pictures and its page shows {found}")


_copy_notebooks()


def _add_studies(_app: "Sphinx", docname: str, source: list[str]) -> None:
    """Put every study that the page on trust does not take in by name in place of its marker.

    Those that link to their neighbours stand in the list below it only: in another folder the links lead nowhere.
    """
    if docname != "trust":
        return
    named = set(re.findall(r"\{include\} studies/(\S+)", source[0]))
    others = [path for path in sorted((HERE / "studies").glob("*.md")) if path.name not in named]
    alone = [path.name for path in others if "](" not in path.read_text(encoding="utf-8")]
    includes = [f"```{{include}} studies/{name}\n:heading-offset: 2\n```" for name in alone]
    source[0] = source[0].replace("% the other studies", "\n\n".join(includes))


def setup(app: "Sphinx") -> None:
    """Called by Sphinx."""
    app.connect("source-read", _add_studies)
    app.connect("build-finished", _count_pictures)
