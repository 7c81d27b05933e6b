"""What is said of who calls, how, and of the gateway's own troubles."""

from __future__ import annotations

from ...tools.bilingual import Sentences

#: code → (Russian, English)
ACCESS_TEXTS: Sentences = {
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
}
