"""Owns what a caption says of rights of others in its figure, and of a licence of the figure's own; in doubt, others have rights."""

from __future__ import annotations

import re
from dataclasses import dataclass

_CITED = (
    r"(?:the )?(?:[A-Z][\w’'.-]+(?:,? [A-Z][\w’'.-]*)*,? (?:et al|and (?:colleagues|[A-Z])|& [A-Z]|\(?(?:19|20)\d\d|[\[⁰¹²³⁴⁵⁶⁷⁸⁹])|"
    r"[Rr]ef(?:s|\.|erences?)?\.? ?[\d\[(]|\[\d|(?i:work|article|paper|publication|study|report|book) (?:by|of) )"
)
"""A work that is referred to: ``Smith et al.``, ``Smith and Jones``, ``Smith 2010``, ``ref. 12``, ``[12]``."""
_PICTURE = (
    r"(?i:fig(?:ure|\.)?s?|images?|photo\w*|pictures?|illustrations?|diagrams?|drawings?|schem\w+|artwork|panels?|maps?|plates?|"
    r"graphics?|tables?|cartoons?|sketch(?:es)?|templates?|micrographs?|icons?)"
)
_START = r"(?:^|[.;:,(\[—–|/] ?|\band )"
_OF_OTHERS = re.compile(
    "|".join(
        (
            # What was taken over, at the beginning of a statement or said of a picture.
            rf"{_START}(?i:(?:this |the )?{_PICTURE}(?: ?\S{{1,3}}){{0,3}} (?:(?:is|are|was|were|has been|have been) )?"
            r"|(?:partly |partially |in part |slightly )?)"
            r"(?i:re-?printed|re-?produced|re-?published|re-?used|re-?drawn|adapted|modified|taken|borrowed|excerpted|extracted|"
            r"derived|digiti[sz]ed|cropped)"
            r"(?:,? (?i:and|or|with) (?i:re-?drawn|adapted|modified|translated|updated|modifications?|permission|changes?|alterations?|additions?))*"
            r",? (?i:from|after|by|with permission|courtesy|under)\b"
            r"(?! (?i:days?|weeks?|months?|years?|hours?|baseline|one|two|three|four|five|six|seven|eight|nine|ten|the (?:same|left|right|first|second|"
            r"last|patients?|tumou?rs?|brains?|cortex|lesions?|resection|centre|center|start)|patients?|animals?|mice|rats?|left|right|each|all|"
            r"\d+(?:\.\d+)? ?(?:%|m[gml]|h\b|min|to\b|kV|Gy)|a (?:patient|representative|single)))",
            r"\b(?i:re-?printed|re-?published|reproduced|adapted|redrawn|modified|used|published|shown|included) (?i:with|by|under) (?i:the )?(?i:kind )?"
            r"(?i:permission|consent of|courtesy|licen[cs]e)",
            r"\b(?i:re-?printed|re-?published) (?i:from|by|courtesy)\b",
            rf"\b(?i:re-?produced|re-?used|re-?drawn|adapted|modified|taken) (?:[a-z]+ ){{0,2}}(?i:from|after) {_CITED}",
            # A picture of a work, ``from [12]``; ``after Smith et al.``
            rf"\b{_PICTURE}(?: ?\S{{1,3}}){{0,2}},? (?i:(?:is |are |was |were )?(?:from|after|by)) {_CITED}",
            rf"(?:^|[.;(\[] ?)(?i:from|after|in|source:?|see) {_CITED}[^.;]{{0,60}}\b(?i:permission|©|licen[cs]e)",
            rf"(?:^|[.;(] ?)From {_CITED}",
            r"(?:^|\()(?i:after) [A-Z][\w’'-]+ (?:et al|\(?(?:19|20)\d\d)",
            r"\b(?i:based on|inspired by|following|redrawn from|traced from) (?i:an? |the )?(?i:original )?"
            r"(?i:figure|drawing|image|illustration|diagram|photograph|map|scheme|artwork) (?i:by|from|of|in)\b",
            r"\b(?i:first|originally|previously) (?i:appeared|published|printed) (?i:in|by)\b",
            # Credits
            r"\b(?i:courtesy)(?:,? (?i:of)|:| [A-Z])",
            rf"\b(?i:{_PICTURE}|video|illustrator|artist|with) credits?\b:?|(?:^|[.;(] ?)(?i:credits?|copyright|rights|source|sources)(?: ?:|\b(?i: of (?:the )?{_PICTURE}))",
            rf"\b{_PICTURE} (?:(?i:kindly|generously) )?(?i:provided|supplied|contributed|donated|drawn|made|prepared|created|by)(?i: by)? "
            r"(?:(?i:the) )?(?:Drs?\b|Prof|M[rs]s?\b|[A-Z][\w’'.-]* [A-Z]|[A-Z]\. )",
            r"\b(?i:kindly|generously) (?i:provided|supplied|shared|donated|contributed) by\b",
            r"\b(?i:reproduction|use|reprint\w*) (?i:rights?|permission)\b",
            # Permission, copyright, stock pictures
            r"\b(?i:permission|authori[sz]ation) (?i:from|of|by|granted|obtained|conveyed|pending|required|number|licen[cs]e)\b",
            r"\b(?i:with|by|under)(?: [\w’']+){0,3} (?i:permission|licen[cs]e from|licen[cs]e number)\b",
            r"\b(?i:under|by) (?i:licen[cs]e)\b",
            r"(?<![\w®™])(?:©|&copy;|\(©\)) ?(?i:copyright )?(?:by )?(?:the )?(?:(?:19|20)\d\d|[A-Z])",
            r"\b(?i:copyright)(?:ed|s)?\b[ :]*(?:©|\(c\)|by|(?:19|20)\d\d|[A-Z]|holder|clearance)",
            r"(?<!\w)\([cC]\) ?(?:19|20)\d\d,? (?:by )?[A-Z]\w+",
            r"\b(?i:all rights reserved|rights ?link|copyright clearance)\b",
            r"\b(?i:bio-?render|servier medical art|smart servier|getty ?images?|shutterstock|i-?stock\w*|adobe ?stock|alamy|science photo "
            r"library|dreamstime|depositphotos|wellcome (?:collection|images|library)|wikimedia|wikipedia|radiopaedia|netter|visible body|"
            r"primal pictures|mayo foundation|google (?:maps|earth)|openstreetmap|freepik|flaticon|noun project)\b",
            # The same in German, French, Spanish, Italian, Portuguese
            r"(?i:mit (?:freundlicher )?genehmigung|(?:abbildung|abb\.|modifiziert|adaptiert|verändert|gezeichnet|nachgedruckt) (?:nach|aus|von)|"
            r"avec (?:l[’'])?(?:aimable )?(?:permission|autorisation)|reproduit|adapté d|tiré d|d[’']après|"
            r"con (?:el )?permiso|con autorización|tomad[oa] de|adaptad[oa] de|modificad[oa] de|reproducid[oa]|"
            r"per gentile concessione|tratto da|adattato da|riprodotto|com (?:a )?(?:permissão|autorização)|reproduzid[oa])",
        )
    )
)
_OF_PATIENT = re.compile(
    r"\b(?:permission|consent|authori[sz]ation)(?: \w+){0,4} (?:of|from|by) (?:the |each |all |his |her |their )*(?:local )?"
    r"(?:patient|parent|guardian|famil|relative|next of kin|participant|subject|volunteer|donor|ethic|institutional|review board|hospital ethic|irb)|"
    r"(?:patient|parent|guardian|participant|subject|famil)\w*[’'s]*(?: \w+){0,2} (?:permission|consent)",
    re.IGNORECASE,
)
"""Permission that is no right in the picture."""
_OWN = re.compile(
    r"(?:©|copyright:?|\(c\)) ?(?:\d{4},? )?(?:by )?(?:the )?(?:authors?\b|author\(s\))(?: \(?\d{4})?|"
    r"\b(?:courtesy of|by|from|credits?:?|sources?:?) (?:one of )?(?:the |our )?(?:senior |first |last |present |corresponding )?(?:authors?\b|own\b|our\b|this study)|"
    r"\bsources?:? (?:the )?(?:authors?|own|original|prepared by the authors?|data (?:are|is))\b|"
    r"\b(?:adapted|modified|derived) (?:from|after) (?:the )?(?:present|current) (?:study|data)",
    re.IGNORECASE,
)
_PANELS = (re.compile(r"\([ab]\)"), re.compile(r"\([AB]\)"))
_LICENCE = re.compile(
    r"\bCC[ -]?(?:0|BY(?:[ -](?:NC|ND|SA))*)\b(?: ?\d\.\d)?|"
    r"\bCreative[ -]Commons\b(?:[ ,-]+(?:Attribution|Non-?Commercial|No-?Deriv\w*|Share-?Alike|Licen[cs]e|Public|Domain|Zero|International|"
    r"Unported|Generic|CC0?|BY|NC|ND|SA|\d\.\d)\b)*(?: \(CC[ -]?(?:0|BY(?:[ -](?:NC|ND|SA))*)(?: ?\d\.\d)?\))?|"
    r"\b(?:in the|is|are|under|:|,|\() ?(?:the )?public domain\b",
    re.IGNORECASE,
)
_CHANGED = re.compile(r"\b(?:adapted|modified|re-?drawn|based on|after|derived)\b", re.IGNORECASE)
_STOP = re.compile(r"(?<=[.;!?])[)\]]? +(?=[(\[©A-Z])")
_NO_STOP = re.compile(r"(?:\b(?:et al|[Rr]efs?|[Ff]igs?|[Dd]rs?|[Pp]rof|Inc|Ltd|Co|vol|no|pp?|St|[A-Z])\.)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class RightsStatement:
    """What a caption says of rights in its figure.

    `text`: the sentences that say so. `licence`: as printed, None where a permission, a credit or a copyright of others
    stands without one. `changed`: the figure is an adaptation, so that the licence of the article holds as well.
    """

    text: str
    licence: str | None
    changed: bool


def rights_statement(caption: str | None) -> RightsStatement | None:
    """The statement of `caption` on rights that differ from those of its article; None where it makes none."""
    found: list[str] = []
    licences: list[str | None] = []
    for sentence in _sentences(caption or ""):
        foreign, licence = _is_of_others(sentence, caption or ""), _LICENCE.search(sentence)
        if not foreign and licence is None:
            continue
        if not foreign and licences and licences[-1] is None and "permission" not in found[-1].casefold():
            licences[-1] = _named(licence)  # "Adapted from [12]. Licensed under CC BY 4.0."
        else:
            licences.append(_named(licence) if "permission" not in sentence.casefold() else None)
        found.append(sentence)
    if not found:
        return None
    text = " ".join(found)
    # Where parts of a figure have several sources, one without a licence decides.
    licence_text = "; ".join(dict.fromkeys(filter(None, licences))) if all(licences) else None
    return RightsStatement(text=text, licence=licence_text, changed=_CHANGED.search(text) is not None)


def _named(licence: re.Match[str] | None) -> str | None:
    return re.sub(r"^(?:in the|is|are|under|:|,|\() ?(?:the )?", "", licence.group()) if licence else None


def _is_of_others(sentence: str, caption: str) -> bool:
    bare = _OWN.sub(" ", _OF_PATIENT.sub(" ", sentence))
    for panels, mark in zip(_PANELS, ("(c)", "(C)"), strict=True):
        if len(panels.findall(caption)) > 1:
            bare = bare.replace(mark, " ")  # the label of a panel
    return _OF_OTHERS.search(bare) is not None


def _sentences(caption: str) -> list[str]:
    parts: list[str] = []
    for part in _STOP.split(caption.strip()):
        if parts and _NO_STOP.search(parts[-1]):
            parts[-1] += f" {part}"
        else:
            parts.append(part)
    return [part.strip() for part in parts if part.strip()]
