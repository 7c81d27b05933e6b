"""The sentences people read in answers of the API, in Russian and English.

Our own tables instead of Odoo's translations: the answers must not depend on the
languages that are installed. The three sentences of success are those of the manual,
to the letter.
"""

from __future__ import annotations

from ...tools.bilingual import Language, Sentences, say
from ...tools.template_texts import TEMPLATE_TEXTS
from .access_texts import ACCESS_TEXTS
from .recipient_texts import RECIPIENT_TEXTS
from .request_texts import REQUEST_TEXTS

SENTENCES: Sentences = {
    # Success
    "balance_accepted": (
        "Запрос баланса успешно отправлен",
        "The balance request has been sent",
    ),
    "send_accepted": (
        "Сообщения в очереди на отправку",
        "The messages are queued for sending",
    ),
    "status_received": (
        "Статус запроса получен",
        "The status of the request has been received",
    ),
    # Warnings
    "text_alternative_unused": (
        "Параметр send.text_alternative не использован: SMS с этим текстом не "
        "последует. Нужны звонок (voice: 1), маршрут или политика с SMS после звонка "
        "и открытый текст (без secret).",
        "The parameter send.text_alternative was ignored: no SMS with this text "
        "follows. It needs a call (voice: 1), a route or policy with an SMS after the "
        "call, and a text that is not secret.",
    ),
    **REQUEST_TEXTS,
    **TEMPLATE_TEXTS,
    **ACCESS_TEXTS,
    **RECIPIENT_TEXTS,
}


def sentence(code: str, language: Language, /, **params: object) -> str:
    """Say a code, see `say`.

    :raise KeyError: the code is in no table
    """
    return say(SENTENCES, code, language, **params)
