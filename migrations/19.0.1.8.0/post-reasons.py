"""Stores the gateway's own reasons as codes and parameters.

Earlier releases stored the sentence, in the language of whoever caused it. Only
distinct sentences are read back.
"""

import json

from odoo.addons.crm_sms_gateway.tools.read_back import find_text, read_back

#: code, or ``code.variant`` → the sentences that earlier releases stored for it
SENTENCES = {
    "invalid_character": (
        "Недопустимый символ в параметре {path}: U+0000 или половина суррогатной "
        "пары. Удалите его.",
        "Forbidden character in the parameter {path}: U+0000 or half of a surrogate "
        "pair. Remove it.",
    ),
    "too_long": (
        "Текст в параметре {path} слишком длинный. Сократите его до {maximum} "
        "символов.",
        "The text in the parameter {path} is too long. Shorten it to {maximum} "
        "characters.",
    ),
    "invalid_number": (
        "Номер телефона не подходит. Укажите действующий номер в формате +79876543210.",
        "The phone number cannot be used. Give a valid number in the format "
        "+79876543210.",
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
    "missing_gender": (
        "Не указан пол получателя, а тексты для мужчин и женщин разные. Укажите в "
        "gender male или female.",
        "The recipient's gender is missing, and there are different texts for men and "
        "women. Give male or female in gender.",
    ),
    "invalid_gender": (
        "Не удалось понять пол получателя. Укажите в gender male или female.",
        "The recipient's gender cannot be understood. Give male or female in gender.",
        "Не удалось распознать пол получателя. Укажите в gender male или female.",
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
        "The recipient's message is too long. Characters: {count}, at most {limit} "
        "are allowed. Shorten the text or the values of the fields.",
    ),
    "too_long.text_alternative": (
        "SMS из text_alternative слишком длинное. Частей SMS: {count}, допустимо не "
        "больше {limit}. Сократите текст или значения полей.",
        "The SMS of text_alternative is too long. Parts of the SMS: {count}, at most "
        "{limit} are allowed. Shorten the text or the values of the fields.",
    ),
    "opted_out": (
        "Получатель отказался от сообщений. Уберите номер из списка.",
        "The recipient has opted out of messages. Remove the number from the list.",
    ),
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
    "invalid_number.absent": (
        "Номер телефона не указан.",
        "There is no phone number.",
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
        "The phone number can be read in two ways. Give it with a plus and the code "
        "of its country, in the format +79876543210.",
    ),
    "invalid_number.no_country": (
        "Номер телефона указан без кода страны, а страна получателя и компании "
        "неизвестна. Укажите номер с плюсом и кодом страны.",
        "The phone number has no code of a country, and neither the recipient's nor "
        "the company's country is known. Give the number with a plus and the code.",
    ),
}
#: What a person decided; the full stop at its end may be missing.
DECISIONS = ("Решение принял пользователь {user}.", "Resolved by {user}.")

#: Providers have the same codes, but no message that no attempt was made of, and they
#: cancel none.
IS_OWN = """m.failure_code IN %(codes)s AND m.failure_params IS NULL
   AND (COALESCE(m.attempts, 0) = 0 OR m.state = 'cancelled')"""
IS_DECISION = """(m.failure_code = 'resolved'
    OR m.failure_code IS NULL AND m.state = 'failed'
       AND m.failure_message ~ '^(Решение принял пользователь |Resolved by )')
   AND m.failure_params IS NULL"""


def migrate(cr, version):
    """Called by Odoo after the update of the module."""
    codes = tuple({key.partition(".")[0] for key in SENTENCES})
    convert_messages(cr, cr.mogrify(IS_OWN, {"codes": codes}).decode(), find_reason)
    convert_messages(cr, IS_DECISION, find_decision)
    convert_events(cr)


def convert_messages(cr, condition, find):
    """:param find: from a code and a sentence to a code and parameters, or None"""
    cr.execute(
        f"""SELECT DISTINCT m.failure_code, m.failure_message
              FROM sms_gateway_message m
             WHERE {condition} AND m.failure_message IS NOT NULL"""
    )
    update(
        cr,
        f"""UPDATE sms_gateway_message m
               SET failure_code = known.code, failure_params = known.params::jsonb,
                   failure_message = NULL
              FROM (VALUES %s) AS known(old_code, said, code, params)
             WHERE m.failure_message = known.said
               AND COALESCE(m.failure_code, '') = known.old_code
               AND {condition}""",
        find,
    )


def convert_events(cr):
    cr.execute(
        """SELECT DISTINCT code, detail FROM sms_gateway_event
            WHERE source = 'person' AND detail IS NOT NULL"""
    )
    update(
        cr,
        """UPDATE sms_gateway_event e
              SET code = known.code, params = known.params::jsonb, detail = NULL
             FROM (VALUES %s) AS known(old_code, said, code, params)
            WHERE e.source = 'person' AND e.detail = known.said
              AND COALESCE(e.code, '') = known.old_code""",
        find_decision,
    )


def update(cr, statement, find):
    """Convert the distinct pairs of code and sentence that were just selected."""
    rows = []
    for old_code, said in cr.fetchall():
        if found := find(old_code, said):
            code, params = found
            rows.append((old_code or "", said, code, json.dumps(params)))
    if rows:
        cr.execute_values(statement, rows, page_size=len(rows))


def find_reason(code, said):
    """Of a sentence that is not known, the code says enough."""
    for key, texts in SENTENCES.items():
        key_code, _dot, variant = key.partition(".")
        found = key_code == code and find_text(texts, said)
        if found:
            return code, {**({"variant": variant} if variant else {}), **found[1]}
    return code, {}


def find_decision(_code, said):
    for text in DECISIONS:
        params = read_back(text, said.removesuffix(".") + ".")
        if params is not None:
            return "resolved", params
    return None
