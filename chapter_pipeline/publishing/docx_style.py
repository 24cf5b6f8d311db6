"""Owns the style of the Word file: pandoc's reference document with other fonts, A4 page, running head and rules."""

from __future__ import annotations

import io
import re
import subprocess
import zipfile
from dataclasses import dataclass
from functools import cache
from xml.sax.saxutils import escape

import pypandoc

_NAMESPACES = (
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
)
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_MEDIA = "application/vnd.openxmlformats-officedocument.wordprocessingml"
# A4 in twentieths of a point, margins of 28 mm and 25 mm.
_SECTION = (
    '<w:sectPr><w:headerReference w:type="default" r:id="rId91"/><w:footerReference w:type="default" r:id="rId92"/>'
    '<w:pgSz w:w="11906" w:h="16838"/><w:pgMar w:top="1588" w:right="1588" w:bottom="1418" w:left="1588" '
    'w:header="709" w:footer="709" w:gutter="0"/></w:sectPr>'
)
_SERIF = (
    '<w:rFonts w:ascii="Cambria" w:hAnsi="Cambria" w:eastAsia="Cambria" w:cs="Times New Roman"/>'
    '<w:sz w:val="21"/><w:szCs w:val="21"/><w:lang w:val="en-GB"/>'
)
_FIXED_DATE = (1980, 1, 1, 0, 0, 0)


def reference_docx(running_head: str) -> bytes:
    """A reference document for pandoc's ``--reference-doc`` whose page header is `running_head`."""
    parts = dict(_default_parts())
    parts["word/styles.xml"] = _styles(parts["word/styles.xml"].decode()).encode()
    parts["word/document.xml"] = re.sub(
        r"<w:sectPr>.*?</w:sectPr>", _SECTION, parts["word/document.xml"].decode(), flags=re.DOTALL
    ).encode()
    parts["word/header1.xml"] = _header(running_head).encode()
    parts["word/footer1.xml"] = _footer().encode()
    relations = parts["word/_rels/document.xml.rels"].decode()
    parts["word/_rels/document.xml.rels"] = relations.replace(
        "</Relationships>",
        f'<Relationship Type="{_RELATIONS}/header" Id="rId91" Target="header1.xml"/>'
        f'<Relationship Type="{_RELATIONS}/footer" Id="rId92" Target="footer1.xml"/></Relationships>',
    ).encode()
    types = parts["[Content_Types].xml"].decode()
    parts["[Content_Types].xml"] = types.replace(
        "</Types>",
        f'<Override PartName="/word/header1.xml" ContentType="{_MEDIA}.header+xml"/>'
        f'<Override PartName="/word/footer1.xml" ContentType="{_MEDIA}.footer+xml"/></Types>',
    ).encode()
    return _zipped(parts)


@cache
def _default_parts() -> tuple[tuple[str, bytes], ...]:
    command = [pypandoc.get_pandoc_path(), "--print-default-data-file=reference.docx"]
    content = subprocess.run(command, capture_output=True, check=True, timeout=60).stdout
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return tuple((name, archive.read(name)) for name in archive.namelist())


def _zipped(parts: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(zipfile.ZipInfo(name, date_time=_FIXED_DATE), content)
    return buffer.getvalue()


def _header(running_head: str) -> str:
    line = '<w:pBdr><w:bottom w:val="single" w:sz="4" w:space="1" w:color="999999"/></w:pBdr>'
    words = f'<w:r><w:rPr><w:i/><w:sz w:val="17"/></w:rPr><w:t xml:space="preserve">{escape(running_head)}</w:t></w:r>'
    return f"<w:hdr {_NAMESPACES}><w:p><w:pPr>{line}</w:pPr>{words}</w:p></w:hdr>"


def _footer() -> str:
    number = '<w:fldSimple w:instr=" PAGE "><w:r><w:rPr><w:sz w:val="17"/></w:rPr><w:t>1</w:t></w:r></w:fldSimple>'
    return f'<w:ftr {_NAMESPACES}><w:p><w:pPr><w:jc w:val="right"/></w:pPr>{number}</w:p></w:ftr>'


def _styles(styles: str) -> str:
    defaults = f"<w:rPrDefault><w:rPr>{_SERIF}</w:rPr></w:rPrDefault>"
    styles = re.sub(r"<w:rPrDefault>.*?</w:rPrDefault>", defaults, styles, flags=re.DOTALL)
    ours = [*(_paragraph_style(style) for style in _PARAGRAPHS), _TABLE_STYLE, _LINK_STYLE]
    identifiers = {found.group(1) for style in ours if (found := re.search(r'w:styleId="(\w+)"', style))}
    kept = re.sub(
        r'<w:style\s[^>]*?w:styleId="(\w+)".*?</w:style>',
        lambda found: "" if found.group(1) in identifiers else found.group(),
        styles,
        flags=re.DOTALL,
    )
    return kept.replace("</w:styles>", f"{''.join(ours)}</w:styles>")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Style:
    """A paragraph style: sizes in points, space in twentieths of a point."""

    name: str
    size_pt: float = 10.5
    before: int = 0
    after: int = 120
    bold: bool = False
    outline: int | None = None
    keep: bool = False
    based_on: str = "Normal"
    linked: bool = False
    more: str = ""


_BOX_SIDES = "".join(
    f'<w:{side} w:val="single" w:sz="8" w:space="4" w:color="9A3412"/>' for side in ("top", "left", "bottom", "right")
)
_PARAGRAPHS = (
    _Style(name="Body Text", linked=True, more='<w:spacing w:after="120" w:line="276" w:lineRule="auto"/>'),
    _Style(name="Compact", size_pt=10, before=20, after=20, based_on="BodyText"),
    _Style(name="Title", size_pt=22, after=160, bold=True, linked=True),
    _Style(name="heading 1", size_pt=14, before=360, bold=True, outline=0, keep=True, linked=True),
    _Style(name="heading 2", size_pt=11.5, before=240, after=80, bold=True, outline=1, keep=True, linked=True),
    _Style(name="Chapter Meta", size_pt=9, after=60, based_on="BodyText"),
    _Style(
        name="Status",
        before=120,
        based_on="BodyText",
        more=f'<w:pBdr>{_BOX_SIDES}</w:pBdr><w:shd w:val="clear" w:color="auto" w:fill="FFF4ED"/>',
    ),
    _Style(name="Bibliography", size_pt=9, after=60, more='<w:ind w:left="454" w:hanging="454"/>'),
    _Style(name="Quotation List", size_pt=9, after=60, based_on="BodyText"),
    _Style(name="Key Points List", based_on="BodyText"),
    _Style(name="Abbreviation List", based_on="BodyText"),
    _Style(name="Caption", size_pt=9, after=200),
    _Style(name="Table Caption", size_pt=9, before=200, after=80, keep=True, based_on="Caption"),
    _Style(name="Image Caption", size_pt=9, after=240, based_on="Caption"),
)
_TABLE_STYLE = (
    '<w:style w:type="table" w:default="1" w:styleId="Table"><w:name w:val="Table"/><w:basedOn w:val="TableNormal"/>'
    '<w:qFormat/><w:tblPr><w:tblInd w:w="0" w:type="dxa"/><w:tblBorders><w:top w:val="single" w:sz="8"/>'
    '<w:bottom w:val="single" w:sz="8"/><w:insideH w:val="single" w:sz="2" w:color="AAAAAA"/></w:tblBorders>'
    '<w:tblCellMar><w:top w:w="30" w:type="dxa"/><w:left w:w="80" w:type="dxa"/><w:bottom w:w="30" w:type="dxa"/>'
    '<w:right w:w="80" w:type="dxa"/></w:tblCellMar></w:tblPr><w:tblStylePr w:type="firstRow"><w:rPr><w:b/></w:rPr>'
    '<w:tcPr><w:tcBorders><w:bottom w:val="single" w:sz="6"/></w:tcBorders></w:tcPr></w:tblStylePr></w:style>'
)
_LINK_STYLE = (
    '<w:style w:type="character" w:styleId="Hyperlink"><w:name w:val="Hyperlink"/>'
    '<w:basedOn w:val="DefaultParagraphFont"/><w:rPr><w:color w:val="0B4A7A"/></w:rPr></w:style>'
)


def _paragraph_style(style: _Style) -> str:
    identifier = style.name.title().replace(" ", "")
    spacing = "" if "<w:spacing" in style.more else f'<w:spacing w:before="{style.before}" w:after="{style.after}"/>'
    keep = "<w:keepNext/><w:keepLines/>" if style.keep else ""
    # The order of these elements is the schema's (ECMA-376, 17.3.1.26): Word rejects another one.
    box, indent = (style.more, "") if style.more.startswith("<w:pBdr") else ("", style.more)
    link = f'<w:link w:val="{identifier}Char"/>' if style.linked else ""
    outline = "" if style.outline is None else f'<w:outlineLvl w:val="{style.outline}"/>'
    size = round(style.size_pt * 2)
    run = f'{"<w:b/>" if style.bold else ""}<w:sz w:val="{size}"/><w:szCs w:val="{size}"/>'
    return (
        f'<w:style w:type="paragraph" w:styleId="{identifier}"><w:name w:val="{style.name}"/>'
        f'<w:basedOn w:val="{style.based_on}"/><w:next w:val="BodyText"/>{link}<w:qFormat/>'
        f"<w:pPr>{keep}{box}{spacing}{indent}{outline}</w:pPr><w:rPr>{run}</w:rPr></w:style>"
    )
