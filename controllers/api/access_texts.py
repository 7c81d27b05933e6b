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
        "A valid API key is required. Send it in the header Authorization: Bearer "
        "<key>.",
    ),
    "forbidden": (
        "Недостаточно прав для этого запроса. Обратитесь к администратору шлюза.",
        "You are not allowed to make this request. Contact the gateway administrator.",
    ),
    "forbidden.browser": (
        "Запросы без ключа принимаются только от клиентов API, а этот отправлен из "
        "браузера (заголовок {header}). Передайте ключ API в заголовке Authorization.",
        "Requests without an API key are accepted only from API clients, but this "
        "request was sent by a browser (header {header}). Send an API key in the "
        "header Authorization.",
    ),
    "forbidden.host": (
        "Без ключа к шлюзу нельзя обращаться по имени хоста {host}. Используйте "
        "IP-адрес, передайте ключ API или попросите администратора добавить имя "
        "хоста в настройках шлюза.",
        "Without an API key, the gateway cannot be called by the host name {host}. "
        "Use the IP address, send an API key, or ask the administrator to add the "
        "host name in the gateway settings.",
    ),
    "unknown_key": (
        "Запрос с таким ключом не найден. Проверьте параметры key и route.",
        "No request with this key was found. Check the parameters key and route.",
    ),
    "unknown_path": (
        "Такого адреса нет. Используйте адрес /api/v1.",
        "This address does not exist. Use the address /api/v1.",
    ),
    "method_not_allowed": (
        "Этот метод HTTP не поддерживается. Используйте POST; для balance и status "
        "подойдёт и GET.",
        "This HTTP method is not supported. Use POST; GET also works for balance and "
        "status.",
    ),
    "unsupported_media_type": (
        "Тело запроса должно быть в формате JSON. Укажите заголовок Content-Type: "
        "application/json.",
        "The request body must be JSON. Set the header Content-Type: application/json.",
    ),
    "rate_limited": (
        "Слишком много запросов. Повторите через число секунд, указанное в заголовке "
        "Retry-After.",
        "Too many requests. Retry after the number of seconds in the Retry-After "
        "header.",
    ),
    "idempotency_conflict": (
        "Этот Idempotency-Key уже использован с другим телом запроса. Укажите новый "
        "ключ.",
        "This Idempotency-Key has already been used with a different request body. "
        "Use a new key.",
    ),
    "unavailable": (
        "Шлюз временно не принимает запросы, ничего не поставлено в очередь. Повторите "
        "запрос позже.",
        "The gateway is temporarily not accepting requests; nothing was queued. Try "
        "again later.",
    ),
    "unavailable.ask_outcome": (
        "База данных не ответила: неизвестно, принят ли запрос. Через минуту запросите "
        "статус по ключу {key}. Повторяйте запрос, только если такого ключа нет.",
        "The database did not respond: it is not known whether the request was "
        "accepted. In a minute, request the status of the key {key}. Repeat the "
        "request only if the key is unknown.",
    ),
    "unavailable.repeat_outcome": (
        "База данных не ответила: неизвестно, принят ли запрос. Повторите его с тем же "
        "Idempotency-Key: дважды он не выполняется. Статус можно запросить по ключу "
        "{key}.",
        "The database did not respond: it is not known whether the request was "
        "accepted. Repeat it with the same Idempotency-Key: it is not executed "
        "twice. You can request its status with the key {key}.",
    ),
    "unavailable.health": (
        "Шлюз принимает запросы, но отправка остановлена или скоро остановится. "
        "Сообщите администратору.",
        "The gateway accepts requests, but sending has stopped or is about to stop. "
        "Contact the administrator.",
    ),
    "internal": (
        "Внутренняя ошибка шлюза, ничего не поставлено в очередь. Сообщите "
        "администратору номер ошибки: {incident}.",
        "Internal gateway error; nothing was queued. Report the error number to the "
        "administrator: {incident}.",
    ),
}
