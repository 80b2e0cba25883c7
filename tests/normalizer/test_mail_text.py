"""What a mail newly says: quotes, signatures and hidden parts left out, in each language."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from normalizer.mail_text import visible

SAID = "Le lampadaire est toujours cassé."

PLAIN = {
    "Gmail, French": f"{SAID}\n\nLe mar. 12 mars 2024 à 10:12, P <p@x.ma> a écrit :\n\n> ancien\n",
    "Gmail, wrapped": f"{SAID}\n\nOn Tue, Mar 12, 2024 at 10:12 AM A Very Long Name\n"
    "<p@example.com> wrote:\n\n> old\n> older\n",
    "Gmail, Arabic": f"{SAID}\n\n‫في الثلاثاء، ١٢ مارس ٢٠٢٤ في ١٠:١٢ ص تمت كتابة ما يلي بواسطة "
    "‪الشكايات‬‏ <‪p@x.ma‬‏>:‬\n\n> قديم\n",
    "Apple, Arabic": f"{SAID}\n\nفي ١٢ مارس ٢٠٢٤، الساعة ١٠:١٢ ص، كتب الشكايات <p@x.ma>:\n\nقديم\n",
    "Gmail, Spanish": f"{SAID}\n\nEl mar, 12 mar 2024 a las 10:12, P (<p@x>) escribió:\n> viejo\n",
    "old Gmail": f"{SAID}\n\n2014-03-12 10:12 GMT+01:00 P <p@x.ma>:\n\n> ancien\n",
    "Thunderbird": f"{SAID}\n\nLe 12/03/2024 à 10:12, P a écrit :\n> ancien\n",
    "Outlook, French": f"{SAID}\n\nDe : P <p@x.ma>\nEnvoyé : mardi 12 mars 2024\nÀ : moi\n"
    "Objet : réclamation\n\nancien\n",
    "Outlook, Arabic": f"{SAID}\n\nمن: الشكايات\nتاريخ الإرسال: الثلاثاء\nإلى: أنا\n"
    "الموضوع: شكاية\n\nقديم",
    "Outlook, a rule above": f"{SAID}\n\n________________________________\nFrom: P\nSent: Tuesday\n"
    "To: me\nSubject: x\n\nold",
    "Original Message": f"{SAID}\n\n-----Message d'origine-----\nDe : P\nancien\n",
    "signature": f"{SAID}\n\n-- \nFatima\n06 12 34 56 78\n",
    "iPhone": f"{SAID}\n\nEnvoyé de mon iPhone\n",
    "Android, Arabic": f"{SAID}\n\nتم الإرسال من هاتف Samsung\n",
    "Outlook, mobile": f"{SAID}\n\nGet Outlook for iOS<https://aka.ms/o0ukef>\n",
    "answer below": f"On Tue, Mar 12, 2024 at 10:12 AM P <p@x> wrote:\n> old\n> older\n\n{SAID}\n",
    "list": f"{SAID}\n_______________________________________________\nVoisins mailing list\nhttp://x\n",
}

HTML = {
    "Gmail": f"<div>{SAID}</div><div class='gmail_quote gmail_quote_container'>On … wrote:"
    "<blockquote>old</blockquote></div>",
    "Apple": f"<body>{SAID}<br><blockquote type='cite'>old</blockquote></body>",
    "Outlook on the web": f"<div>{SAID}</div><div id='appendonsend'></div><hr>"
    "<div id='divRplyFwdMsg'><b>From:</b> P</div><div>old</div>",
    "Outlook on the desktop": f"<div class='WordSection1'><p>{SAID}</p><div>"
    "<div style='border:none;border-top:solid #E1E1E1 1.0pt'><p>From: P<br>Sent: x<br>To: y</p>"
    "</div></div><p>old</p></div>",
    "Thunderbird": f"<p>{SAID}</p><div class='moz-cite-prefix'>Le 12/03 P a écrit :</div>"
    "<blockquote type='cite'>old</blockquote>",
    "Yahoo": f"<div>{SAID}</div><div id='yahoo_quoted_1' class='yahoo_quoted'>old</div>",
    "hidden": f"<p>{SAID}</p><span style='display: none'>tracker</span><style>p{{}}</style>",
    "signature": f"<p>{SAID}</p><div class='gmail_signature'>Fatima</div>",
    "no HTML at all": SAID,
}


@pytest.mark.parametrize("text", PLAIN.values(), ids=PLAIN)
def test_plain_text_loses_quotes_and_signatures_and_keeps_them_beside(text: str) -> None:
    new, full = visible(text, html=False)
    assert new == SAID
    assert full.split() == text.split()


@pytest.mark.parametrize("source", HTML.values(), ids=HTML)
def test_html_loses_them_too(source: str) -> None:
    new, full = visible(source, html=True)
    assert new == SAID
    assert SAID in full
    assert "tracker" not in full


FORWARDS = {
    "Gmail": f"Pour suite\n\n---------- Forwarded message ---------\nFrom: V\nSubject: y\n\n{SAID}",
    "Apple": f"Début du message réexpédié :\n\nDe: V <v@x>\nObjet: y\nDate: z\n\n{SAID}",
    "Gmail, Arabic": f"---------- رسالة معاد توجيهها ---------\nمن: V\nالموضوع: y\n\n{SAID}",
    "Gmail, HTML": "<div>Pour suite</div><div class='gmail_quote'>"
    f"---------- Forwarded message ---------<br>From: V<br>{SAID}</div>",
}


@pytest.mark.parametrize("text", FORWARDS.values(), ids=FORWARDS)
def test_a_forward_is_the_complaint(text: str) -> None:
    new, full = visible(text, html=text.startswith("<"))
    assert SAID in new
    assert new == full.strip()


@pytest.mark.parametrize(
    "text",
    ["> nothing but a quote", "--\nFatima", "Envoyé de mon iPhone",
     "De : P\nEnvoyé : x\nÀ : moi\nObjet : y\n\nancien"],
)  # fmt: skip
def test_where_nothing_is_left_the_full_text_stands(text: str) -> None:
    assert visible(text, html=False) == (text, text)


@pytest.mark.parametrize(
    "text",
    [
        "On 3 May 2024 I wrote:\nplease mend the lamp",
        "Le 12/03/2024 j'ai écrit à la commune :\nrien n'a été fait",
        "On Monday they wrote:\nnothing will be done",
        "From: the town hall to: the school\nthe road is broken",
        "Voici le problème :\n-- le trou\n-- la lampe",
        "Sent from my street you can see it, and\nit is ugly",
    ],
)
def test_what_only_looks_like_a_quote_is_kept(text: str) -> None:
    assert visible(text, html=False)[0] == text


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=500), st.booleans())
def test_no_text_raises(text: str, html: bool) -> None:
    new, full = visible(text, html)
    assert bool(new.strip()) == bool(full.strip())


HOSTILE = {
    "20,000 nested divs": ("<div>" * 20_000 + SAID, True),
    "a large document": (f"<p>{SAID}</p>" * 30_000, True),
    "a large table": ("<table>" + f"<tr><td>{SAID}</td></tr>" * 3_000, True),
    "a million brackets": ("<" * 1_000_000 + SAID, True),
    "5,000 openings that never close": (("On 1:00 " + "wrote " * 80 + "\n") * 5_000 + SAID, False),
    "5,000 lines of addresses": (("2014-01-01 " + "<a@" * 100 + "\n") * 5_000 + SAID, False),
    "100,000 lines": ("On 5 a b c\n" * 100_000 + SAID, False),
}


@pytest.mark.parametrize(("text", "html"), HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_text_is_read_soon(text: str, html: bool) -> None:
    """CPU time of this process, which no neighbour lengthens; ten times what it takes."""
    started = time.process_time()
    new, _ = visible(text, html)
    assert time.process_time() - started < 10
    assert new.endswith(SAID)
