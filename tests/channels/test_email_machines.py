"""What machines write, each system in its own way: bounces, absences, receipts, lists, complaints.

The texts are our own, after the forms that each system's documentation and behaviour show.
"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from channels.base import Inbound
from channels.email.own import OwnIds
from channels.email.parse import parse

ACCOUNT = "plaintes@commune.example"
OWN = OwnIds(ACCOUNT, b"only for tests")
NOW = datetime(2026, 3, 14, 9, 26, 53, tzinfo=UTC)


def read(head: str, body: str) -> Inbound:
    raw = f"To: {ACCOUNT}\nDate: Sat, 14 Mar 2026 09:26:53 +0000\n{head}\n\n{body}"
    item = parse(raw.replace("\n", "\r\n").encode(), ACCOUNT, NOW, OWN)
    assert isinstance(item, Inbound)
    return item


def report(status: str, text: str = "Sorry.") -> tuple[str, str]:
    """A delivery status notification with structure."""
    return (
        (
            "From: Mail Delivery System <MAILER-DAEMON@mx.example>\nSubject: Whatever\n"
            "Auto-Submitted: auto-replied\n"
            "Content-Type: multipart/report; report-type=delivery-status; boundary=b"
        ),
        (
            f"--b\nContent-Type: text/plain\n\n{text}\n--b\n"
            "Content-Type: message/delivery-status\n\n"
            f"Reporting-MTA: dns; mx.example\n\n{status}\n\n--b\nContent-Type: message/rfc822\n\n"
            "From: plaintes@commune.example\nSubject: x\n\nBonjour\n--b--"
        ),
    )


DAEMON = "From: MAILER-DAEMON@mx.example\nReturn-Path: <>\n"

BOUNCES = {
    "Postfix": (*report("Final-Recipient: rfc822; a@b.ma\nAction: failed\nStatus: 5.1.1\n"
                        "Diagnostic-Code: smtp; 550 5.1.1 unknown"), "failed 5.1.1"),
    "Postfix, delayed": (*report("Action: delayed\nStatus: 4.4.1"), "delayed 4.4.1"),
    "Exchange Online": (*report("Final-Recipient: rfc822;a@b.ma\nAction: failed\n"
                                "Status: 5.7.1\nX-Display-Name: A"), "failed 5.7.1"),
    "several recipients, one failed": (*report("Action: delivered\nStatus: 2.0.0\n\n"
                                               "Action: failed\nStatus: 5.2.2"), "failed 5.2.2"),
    "a report without any status": (*report("X-Nothing: said"), "failed"),
    "qmail": (
        f"{DAEMON}Subject: failure notice",
        ("Hi. This is the qmail-send program at mx.example.\nI'm afraid I wasn't able to deliver "
        "your message to the following addresses.\n\n<a@b.ma>:\n192.0.2.1 does not like "
        "recipient.\nRemote host said: 550 5.1.1 no such user\n\n--- Below this line is a copy of "
        "the message.\n\nSubject: x"),
        "failed 5.1.1",
    ),
    "Exim": (
        ("From: Mail Delivery System <Mailer-Daemon@mx.example>\nX-Failed-Recipients: a@b.ma\n"
        "Subject: Mail delivery failed: returning message to sender\nAuto-Submitted: auto-replied"),
        ("This message was created automatically by mail delivery software.\n\nA message that you "
        "sent could not be delivered to one or more of its\nrecipients.\n\n  a@b.ma\n    "
        "Unrouteable address\n\n------ This is a copy of the message, including all the headers."),
        "failed",
    ),
    "Exim, delayed": (
        f"{DAEMON}Subject: Warning: message 1rk-0 delayed 24 hours",
        ("This message was created automatically by mail delivery software.\nA message that you "
        "sent has not yet been delivered to one or more of its recipients."),
        "failed",
    ),
    "Sendmail of old": (
        ("From: Mail Delivery Subsystem <MAILER-DAEMON@mx.example>\n"
        "Subject: Returned mail: User unknown"),
        ("   ----- Transcript of session follows -----\n... while talking to mx.b.ma.:\n"
        ">>> RCPT To:<a@b.ma>\n<<< 550 a@b.ma... User unknown\n550 a@b.ma... User unknown"),
        "failed 550",
    ),
    "Gmail": (
        ("From: Mail Delivery Subsystem <mailer-daemon@googlemail.com>\n"
        "Subject: Delivery Status Notification (Failure)"),
        ("** Address not found **\n\nYour message wasn't delivered to a@b.ma because the address "
        "couldn't be found.\n\nThe response was:\n550 5.1.1 The email account does not exist."),
        "failed 5.1.1",
    ),
    "Yahoo": (
        "From: MAILER-DAEMON@yahoo.com\nSubject: Failure Notice",
        ("Sorry, we were unable to deliver your message to the following address.\n\n<a@b.ma>:\n"
        "552: mailbox full"),
        "failed",
    ),
    "Exchange of old": (
        "From: System Administrator <postmaster@b.ma>\nSubject: Undeliverable: Votre réclamation",
        ("Your message\n\n  To: a@b.ma\n  Subject: x\n\ndid not reach the following "
        "recipient(s):\n\na@b.ma on Sat, 14 Mar\n    The recipient name is not recognized"),
        "failed",
    ),
    "Exchange, French": (
        "From: Microsoft Outlook <postmaster@b.ma>\nSubject: Non remis : Votre réclamation",
        "Votre message n'a pas pu être remis à a@b.ma. L'adresse n'existe pas.",
        "failed",
    ),
    "Exchange, Spanish": (
        "From: Microsoft Outlook <postmaster@b.ma>\nSubject: No se puede entregar: Queja",
        "No se pudo entregar el mensaje a a@b.ma: 5.1.10",
        "failed 5.1.10",
    ),
    "Exchange, Arabic": (
        "From: postmaster@b.ma\nSubject: غير قابل للتسليم: شكاية",
        "لم يتم تسليم رسالتك إلى a@b.ma",
        "failed",
    ),
    "Exchange, German": (
        "From: postmaster@b.ma\nSubject: Unzustellbar: Beschwerde",
        "Die Nachricht konnte nicht zugestellt werden.",
        "failed",
    ),
    "Domino": (
        "From: postmaster@b.ma\nSubject: DELIVERY FAILURE: User a not listed in Domino Directory",
        ("Your message\n\n  Subject: x\n\nwas not delivered to:\n\n  a@b.ma\n\nbecause:\n\n"
        "  User a (a@b.ma) not listed in Domino Directory"),
        "failed",
    ),
    "Courier": (
        f"{DAEMON}Subject: NOTICE: mail delivery status.",
        "This is a delivery status notification from mx.example.\nUNDELIVERABLE MAIL",
        "failed",
    ),
    "James": (
        "From: postmaster@mx.example\nSubject: [BOUNCE] ",
        ("Hi. This is the James mail server at mx.\nI'm afraid I wasn't able to deliver your "
        "message to the following addresses."),
        "failed",
    ),
    "a filter at the door": (
        "From: MAILER-DAEMON@filter.example\nSubject: Rejected: Votre réclamation",
        "The message has been rejected because of its content.",
        "failed",
    ),
    "a daemon of few words": (f"{DAEMON}Subject: Hello", "<a@b.ma>: mailbox is full", "failed"),
    "a mailbox service over JSON": (
        "From: no-reply@sns.example\nSubject: Delivery Status Notification",
        '{"notificationType":"Bounce","bounce":{"bounceType":"Permanent"}}',
        "failed",
    ),
    "Dovecot's sieve": (
        ("From: Mail Delivery Subsystem <postmaster@b.ma>\nSubject: Automatically rejected mail\n"
        "Auto-Submitted: auto-replied (rejected)"),
        "Your message to <a@b.ma> was automatically rejected:\nQuota exceeded",
        "failed",
    ),
    "the page of a server in HTML": (
        ("From: Mail Delivery System <MAILER-DAEMON@b.ma>\nSubject: Mail\n"
        "Content-Type: text/html"),
        "<html><body><p>Your message could not be <b>delivered</b>.</p></body></html>",
        "failed",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("head", "body", "said"), BOUNCES.values(), ids=BOUNCES)
def test_a_bounce_is_recognised_and_never_answered(head: str, body: str, said: str) -> None:
    hints = read(head, body).hints
    assert hints.get("bounce") == said
    assert hints["auto"]


MACHINES = {
    "Gmail's absence": (("Auto-Submitted: auto-replied\nPrecedence: bulk\nX-Autoreply: yes\n"
                        "Subject: On holiday Re: x"), "auto-replied"),
    "Outlook's absence": (("Auto-Submitted: auto-generated\nX-Auto-Response-Suppress: All\n"
                          "Subject: Automatic reply: x"), "auto-generated"),
    "Outlook's, French, no header": ("Subject: Réponse automatique : x", "subject"),
    "Outlook's, Spanish, no header": ("Subject: Respuesta automática: x", "subject"),
    "Outlook's, Arabic, no header": ("Subject: رد تلقائي: x", "subject"),
    "Zimbra": (("Auto-Submitted: auto-replied (zimbra; vacation)\nPrecedence: bulk\n"
               "Subject: Re: x"), "auto-replied"),
    "vacation of old": ("Precedence: junk\nSubject: away from my mail", "junk"),
    "cPanel": ("X-Autorespond: x\nSubject: Re: x", "autoresponder"),
    "Notes": ("Subject: AUTO: A is out of the office", "subject"),
    "OTRS": ("X-OTRS-Loop: True\nSubject: [Ticket#1] received", "ticket-system"),
    "RT": ("X-RT-Loop-Prevention: b.ma\nSubject: [b.ma #1] AutoReply: x", "ticket-system"),
    "Zendesk": (("X-Auto-Response-Suppress: All\nAuto-Submitted: auto-generated\n"
                "Subject: [Request received] x"), "auto-generated"),
    "Jira": (("Precedence: bulk\nAuto-Submitted: auto-generated\nX-JIRA-FingerPrint: 1\n"
             "Subject: [JIRA] x"), "auto-generated"),
    "GLPI": (("Auto-Submitted: auto-generated\nX-Auto-Response-Suppress: OOF, DR, NDR, RN, NRN\n"
             "Subject: [GLPI #1] x"), "auto-generated"),
    "Mailman": ("List-Id: <voisins.lists.example>\nPrecedence: list\nSubject: [voisins] x",
                "list"),
    "Google Groups": (("List-ID: <g.googlegroups.com>\nMailing-list: list g@googlegroups.com\n"
                      "Subject: x"), "list"),
    "a newsletter": ("List-Unsubscribe: <https://x>\nSubject: x", "list"),
    "a read receipt": (("Content-Type: multipart/report; boundary=b;\n"
                       " report-type=disposition-notification\nSubject: Read: x"), "report"),
}  # fmt: skip


@pytest.mark.parametrize(("head", "reason"), MACHINES.values(), ids=MACHINES)
def test_other_machines_are_recognised_and_are_no_bounces(head: str, reason: str) -> None:
    text = "I am away, the mailbox is not read. Votre demande a bien été reçue."
    body = f"--b\n\n{text}\n--b--" if "boundary" in head else text
    hints = read(f"From: A <a@b.ma>\n{head}", body).hints
    assert hints.get("auto") == reason
    assert "bounce" not in hints


def test_an_absence_with_an_empty_envelope_is_no_bounce() -> None:
    head = "From: A <a@b.ma>\nReturn-Path: <>\nSubject: Re: Votre réclamation"
    hints = read(head, "I am on leave until Monday and cannot answer.").hints
    assert hints["auto"] == "null-sender"
    assert "bounce" not in hints


def test_a_complaint_about_our_mail_is_kept_and_is_no_bounce() -> None:
    """Feedback reports (ARF, RFC 5965) quote a mail of ours, which did arrive."""
    hints = read(
        "From: MAILER-DAEMON@feedback.example\nSubject: FW: Votre réclamation\n"
        "Content-Type: multipart/report; report-type=feedback-report; boundary=b",
        "--b\n\nThis is an email abuse report.\n--b\nContent-Type: message/feedback-report\n\n"
        "Feedback-Type: abuse\n--b\nContent-Type: message/rfc822\n\nSubject: x\n\ny\n--b--",
    ).hints
    assert hints["auto"] == "report"
    assert "bounce" not in hints


def test_a_notice_of_success_is_no_bounce() -> None:
    head, body = report("Action: delivered\nStatus: 2.0.0")
    hints = read(head, body).hints
    assert "bounce" not in hints
    assert hints["auto"]


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("Mail not delivered", "The postman does not deliver letters in our street any more."),
        ("Returned mail", "The post office returned my letter of 12 March."),
        (
            "Échec de la réparation",
            "La lampe est de nouveau cassée, votre numéro 550 ne répond pas.",
        ),
        ("Delivery problem", "The water is delivered at 5 in the morning, 2.5.1 says the law."),
        ("Boîte pleine", "La poubelle est pleine et mon compte n'existe pas chez vous."),
    ],
)
def test_people_who_write_of_deliveries_are_people(subject: str, text: str) -> None:
    hints = read(f"From: Fatima <fatima@exemple.ma>\nSubject: {subject}", text).hints
    assert not {"auto", "bounce"} & set(hints)


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ([("mx.commune.example; spf=pass smtp.mailfrom=b.ma; dkim=pass header.d=b.ma; "
          "dmarc=pass header.from=b.ma")], "spf=pass dkim=pass dmarc=pass"),
        (["mx.commune.example; spf=fail smtp.mailfrom=b.ma; dkim=none"], "spf=fail dkim=none"),
        (["mx.commune.example; dkim=fail header.d=x.ma; dkim=pass header.d=b.ma"], "dkim=pass"),
        (["evil.example; spf=pass smtp.mailfrom=b.ma"], None),
        (["mx.commune.example; spf=fail smtp.mailfrom=b.ma",
          "mx.commune.example; spf=pass smtp.mailfrom=b.ma"], "spf=fail"),
        (["nonsense;;=", "mx.commune.example; none"], None),
        ([], None),
    ],
)  # fmt: skip
def test_only_our_own_server_s_findings_count(written: list[str], found: str | None) -> None:
    head = "".join(f"Authentication-Results: {value}\r\n" for value in written)
    raw = f"{head}From: a@b.ma\r\n\r\nhello".encode()
    for authserv, expected in (("MX.commune.example", found), ("", None)):
        item = parse(raw, ACCOUNT, NOW, OWN, authserv)
        assert isinstance(item, Inbound)
        assert item.hints.get("authenticity") == expected
