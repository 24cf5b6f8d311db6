"""JATS articles made on the fly, with text of their own."""

from __future__ import annotations

DOCTYPE = (
    '<!DOCTYPE article PUBLIC "-//NLM//DTD JATS (Z39.96) Journal Archiving and Interchange DTD v1.3 20210610//EN" '
    '"JATS-archivearticle1-3-mathml3.dtd">'
)
FRONT = """<front><journal-meta><journal-title-group><journal-title>Journal of Samples</journal-title></journal-title-group></journal-meta>
<article-meta>
<article-id pub-id-type="pmid">31234567</article-id><article-id pub-id-type="pmcid">PMC7654321</article-id>
<article-id pub-id-type="doi">10.5555/Sample.2021.045</article-id>
<article-categories><subj-group subj-group-type="heading"><subject>Research Article</subject></subj-group></article-categories>
<title-group><article-title>Drainage of chronic subdural haematoma in the elderly</article-title><subtitle>a cohort study</subtitle></title-group>
<contrib-group>
<contrib contrib-type="author"><name><surname>Okafor</surname><given-names>Ada</given-names></name><xref ref-type="aff" rid="a1">1</xref></contrib>
<contrib contrib-type="author"><name-alternatives><name><surname>Lind</surname><given-names>Per</given-names><suffix>Jr</suffix></name><string-name>P. Lind</string-name></name-alternatives></contrib>
<contrib contrib-type="author"><collab>the Burr Hole Group<contrib-group><contrib contrib-type="author"><name><surname>Member</surname><given-names>Only</given-names></name></contrib></contrib-group></collab></contrib>
</contrib-group>
<contrib-group content-type="editors"><contrib contrib-type="editor"><name><surname>Editor</surname><given-names>Some</given-names></name></contrib></contrib-group>
<pub-date pub-type="pmc-release"><year>2019</year></pub-date>
<pub-date pub-type="ppub"><month>2</month><year>2022</year></pub-date>
<pub-date pub-type="epub"><day>9</day><month>11</month><year>2021</year></pub-date>
<volume>12</volume><issue>3</issue><fpage>45</fpage><lpage>52</lpage>
<permissions><license xlink:href="https://creativecommons.org/licenses/by/4.0/"><license-p>Use it freely with credit.</license-p></license></permissions>
<abstract><sec><title>Background</title><p>Recurrence after drainage is common in patients above the age of eighty years.</p></sec>
<sec><title>Results</title><p>Recurrence fell from 22% to 9% with a drain.</p></sec></abstract>
</article-meta></front>"""
BODY = """<body>
<sec sec-type="intro"><title>Introduction</title><p>Chronic subdural haematoma affects the elderly<xref ref-type="bibr" rid="r1"><sup>1</sup></xref><xref ref-type="bibr" rid="r2"><sup>2</sup></xref> and its incidence rises [<xref ref-type="bibr" rid="r1">1</xref>, <xref ref-type="bibr" rid="r2">2</xref>].</p></sec>
<sec sec-type="methods"><title>Patients and procedures</title><sec><title>Patients</title>
<p>We included adults with a body surface of 1.8 m<sup>2</sup> and <italic>n</italic> = 10<sup>3</sup> cells; H<sub>2</sub>O was given.<fn><p>A note of its own.</p></fn></p>
<p>The score was <inline-formula><alternatives><mml:math><mml:mi>s</mml:mi><mml:mo>=</mml:mo><mml:mfrac><mml:mrow><mml:msup><mml:mi>a</mml:mi><mml:mn>2</mml:mn></mml:msup></mml:mrow><mml:mi>b</mml:mi></mml:mfrac></mml:math><tex-math>\\begin{document}$s=a^2/b$\\end{document}</tex-math></alternatives></inline-formula> in all:
<list><list-item><p>first arm received a drain;</p></list-item><list-item><p>second arm did not.</p></list-item></list></p>
</sec></sec>
<sec sec-type="results"><title>Results</title>
<p>Mortality was 4%<xref ref-type="bibr" rid="r1">1</xref>–<xref ref-type="bibr" rid="r2">2</xref> at six months.</p>
<p>The drain was removed on day two in nearly all patients of the cohort.</p>
<sec><title>Survival</title><p>All but three patients survived for a year after the drainage (<xref ref-type="table" rid="t1">Table 1</xref>).</p>
<table-wrap id="t1"><label>Table 1.</label><caption><title>Outcome by arm</title><p>Data are counts</p></caption><table><thead><tr><th rowspan="2">Arm</th><th colspan="2">Outcome</th></tr><tr><th>Alive</th><th>Dead</th></tr></thead><tbody><tr><td>Drain</td><td>97</td><td>3<xref ref-type="table-fn" rid="f">a</xref></td></tr><tr><td>None</td><td>90</td><td>10</td></tr></tbody></table><table-wrap-foot><fn id="f"><p>a: one of a fall</p></fn></table-wrap-foot></table-wrap>
<fig id="g1"><label>Figure 1</label><caption><title>Survival curves</title><p>Drain against none.</p></caption><graphic xlink:href="g1.tif"/></fig>
<boxed-text><caption><title>Key message</title></caption><p>Leave a drain for two days after the evacuation.</p></boxed-text>
</sec></sec>
</body>"""
BACK = """<back><ack><p>We thank the nurses of the ward.</p></ack>
<app-group><app><title>Search</title><p>The full search strategy is given in this appendix of ours.</p></app></app-group>
<ref-list><title>References</title>
<ref id="r1"><label>1.</label><element-citation publication-type="journal"><person-group><name><surname>Berg</surname><given-names>A</given-names></name><name><surname>Quist</surname><given-names>B</given-names></name></person-group><article-title>Burr holes compared</article-title><source>J Neurosamples</source><year>2015</year><volume>7</volume><issue>2</issue><fpage>11</fpage><lpage>19</lpage><pub-id pub-id-type="doi">10.5555/BURR.7</pub-id><pub-id pub-id-type="pmid">25555555</pub-id></element-citation></ref>
<ref id="r2"><label>2.</label><mixed-citation>Quist B: <article-title>Drains in the elderly</article-title>. <source>Ann Samples</source> <year>2018</year>;3:1.</mixed-citation></ref>
</ref-list></back>"""


def jats(*, front: str = FRONT, body: str = BODY, back: str = BACK, doctype: str = DOCTYPE, kind: str = "research-article") -> bytes:  # fmt: skip
    """An article of these parts, by default one with everything that gets in a reader's way."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n{doctype}\n<article article-type="{kind}" xml:lang="en" '
        f'xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:mml="http://www.w3.org/1998/Math/MathML">'
        f"{front}{body}{back}</article>"
    ).encode()


def paragraph(text: str) -> bytes:
    """An article of one section, "Results", whose first paragraph is `text` (XML) and whose second is long enough."""
    filler = "The cohort was followed for a year and nobody was lost to the team before the last visit of the whole study took place in May."
    return jats(front="<front/>", back="", body=f"<body><sec><title>Results</title><p>{text}</p><p>{filler}</p></sec></body>")  # fmt: skip
