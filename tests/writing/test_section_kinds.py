"""The record of section kinds: each once, whole whoever writes at the same moment, and clear about what is wrong with it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from chapter_pipeline.errors import UsageError
from chapter_pipeline.writing.section_kinds import RECORD, packaged_kinds, record_kinds, section_kinds

WRITERS, KINDS_EACH = 4, 12


def test_section_kinds__of_an_author__are_put_on_record_once(tmp_path: Path) -> None:
    folder = tmp_path / "templates"
    assert section_kinds(folder) == packaged_kinds()
    assert record_kinds(folder, ("outcomes", "sedation", "sedation")) == ("sedation",)
    assert record_kinds(folder, ("sedation",)) == ()
    assert section_kinds(folder) == (*packaged_kinds(), "sedation")


def test_section_kinds__recorded_by_several_processes_at_once__are_all_there_once(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom pathlib import Path\nfrom chapter_pipeline.writing.section_kinds import record_kinds\n"
        "print(flush=True)\nsys.stdin.readline()\n"
        f"for number in range({KINDS_EACH}):\n"
        "    record_kinds(Path(sys.argv[1]), ('shared', 'k' + sys.argv[2] * (number + 1)))\n"
    )
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path), letter], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        for letter in "abcd"[:WRITERS]
    ]
    for writer in writers:
        assert writer.stdout is not None
        writer.stdout.readline()
    for writer in writers:  # all of them have imported: they begin together
        assert writer.stdin is not None
        writer.stdin.write(b"\n")
        writer.stdin.flush()
    for writer in writers:
        writer.communicate(timeout=60)
    assert [writer.returncode for writer in writers] == [0] * WRITERS
    lines = (tmp_path / RECORD).read_text().splitlines()
    expected = {"shared", *("k" + letter * n for letter in "abcd"[:WRITERS] for n in range(1, KINDS_EACH + 1))}
    assert sorted(lines) == sorted(expected)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize(
    "line", ["Sedation", "../etc", "section/..", "two words", "k" * 41, "_", "phase-2", "a\x00b", "é"]
)
def test_section_kinds__odd_line_in_the_record__is_named_with_its_number_and_the_remedy(
    tmp_path: Path, line: str
) -> None:
    (tmp_path / RECORD).write_text(f"sedation\n\n{line}\n")
    reads: tuple[Callable[[], object], ...] = (
        lambda: section_kinds(tmp_path),
        lambda: record_kinds(tmp_path, ("another",)),
    )
    for read in reads:
        with pytest.raises(UsageError) as caught:
            read()
        assert f"{RECORD}' has in line 3 {line!r}, which is no section kind" in str(caught.value)
        assert "chapters write SLUG` puts the kinds of a chapter on record again" in str(caught.value)
    assert (tmp_path / RECORD).read_text() == f"sedation\n\n{line}\n"


def test_section_kinds__record_that_is_no_text__says_so(tmp_path: Path) -> None:
    (tmp_path / RECORD).write_bytes(b"sedation\n\xff\xfe")
    with pytest.raises(UsageError, match="cannot be read as text"):
        section_kinds(tmp_path)
    (tmp_path / RECORD).unlink()
    (tmp_path / RECORD).mkdir()
    with pytest.raises(UsageError, match="cannot be read as text"):
        section_kinds(tmp_path)


def test_record_kinds__folder_that_takes_no_file__is_told_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "templates").touch()
    with pytest.raises(UsageError, match="or set CHAPTER_TEMPLATES to another"):
        record_kinds(tmp_path / "templates" / "below", ("sedation",))
