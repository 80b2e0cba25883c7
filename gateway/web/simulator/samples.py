"""Messages ready to be sent with one click, in the languages that people there write."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sample:
    """One message: ``tag`` is its BCP 47 language, ``name`` that language in itself."""

    tag: str
    name: str
    subject: str
    text: str

    @property
    def direction(self) -> str:
        """Which way its letters run, as HTML says it."""
        return "rtl" if self.tag in ("ar", "ary-Arab") else "ltr"


SAMPLES = (
    Sample(
        "ar",
        "العربية",
        "انقطاع الماء",
        "انقطع الماء الصالح للشرب عن حي المسيرة بمراكش منذ ثلاثة أيام دون أي إشعار.",
    ),
    Sample(
        "ary-Arab",
        "الدارجة",
        "الزبل فالزنقة",
        "السلام، الزبل باقي مجموع فالزنقة ديالنا فالرباط هادي سيمانة وحتى واحد ما جا هزو.",
    ),
    Sample(
        "ary-Latn",
        "Darija",
        "l7ofra f zan9a",
        "Salam, 3afak wa7d l7ofra kbira f zan9a dyalna f casa, tomobilat kaythersso kol nhar.",
    ),
    Sample(
        "zgh-Tfng",
        "ⵜⴰⵎⴰⵣⵉⵖⵜ",
        "ⴰⵎⴰⵏ",
        "ⴰⵣⵓⵍ, ⵓⵔ ⵍⵍⵉⵏ ⵡⴰⵎⴰⵏ ⴳ ⵜⵎⴰⵣⵉⵔⵜ ⵏⵏⵖ ⵙⴳ ⴽⵕⴰⴹ ⵡⵓⵙⵙⴰⵏ.",
    ),
    Sample(
        "fr",
        "Français",
        "Éclairage public en panne",
        "L'éclairage public de l'avenue Hassan II à Rabat est en panne depuis deux semaines.",
    ),
    Sample(
        "es",
        "Español",
        "Cita para el pasaporte",
        "Llevo cuatro meses esperando una cita para renovar mi pasaporte en Tánger.",
    ),
    Sample(
        "en",
        "English",
        "Long wait at the hospital",
        "I waited nine hours at the emergency room of the hospital in Fes and saw no doctor.",
    ),
)


#: What an administration might say of a case, by the citizen's language and the new status.
ANSWERS = {
    "ar": {
        "answered": "تم إصلاح العطب صباح اليوم. شكرا على تنبيهكم.",
        "awaiting_citizen": "المرجو موافاتنا بالعنوان الدقيق.",
        "closed": "تمت معالجة شكايتكم.",
        "inadmissible": "يمكنكم متابعته لدى كتابة الضبط.",
    },
    "fr": {
        "answered": "La réparation a été faite ce matin. Merci de votre signalement.",
        "awaiting_citizen": "Pouvez-vous préciser l'adresse exacte ?",
        "closed": "Votre réclamation a été traitée.",
        "inadmissible": "Le greffe vous dira où elle en est.",
    },
    "es": {
        "answered": "Se reparó esta mañana. Gracias por avisar.",
        "awaiting_citizen": "¿Puede indicar la dirección exacta?",
        "closed": "Su reclamación ha sido tratada.",
        "inadmissible": "La secretaría le dirá cómo va.",
    },
    "en": {
        "answered": "It was repaired this morning. Thank you for telling us.",
        "awaiting_citizen": "Could you give us the exact address?",
        "closed": "Your complaint has been dealt with.",
        "inadmissible": "Its registry can tell you where it stands.",
    },
}
ANSWERS["ary-Arab"] = ANSWERS["ar"]
ANSWERS["ary-Latn"] = ANSWERS["fr"]
