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
        "В JSON есть недопустимое число: NaN, бесконечность или слишком большое. "
        "Укажите обычное число.",
        "The JSON contains an invalid number: NaN, Infinity or a number that is too "
        "large. Use an ordinary number.",
    ),
    "no_operation": (
        "Не указано, что нужно сделать. Передайте один из параметров: balance, status "
        "или send.",
        "The request does not say what to do. Pass one of the parameters: balance, "
        "status or send.",
    ),
    "several_operations": (
        "В одном запросе указано несколько операций: {names}. Оставьте только одну.",
        "The request contains several operations: {names}. Keep only one.",
    ),
    "missing": (
        "Не указан обязательный параметр {path}. Добавьте его в запрос.",
        "The required parameter {path} is missing. Add it to the request.",
    ),
    "missing.empty": (
        "Список {path} пуст. Укажите хотя бы один элемент.",
        "The list {path} is empty. Add at least one element.",
    ),
    "wrong_type": (
        "Параметр {path} имеет неверный тип. Исправьте его по документации API.",
        "The parameter {path} has the wrong type. See the API documentation.",
    ),
    "wrong_type.document": (
        "Тело запроса должно быть объектом JSON. Заключите его в фигурные скобки.",
        "The request body must be a JSON object. Enclose it in curly braces.",
    ),
    "wrong_type.string": (
        "Параметр {path} должен быть строкой. Заключите значение в кавычки.",
        "The parameter {path} must be a string. Put the value in quotes.",
    ),
    "wrong_type.number": (
        "Параметр {path} должен быть целым числом.",
        "The parameter {path} must be an integer.",
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
        "Параметр {path} должен быть массивом JSON.",
        "The parameter {path} must be a JSON array.",
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
        "Недопустимое значение параметра {path}. Исправьте его по документации API.",
        "Invalid value for the parameter {path}. See the API documentation.",
    ),
    "invalid_value.number": (
        "Укажите в параметре {path} целое число от {minimum} до {maximum}.",
        "The parameter {path} must be an integer from {minimum} to {maximum}.",
    ),
    "invalid_value.ttl": (
        "Укажите в параметре {path} целое число секунд от {minimum} до {maximum}.",
        "The parameter {path} must be an integer number of seconds from {minimum} to "
        "{maximum}.",
    ),
    "invalid_value.mode": (
        "Неизвестный режим «{value}» в параметре {path}. Укажите live или debug либо "
        "уберите параметр.",
        "Unknown mode “{value}” in the parameter {path}. Use live or debug, or "
        "remove the parameter.",
    ),
    "invalid_value.category": (
        "Неизвестная категория «{value}» в параметре {path}. Укажите одну из: {known} "
        "— либо уберите параметр.",
        "Unknown category “{value}” in the parameter {path}. Use one of {known}, or "
        "remove the parameter.",
    ),
    "invalid_value.voice": (
        "Укажите в параметре {path} 1 для звонка или 0 для SMS.",
        "The parameter {path} must be 1 (voice call) or 0 (SMS).",
    ),
    "invalid_value.time": (
        "Не удалось прочитать время в параметре {path}. Укажите дату и время, "
        "например «2026-03-15 13:00» или «2026-03-15T13:00:00+03:00».",
        "The time in the parameter {path} cannot be parsed. Use a date and time, for "
        "example “2026-03-15 13:00” or “2026-03-15T13:00:00+03:00”.",
    ),
    "invalid_value.far_time": (
        "Время в параметре {path} слишком далеко в будущем. Укажите время в пределах "
        "{years} лет.",
        "The time in the parameter {path} is too far in the future. Use a time "
        "within {years} years.",
    ),
    "invalid_value.twice": (
        "Параметр {path} указан дважды: внутри send и рядом с ним. Оставьте его "
        "только в одном месте.",
        "The parameter {path} is set twice: inside send and next to it. Keep it in "
        "one place only.",
    ),
    "invalid_value.name": (
        "Недопустимое имя поля «{value}» в {path}. Используйте буквы, цифры и знак "
        "подчёркивания, не начинайте имя с цифры и не делайте его длиннее {maximum} "
        "символов. Слова not, true, false и none зарезервированы.",
        "The field name “{value}” in {path} is not allowed. Use letters, digits and "
        "underscores, do not start with a digit, and use at most {maximum} "
        "characters. The words not, true, false and none are reserved.",
    ),
    "invalid_value.names": (
        "Слишком много имён в {path}. Оставьте не более {maximum}.",
        "The parameter {path} contains too many names. Keep at most {maximum}.",
    ),
    "invalid_value.currency": (
        "Укажите в {path} код валюты из трёх латинских букв, например RUB.",
        "The parameter {path} must be a currency code of three Latin letters, for "
        "example RUB.",
    ),
    "invalid_value.idempotency_key": (
        "Заголовок Idempotency-Key должен содержать от 1 до {maximum} символов.",
        "The Idempotency-Key header must have 1 to {maximum} characters.",
    ),
    "invalid_character": (
        "Недопустимый символ в параметре {path}: U+0000 или непарный суррогат. "
        "Удалите его.",
        "The parameter {path} contains a forbidden character: U+0000 or an unpaired "
        "surrogate. Remove it.",
    ),
    "empty_text": (
        "Текст в параметре {path} пуст. Укажите текст сообщения.",
        "The text in the parameter {path} is empty. Enter the message text.",
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
        "Маршрут «{route}» не поддерживает этот канал (SMS или звонки). Укажите "
        "другой маршрут или измените параметр voice.",
        "The route “{route}” does not support this channel (SMS or voice). Use "
        "another route or change the parameter voice.",
    ),
    "unsupported_operation": (
        "Провайдер этого маршрута не сообщает баланс. Укажите другой маршрут.",
        "This route's provider does not report a balance. Use another route.",
    ),
    # Recipients as a whole
    "no_valid_users": (
        "Нет ни одного корректного получателя, ничего не отправлено. Исправьте "
        "данные получателей.",
        "No recipient is valid, so nothing was sent. Correct the recipients' data.",
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
        "Too many recipients: {count}, the limit is {maximum}. Split the campaign "
        "into several requests.",
    ),
    # When there are several errors
    "more_errors": (
        "Остальные ошибки перечислены в details.errors.",
        "The other errors are listed in details.errors.",
    ),
}
