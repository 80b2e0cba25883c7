"""SMS through any provider that speaks HTTP, as a profile describes it."""

from __future__ import annotations

import json
import string
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlencode, urlsplit

from channels.base import (
    AddressKind,
    Context,
    Inbound,
    Outbound,
    Receipt,
    Reply,
    Report,
    SendFailed,
    WireRequest,
)
from channels.client import Answer
from channels.sms.header import part, piece
from channels.sms.profile import Encoding, Leaving, MessageFields, Profile, Reporting, read
from channels.sms.proof import prove
from channels.sms.several import Several
from channels.sms.wire import FORM, JSON, Access, ask, not_understood, refused, wording


class Generic(Several):
    """One provider's profile at work. It decides nothing that its profile does not say."""

    name = "sms"
    addresses: AddressKind = "tel"
    speaks_number = False

    def __init__(self, profile: Profile, access: Access, public_url: str) -> None:
        self._profile = profile
        self._access = access
        self._status_url = f"{public_url}/hooks/sms/status"

    @classmethod
    def from_profile(cls, path: Path, context: Context) -> Self | None:
        """The adapter of a profile, None without its settings. Raises BadSetting."""
        profile = read(path)
        access = Access.from_environ(context.environ, profile.url)
        if access is None:
            return None
        return cls(profile, access, context.public_url).paced(context.environ)

    def receive(self, request: WireRequest) -> Sequence[Inbound | Report]:
        prove(self._profile.authentication, self._access, request)
        inbound, report, stop = self._profile.inbound, self._profile.report, self._profile.stop
        if request.path == "" and request.method == inbound.method:
            found = _records(request, inbound.encoding, inbound.each)
            return [self._message(request, record) for record in found] or [self._odd(request)]
        if report and request.path == "/status" and request.method == report.method:
            found = _records(request, report.encoding, report.each)
            told = [self._report(request, report, record) for record in found]
            return [one for one in told if one is not None] if told else [self._odd(request)]
        if stop and request.path == "/stop" and request.method == stop.method:
            found = _records(request, stop.encoding, stop.each)
            return [self._left(request, stop, record) for record in found] or [self._odd(request)]
        return [self._odd(request)]

    def answer(self, request: WireRequest, receipts: Sequence[Receipt]) -> Reply:
        profile = self._profile
        steps = {"/status": profile.report, "/stop": profile.stop}
        said = (steps.get(request.path) or profile.inbound).answer
        return Reply(said.body.encode(), said.content_type, said.status)

    def send(self, message: Outbound) -> str:
        out = self._profile.outbound
        ours = f"guichet-{message.id}"
        report = dict(self._reported_at(), id=ours)
        facts = {
            "to": message.to,
            "to_digits": message.to.removeprefix("+"),
            "text": wording(message),
            "our_id": ours,
            "report_url": f"{self._status_url}?{urlencode(report)}",
        }
        body = self._filled(out.body, facts)
        url, content, kind = self._filled(out.url, facts), None, {}
        match out.encoding:
            case "query":
                url = f"{url}{'&' if urlsplit(url).query else '?'}{urlencode(body)}"
            case "form":
                content, kind = urlencode(body).encode(), FORM
            case "json":
                content, kind = json.dumps(body).encode(), JSON
        response = ask(out.method, url, {**kind, **self._filled(out.headers, facts)}, content)
        if not 200 <= response.status < 300:
            raise refused(response)
        return self._taken(response, ours)

    def check(self) -> str:
        check = self._profile.check
        url, headers = self._filled(check.url, {}), self._filled(check.headers, {})
        response = ask(check.method, url, headers)
        if not 200 <= response.status < 300:
            raise refused(response)
        return f"{self._profile.name} accepts our credentials"

    def _message(self, request: WireRequest, record: object) -> Inbound:
        fields = self._profile.inbound.fields
        external_id, sender = _said(record, fields.id), _said(record, fields.sender)
        if not (external_id and sender):
            return self._odd(request, sender or "")
        which = _piece(record, fields)
        return Inbound(
            external_id=external_id,
            account=_said(record, fields.to) or "",
            sender=sender,
            text=_said(record, fields.text) or "",
            raw=self._raw(request),
            received_at=request.received_at,
            hints={"part": which} if which else {},
        )

    def _left(self, request: WireRequest, how: Leaving, record: object) -> Inbound:
        """Somebody told the provider to send them no more, and was answered there. It has no id:
        told twice, it is obeyed twice."""
        sender = _said(record, how.sender)
        if not sender:
            return self._odd(request)
        return Inbound(
            external_id=f"stop/{sender}/{request.received_at.isoformat()}",
            account="",
            sender=sender,
            text="",
            raw=self._raw(request),
            received_at=request.received_at,
            hints={"opt_out": "STOP"},
        )

    def _report(
        self, request: WireRequest, how: Reporting, record: object
    ) -> Inbound | Report | None:
        provider_id = _said(record, how.fields.id)
        status = how.statuses.get(_said(record, how.fields.status) or "")
        if not provider_id or status is None:
            return self._odd(request)
        if status == "none":
            return None
        code = _said(record, how.fields.code)
        return Report(
            provider_id=provider_id,
            account="",
            status=status,
            raw=self._raw(request),
            code=code if status == "failed" else None,
            opted_out=status == "failed" and code in how.opted_out,
        )

    def _odd(self, request: WireRequest, sender: str = "") -> Inbound:
        return not_understood(request, self._raw(request), sender)

    def _raw(self, request: WireRequest) -> bytes:
        """The body byte for byte; for a GET its parameters, without the token."""
        token = self._profile.authentication.query_token
        rest = [(name, value) for name, value in request.query if name != token]
        return request.body or urlencode(rest, errors="replace").encode()

    def _reported_at(self) -> dict[str, str]:
        name = self._profile.authentication.query_token
        return {name: self._access.token} if name else {}

    def _taken(self, response: Answer, ours: str) -> str:
        """The id under which the provider took a message. Raises SendFailed when its body says
        that it did not."""
        out = self._profile.outbound
        try:
            answer = json.loads(response.data) if out.id or out.outcome else None
        except ValueError:
            raise SendFailed(f"no answer of {self._profile.name}'s", retryable=True) from None
        if outcome := out.outcome:
            word = _said(answer, outcome.path) or "nothing"
            if word not in outcome.good:
                raise SendFailed(
                    f"{self._profile.name} did not take it (it says {word})",
                    retryable=word in outcome.later,
                    opted_out=word in outcome.opted_out,
                )
        return (_said(answer, out.id) if out.id else None) or ours

    def _filled(self, template: Any, facts: Mapping[str, str]) -> Any:
        """A template with its places filled in, however deep it is nested."""
        if isinstance(template, Mapping):
            return {key: self._filled(value, facts) for key, value in template.items()}
        if isinstance(template, list | tuple):
            return [self._filled(value, facts) for value in template]
        if not isinstance(template, str):
            return template
        access = self._access
        ours = {
            "url": access.url,
            "user": access.user,
            "password": access.password,
            "sender": access.sender,
            "token": access.token,
        }
        return string.Formatter().vformat(template, (), {**ours, **facts})


def _records(request: WireRequest, encoding: Encoding, each: str | None) -> list[object]:
    """The messages or reports that one request carries; none for what is no such document."""
    if encoding == "query":
        return [dict(request.query)]
    if encoding == "form":
        return [dict(request.form)] if request.form else []
    try:
        document = json.loads(request.body)
    except (ValueError, RecursionError):
        return []
    found = _at(document, each) if each else document
    return found if isinstance(found, list) else [found] if isinstance(found, dict) else []


def _steps(place: str) -> Iterator[str | int]:
    for step in place.split("."):
        yield int(step) if step.isdecimal() else step


def _at(value: Any, place: str) -> object:
    """What stands at a place of a document, None where there is nothing."""
    for step in _steps(place):
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def _said(record: object, place: str | None) -> str | None:
    """A text or a number at a place, as text."""
    found = _at(record, place) if place else None
    return str(found) if isinstance(found, str | int | float) else None


def _piece(record: object, fields: MessageFields) -> str | None:
    """Which piece of a long text this is, by its header or by the provider's own numbers."""
    try:
        if header := _said(record, fields.udh):
            return part(bytes.fromhex(header))
        total, number = _said(record, fields.part_total), _said(record, fields.part_number)
        if total and number:
            return piece(_said(record, fields.part_reference) or "0", int(total), int(number))
    except ValueError:
        pass
    return None
