"""What the texts and states of the XML gate mean, and what its adapter says itself.

Source: https://github.com/smsgate/xmlGateDoc (revisions of 2016 and 2023).
"""

from __future__ import annotations

from ..tools.vocabulary import FailureType
from .types import (
    DeliveryStatus,
    Outcome,
    SubmitResult,
    Words,
    _,
)

SENT = "send"
TAKEN = SubmitResult(Outcome.ACCEPTED)


class GateWords(Words):
    """What the adapter says itself. ``text`` is the gate's own, ``label`` that of a
    setting."""

    WRONG_LOGIN = _("The provider rejected the login or the password ({text})")
    BLOCKED = _("The provider has blocked the account ({text})")
    UNREADABLE_DOCUMENT = _("The provider could not parse the request ({text})")
    NO_DOCUMENT = _("The provider received an empty request ({text})")
    OTHER_ERROR = _("The provider returned an error: {text}")
    OUT_OF_MESSAGES = _("The account has no SMS left")
    ACCOUNT_BLOCKED = _("The provider has blocked the account")
    UNREADABLE_ANSWER = _("The provider's response could not be parsed: {why}")
    DOCUMENT_TOO_LARGE = _("the response is too large")
    NOT_OF_THE_GATE = _("the response is not from this provider")
    NOT_A_MESSAGE = _("the webhook request is not an inbound message")
    OMITTED = _("The provider's response does not mention this message")
    CONTRADICTION = _("The provider's response is contradictory")
    SMS_ONLY = _("The provider supports SMS only")
    ILLEGAL_TEXT = _("The text contains a character that XML does not allow")
    BUSY = _("The provider is overloaded (HTTP {status})")
    NO_GATE = _("{url} returned HTTP {status}. Check the provider URL.")
    HTTP_ERROR = _("The provider returned HTTP {status}")
    LONG_SENDER = _("The sender name can have up to 11 characters, or up to 15 digits.")
    ILLEGAL_SETTING = _("{label} contains a character that XML does not allow.")


#: texts of a whole document's ``<error>`` → what the administrator is told
DOCUMENT_ERRORS = {
    "Неправильный логин или пароль": GateWords.WRONG_LOGIN,
    "Ваш аккаунт заблокирован": GateWords.BLOCKED,
    # The next two would be our own mistake: nothing was taken, trying again is useless.
    "Неправильный формат XML документа": GateWords.UNREADABLE_DOCUMENT,
    "POST данные отсутствуют": GateWords.NO_DOCUMENT,
}


def refuse(failure_type: FailureType) -> SubmitResult:
    return SubmitResult(Outcome.REFUSED, failure_type=failure_type)


#: how a message's text begins → what it means. The revisions of the documentation
#: number the texts differently, the answers do not number them at all.
MESSAGE_ERRORS: dict[str, SubmitResult] = {
    "У нас закончились SMS": SubmitResult(Outcome.NOT_SENT, route_trouble=True),
    "Закончились SMS": SubmitResult(
        Outcome.NOT_SENT, route_down=GateWords.OUT_OF_MESSAGES.say()
    ),
    "Аккаунт заблокирован": SubmitResult(
        Outcome.NOT_SENT, route_down=GateWords.ACCOUNT_BLOCKED.say()
    ),
    "Укажите номер телефона": refuse("invalid_number"),
    "Номер телефона присутствует в стоп-листе": refuse("opted_out"),
    "Данное направление закрыто для вас": refuse("unsupported"),
    "Данное направление закрыто": refuse("unsupported"),
    # Taken, and sent as soon as the account is topped up: another try would double it.
    "Недостаточно средств для отправки SMS": SubmitResult(
        Outcome.ACCEPTED, failure_type="no_funds"
    ),
    "Текст SMS отклонен модератором": refuse("content_rejected"),
    "Нет отправителя": refuse("sender_rejected"),
    "Отправитель не должен превышать": refuse("sender_rejected"),
    "Номер телефона должен быть меньше": refuse("invalid_number"),
    "Нет текста сообщения": refuse("missing_data"),
    "Нет ссылки": refuse("missing_data"),
    "Укажите название контакта": refuse("missing_data"),
    "Такого отправителя нет": refuse("sender_rejected"),
    "Отправитель не прошел модерацию": refuse("sender_rejected"),
    "Данное сообщение уже было отправлено": SubmitResult(Outcome.ACCEPTED),
}

STATES: dict[str, tuple[DeliveryStatus, FailureType | None]] = {
    "send": (DeliveryStatus.ACCEPTED, None),
    "deliver": (DeliveryStatus.DELIVERED, None),
    "not_deliver": (DeliveryStatus.FAILED, "unreachable"),
    "expired": (DeliveryStatus.EXPIRED, None),
    # final for the gate: it was sent, and no receipt will ever come
    "partly_deliver": (DeliveryStatus.UNKNOWABLE, None),
}
#: those whose word is kept with the message
BAD_STATUSES = (
    DeliveryStatus.FAILED,
    DeliveryStatus.EXPIRED,
    DeliveryStatus.UNKNOWABLE,
)
