"""The report as one page in one file: readable without a network, without scripts, on paper and with a screen reader.

`report.html.j2` says what is on it, `style.css` how it looks, `script.js` adds search and sorting. Names are
untrusted: the template escapes everything, and the page's policy runs no script but its own.
"""

import re
from base64 import b64encode
from collections.abc import Iterable
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from webhook.foresight.cpu_models import cpu_models
from webhook.foresight.drain import conclusion, drains
from webhook.foresight.survey import Finding, Survey
from webhook.report import wording
from webhook.report.page.columns import Column, cell, columns

FOLDER: Final = Path(__file__).parent
_BETWEEN_TAGS: Final = re.compile(r">\n<")
"""Lines that end between tags: a browser makes a node of each, one in seven of a large report."""


def page(survey: Survey) -> str:
    """Return the page."""
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    shown = columns(survey)
    style = _inlined("style.css") + Markup(f":root {{ --columns: {len(shown)}; }}\n")  # noqa: S704 - a number
    script = _inlined("script.js")
    previews = list(drains(survey))
    text = environment.get_template("report.html.j2").render(
        survey=survey,
        models=cpu_models(survey),
        version=survey.snapshot.kubevirt.version if survey.snapshot.kubevirt else "",
        style=style,
        script=script,
        policy=f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'",
        columns=shown,
        drains=previews,
        blocked=[drain for drain in previews if drain.blocked],
        anchor=anchor,
        coded=coded,
        cells=partial(_cells, shown, survey),
        conclusion=conclusion,
        nodes=partial(wording.some_nodes, survey=survey),
        refused=partial(wording.refused, survey=survey),
        said=wording,
    )
    return _BETWEEN_TAGS.sub("><", text)


def anchor(finding: Finding) -> str:
    """Return the id of a virtual machine's section."""
    return "vm/" + "/".join(finding.vmi.metadata.key)


def coded(text: str) -> Markup:
    """Return a sentence with what stands between backticks as code."""
    parts = (Markup("<code>{}</code>").format(part) if odd else escape(part) for odd, part in _alternating(text))
    return Markup().join(parts)


def _alternating(text: str) -> Iterable[tuple[bool, str]]:
    return ((bool(number % 2), part) for number, part in enumerate(text.split("`")))


def _inlined(name: str) -> Markup:
    """Return a file of ours as it stands in the page."""
    return Markup((FOLDER / name).read_text(encoding="utf-8"))  # noqa: S704 - it comes with the program


def _hash(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"


def _cells(shown: Iterable[Column], survey: Survey, finding: Finding) -> list[tuple[str, str]]:
    return [cell(column, finding, survey) for column in shown]
