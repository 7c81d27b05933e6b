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

    WRONG_LOGIN = _("The gate refuses the login or the password ({text})")
    BLOCKED = _("The gate has blocked the account ({text})")
    UNREADABLE_DOCUMENT = _("The gate cannot read our document ({text})")
    NO_DOCUMENT = _("Our document did not reach the gate ({text})")
    OTHER_ERROR = _("The gate answers with an error: {text}")
    OUT_OF_MESSAGES = _("The account has run out of messages")
    ACCOUNT_BLOCKED = _("The gate has blocked the account")
    UNREADABLE_ANSWER = _("The answer of the gate cannot be read: {why}")
    DOCUMENT_TOO_LARGE = _("the document is too large")
    NOT_OF_THE_GATE = _("the document is not one of the gate")
    NOT_A_MESSAGE = _("the call is not an inbound message of the gate")
    OMITTED = _("The answer of the gate omits this message")
    CONTRADICTION = _("The answer of the gate contradicts itself")
    SMS_ONLY = _("The gate sends SMS only")
    ILLEGAL_TEXT = _("The text has a character that XML cannot carry")
    BUSY = _("The gate is too busy: HTTP status {status}")
    NO_GATE = _("{url} answers with HTTP status {status}")
    HTTP_ERROR = _("The gate answers with HTTP status {status}")
    LONG_SENDER = _(
        "The sender must have at most 11 characters, or 15 if it has digits only."
    )
    ILLEGAL_SETTING = _("{label} has a character that XML cannot carry.")


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
