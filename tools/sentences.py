"""The sentences people read in answers of the API, in Russian and English.

Our own table instead of Odoo's translations: the answers must not depend on the
languages that are installed. The three sentences of success are those of the manual,
to the letter.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Literal

from .read_back import read_back

Language = Literal["ru", "en"]

#: Longer values are cut when a sentence quotes them.
MAX_QUOTED = 100

#: Parameters whose value may choose a closer wording.
VARIANT_PARAMETERS = ("variant", "reason", "detail", "text", "unit")

#: What a template may not contain, in the words of `TemplateError.detail`.
_FORBIDDEN_CONSTRUCTS = {
    "attribute": ("обращение через точку", "an attribute"),
    "call": ("вызов функции", "a call"),
    "comment": ("комментарий", "a comment"),
    "condition": ("условие", "a condition"),
    "literal": ("готовое значение вместо имени", "a literal instead of a name"),
    "nesting": ("слишком сложное выражение", "an expression that is too complex"),
    "operator": ("операция", "an operator"),
    "placeholders": ("слишком много подстановок", "too many placeholders"),
    "statement": ("управляющая конструкция", "a statement"),
    "subscript": ("обращение в квадратных скобках", "a subscript"),
    "test": ("проверка", "a test"),
}

#: code → (Russian, English), placeholders as in `str.format`. A key ``code.variant`` is
#: a closer wording of ``code``.
SENTENCES: Mapping[str, tuple[str, str]] = {
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
        "Параметр send.text_alternative не использован: он нужен только голосовым "
        "сообщениям. Укажите voice: 1 или уберите его.",
        "The parameter send.text_alternative was not used: only voice messages need "
        "it. Set voice to 1 or remove it.",
    ),
    # Reading the request
    "bad_json": (
        "Тело запроса — не JSON. Проверьте кавычки, запятые и скобки.",
        "The request body is not JSON. Check the quotes, commas and brackets.",
    ),
    "bad_json.place": (
        "Тело запроса — не JSON: ошибка в строке {line}, позиция {column}. Проверьте "
        "кавычки, запятые и скобки.",
        "The request body is not JSON: error at line {line}, column {column}. Check "
        "the quotes, commas and brackets.",
    ),
    "bad_json.empty": (
        "Тело запроса пусто. Передайте объект JSON с параметром balance, status или "
        "send.",
        "The request body is empty. Pass a JSON object with the parameter balance, "
        "status or send.",
    ),
    "bad_json.encoding": (
        "Тело запроса не в кодировке UTF-8. Передайте JSON в UTF-8.",
        "The request body is not UTF-8. Pass the JSON in UTF-8.",
    ),
    "bad_json.depth": (
        "Слишком глубокая вложенность JSON. Уменьшите число уровней.",
        "The JSON is nested too deeply. Reduce the number of levels.",
    ),
    "bad_json.number": (
        "В JSON есть число, которое нельзя прочитать: NaN, бесконечность или слишком "
        "большое. Укажите обычное число.",
        "The JSON has a number that cannot be read: NaN, infinity or one too large. "
        "Give an ordinary number.",
    ),
    "no_operation": (
        "Не указано, что нужно сделать. Передайте один из параметров: balance, status "
        "или send.",
        "The request does not say what to do. Pass one of the parameters: balance, "
        "status or send.",
    ),
    "several_operations": (
        "В одном запросе указано несколько операций: {names}. Оставьте только одну.",
        "One request names several operations: {names}. Keep only one.",
    ),
    "missing": (
        "Не указан обязательный параметр {path}. Добавьте его в запрос.",
        "The required parameter {path} is missing. Add it to the request.",
    ),
    "missing.empty": (
        "Список {path} пуст. Укажите хотя бы один элемент.",
        "The list {path} is empty. Give at least one element.",
    ),
    "wrong_type": (
        "Параметр {path} имеет неверный тип. Исправьте его по описанию API.",
        "The parameter {path} has the wrong type. Correct it as the API describes.",
    ),
    "wrong_type.document": (
        "Тело запроса должно быть объектом JSON. Передайте его в фигурных скобках.",
        "The request body must be a JSON object. Pass it in curly brackets.",
    ),
    "wrong_type.string": (
        "Параметр {path} должен быть строкой. Заключите значение в кавычки.",
        "The parameter {path} must be a string. Put the value in quotes.",
    ),
    "wrong_type.number": (
        "Параметр {path} должен быть целым числом.",
        "The parameter {path} must be a whole number.",
    ),
    "wrong_type.boolean": (
        "Параметр {path} должен быть true или false, без кавычек.",
        "The parameter {path} must be true or false, without quotes.",
    ),
    "wrong_type.object": (
        "Параметр {path} должен быть объектом JSON.",
        "The parameter {path} must be a JSON object.",
    ),
    "wrong_type.list": (
        "Параметр {path} должен быть списком.",
        "The parameter {path} must be a list.",
    ),
    "wrong_type.fields": (
        "Параметр {path} должен быть списком имён или объектом, где имени "
        "соответствует значение по умолчанию.",
        "The parameter {path} must be a list of names or an object of names and "
        "default values.",
    ),
    "wrong_type.default": (
        "Значение по умолчанию {path} должно быть строкой или числом.",
        "The default value {path} must be a string or a number.",
    ),
    "wrong_type.currencies": (
        'Параметр {path} должен быть списком кодов валют, например ["rub"].',
        'The parameter {path} must be a list of currency codes, for example ["rub"].',
    ),
    "invalid_value": (
        "Недопустимое значение параметра {path}. Исправьте его по описанию API.",
        "The value of the parameter {path} is not allowed. Correct it as the API "
        "describes.",
    ),
    "invalid_value.number": (
        "Укажите в параметре {path} целое число от {minimum} до {maximum}.",
        "Give a whole number from {minimum} to {maximum} in the parameter {path}.",
    ),
    "invalid_value.ttl": (
        "Укажите в параметре {path} целое число секунд от {minimum} до {maximum}.",
        "Give a whole number of seconds from {minimum} to {maximum} in the parameter "
        "{path}.",
    ),
    "invalid_value.mode": (
        "Неизвестный режим «{value}» в параметре {path}. Укажите live или debug либо "
        "уберите параметр.",
        "Unknown mode “{value}” in the parameter {path}. Give live or debug, or remove "
        "the parameter.",
    ),
    "invalid_value.voice": (
        "Укажите в параметре {path} 1 для голосового сообщения или 0 для SMS.",
        "Give 1 for a voice message or 0 for an SMS in the parameter {path}.",
    ),
    "invalid_value.time": (
        "Не удалось прочитать время в параметре {path}. Укажите дату и время, "
        "например «2026-03-15 13:00» или «2026-03-15T13:00:00+03:00».",
        "The time in the parameter {path} cannot be read. Give date and time, for "
        "example “2026-03-15 13:00” or “2026-03-15T13:00:00+03:00”.",
    ),
    "invalid_value.far_time": (
        "Время в параметре {path} слишком далеко. Укажите время не позже чем через "
        "{years} лет.",
        "The time in the parameter {path} is too far ahead. Give a time within "
        "{years} years.",
    ),
    "invalid_value.twice": (
        "Параметр {path} указан дважды: внутри send и рядом с ним. Оставьте его "
        "только в одном месте.",
        "The parameter {path} is given twice: inside send and beside it. Keep it in "
        "one place only.",
    ),
    "invalid_value.name": (
        "Недопустимое имя поля «{value}» в {path}. Используйте буквы, цифры и знак "
        "подчёркивания, не начинайте имя с цифры и не делайте его длиннее {maximum} "
        "символов; слова not, true, false и none заняты.",
        "The field name “{value}” in {path} is not allowed. Use letters, digits and "
        "underscores, do not begin with a digit, at most {maximum} characters; the "
        "words not, true, false and none are taken.",
    ),
    "invalid_value.names": (
        "Слишком много имён в {path}. Оставьте не более {maximum}.",
        "There are too many names in {path}. Keep at most {maximum}.",
    ),
    "invalid_value.currency": (
        "Укажите в {path} код валюты из трёх латинских букв, например RUB.",
        "Give a currency code of three Latin letters in {path}, for example RUB.",
    ),
    "invalid_value.idempotency_key": (
        "Заголовок Idempotency-Key должен содержать от 1 до {maximum} символов.",
        "The header Idempotency-Key must have 1 to {maximum} characters.",
    ),
    "invalid_character": (
        "Недопустимый символ в параметре {path}: U+0000 или половина суррогатной "
        "пары. Удалите его.",
        "Forbidden character in the parameter {path}: U+0000 or half of a surrogate "
        "pair. Remove it.",
    ),
    "empty_text": (
        "Текст в параметре {path} пуст. Укажите текст сообщения.",
        "The text in the parameter {path} is empty. Give the text of the message.",
    ),
    "too_long": (
        "Текст в параметре {path} слишком длинный. Сократите его до {maximum} "
        "символов.",
        "The text in the parameter {path} is too long. Shorten it to {maximum} "
        "characters.",
    ),
    # Templates
    "template_syntax": (
        "Ошибка в шаблоне {path}, строка {line}. Проверьте фигурные скобки, имена и "
        "фильтры.",
        "Error in the template {path}, line {line}. Check the curly brackets, names "
        "and filters.",
    ),
    "template_forbidden": (
        "Недопустимый фильтр {detail} или его параметры в шаблоне {path}, строка "
        "{line}. Можно использовать upper, lower, capitalize, title, trim, "
        "default('текст') и truncate(число от 3 до 500).",
        "The filter {detail} or its arguments are not allowed in the template {path}, "
        "line {line}. Use upper, lower, capitalize, title, trim, default('text') and "
        "truncate(number from 3 to 500).",
    ),
    **{
        f"template_forbidden.{construct}": (
            f"Недопустимая конструкция в шаблоне {{path}}, строка {{line}}: {russian}. "
            "Можно использовать только имена в двойных фигурных скобках и фильтры.",
            f"Forbidden construct in the template {{path}}, line {{line}}: {english}. "
            "Only names in double curly brackets and filters may be used.",
        )
        for construct, (russian, english) in _FORBIDDEN_CONSTRUCTS.items()
    },
    "template_unknown_name": (
        "Неизвестное имя в шаблоне {path}, строка {line}: {detail}. Добавьте его в "
        "fields или исправьте текст.",
        "Unknown name in the template {path}, line {line}: {detail}. Add it to fields "
        "or correct the text.",
    ),
    "template_unknown_name.person": (
        "Строка {line}: имя «{detail}» неизвестно. Исправьте его; подходят first_name, "
        "last_name, patronymic, fio и поля записи, например city.",
        "Line {line}: the name {detail} is unknown. Correct it; first_name, last_name, "
        "patronymic, fio and the fields of the record, such as city, can be used.",
    ),
    # Routes
    "unknown_route": (
        "Маршрут «{route}» не найден. Проверьте параметр route.",
        "The route “{route}” was not found. Check the parameter route.",
    ),
    "unsupported_channel": (
        "Маршрут «{route}» не отправляет сообщения этого вида (SMS или голос). "
        "Укажите другой маршрут или измените параметр voice.",
        "The route “{route}” does not send messages of this kind (SMS or voice). Give "
        "another route or change the parameter voice.",
    ),
    "unsupported_operation": (
        "Провайдер этого маршрута не сообщает баланс. Укажите другой маршрут.",
        "The provider of this route does not tell its balance. Give another route.",
    ),
    # Recipients as a whole
    "no_valid_users": (
        "Сообщение нельзя отправить ни одному получателю. Исправьте данные "
        "получателей.",
        "The message can be sent to none of the recipients. Correct their data.",
    ),
    "rejected_users": (
        "Ничего не отправлено: у части получателей ошибки, а параметр strict включён. "
        "Исправьте данные получателей или уберите strict.",
        "Nothing was sent: some recipients have errors and strict is on. Correct their "
        "data or remove strict.",
    ),
    "too_many_users": (
        "Слишком много получателей: {count}, допустимо не более {maximum}. Разделите "
        "рассылку на несколько запросов.",
        "There are too many recipients: {count}, at most {maximum} are allowed. Split "
        "the campaign into several requests.",
    ),
    # Transport and access
    "too_large": (
        "Тело запроса слишком большое. Разделите рассылку на несколько запросов.",
        "The request body is too large. Split the campaign into several requests.",
    ),
    "unauthorized": (
        "Нужен действующий ключ API. Передайте его в заголовке Authorization: Bearer "
        "<ключ>.",
        "A valid API key is needed. Pass it in the header Authorization: Bearer <key>.",
    ),
    "forbidden": (
        "Недостаточно прав для этого запроса. Обратитесь к администратору шлюза.",
        "You have no right to make this request. Ask the administrator of the gateway.",
    ),
    "forbidden.browser": (
        "Запросы без ключа принимаются только от программ, а этот отправил браузер "
        "(заголовок {header}). Передайте ключ API в заголовке Authorization.",
        "Requests without a key are accepted from programs only, and a browser sent "
        "this one (header {header}). Pass an API key in the header Authorization.",
    ),
    "forbidden.host": (
        "Без ключа к шлюзу нельзя обращаться по имени {host}. Обратитесь по IP-адресу, "
        "передайте ключ API или попросите администратора добавить имя в настройках "
        "шлюза.",
        "Without a key the gateway cannot be called by the name {host}. Use its IP "
        "address, pass an API key, or ask the administrator to add the name in the "
        "settings of the gateway.",
    ),
    "unknown_key": (
        "Запрос с таким ключом не найден. Проверьте параметры key и route.",
        "No request with this key was found. Check the parameters key and route.",
    ),
    "unknown_path": (
        "По этому адресу ничего нет. Обращайтесь по адресу /api/v1.",
        "There is nothing at this address. Use the address /api/v1.",
    ),
    "method_not_allowed": (
        "Этот метод HTTP не поддерживается. Используйте POST; для balance и status "
        "подойдёт и GET.",
        "This HTTP method is not supported. Use POST; for balance and status GET will "
        "do too.",
    ),
    "unsupported_media_type": (
        "Тело запроса должно быть в формате JSON. Укажите заголовок Content-Type: "
        "application/json.",
        "The request body must be JSON. Give the header Content-Type: "
        "application/json.",
    ),
    "rate_limited": (
        "Слишком много запросов. Повторите позже: через сколько секунд, указано в "
        "заголовке Retry-After.",
        "There are too many requests. Repeat later: the header Retry-After says in how "
        "many seconds.",
    ),
    "idempotency_conflict": (
        "Этот Idempotency-Key уже использован с другим телом запроса. Укажите новый "
        "ключ.",
        "This Idempotency-Key has already been used with another request body. Give a "
        "new key.",
    ),
    "unavailable": (
        "Шлюз временно не принимает запросы, ничего не поставлено в очередь. Повторите "
        "запрос позже.",
        "The gateway does not accept requests at the moment, nothing was queued. "
        "Repeat the request later.",
    ),
    "unavailable.ask_outcome": (
        "База данных не ответила: неизвестно, принят ли запрос. Через минуту запросите "
        "статус по ключу {key}. Повторяйте запрос, только если такого ключа нет.",
        "The database did not answer: it is not known whether the request was "
        "accepted. In a minute, ask for the status of the key {key}. Repeat the "
        "request only if there is no such key.",
    ),
    "unavailable.repeat_outcome": (
        "База данных не ответила: неизвестно, принят ли запрос. Повторите его с тем же "
        "Idempotency-Key: дважды он не выполняется. Статус можно запросить по ключу "
        "{key}.",
        "The database did not answer: it is not known whether the request was "
        "accepted. Repeat it with the same Idempotency-Key: it is not carried out "
        "twice. Its status can be asked for by the key {key}.",
    ),
    "unavailable.health": (
        "Шлюз принимает запросы, но отправка стоит или скоро остановится. Сообщите "
        "администратору.",
        "The gateway accepts requests, but sending has stopped or is about to stop. "
        "Tell the administrator.",
    ),
    "internal": (
        "Внутренняя ошибка шлюза, ничего не поставлено в очередь. Сообщите "
        "администратору номер ошибки: {incident}.",
        "Internal error of the gateway, nothing was queued. Tell the administrator the "
        "number of the error: {incident}.",
    ),
    # Single users
    "invalid_number": (
        "Номер телефона не подходит. Укажите действующий номер в формате +79876543210.",
        "The phone number cannot be used. Give a valid number in the format "
        "+79876543210.",
    ),
    "invalid_number.absent": (
        "Номер телефона не указан.",
        "There is no phone number.",
    ),
    "invalid_number.unreadable": (
        "Не удалось прочитать номер телефона. Укажите его в формате +79876543210.",
        "The phone number cannot be read. Give it in the format +79876543210.",
    ),
    "invalid_number.not_possible": (
        "Такого номера телефона не бывает. Проверьте код и количество цифр.",
        "There can be no such phone number. Check its code and number of digits.",
    ),
    "invalid_number.not_mobile": (
        "SMS можно отправить только на мобильный номер. Укажите мобильный номер.",
        "An SMS can be sent to a mobile number only. Give a mobile number.",
    ),
    "invalid_number.several": (
        "Указано несколько номеров телефона. Оставьте один.",
        "There are several phone numbers. Keep one of them.",
    ),
    "invalid_number.digits_lost": (
        "Цифры номера телефона потеряны: программа записала его как дробь или число с "
        "порядком. Укажите номер как текст, в формате +79876543210.",
        "Digits of the phone number are lost: a program has written it as a fraction "
        "or with an exponent. Give the number as text, in the format +79876543210.",
    ),
    "invalid_number.doubtful": (
        "Номер телефона можно прочитать по-разному. Укажите его с плюсом и кодом "
        "страны, в формате +79876543210.",
        "The phone number can be read in two ways. Give it with a plus and the code of "
        "its country, in the format +79876543210.",
    ),
    "invalid_number.no_country": (
        "Номер телефона указан без кода страны, а страна получателя и компании "
        "неизвестна. Укажите номер с плюсом и кодом страны.",
        "The phone number has no code of a country, and neither the recipient's nor "
        "the company's country is known. Give the number with a plus and the code.",
    ),
    "missing_gender": (
        "Не указан пол получателя, а тексты для мужчин и женщин разные. Укажите в "
        "gender male или female.",
        "The recipient's gender is missing, and there are different texts for men and "
        "women. Give male or female in gender.",
    ),
    "invalid_gender": (
        "Не удалось распознать пол получателя. Укажите в gender male или female.",
        "The recipient's gender cannot be understood. Give male or female in gender.",
    ),
    "missing_field": (
        "Не указано поле {path}. Укажите его значение или значение по умолчанию в "
        "fields.",
        "The field {path} is missing. Give its value, or a default value in fields.",
    ),
    "invalid_field": (
        "Значение поля {path} не подходит. Укажите строку или число.",
        "The value of the field {path} cannot be used. Give a string or a number.",
    ),
    "too_long.segments": (
        "Сообщение получателя слишком длинное. Частей SMS: {count}, допустимо не "
        "больше {limit}. Сократите текст или значения полей.",
        "The recipient's message is too long. Parts of the SMS: {count}, at most "
        "{limit} are allowed. Shorten the text or the values of the fields.",
    ),
    "too_long.characters": (
        "Сообщение получателя слишком длинное. Символов: {count}, допустимо не больше "
        "{limit}. Сократите текст или значения полей.",
        "The recipient's message is too long. Characters: {count}, at most {limit} are "
        "allowed. Shorten the text or the values of the fields.",
    ),
    "too_long.text_alternative": (
        "SMS из text_alternative слишком длинное. Частей SMS: {count}, допустимо не "
        "больше {limit}. Сократите текст или значения полей.",
        "The SMS of text_alternative is too long. Parts of the SMS: {count}, at most "
        "{limit} are allowed. Shorten the text or the values of the fields.",
    ),
    # Of contacts: nobody there knows the parameters of a request
    "missing_gender.person": (
        "Пол получателя не указан, а нейтрального текста нет. Укажите пол в карточке "
        "контакта или добавьте нейтральный текст.",
        "The recipient's gender is not known, and there is no neutral text. Enter the "
        "gender of the contact or add a neutral text.",
    ),
    "missing_field.person": (
        "В карточке получателя не заполнено «{path}». Заполните его или задайте в "
        "тексте значение по умолчанию: default('…').",
        "The recipient has no {path}. Fill it in, or give a default in the text: "
        "default('…').",
    ),
    "duplicate": (
        "Этот номер уже есть у другого получателя рассылки.",
        "Another recipient of the campaign has the same number.",
    ),
    "opted_out": (
        "Получатель отказался от сообщений. Уберите номер из списка.",
        "The recipient has opted out of messages. Remove the number from the list.",
    ),
    # What a person decided about a message nobody knew the outcome of
    "resolved": (
        "Решение принял пользователь {user}.",
        "Resolved by {user}.",
    ),
    # When there are several errors
    "more_errors": (
        "Остальные ошибки перечислены в details.errors.",
        "The other errors are listed in details.errors.",
    ),
}

#: Control characters and lone surrogates.
_UNREADABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
#: Stands for a value that is not there; no readable value contains it.
_GAP = "\x00"


class _Parameters(dict[str, object]):
    def __missing__(self, name: str) -> str:
        return _GAP


def sentence(code: str, language: Language, /, **params: object) -> str:
    """Say a code in a person's language.

    :param params: values of the placeholders; the sentence closes over lacking ones and
        ignores superfluous ones. Those in `VARIANT_PARAMETERS` choose a closer wording
        where there is one
    :raise KeyError: the code is not in the table
    """
    texts = next(_find_closer(code, params), SENTENCES[code])
    text = texts[1] if language == "en" else texts[0]
    readable = {name: _make_readable(value) for name, value in params.items()}
    said = text.format_map(_Parameters(readable))
    return said.replace(f" {_GAP}", "").replace(_GAP, "")


def recognise(said: str, *codes: str) -> tuple[str, dict[str, str]] | None:
    """Find what a sentence of `sentence` said, in whatever language.

    :param codes: those it may be of
    :return: its key in the table and the values of its placeholders; None: it is none
        of these
    """
    for key, texts in SENTENCES.items():
        if key.partition(".")[0] in codes:
            for text in texts:
                values = read_back(text, said)
                if values is not None:
                    return key, values
    return None


def _find_closer(code: str, params: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    for parameter in VARIANT_PARAMETERS:
        key = f"{code}.{params.get(parameter)}"
        if key in SENTENCES:
            yield SENTENCES[key]


def _make_readable(value: object) -> str:
    """Prepare a value for quoting: no control characters, not too long, not empty."""
    text = str(value)
    if len(text) > MAX_QUOTED:
        text = text[: MAX_QUOTED - 1] + "…"
    return _UNREADABLE.sub("\N{REPLACEMENT CHARACTER}", text) or _GAP
