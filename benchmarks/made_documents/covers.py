"""Owns the cover pages that portals, repositories and publishers put before an article, worded as theirs are."""

from __future__ import annotations

from datetime import date

from benchmarks.made_documents.specification import Article, Layout
from benchmarks.made_documents.typesetting import Sheets

LEFT, RIGHT = 72.0, 540.0


def day(when: date) -> str:
    return f"{when.day} {when:%B %Y}"


def place_in_issue(article: Article) -> str:
    """Volume, issue and pages as ``12(3), 512–519``; empty without a volume."""
    if not article.volume:
        return ""
    return f"{article.volume}" + (f"({article.issue})" if article.issue else "") + f", {article.pages}"


def short_names(article: Article) -> str:
    """``van der Berg, P., O'Neill, S. & Müller, J.``"""
    names = [f"{author.family}, {author.given[0]}." for author in article.authors]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} & {names[-1]}"


def cover_pages(sheets: Sheets, article: Article) -> int:
    """Draw the covers of the article's layout; how many pages they take."""
    draw = {
        Layout.RESEARCHGATE: _researchgate, Layout.EPRINTS: _eprints, Layout.PORTAL: _portal,
        Layout.PRE_PROOF: _pre_proof, Layout.REPRINT: _reprint,
    }.get(article.layout)  # fmt: skip
    if draw is None:
        return 0
    sheets.blank_page()
    draw(sheets, article)
    return 1


class _Column:
    """Lines and paragraphs one below the other."""

    def __init__(self, sheets: Sheets, y: float) -> None:
        self._sheets, self.y = sheets, y

    def __call__(self, text: str, *, name: str = "helv", size: float = 10, gap: float = 6, said: bool = True) -> None:
        """`said`: it is no part of the article's record, so that it must not occur in running text."""
        self.y = self._sheets.block((LEFT, self.y, RIGHT, 780), text, name=name, size=size, furniture=said) + gap


def _researchgate(sheets: Sheets, article: Article) -> None:
    number = 310000000 + 7919 * article.seed
    write = _Column(sheets, 40)
    write(
        f"See discussions, stats, and author profiles for this publication at: https://www.researchgate.net/publication/{number}",
        size=8,
        gap=24,
    )
    write(article.title, name="helv", size=16, gap=8, said=False)
    write(f"Article in {article.journal.title} · {article.published:%B %Y}", size=10, said=False)
    write(f"DOI: {article.doi}" + (" · Source: PubMed" if article.seed % 2 else ""), size=8, gap=18, said=False)
    sheets.put(LEFT, write.y + 10, "CITATIONS", size=8, name="helv")
    sheets.put(LEFT + 200, write.y + 10, "READS", size=8, name="helv")
    sheets.put(LEFT, write.y + 24, str(12 + article.seed), size=12, name="helv")
    sheets.put(LEFT + 200, write.y + 24, f"1,{300 + article.seed}", size=12, name="helv")
    write.y += 44
    total = len(article.authors)
    write(f"{total} authors, including:" if total > 4 else f"{total} author{'s' if total > 1 else ''}:", size=9, gap=12)
    for number, author in enumerate(article.authors[:4]):
        x, y = LEFT + 240 * (number % 2), write.y + 70 * (number // 2)
        sheets.put(x, y, author.printed, name="hebo", size=10)
        sheets.put(x, y + 13, "University of Northmoor", name="helv", size=8, furniture=True)
        sheets.put(
            x, y + 26, f"{40 + number} PUBLICATIONS   {900 + 7 * number} CITATIONS", name="helv", size=8, furniture=True
        )
        sheets.put(x, y + 39, "SEE PROFILE", name="helv", size=8)
    write.y = 560
    write("Some of the authors of this publication are also working on these related projects:", size=9, gap=20)
    write("Registry of rare operations in Northmoor View project", size=9, gap=60)
    write(
        f"All content following this page was uploaded by {article.authors[0].printed} on {article.deposited:%d %B %Y}.",
        size=8,
    )
    write("The user has requested enhancement of the downloaded file.", size=8)


def _eprints(sheets: Sheets, article: Article) -> None:
    number = 88000 + 37 * article.seed
    year = article.published.year
    write = _Column(sheets, 70)
    if article.variant == 1:
        write(
            "This is the accepted version of a paper published in "
            + article.journal.title
            + ". This paper has been peer-reviewed but does not include the final publisher proof-corrections or journal pagination.",
            size=11,
            gap=24,
        )
        write("Citation for the original published paper (version of record):", size=10, gap=10)
        write(f"{short_names(article)} ({year})", gap=2, said=False)
        write(article.title, gap=2, said=False)
        write(f"{article.journal.title}, {place_in_issue(article)}", name="heit", gap=2, said=False)
        write(f"https://doi.org/{article.doi}", gap=24, said=False)
        write("Access to the published version may require subscription.", gap=10)
        write("N.B. When citing this work, cite the original published paper.", gap=24)
        write(f"Permanent link to this version: http://urn.example.org/resolve?urn=urn:nbn:se:northmoor:diva-{number}")
        return
    write(f"This is a repository copy of {article.title}.", size=12, gap=14)
    write(f"Northmoor Research Online URL for this paper: https://eprints.northmoor.example.org/{number}/", gap=8)
    write(f"Version: {'Accepted Version' if article.variant else 'Published Version'}", gap=18)
    write("Article:", name="hebo", size=12, gap=6)
    write(
        f"{short_names(article)} ({year}) {article.title}. {article.journal.title}, {article.volume}"
        + (f" ({article.issue})" if article.issue else "")
        + f". {'pp. ' if article.pages and article.pages[0] != 'e' else ''}{article.pages}. ISSN 2049-1115", gap=8, said=False,
    )  # fmt: skip
    write(f"https://doi.org/{article.doi}", gap=60, said=False)
    write("Reuse", name="hebo", size=11)
    write(
        "Items deposited in Northmoor Research Online are protected by copyright, with all rights reserved unless indicated otherwise. They may be downloaded and/or printed for private study, or other acts as permitted by national copyright laws. The publisher or other rights holders may allow further reproduction and re-use of the full text version.",
        gap=14,
    )
    write("Takedown", name="hebo", size=11)
    write(
        "If you consider content in Northmoor Research Online to be in breach of UK law, please notify us by emailing eprints@northmoor.example.org including the URL of the record and the reason for the withdrawal request."
    )


def _portal(sheets: Sheets, article: Article) -> None:
    write = _Column(sheets, 60)
    if article.variant == 1:
        write("NORTHMOOR Open Access Articles", name="hebo", size=16, gap=10)
        write(
            "The Northmoor Faculty has made this article openly available. Please share how this access benefits you. Your story matters.",
            gap=20,
        )
        write(
            f'Citation: {short_names(article)}. "{article.title}." {article.journal.title} {place_in_issue(article)} ({article.published:%B %Y}).',
            gap=12,
            said=False,
        )
        write(f"As Published: https://doi.org/{article.doi}", gap=12, said=False)
        write(
            f"Publisher: Northmoor Society\nPersistent URL: https://hdl.handle.example.org/1721.1/{70000 + article.seed}",
            gap=12,
        )
        write(
            "Version: Author's final manuscript: final author's manuscript post peer review, without publisher's formatting or copy editing",
            gap=12,
        )
        write(
            "Terms of use: Article is made available in accordance with the publisher's policy and may be subject to copyright law. Please refer to the publisher's site for terms of use."
        )
        return
    write("University of Northmoor", name="hebo", size=16, gap=24)
    write(article.title, name="hebo", size=13, gap=6, said=False)
    write("; ".join(f"{author.family}, {author.given}" for author in article.authors), gap=12, said=False)
    write(f"Published in:\n{article.journal.title}", gap=6, said=False)
    write(f"DOI (link to publication from Publisher):\n{article.doi}", gap=6, said=False)
    write(f"Publication date:\n{article.published.year}", gap=6, said=False)
    write("Document Version\nAccepted author manuscript, peer reviewed version", gap=6)
    write("Link to publication from University of Northmoor", gap=12)
    write("Citation for published version (APA):", gap=2)
    write(
        f"{short_names(article)} ({article.published.year}). {article.title}. {article.journal.title}, {place_in_issue(article)}. https://doi.org/{article.doi}",
        gap=24,
        said=False,
    )
    write("General rights", name="hebo", size=9, gap=2)
    write(
        "Copyright and moral rights for the publications made accessible in the public portal are retained by the authors and/or other copyright owners and it is a condition of accessing publications that users recognise and abide by the legal requirements associated with these rights.",
        size=8,
        gap=8,
    )
    write("Take down policy", name="hebo", size=9, gap=2)
    write(
        "If you believe that this document breaches copyright please contact us at vbn@northmoor.example.org providing details, and we will remove access to the work immediately and investigate your claim.",
        size=8,
        gap=20,
    )
    write(f"Downloaded from portal.northmoor.example.org on: {article.deposited:%B %d, %Y}", size=8)


def _pre_proof(sheets: Sheets, article: Article) -> None:
    write = _Column(sheets, 50)
    write("Journal Pre-proof", size=16, gap=30)
    write(article.title, size=13, gap=12, said=False)
    write(", ".join(author.printed for author in article.authors), gap=30, said=False)
    serial = f"{article.published:%y}){30000 + article.seed}-{article.seed % 10}"
    write(f"PII: S1878-{8000 + article.seed}({serial}", gap=4)
    write(f"DOI: https://doi.org/{article.doi}", gap=4, said=False)
    write(
        f"Reference: {''.join(word[0] for word in article.journal.title.split()).upper()} {12000 + article.seed}", gap=4
    )
    write(f"To appear in: {article.journal.title}", gap=12, said=False)
    write(f"Received Date: {day(article.received)}", gap=2)
    write(f"Revised Date: {day(article.accepted.replace(day=1))}", gap=2)
    write(f"Accepted Date: {day(article.accepted)}", gap=24)
    write(
        f"Please cite this article as: {short_names(article)}, {article.title}, {article.journal.title} ({article.published.year}), doi: https://doi.org/{article.doi}.",
        gap=12,
        said=False,
    )
    write(
        "This is a PDF file of an article that has undergone enhancements after acceptance, such as the addition of a cover page and metadata, and formatting for readability, but it is not yet the definitive version of record. This version will undergo additional copyediting, typesetting and review before it is published in its final form, but we are providing this version to give early visibility of the article. Please note that, during the production process, errors may be discovered which could affect the content, and all legal disclaimers that apply to the journal pertain.",
        gap=12,
    )
    write(f"© {article.published.year} Published by Northmoor Inc.")


def _reprint(sheets: Sheets, article: Article) -> None:
    write = _Column(sheets, 70)
    if article.variant == 1:
        write(
            "This article appeared in a journal published by Northmoor Press. The attached copy is furnished to the author for internal non-commercial research and education use, including for instruction at the authors institution and sharing with colleagues.",
            size=12,
            gap=14,
        )
        write(
            "Other uses, including reproduction and distribution, or selling or licensing copies, or posting to personal, institutional or third party websites are prohibited.",
            size=12,
            gap=14,
        )
        write(
            "Authors requiring further information regarding the archiving and manuscript policies of Northmoor Press are encouraged to visit: http://www.example.org/authorsrights",
            size=12,
        )
        return
    write("REPRINT FROM", name="hebo", size=14, gap=20)
    write(article.journal.title, name="hebo", size=20, gap=10, said=False)
    write(
        f"Volume {article.volume}"
        + (f", Number {article.issue}" if article.issue else "")
        + f", {article.published:%B %Y}, pp. {article.pages}",
        size=11,
        gap=30,
        said=False,
    )
    write(article.title, name="heit", size=12, gap=8, said=False)
    write(", ".join(author.printed for author in article.authors), size=10, gap=200, said=False)
    write(
        "Provided for non-commercial research and education use. Not for reproduction, distribution or commercial use.",
        gap=8,
    )
    write(
        f"This reprint was printed on {article.deposited:%d.%m.%Y} for personal use only; order reprints at reprints@example.org.",
        gap=8,
    )
