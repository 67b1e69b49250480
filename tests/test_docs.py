"""What the pages show runs as it stands, every public name has its place in the reference, and links lead somewhere."""

import doctest
import re
import shlex
from pathlib import Path
from typing import NamedTuple

import pytest

import calibra
from calibra.cli.main import main

PROJECT = Path(__file__).resolve().parents[1]
DOCS = PROJECT / "docs"
MADE = ("_build", "generated", "notebooks", "_templates")
"""Folders under docs/ that a build makes, or that hold no pages."""
OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
BLOCK = re.compile(
    r"(?:<!-- (?P<mark>file|not run): (?P<words>[^>]*?) -->\n+)?"
    r"^```(?P<kind>python|console|toml|\{code-cell\} python)\n(?P<text>.*?)^```$",
    re.DOTALL | re.MULTILINE,
)


class Block(NamedTuple):
    """A fenced block of a page."""

    mark: str | None
    words: str
    kind: str
    text: str
    line: int


def pages() -> list[Path]:
    return sorted(path for path in DOCS.rglob("*.md") if path.relative_to(DOCS).parts[0] not in MADE)


def blocks(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    return [
        Block(m["mark"], m["words"] or "", m["kind"], m["text"], text.count("\n", 0, m.start("text")))
        for m in BLOCK.finditer(text)
    ]


def runs(block: Block) -> bool:
    return block.mark != "not run" and (block.kind in ("python", "console") or block.mark == "file")


GALLERY = DOCS / "gallery.md"  # run by tests/test_gallery.py
WITH_BLOCKS = [page for page in pages() if page != GALLERY and any(map(runs, blocks(page)))]


def run_block(block: Block, page: Path, namespace: dict[str, object]) -> None:
    if block.mark == "file":
        Path(block.words).write_text(block.text, encoding="utf-8")
    elif block.kind == "console":
        for line in re.findall(r"^\$ calibra (.*)$", block.text, re.MULTILINE):
            assert main(shlex.split(line, comments=True)) == 0, f"{page.name}: calibra {line}"
    elif ">>> " in block.text:
        test = doctest.DocTestParser().get_doctest(block.text, namespace, page.name, str(page), block.line)
        runner = doctest.DocTestRunner(optionflags=OPTIONS)
        runner.run(test, clear_globs=False)
        namespace |= test.globs
        assert runner.summarize(verbose=False).failed == 0, page.name
    else:
        exec(compile("\n" * block.line + block.text, str(page), "exec"), namespace)


@pytest.mark.parametrize("page", WITH_BLOCKS, ids=lambda page: page.relative_to(DOCS).as_posix())
def test_blocks_of_a_page_run_one_after_the_other(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, object] = {"__name__": "__main__"}
    for block in filter(runs, blocks(page)):
        run_block(block, page, namespace)


def test_the_start_page_is_among_those_that_run():
    assert DOCS / "start.md" in WITH_BLOCKS


def test_every_public_name_has_its_place_in_the_reference_once():
    listed = re.findall(r"^   (\w+)$", (DOCS / "api.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(listed) == sorted(set(calibra.__all__) - {"__version__"})


@pytest.mark.parametrize("page", ["rank", "lead_time", "thresholds", "calibration", "laplace"])
def test_theory_pages_answer_the_same_questions(page):
    text = (DOCS / "theory" / f"{page}.md").read_text(encoding="utf-8")
    for heading in ("What it answers", "Assumptions, and what breaks it", "References"):
        assert f"\n## {heading}\n" in text, heading
    assert "doi.org/10." in text or page in ("lead_time", "thresholds")


@pytest.mark.parametrize(
    "page",
    [*pages(), PROJECT / "README.md", PROJECT / "CONTRIBUTING.md", PROJECT / "CHANGELOG.md"],
    ids=lambda page: page.relative_to(PROJECT).as_posix(),
)
def test_relative_links_lead_to_files(page):
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", text):
        built = target.replace("notebooks/", "../notebooks/") if page.is_relative_to(DOCS) else target
        assert (page.parent / target).exists() or (page.parent / built).exists(), target


def test_notebooks_are_text_and_listed():
    listed = (PROJECT / "notebooks" / "index.md").read_text(encoding="utf-8")
    for path in (PROJECT / "notebooks").glob("[0-9]*.md"):
        text = path.read_text(encoding="utf-8")
        assert text.startswith("---\nfile_format: mystnb\n"), path.name
        assert path.stem in listed
        for block in blocks(path):
            if block.kind != "toml":
                compile(block.text, str(path), "exec")


@pytest.mark.slow
def test_the_readme_shows_what_its_first_command_prints(tmp_path, monkeypatch, capfd):
    shown = re.search(
        r"<!-- output of: calibra demo -->\n```text\n(.*?)```", (PROJECT / "README.md").read_text("utf-8"), re.DOTALL
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "110")
    assert main(["demo"]) == 0
    assert shown is not None
    assert shown[1].split() == capfd.readouterr().out.split()
