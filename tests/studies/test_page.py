"""Pages of the studies say which library they were written with."""

import subprocess
from pathlib import Path

import pytest

from studies import page
from studies.page import library_as_of, write_page


def commit(root: Path, subject: str) -> str:
    """Commit all there is, and say its short name."""
    git = ["git", "-C", str(root), "-c", "user.name=someone", "-c", "user.email=someone@example.org"]
    subprocess.run([*git, "add", "--all"], check=True)
    subprocess.run([*git, "commit", "--quiet", "--no-gpg-sign", "-m", subject], check=True)
    found = subprocess.run([*git, "log", "-1", "--format=%h"], check=True, capture_output=True, encoding="utf-8")
    return found.stdout.strip()


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A library of one model, beside one study, under git and not committed."""
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    folder = tmp_path / "src" / "calibra"
    folder.mkdir(parents=True)
    (folder / "model.py").write_text("one\n", encoding="utf-8")
    (tmp_path / "study.py").write_text("one\n", encoding="utf-8")
    return folder


def test_the_last_commit_of_the_library_is_named_whatever_studies_and_pages_did_since(library: Path) -> None:
    first = commit(library, "A model")
    (library.parents[1] / "study.py").write_text("two\n", encoding="utf-8")
    commit(library, "A study")
    line = library_as_of(library)
    assert f"commit {first} of" in line
    assert "not committed" not in line


def test_changes_that_are_not_committed_are_told(library: Path) -> None:
    commit(library, "A model")
    (library / "model.py").write_text("two\n", encoding="utf-8")
    assert library_as_of(library).endswith("with changes that are not committed.")


def test_without_git_a_page_says_nothing_of_commits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "FOLDER", tmp_path)
    monkeypatch.setattr(page, "LIBRARY", tmp_path)
    assert write_page("page", "Title", "text").read_text(encoding="utf-8") == "# Title\n\ntext\n"
