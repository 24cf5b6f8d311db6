"""Owns the titles of back matter: what stands behind an article and is no text of it."""

from __future__ import annotations

import re

# Whole words and the words behind them: "Supplementary motor area", "Financial burden", "Competing risks" and
# "Contributing factors" are sections of articles.
_TITLES = (
    r"acknowledge?ments?|funding|financial (?:disclosures?|support|interests?|competing|conflicts?)|(?:potential )?conflicts? of interests?|"
    r"(?:declarations? of )?(?:competing|conflicting) (?:financial )?interests?|declarations?|disclosures?|disclaimers?|"
    r"authors?[’']?s? (?:contributions?|details?|information|statements?|notes?|affiliations?|disclosures?)|"
    r"contributions?(?: of (?:the )?authors?)?|contributors(?:hip)?|data (?:and \w+ )?(?:availability|access(?:ibility)?|sharing)|"
    r"availability(?: of| statement|$)|ethic(?:s|al (?:approval|statements?|considerations?|standards|clearance|compliance|disclosures?))|"
    r"(?:electronic )?supplement(?:s|ary|al)? (?:materials?|information|data|files?|figures?|tables?|digital|content|appendix|methods)|supplements?$|"
    r"supporting information|additional (?:files?|information)|abbreviations|consent (?:for|to) (?:publication|participate)|"
    r"footnotes?|endnotes|(?:sources? of )?(?:financial )?support$|peer review|provenance|orcid|role of the (?:funding|sponsor|funder)|"
    r"grants?(?: support| sponsor| information)?$|pre-?publication history"
)
BACK_MATTER = re.compile(rf"^(?:\d+\.?\s*)?(?:{_TITLES})(?!\w)", re.IGNORECASE)
