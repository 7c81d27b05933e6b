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
        "Параметр send.text_alternative не использован: он нужен только для звонков. "
        "Укажите voice: 1 или уберите его.",
        "The parameter send.text_alternative was ignored: it applies to voice calls "
        "only. Set voice to 1 or remove it.",
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
