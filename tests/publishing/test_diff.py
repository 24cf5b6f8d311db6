"""What changed between two versions is told by section and word, and no text of a source becomes markup."""

from __future__ import annotations

from html.parser import HTMLParser

from chapter_pipeline.domain import ChapterText, Section, Sentence
from chapter_pipeline.publishing.diff import as_html, as_text, chapter_diff
from tests.publishing.finished_chapter import CHAPTER, HOSTILE


def _with_first_sentence(chapter: ChapterText, change: Sentence) -> ChapterText:
    first, *others = chapter.sections
    sub, *subs = first.subsections
    paragraph, *paragraphs = sub.paragraphs
    changed = paragraph.model_copy(update={"sentences": (change, *paragraph.sentences[1:])})
    sub = sub.model_copy(update={"paragraphs": (changed, *paragraphs)})
    return chapter.model_copy(
        update={"sections": (first.model_copy(update={"subsections": (sub, *subs)}), *others)}
    )  # fmt: skip


def _first(section: Section) -> Sentence:
    return section.subsections[0].paragraphs[0].sentences[0]


def test_diff__nothing_changed__every_section_is_the_same() -> None:
    chapter = CHAPTER
    assert {one.state for one in chapter_diff(chapter, chapter)} == {"same"}


def test_diff__a_word_and_a_source__are_the_only_changes() -> None:
    chapter = CHAPTER
    before = _first(chapter.sections[0])
    other = next(key for key in chapter.quotes if key not in before.quotes)
    words = before.text.split()
    after = Sentence(text=" ".join(["Newly", *words[1:]]), quotes=(other,))
    changed, *others = chapter_diff(chapter, _with_first_sentence(chapter, after))
    assert {one.state for one in others} <= {"same"}
    assert changed.state == "changed"
    added = " ".join(run.text for run in changed.runs if run.change == "added")
    removed = " ".join(run.text for run in changed.runs if run.change == "removed")
    assert added.startswith("Newly [")
    assert removed.startswith(words[0])
    assert chapter.quotes[other].source in added
    assert "{+Newly+}" in as_text([changed])


def test_diff__section_gone_and_section_new__are_named_at_their_place() -> None:
    chapter = CHAPTER
    first, *rest = chapter.sections
    without = chapter.model_copy(update={"sections": tuple(rest)})
    gone = chapter_diff(chapter, without)
    new = chapter_diff(without, chapter)
    assert next((one.kind, one.state) for one in gone) == (first.kind, "removed")
    assert next((one.kind, one.state) for one in new) == (first.kind, "added")
    assert gone[0].words("removed") == new[0].words("added") > 0


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def test_html__hostile_text__stays_text() -> None:
    chapter = CHAPTER
    hostile = " ".join(HOSTILE)
    page = as_html(
        chapter_diff(chapter, _with_first_sentence(chapter, Sentence(text=hostile, quotes=()))),
        title="<b>Glioma</b>", before=1, after=2,
    )  # fmt: skip
    read = _Tags()
    read.feed(page)
    assert read.tags <= {
        "html", "head", "meta", "title", "style", "body", "h1", "nav", "ul", "li", "a", "details", "summary", "p",
        "ins", "del", "br",
    }  # fmt: skip
    assert HOSTILE[0] in read.text
    assert "<b>Glioma</b>" in read.text
