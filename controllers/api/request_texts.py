"""What is said of a request's content."""

from __future__ import annotations

from ...tools.bilingual import Sentences

#: code → (Russian, English)
REQUEST_TEXTS: Sentences = {
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
    # When there are several errors
    "more_errors": (
        "Остальные ошибки перечислены в details.errors.",
        "The other errors are listed in details.errors.",
    ),
}
