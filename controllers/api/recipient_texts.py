"""What is said of single recipients and messages."""

from __future__ import annotations

from ...tools.bilingual import Sentences

#: code → (Russian, English)
RECIPIENT_TEXTS: Sentences = {
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
}
