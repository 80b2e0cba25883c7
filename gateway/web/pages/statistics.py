"""The figures for everyone: as a page of charts and tables, and each table as CSV."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from io import StringIO

from babel.dates import format_date
from babel.numbers import format_decimal
from flask import Response, abort
from flask.typing import ResponseReturnValue

from gateway import clock
from gateway.statistics import DIMENSIONS, LEAST, NONE, OTHERS, Dimension, Figures
from gateway.web.current import house
from gateway.web.pages.charts import Chart, bars, columns
from gateway.web.pages.render import administration, page
from gateway.web.pages.tongues import gettext, tongue

#: How each language writes numbers and months; Babel has no figures for Tamazight in Morocco.
_LOCALES = {"ar": "ar_MA", "fr": "fr_MA", "en": "en_GB", "zgh-Tfng": "fr_MA"}
#: So many administrations are drawn; the table has them all.
_DRAWN = 12
_COLUMNS = (
    *("key", "label", "received", "answered", "mean_days", "median_days"),
    *("satisfaction", "rated", "reopened"),
)


@dataclass(frozen=True, slots=True)
class Table:
    """One table of the page, its chart, and its rows with their labels."""

    name: Dimension
    title: str
    head: str
    chart: Chart
    rows: Sequence[tuple[str, Figures]]


def show() -> ResponseReturnValue:
    """The page."""
    report = house().statistics.report(clock.now())
    tables = [_table(name, report.tables[name]) for name in DIMENSIONS if report.tables[name]]
    return page("statistics.html", total=report.total, tables=tables, least=LEAST, figure=figure)


def as_csv(name: str) -> ResponseReturnValue:
    """One table for a spreadsheet, with the same figures left out as on the page."""
    dimension = next((one for one in DIMENSIONS if one == name), None)
    if dimension is None:
        abort(404)
    out = StringIO()
    lines = csv.writer(out)
    lines.writerow(_COLUMNS)
    for row in house().statistics.report(clock.now()).tables[dimension]:
        lines.writerow(
            (
                row.key,
                _label(dimension, row.key),
                row.received,
                row.answered,
                row.mean,
                row.median,
                row.satisfaction,
                row.rated,
                row.reopened,
            )
        )
    # The mark at the beginning tells spreadsheets that it is UTF-8.
    answer = Response("\ufeff" + out.getvalue(), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="guichet-{dimension}.csv"'
    return answer


def figure(value: float | None) -> str:
    """A number as this language writes it; a dash for what is not told."""
    if value is None:
        return "–"
    return str(format_decimal(value, locale=_LOCALES[tongue().tag]))


def _table(name: Dimension, figures: Sequence[Figures]) -> Table:
    rows = [(_label(name, row.key), row) for row in figures]
    drawn = rows if name == "month" else rows[:_DRAWN]
    draw = columns if name == "month" else bars
    values = [
        (_short(name, row.key, label), float(row.received), figure(row.received))
        for label, row in drawn
    ]
    chart = draw(name, values, mirrored=tongue().direction == "rtl")
    return Table(name, _title(name), _head(name), chart, rows)


def _title(name: Dimension) -> str:
    return {
        "month": gettext("Month by month"),
        "administration": gettext("By administration"),
        "channel": gettext("By the way they came"),
        "kind": gettext("By kind"),
        "language": gettext("By language"),
    }[name]


def _head(name: Dimension) -> str:
    return {
        "month": gettext("Month"),
        "administration": gettext("Administration"),
        "channel": gettext("Channel"),
        "kind": gettext("Kind"),
        "language": gettext("Language"),
    }[name]


def _short(name: Dimension, key: str, label: str) -> str:
    """A label that fits under a column."""
    if name == "month" and key != OTHERS:
        return key[-2:]
    return label


def _label(name: Dimension, key: str) -> str:
    if key == OTHERS:
        return gettext("All others together")
    if name == "month":
        year, month = (int(part) for part in key.split("-"))
        if tongue().tag == "zgh-Tfng":
            return f"{month:02}/{year}"
        return str(format_date(date(year, month, 1), "MMMM y", locale=_LOCALES[tongue().tag]))
    if key == NONE:
        return gettext("Not yet handed to any")
    if name == "administration":
        return administration(key) or key
    return _words().get(key, key)


def _words() -> dict[str, str]:
    """Channels, kinds and languages as people call them."""
    return {
        "webform": gettext("This site"),
        "sms": gettext("SMS"),
        "voice": gettext("Phone call"),
        "telegram": "Telegram",
        "email": gettext("E-mail"),
        "complaint": gettext("Complaint"),
        "suggestion": gettext("Suggestion"),
        "remark": gettext("Remark"),
        "question": gettext("Question"),
        "ar": gettext("Arabic"),
        "ary-Arab": gettext("Darija, Arabic letters"),
        "ary-Latn": gettext("Darija, Latin letters"),
        "zgh-Tfng": gettext("Tamazight, Tifinagh"),
        "zgh-Latn": gettext("Tamazight, Latin letters"),
        "fr": gettext("French"),
        "en": gettext("English"),
        "es": gettext("Spanish"),
    }
