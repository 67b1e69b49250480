"""The frame of the project: the public names, what importing costs, and that no configured tool idles."""

import ast
import re
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest
from packaging.version import Version

import calibra

NOT_AT_IMPORT = ("arviz", "duckdb", "matplotlib", "narwhals", "nutpie", "pandas", "pymc", "scipy.stats", "xarray")


STUB = ast.parse(Path(calibra.__file__).with_suffix(".pyi").read_text(encoding="utf-8"))
HOMES = {alias.name: node.module for node in STUB.body if isinstance(node, ast.ImportFrom) for alias in node.names}


@pytest.mark.parametrize("name", sorted(HOMES))
def test_public_name_is_the_object_its_module_defines(name):
    assert getattr(calibra, name) is getattr(import_module(f"calibra.{HOMES[name]}"), name)


def test_dir_and_star_import_offer_every_public_name():
    assert {*HOMES, "__version__"} <= {*dir(calibra), "__version__"}
    assert {*HOMES, "__version__"} == set(calibra.__all__)


def test_unknown_name_is_refused():
    with pytest.raises(AttributeError, match="No calibra attribute InputEror"):
        calibra.InputEror  # noqa: B018


def test_importing_calibra_loads_nothing_heavy():
    code = f"import sys, calibra; print(*[m for m in {NOT_AT_IMPORT!r} if m in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == []


def pins(path: Path) -> dict[str, str]:
    """Name → release of a constraints file; every line but comments is name==release and nothing else."""
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    assert [line for line in lines if not re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.]+", line)] == []
    return {normal(name): release for name, release in (line.split("==") for line in lines)}


def normal(name: str) -> str:
    """A package name as PEP 503 compares them."""
    return re.sub(r"[-_.]+", "-", name).lower()


def declared(project: Path, *extras: str) -> dict[str, str]:
    """Name → version specifier of the core dependencies and of some extras, as pyproject.toml states them."""
    table = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = table["dependencies"] + [line for extra in extras for line in table["optional-dependencies"][extra]]
    parts = [re.fullmatch(r"([A-Za-z0-9._-]+)(\[[a-z]+\])?(.*)", line) for line in lines]
    return {normal(part[1]): part[3] for part in parts if part and part[1] != "calibra-sales"}


def test_lowest_leg_runs_on_the_stated_lower_bounds(project):
    lowest = pins(project / "constraints-lowest.txt")
    for name, specifier in declared(project, "polars", "xlsx", "test").items():
        bound = specifier.removeprefix(">=")
        assert specifier.startswith(">="), f"{name}{specifier}: state a lower bound"
        assert Version(lowest[name]) == Version(bound), name


def test_every_dependency_is_pinned(project):
    assert set(declared(project, "polars", "xlsx", "test", "dev")) <= set(pins(project / "constraints.txt"))


def test_every_developer_tool_is_run_by_the_one_command(project):
    commands = (project / "Makefile").read_text(encoding="utf-8")
    for command in ("ruff format --check", "ruff check", "mypy", "lint-imports", "pytest"):
        assert command in commands.split("\ncheck:")[0], command


def test_every_seeded_fault_finds_its_line(project):
    from tests.mutate import FAULTS

    source = project / "src" / "calibra"
    lost = [
        (found.name, module) for found in FAULTS for module, text, _ in found.changes
        if (source / module).read_text(encoding="utf-8").count(text) != 1
    ]  # fmt: skip
    assert lost == []


def texts_for_users(project: Path) -> list[Path]:
    """Every page, notebook, example and module that could say how calibra is installed."""
    folders = ("docs", "notebooks", "examples", "src", "benchmarks")
    kinds = {".md", ".py", ".ipynb", ".toml", ".html", ".txt"}
    files = [file for folder in folders for file in (project / folder).rglob("*") if file.suffix in kinds]
    named = [
        project / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "CITATION.cff", "pyproject.toml")
    ]
    return [file for file in files if "_build" not in file.parts] + named


NAMESAKE = re.compile(r"(?<!un)install\s+(?:-\S+\s+)*[\"']?calibra(?![-\w.])|(?<![-\w.])calibra\[[a-z]")
"""`pip install calibra`, quoted, with options or an extra: PyPI's other project."""


@pytest.mark.parametrize(
    ("text", "is_namesake"),
    [
        ("pip install calibra", True), ("pip install -U 'calibra[postgres]'", True), ("needs calibra[spark]", True),
        ("pip install calibra-sales", False), ("pip install 'calibra-sales[ibis]'", False),
        ("pip install '.[polars]'", False), ("pip uninstall calibra", False),
    ],
)  # fmt: skip
def test_the_namesake_is_recognised(text, is_namesake):
    assert bool(NAMESAKE.search(text)) is is_namesake


def test_nothing_tells_users_to_install_the_namesake_on_pypi(project):
    files = texts_for_users(project)
    assert len(files) > 150
    assert [str(file) for file in files if NAMESAKE.search(file.read_text(encoding="utf-8"))] == []


def test_the_distribution_is_calibra_sales_and_its_extras_name_it(project):
    table = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert table["name"] == "calibra-sales"
    lines = [line for extra in table["optional-dependencies"].values() for line in extra]
    assert [line for line in lines if line.startswith("calibra") and not line.startswith("calibra-sales[")] == []
    assert "another project" in (project / "docs" / "how-to" / "installing.md").read_text(encoding="utf-8")


def test_no_code_looks_calibra_up_among_the_installed_distributions(project):
    """The installed name may be an older one, or the namesake's: `__version__` says what was imported."""
    modules = (project / "src" / "calibra").rglob("*.py")
    asked = re.compile(r"(?:version|distribution|metadata)\([\"']calibra")
    assert [str(file) for file in modules if asked.search(file.read_text(encoding="utf-8"))] == []
