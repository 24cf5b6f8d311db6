"""A number told is right where it is one of those taken down, and wrong where none was to be told."""

from __future__ import annotations

from benchmarks.populations import Size, figures, sizes


def _size(file: str, n: int | None, *also: int) -> Size:
    return Size(file=file, aside=False, n=n, also=frozenset(also))


def test_figures__right_wrong_and_missing_numbers__are_counted() -> None:
    told = {
        _size("right", 215): 215,
        _size("analysed", 215, 200): 200,
        _size("wrong", 215): 300,
        _size("missing", 215): None,
        _size("review", None): 4179,
        _size("silent", None): None,
    }
    assert figures(told) == {"documents": 6, "told": 4, "precision": 0.5, "recall": 0.5}


def test_figures__nothing_told__no_division() -> None:
    assert figures({_size("missing", 215): None}) == {"documents": 1, "told": 0, "precision": 0.0, "recall": 0.0}


def test_sizes__what_was_taken_down__names_each_file_once_and_sets_a_third_aside() -> None:
    found = list(sizes())
    assert len({size.file for size in found}) == len(found) == 70
    assert sum(size.aside for size in found) == 23
    assert all(size.n is None or size.n > 0 for size in found)
    assert not any(size.n in size.also for size in found)
