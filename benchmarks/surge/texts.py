"""What citizens text in a surge: complaints in every language, each from a phone of its own."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlencode

from tests.fakes.twilio import SID, signature

_TEXTS = (
    "Les ordures débordent dans notre rue à Casablanca depuis une semaine, personne ne passe",
    "الماء مقطوع عن حينا في فاس منذ يومين ولم يخبرنا أحد بموعد رجوعه",
    "3afak l7ofra li f zan9a dyalna f Sla kbrat bzaf w tomobilat kaytherso",
    "واش ممكن تصلحو الضو فالزنقة ديالنا فطنجة راه الظلام والسرقة كثرات",
    "Je n'ai toujours pas reçu mon passeport après trois mois d'attente à Rabat",
    "The street light in front of our school in Agadir has been broken for a month",
    "La basura no se recoge en nuestra calle de Tánger desde hace diez días",
    "المستشفى الجهوي بوجدة ما كاين لا طبيب لا دوا ومشينا ثلاث مرات بلا فايدة",
)


def phone(n: int) -> str:
    """The n-th citizen's number."""
    return f"+2126{n:08d}"


def complaint(n: int) -> str:
    """What the n-th citizen texts."""
    return f"{_TEXTS[n % len(_TEXTS)]} ({n})"


def webhooks(url: str, count: int, first: int = 0) -> Iterator[tuple[str, bytes]]:
    """Signed webhooks of one new complaint each: the phone, and the whole HTTP request.

    They are made before the clock starts, as the provider makes them on machines of its own.
    """
    host = url.split("/")[2]
    path = "/" + url.split("/", 3)[3]
    for n in range(first, first + count):
        fields = {
            "MessageSid": f"SM{n:032x}",
            "AccountSid": SID,
            "From": phone(n),
            "To": "+15005550006",
            "Body": complaint(n),
            "NumMedia": "0",
        }
        body = urlencode(fields).encode()
        head = (
            f"POST {path} HTTP/1.1\r\nHost: {host}\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\n"
            f"X-Twilio-Signature: {signature(url, fields.items())}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        yield fields["From"], head.encode() + body


def posts(url: str, count: int) -> list[bytes]:
    """As large a request as a webhook, to a view that does nothing."""
    host, path = url.split("/")[2], "/" + url.split("/", 3)[3]
    body = b"x" * 400
    head = f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {len(body)}\r\n\r\n"
    return [head.encode() + body] * count
