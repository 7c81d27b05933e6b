"""What is said of single recipients and messages."""

from __future__ import annotations

from ...tools.bilingual import Sentences

#: code → (Russian, English)
RECIPIENT_TEXTS: Sentences = {
    # Single users
    "invalid_number": (
        "Неверный номер телефона. Укажите действующий номер в формате +79876543210.",
        "The phone number is invalid. Use a valid number in the format +79876543210.",
    ),
    "invalid_number.absent": (
        "Номер телефона не указан.",
        "The phone number is missing.",
    ),
    "invalid_number.unreadable": (
        "Не удалось распознать номер телефона. Укажите его в формате +79876543210.",
        "The phone number could not be recognized. Use the format +79876543210.",
    ),
    "invalid_number.not_possible": (
        "Такого номера телефона не существует. Проверьте код и количество цифр.",
        "This phone number does not exist. Check the area code and the number of "
        "digits.",
    ),
    "invalid_number.not_mobile": (
        "SMS можно отправить только на мобильный номер. Укажите мобильный номер.",
        "SMS can only be sent to mobile numbers. Use a mobile number.",
    ),
    "invalid_number.several": (
        "Указано несколько номеров телефона. Оставьте один.",
        "The phone number field contains several numbers. Keep one of them.",
    ),
    "invalid_number.digits_lost": (
        "Цифры номера телефона потеряны: программа записала его как дробь или число с "
        "порядком. Укажите номер как текст, в формате +79876543210.",
        "Digits of the phone number were lost: a program wrote it as a fraction or "
        "with an exponent. Send the number as text, in the format +79876543210.",
    ),
    "invalid_number.doubtful": (
        "Номер телефона можно прочитать двумя способами. Укажите его с плюсом и "
        "кодом страны, в формате +79876543210.",
        "The phone number can be interpreted in two ways. Use a plus sign and the "
        "country code, in the format +79876543210.",
    ),
    "invalid_number.no_country": (
        "У номера телефона нет кода страны, а страна получателя и компании "
        "неизвестна. Укажите номер с плюсом и кодом страны.",
        "The phone number has no country code, and the country of the recipient and "
        "of the company is unknown. Use a plus sign and the country code.",
    ),
    "missing_gender": (
        "Не указан пол получателя, а тексты для мужчин и женщин разные. Укажите в "
        "gender male или female.",
        "The recipient's gender is missing, but the texts for men and women differ. "
        "Set gender to male or female.",
    ),
    "invalid_gender": (
        "Не удалось распознать пол получателя. Укажите в gender male или female.",
        "The recipient's gender was not recognized. Set gender to male or female.",
    ),
    "missing_field": (
        "Не указано поле {path}. Укажите его значение или значение по умолчанию в "
        "fields.",
        "The field {path} is missing. Set its value, or a default value in fields.",
    ),
    "invalid_field": (
        "Недопустимое значение поля {path}. Укажите строку или число.",
        "The value of the field {path} is invalid. Use a string or a number.",
    ),
    "too_long.segments": (
        "Сообщение слишком длинное: частей SMS — {count}, допустимо не больше "
        "{limit}. Сократите текст или значения полей.",
        "The message is too long: {count} SMS parts, the limit is {limit}. Shorten "
        "the text or the field values.",
    ),
    "too_long.characters": (
        "Сообщение слишком длинное: символов — {count}, допустимо не больше {limit}. "
        "Сократите текст или значения полей.",
        "The message is too long: {count} characters, the limit is {limit}. Shorten "
        "the text or the field values.",
    ),
    "too_long.text_alternative": (
        "Резервное SMS (text_alternative) слишком длинное: частей SMS — {count}, "
        "допустимо не больше {limit}. Сократите текст или значения полей.",
        "The fallback SMS (text_alternative) is too long: {count} SMS parts, the "
        "limit is {limit}. Shorten the text or the field values.",
    ),
    # Of contacts: nobody there knows the parameters of a request
    "missing_gender.person": (
        "Пол получателя не указан, а нейтрального текста нет. Укажите пол в карточке "
        "контакта или добавьте нейтральный текст.",
        "The recipient's gender is not set and there is no neutral text. Set the "
        "gender of the contact or add a neutral text.",
    ),
    "missing_field.person": (
        "У получателя не заполнено поле «{path}». Заполните его или задайте в тексте "
        "значение по умолчанию: default('…').",
        "The recipient's {path} is empty. Fill it in, or add a default value to the "
        "text: default('…').",
    ),
    "duplicate": (
        "Этот номер уже есть у другого получателя рассылки.",
        "Another recipient of the campaign has the same number.",
    ),
    "opted_out": (
        "Получатель отказался от рассылки: номер в чёрном списке, на него ничего не "
        "отправляется.",
        "The recipient opted out: the number is on the blacklist. Nothing is sent to "
        "it.",
    ),
    # What a person decided about a message nobody knew the outcome of
    "resolved": (
        "Результат указан вручную: {user}.",
        "Resolved manually by {user}.",
    ),
}
