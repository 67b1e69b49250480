"""The frame of the project: the public names, what importing costs, and that no configured tool idles."""

import ast
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import calibra
from calibra import _HOME

NOT_AT_IMPORT = ("arviz", "duckdb", "matplotlib", "narwhals", "nutpie", "pandas", "pymc", "scipy.stats", "xarray")


def names_for_type_checkers(root: Path) -> dict[str, str]:
    """Name → module of the imports under `if TYPE_CHECKING:` in the package root."""
    tree = ast.parse((root / "src" / "calibra" / "__init__.py").read_text(encoding="utf-8"))
    guarded = [node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"]
    imports = [node for block in guarded for node in block.body if isinstance(node, ast.ImportFrom)]
    return {alias.asname or "": node.module or "" for node in imports for alias in node.names}


def test_type_checkers_and_users_see_the_same_public_names(project):
    assert names_for_type_checkers(project) == _HOME


@pytest.mark.parametrize("name", sorted(_HOME))
def test_public_name_is_the_object_its_module_defines(name):
    assert getattr(calibra, name) is getattr(import_module(_HOME[name]), name)


def test_dir_and_star_import_offer_every_public_name():
    assert {*_HOME, "__version__"} == set(dir(calibra)) == set(calibra.__all__)


def test_unknown_name_is_refused_with_the_names_there_are():
    with pytest.raises(AttributeError, match=r"no attribute 'InputEror'; public names: .*InputError"):
        calibra.InputEror  # noqa: B018


def test_importing_calibra_loads_nothing_heavy():
    code = f"import sys, calibra; print(*[m for m in {NOT_AT_IMPORT!r} if m in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == []
