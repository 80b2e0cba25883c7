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
    "an opening on the last line": f'{SAID} On Dec 8, 2024 1:10 PM, "P" <p@x.ma>\nwrote:\n> old\n',
    "an opening between dashes": f"{SAID}--- On Wed, Apr 3, 2024 at 3:59 PM, p@x.ma wrote:\n"
    "> old\n",
    "three lines of an opening": f"{SAID}\n\nOn Nov 30, 2024, at 12:47 PM, P <\nlong@x.ma>\n"
    "wrote:\n\n"
    "old\n",
    "Android": f"{SAID}\n\n---- P wrote ----\n\n> old\n",
    "Samsung": f"{SAID}\n\n-------- Message d'origine --------\nDe : P\nDate : 12/03/2024\nold\n",
    "date before the name": f"{SAID}\n\n12.03.2024 14:20, P <p@x.ma> a écrit :\n\n> ancien\n",
    "name before the date": f"{SAID}\n\nP <p@x.ma> a écrit :\n\n> ancien\n",
    "Gmail, German": f"{SAID}\n\nAm Di., 12. März 2024 um 10:12 Uhr schrieb P <p@x.ma>:\n\n> alt\n",
    "Gmail, Dutch": f"{SAID}\n\n"
    "Op 12 mrt. 2024 om 10:12 heeft P <p@x.ma> het volgende geschreven:\n\noud\n",
    "Gmail, Italian": f"{SAID}\n\n"
    "Il giorno mar 12 mar 2024 alle ore 10:12 P <p@x> ha scritto:\n\n> v\n",
    "Gmail, Portuguese": f"{SAID}\n\n"
    "Em ter., 12 de mar. de 2024 às 10:12, P <p@x> escreveu:\n\n> v\n",
    "Gmail, Russian": f"{SAID}\n\nвт, 12 мар. 2024 г. в 10:12, P <p@x.ma>:\n\n> старое\n",
    "Mail.ru": f"{SAID}\n\nThu, 14 Mar 2024 14:00:51 +0400 от P <p@x.ma>:\nстарое\n",
    "Apple, Spanish": f"{SAID}\n\nEl 12 mar 2024, a las 10:12, P <p@x.ma> escribió:\n\nviejo\n",
    "Apple, French": f"{SAID}\n\nLe 12 mars 2024 à 10:12, P <p@x.ma> a écrit :\n\nancien\n",
    "Chinese": f"{SAID}\n\nP <p@x.ma> 于2024年3月12日周二 10:12写道：\n\n> 旧\n",
    "Outlook, Spanish": f"{SAID}\n\nDe: P <p@x.ma>\nEnviado: martes, 12 de marzo\nPara: yo\n"
    "Asunto: queja\n\nviejo",
    "Outlook, German": f"{SAID}\n\nVon: P\nGesendet: Dienstag\nAn: mich\nBetreff: x\n\nalt",
    "Outlook, in bold": f"{SAID}\n\n*From:* P [mailto:\np@x.ma]\n*Sent:* Tuesday\n*To:* me\n"
    "*Subject:* x\n\nold",
    "Hotmail, the date first": f"{SAID}\n\nDate: Tue, 12 Mar 2024 10:12:02 +0000\n"
    "From: p@x.ma\nold",
    "Exchange, from and date": f"{SAID}\n\nFrom: P <p@x.ma>\nDate: Tuesday\n\nold",
    "a ticket system's line": f"{SAID}\n\n##- Please type your reply above this line -##\n\nold",
    "a quote torn by a narrow mailer": f"{SAID}\n\nOn Tue, Mar 12, 2024, P <p@x> wrote:\n\n"
    "> a line of the old mail that is longer than what the mailer takes and\nis torn\n> off\n",
    "a name under the text": f"{SAID}\n\n- Fatima Zahra\n",
    "BlackBerry": f"{SAID}\n\nSent from my Verizon Wireless BlackBerry\n",
    "Android, Spanish": f"{SAID}\n\nEnviado desde mi móvil\n",
    "Yahoo, French": f"{SAID}\n\nEnvoyé à partir de Yahoo Mail pour iPhone\n",
    "a rule at the end": f"{SAID}\n\n------------------------------\n",
    "list": f"{SAID}\n_______________________________________________\n"
    "Voisins mailing list\nhttp://x\n",
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
    "a quote without a mark": f"<div>{SAID}</div><blockquote>old</blockquote>",
    "Hotmail, a rule above": f"<div>{SAID}<br><br><hr>Date: Tue, 12 Mar 2024<br>To: me<br>"
    "From: p@x.ma<br>Subject: x<br><br>old</div>",
    "Windows Mail": f"<div>{SAID}</div><div><b>De :</b> P<br><b>Envoyé :</b> mardi<br>"
    "<b>À :</b> moi"
    "<br><b>Objet :</b> x</div><div>ancien</div>",
    "Outlook for the Mac": f"<div>{SAID}</div><span id='OLK_SRC_BODY_SECTION'><div>From: P</div>"
    "old</span>",
    "Proton": f"<div>{SAID}</div><div class='protonmail_quote'>On … wrote:<br>old</div>",
    "hidden": f"<p>{SAID}</p><span style='display: none'>tracker</span><style>p{{}}</style>",
    "signature": f"<p>{SAID}</p><div class='gmail_signature'>Fatima</div>",
    "no HTML at all": SAID,
}


@pytest.mark.parametrize("text", PLAIN.values(), ids=PLAIN)
def test_plain_text_loses_quotes_and_signatures_and_keeps_them_beside(text: str) -> None:
    new, full = visible(text, html=False)
    assert new == SAID
    assert full.split() == text.split()


def test_an_answer_between_the_quoted_lines_is_kept_line_by_line() -> None:
    text = "On Tue, 12 Mar 2024, P wrote:\n> when?\n\nToday.\n\n> where?\n\nIn Fès.\n"
    assert visible(text, html=False)[0] == "Today.\n\nIn Fès."


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
        "Here is another one\n\nSent from my desk, is much easier than my telephone.",
        "Le lampadaire est cassé.\n- le premier\n- le deuxième",
        "Date : 12 mars\nLieu : Rabat\nla lampe est cassée",
        "We wrote to them on 12/03/2024 and they said:\nnothing can be done",
        "Sent from my street you can see it, and\nit is ugly",
    ],
)
def test_what_only_looks_like_a_quote_is_kept(text: str) -> None:
    assert visible(text, html=False)[0] == text


@settings(max_examples=200)
@given(st.text(max_size=500), st.booleans())
def test_no_text_raises(text: str, html: bool) -> None:
    new, full = visible(text, html)
    assert bool(new.strip()) == bool(full.strip())


HOSTILE = {
    "20,000 nested divs": ("<div>" * 20_000 + SAID, True),
    "a large document": (f"<p>{SAID}</p>" * 30_000, True),
    "many lines above a quote": (f"<br>{SAID}" * 4_000 + "<blockquote>old</blockquote>", True),
    "a large table": ("<table>" + f"<tr><td>{SAID}</td></tr>" * 3_000, True),
    "a million brackets": ("<" * 1_000_000 + SAID, True),
    "5,000 openings that never close": (("On 1:00 " + "wrote " * 80 + "\n") * 5_000 + SAID, False),
    "5,000 lines of addresses": (("2014-01-01 " + "<a@" * 100 + "\n") * 5_000 + SAID, False),
    "4,000 rules": (("-" * 400 + "\n") * 4_000 + SAID, False),
    "4,000 lines of beginnings": (("On 1 " * 100 + "-" * 99 + "\n") * 4_000 + SAID, False),
    "100,000 lines": ("On 5 a b c\n" * 100_000 + SAID, False),
}


@pytest.mark.parametrize(("text", "html"), HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_text_is_read_soon(text: str, html: bool) -> None:
    """CPU time of this process, which no neighbour lengthens; ten times what it takes."""
    started = time.process_time()
    new, _ = visible(text, html)
    assert time.process_time() - started < 10
    assert new.endswith(SAID)
