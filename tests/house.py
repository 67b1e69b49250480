"""Does the house stand as CONTRIBUTING says? What import contracts and linters cannot see; part of `make lint`.

Each rule below prints what breaks it, file by file. An exception is listed beside its rule, with the reason.
"""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
SOURCE, TESTS = PROJECT / "src" / "calibra", PROJECT / "tests"
MOST_LINES, MOST_UNFORMATTED, P90_FUNCTION = 400, 20, 25
READS_PATTERNS = ("data/", "cli/", "words.py", "wording.py")
"""Where regular expressions may be: they read what users wrote, never what we did."""
NAMES_IN_FOREIGN_TEXT = "views/pseudonyms.py"
"""Finds names of reps in messages that were worded elsewhere, so that a pseudonym hides them."""
DECLARED_KINDS = "inference/"
"""The engines tell the two kinds of declarations apart; they know no fit."""
LONGER: set[str] = set()
"""Modules above the limit that wait to be parted."""

NAMES_CHAPTERS = {
    "calibration.py": "the one list",
    "__init__.py": "the public names",
    "checks/backtest.py": "fits the rank and the threshold model of earlier days",
    "checks/recovery/flags.py": "counts what ranks, lead times and thresholds say of reps who are alike",
    "checks/recovery/typical.py": "their typical worlds",
}
"""Modules outside chapters that may name one, and why."""


def modules() -> list[Path]:
    """Every module of the library."""
    return sorted(SOURCE.rglob("*.py"))


def name_of(module: Path) -> str:
    """Its path below src/calibra."""
    return module.relative_to(SOURCE).as_posix()


def patterns_read_only_users_texts() -> Iterator[str]:
    """A sentence of ours is data; nothing reads it back."""
    for module in modules():
        name = name_of(module)
        imports = re.search(r"^\s*(import re\b|from re import)", module.read_text(encoding="utf-8"), re.MULTILINE)
        if imports and not name.startswith(READS_PATTERNS) and name != NAMES_IN_FOREIGN_TEXT:
            yield f"{name}: imports re"


def no_code_asks_for_the_kind_of_a_fit() -> Iterator[str]:
    """A chapter knows its own fit and model; everyone else uses what every fit can do (`reading/checked.py`)."""
    asked = re.compile(r"\bisinstance\([^()]*(?:\([^()]*\))?[^()]*\b(\w+(?:Fit|Model))\b")
    for module in modules():
        name = name_of(module)
        own = kinds_of(module.parent) if name.startswith("chapters/") else set()
        for number, line in enumerate(module.read_text(encoding="utf-8").splitlines(), 1):
            found = asked.search(line)
            if found and found[1] not in own and not name.startswith(DECLARED_KINDS):
                yield f"{name}:{number}: {line.strip()}"


def kinds_of(folder: Path) -> set[str]:
    """Fits and models that a chapter's folder defines."""
    text = "".join(module.read_text(encoding="utf-8") for module in folder.glob("*.py"))
    return set(re.findall(r"^class (\w+(?:Fit|Model))\b", text, re.MULTILINE))


def the_formatter_stays_on() -> Iterator[str]:
    """Twenty tables at most stand as they were typed."""
    off = {name_of(module): len(re.findall(r"# fmt: (?:skip|off)", module.read_text("utf-8"))) for module in modules()}
    if sum(off.values()) > MOST_UNFORMATTED:
        yield f"the formatter is off {sum(off.values())} times: {', '.join(name for name, n in off.items() if n)}"


def modules_and_functions_are_small() -> Iterator[str]:
    """No module above 400 lines; nine functions of ten within 25 lines of code."""
    lengths = []
    for module in modules():
        lines = module.read_text(encoding="utf-8").splitlines()
        if len(lines) > MOST_LINES and name_of(module) not in LONGER:
            yield f"{name_of(module)}: {len(lines)} lines"
        if len(lines) <= MOST_LINES and name_of(module) in LONGER:
            yield f"{name_of(module)}: is short now; take it off the list"
        lengths += list(code_lines(ast.parse("\n".join(lines)), lines))
    at_p90 = sorted(lengths)[int(0.9 * len(lengths))]
    if at_p90 > P90_FUNCTION:
        yield f"one function of ten has more than {at_p90} lines of code"


def code_lines(tree: ast.Module, lines: list[str]) -> Iterator[int]:
    """Lines of code of every function, without its docstring, comments and blank lines."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            first = node.body[0]
            documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
            skipped = range(first.lineno, (first.end_lineno or 0) + 1) if documented else range(0)
            body = range(node.lineno, (node.end_lineno or 0) + 1)
            yield sum(bool(re.match(r"\s*[^\s#]", lines[i - 1])) for i in body if i not in skipped)


def chapters_read_only_what_their_records_name() -> Iterator[str]:
    """A chapter imports of other chapters only those in its `reads`; outside, only the one list names any."""
    from calibra.calibration import Calibration

    reads = {chapter.key: {other.key for other in chapter.reads} for chapter in Calibration.chapters()}
    for module in modules():
        name = name_of(module)
        own = name.split("/")[1] if name.startswith("chapters/") and name.count("/") > 1 else ""
        for other in imported_chapters(module):
            if own and other != own and own in reads and other not in reads[own]:
                yield f"{name}: reads {other}, which its record does not name"
            if not name.startswith("chapters/") and name not in NAMES_CHAPTERS and other in reads:
                yield f"{name}: names the chapter {other}"


def imported_chapters(module: Path) -> Iterator[str]:
    """Folders of chapters whose modules this one imports, for types too."""
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("calibra.chapters."):
            parts = (node.module or "").split(".")
            if (SOURCE / "chapters" / parts[2]).is_dir():
                yield parts[2]


def the_library_knows_nothing_beside_it() -> Iterator[str]:
    """Studies, tests and benchmarks are not shipped; the library imports none of them."""
    beside = re.compile(r"^\s*(?:from|import) (?:studies|tests|benchmarks|docs)\b", re.MULTILINE)
    yield from (name_of(module) for module in modules() if beside.search(module.read_text(encoding="utf-8")))


def every_module_has_its_test() -> Iterator[str]:
    """`tests/` mirrors `src/`: a test of its name, one that imports it, or one named in `held_elsewhere.toml`."""
    elsewhere = tomllib.loads((TESTS / "held_elsewhere.toml").read_text(encoding="utf-8"))
    imported = {name for test in TESTS.rglob("test_*.py") for name in imported_modules(test)}
    names = {name_of(module) for module in modules() if module.name != "__init__.py"}
    for name in sorted(names):
        path = Path(name)
        dotted = ".".join(["calibra", *path.with_suffix("").parts])
        held = (TESTS / path.parent / f"test_{path.name}").is_file() or dotted in imported
        if not held and not (TESTS / elsewhere.get(name, "?")).is_file():
            yield f"{name}: no test holds it"
        if held and name in elsewhere:
            yield f"{name}: has a test now; take it off the list"
    yield from (f"{name}: is listed and no module" for name in elsewhere.keys() - names)


def imported_modules(test: Path) -> Iterator[str]:
    """Modules that a test imports."""
    for node in ast.walk(ast.parse(test.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


RULES = (
    patterns_read_only_users_texts,
    no_code_asks_for_the_kind_of_a_fit,
    the_formatter_stays_on,
    modules_and_functions_are_small,
    chapters_read_only_what_their_records_name,
    the_library_knows_nothing_beside_it,
    every_module_has_its_test,
)


def main() -> int:
    """Print what breaks a rule; 1 where anything does."""
    broken = {rule: list(rule()) for rule in RULES}
    for rule, found in broken.items():
        if found:
            said = rule.__name__.replace("_", " ")
            sys.stdout.write(
                "\n".join([f"{said}: {(rule.__doc__ or '').strip()}", *(f"  {line}" for line in found), ""])
            )
    return int(any(broken.values()))


if __name__ == "__main__":
    sys.exit(main())
