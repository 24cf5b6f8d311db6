"""Owns formulas as readable text: MathML as a line, LaTeX without its commands; it computes nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence

from chapter_pipeline.documents.jats.safe_xml import Element

_RAISED = str.maketrans("0123456789+-−()=n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁽⁾⁼ⁿ")
_RAISABLE = re.compile(r"[0-9+\-−()=n]+")
_SPACED = frozenset("=<>≤≥≈≠±+−×·÷∼~→∈∝")
_TEX_BODY = re.compile(r"\\begin\{document\}(.*?)\\end\{document\}", re.DOTALL)
_TEX_FRACTION = re.compile(r"\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}")
_TEX_GROUP = re.compile(r"\\(?:text|mathrm|mathbf|mathit|rm|operatorname|left|right|mbox|hbox|displaystyle)\b\s*")
_TEX_WORDS = {
    "times": "×", "pm": "±", "leq": "≤", "le": "≤", "geq": "≥", "ge": "≥", "approx": "≈", "neq": "≠", "cdot": "·",
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "Delta": "Δ", "mu": "μ", "sigma": "σ", "chi": "χ",
    "kappa": "κ", "lambda": "λ", "rho": "ρ", "eta": "η", "theta": "θ", "epsilon": "ε", "sum": "∑", "sqrt": "√",
    "infty": "∞", "rightarrow": "→", "to": "→", "sim": "∼", "quad": " ", "circ": "°", "percent": "%",
}  # fmt: skip
NO_TEXT = "[formula]"
"""Stands for a formula that the file has as a picture alone."""


def raised(text: str) -> str:
    """`text` as a superscript: in Unicode's letters where it has them, else behind a caret."""
    bare = "".join(text.split())
    if not bare:
        return ""
    if _RAISABLE.fullmatch(bare):
        return bare.translate(_RAISED)
    return f"^{bare}" if len(bare) == 1 else f"^({text.strip()})"


def lowered(text: str, before: str) -> str:
    """`text` as a subscript: plain, but never glued to a number."""
    bare = text.strip()
    return f"_{bare}" if before[-1:].isdigit() and bare[:1].isdigit() else bare


def math_text(element: Element) -> str:
    """MathML as one line: ``n = (Z₁ + Z₂)²/d²`` with fractions, powers and roots written out."""
    return " ".join(_math(element).split())


def tex_text(source: str) -> str:
    """LaTeX as one line, without its preamble and its commands."""
    body = _TEX_BODY.search(source)
    text = (body.group(1) if body else source).replace("$", " ")
    for _ in range(8):
        shorter = _TEX_FRACTION.sub(lambda found: f"{_grouped(found[1])}/{_grouped(found[2])}", text)
        if shorter == text:
            break
        text = shorter
    text = _TEX_GROUP.sub("", text)
    text = re.sub(r"\\([A-Za-z]+)\s?", lambda found: _tex_word(found[1]), text)
    text = re.sub(r"\^\{([^{}]*)\}|\^(\S)", lambda found: raised(found[1] or found[2] or ""), text)
    text = re.sub(r"_\{([^{}]*)\}|_(\S)", lambda found: found[1] or found[2] or "", text)
    text = re.sub(r"\\([%&#_{} ,;!])", lambda found: found[1] if found[1] in "%&#" else " ", text)
    return " ".join(re.sub(r"[{}\\~&]", " ", text).split()) or NO_TEXT


def _tex_word(name: str) -> str:
    sign = _TEX_WORDS.get(name, " ")
    return f" {sign} " if sign in _SPACED else sign


def _math(element: Element) -> str:
    parts = list(element.children())
    match element.name:
        case "mi" | "mn" | "mtext" | "ms":
            return _words(element)
        case "mo":
            sign = _words(element).strip()
            return f" {sign} " if sign in _SPACED else ("" if sign in ("\u2061", "\u2062", "\u2063") else sign)
        case "mspace":
            return " "
        case "annotation" | "annotation-xml" | "mphantom" | "maction":
            return ""
        case "semantics":
            return _math(parts[0]) if parts else ""
        case "mfrac" if len(parts) == 2:
            return f"{_grouped(_math(parts[0]))}/{_grouped(_math(parts[1]))}"
        case "msqrt":
            return f"√{_grouped(_joined(parts))}"
        case "mroot" if len(parts) == 2:
            return f"{raised(_math(parts[1]))}√{_grouped(_math(parts[0]))}"
        case "msup" | "mover" if len(parts) == 2:
            base, above = _math(parts[0]), _math(parts[1])
            accent = element.name == "mover" and above.strip() in ("¯", "ˉ", "‾", "^", "ˆ", "˜", "~", "→")
            return f"{base}{above.strip()}" if accent else f"{_base(base)}{raised(above)}"
        case "msub" | "munder" if len(parts) == 2:
            base = _math(parts[0])
            return f"{base}{lowered(_math(parts[1]), base)}"
        case "msubsup" | "munderover" if len(parts) == 3:
            base = _math(parts[0])
            return f"{base}{lowered(_math(parts[1]), base)}{raised(_math(parts[2]))}"
        case "mfenced":
            signs = element.attributes.get("open", "("), element.attributes.get("close", ")")
            return f"{signs[0]}{', '.join(map(_math, parts))}{signs[1]}"
        case "mtable":
            return "; ".join(map(_math, parts))
        case "mtr" | "mlabeledtr":
            return " ".join(map(_math, parts))
        case _:
            return _joined(parts)


def _joined(parts: Sequence[Element]) -> str:
    return "".join(map(_math, parts))


def _words(element: Element) -> str:
    return " ".join("".join(one for one in element.content if isinstance(one, str)).split())


def _base(text: str) -> str:
    return f"({text.strip()})" if re.search(r"\s|/", text.strip()) and not text.strip().endswith(")") else text


def _grouped(text: str) -> str:
    bare = text.strip()
    alone = re.fullmatch(r"[\w.%√°]+|\([^()]*\)", bare) is not None
    return bare if alone else f"({bare})"
