"""The words by which a mail system says, without any structure, that it could not deliver."""

from __future__ import annotations

import re

_WHOM = "(?:user|recipient|address|mailbox|account|inbox|host|domain)"


def _any(listed: str) -> str:
    """One pattern of several, each on a line of its own; WHOM is whatever mail goes to."""
    return "|".join(line.strip() for line in listed.strip().splitlines()).replace("WHOM", _WHOM)


#: What stands before a subject's own words: a system's tag, stars.
_TAG = r"\s*(?:\[[^\]]{1,30}\]\s*|\*{1,5}\s*|(?:notice|warning|re):\s*)?"
#: How such mails are called, in the languages that Exchange and national providers speak.
_SUBJECTS = _any(
    r"""
    undeliver
    un-?deliverable
    undelivered mail
    mail delivery
    mail failure
    failure notice
    returned mail
    return(?:ed)? to sender
    mail returned
    delivery (?:status )?(?:notif|report)
    delivery (?:has )?(?:fail|error|problem|delayed|unsuccessful)
    fail(?:ed|ure)? (?:mail|deliver)
    (?:e-?)?mail (?:could not|not deliver|fail|undeliverable|error|denied|rejected)
    mail system (?:error|failure)
    message (?:undeliver|could not|not deliver|delivery|bounced|frozen|rejected|delayed|status)
    non[- ]?deliver
    (?:message|could not send)\b.{0,60}\bdelayed
    delayed mail
    could (?:not|n't) (?:be )?(?:send|deliver)
    couldn't deliver
    unable to deliver
    permanent (?:delivery )?(?:failure|error)
    rejected (?:mail|message)
    rejected:
    automatically rejected
    blocked (?:mail|message)
    processing error
    error sending
    there was an error sending
    (?:user|account|recipient|mailbox) (?:unknown|not found|full|unavailable|does not exist)
    [^\s@]+@\S+ - user unknown
    bounced? (?:mail|message)
    bounce\b
    dsn:
    your (?:mail|message|e-mail) .{0,120}(?:not be delivered|undeliver|rejected|bounced)
    nondeliverable
    smtp server: errors from
    postmaster (?:notify|copy|warning)
    mail was not sent
    problems? (?:with )?(?:delivering|sending)
    (?:ignored )?not member article
    error in message
    error\(s\) in forwarding
    temporarily (?:not )?deferred
    mail quarantin
    (?:message )?non[ _]remis
    [ée]chec (?:de|d.|dans)
    non[- ]distribu
    courrier non
    remise diff
    avis de non[- ]remise
    impossible de (?:remettre|distribuer)
    utilisateur (?:inconnu|non rec)
    unzustellbar
    nicht[ -]?zustellbar
    zustellung
    fehlgeschlagen
    nichtzustell
    no se (?:ha )?(?:podido|puede|pudo) (?:entregar|enviar)
    no entregado
    no se entreg
    error (?:de|en la) entrega
    notificaci[óo]n de (?:estado|error) de entrega
    mancato recapito
    non recapitabil
    onbestelbaar
    não (?:é possível )?entreg
    não foi possível
    niedor[ęe]cz
    kan inte lever
    olevererbart
    kunne ikke lever
    ikke leveret
    nedoručiteľn
    kézbesíthetetlen
    teslim edilemedi
    недоставлен
    не удается доставить
    сообщение не доставлено
    تعذر (?:ال)?تسليم
    تعذر توصيل
    لم يتم (?:ال)?تسليم
    غير قابل للتسليم
    فشل (?:في )?(?:ال)?تسليم
    メール(?:を|が)?配信
    メッセージを配信
    配信(?:不能|エラー|失敗)
    送信(?:できません|エラー)
    不達
    エラーメール
    退信
    邮件传输失败
    系统退信
    未送达
    无法(?:送达|投递)
    投递失败
    배달되지
    전달되지
    반송
    """
)
SUBJECT = re.compile(f"{_TAG}(?:{_SUBJECTS})", re.IGNORECASE)
#: What they write into the text.
TEXT = re.compile(
    _any(
        r"""
        \b[45]\.[0-7]\.\d{1,3}\b
        (?<![\d.,/:-])(?:4[25]|5[05])\d[ -](?!\d)
        <<< ?\d{3}
        >>> ?(?:RCPT|DATA|MAIL)
        this is the qmail-send program
        transcript of (?:the )?session
        smtp error
        (?:could|can|may) ?not (?:be|have been|yet be) (?:delivered|sent|completed|processed)
        (?:could|can|was|am|were|been) ?(?:not|n.t) (?:able to )?deliver
        (?:wasn.t|unable) to deliver
        (?:was|were|been|is|been) (?:not|un)[ -]?deliver
        have not been delivered
        not been delivered
        has been (?:rejected|returned|postponed|blocked|delayed)
        automatically rejected
        undeliver
        deliver(?:y|ed) (?:to|of|has|was|attempt).{0,80}(?:fail|abort|postpon|delay|error|reject)
        delivery (?:problem|error|fail)
        (?:deliver\w*|mail|message) (?:has )?failed
        delivery status notif
        WHOM(?:\(s\))?s?\b.{0,40}\bnot (?:found|exist|listed|valid)
        WHOM(?:\(s\))?s?\b.{0,40}(?:unknown|unavailable|rejected|does ?n.?t exist|no longer)
        WHOM(?:\(s\))?s?\b.{0,40}(?:disabled|full|inactive|suspended|invalid|limited|exceeded)
        (?:unknown|invalid|no such|bad|wrong) (?:local )?WHOM
        over (?:its |the )?quota
        quota exceeded
        permanent(?:ly)? (?:fatal )?(?:error|fail)
        fatal error
        did not reach the following
        did not receive (?:this|your) message
        unrouteable
        failure reasons
        following (?:address|recipient)\S* (?:had|were|was|did|failed|not|could|have)
        mail loop
        rejected (?:by|for|because|since|your)
        relay(?:ing)? (?:denied|not)
        not a member of this
        duplicated message-id
        loop(?:ing)? (?:alert|condition|detected|back)
        too many hops
        returned (?:to|because|mail|message)
        retry time(?:out)?
        message status
        \"?notificationtype\\?\":\s*\\?\"bounce
        n'a pas pu [êe]tre
        n.existe pas
        n.a pas [ée]t[ée] (?:remis|distribu)
        konnte nicht
        nicht zugestellt
        no (?:se )?(?:ha )?(?:pudo|podido) (?:ser )?entrega
        non è stato possibile
        配信
        届け
        宛先
        無法
        无法
        存在し
        不存在
        لم يتم تسليم
        تعذر تسليم
        не удалось доставить
        доставить
        """
    ),
    re.IGNORECASE,
)
#: Where the mail that came back begins, in systems that paste it under their words.
RETURNED = re.compile(
    r"^[^\w\n]*+(?:.{0,40}\b)?(?:(?:original|returned|unsent|undelivered|your) (?:message|mail)"
    r"|copy of (?:the|your) (?:message|mail)|message headers?|headers of the message)\b.{0,60}$",
    re.IGNORECASE | re.MULTILINE,
)
#: An address in the words, and a reply code: together more than people write.
PROOF = re.compile(
    r"\b[45]\.[0-7]\.\d{1,3}\b|(?<![\d.,/:-])5[05]\d[ -](?!\d)|\bsmtp\b|<<< ?\d{3}", re.IGNORECASE
)
#: The sender's name beside an address that is not telling.
SYSTEM = re.compile(
    r"mail ?(?:er)?[- ]?(?:deliver\w*|daemon|system|administrator|router)|delivery (?:sub)?system"
    r"|postmaster|interscan|system administrator|mdaemon|administrateur syst|systemadministrator"
    r"|microsoft (?:outlook|exchange)|amazon ses|mail server|non-delivery",
    re.IGNORECASE,
)
