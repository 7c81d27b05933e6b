"""What is wrong with a template, in Russian and English."""

from __future__ import annotations

from .bilingual import Sentences

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

#: code → (Russian, English)
TEMPLATE_TEXTS: Sentences = {
    "template_syntax": (
        "Ошибка в шаблоне {path}, строка {line}. Проверьте фигурные скобки, "
        "подстановки и фильтры.",
        "Error in the template {path}, line {line}. Check the curly braces, "
        "placeholders and filters.",
    ),
    "template_syntax.person": (
        "Строка {line}: подстановка записана неверно. Нужны две фигурные скобки с "
        "каждой стороны и одно имя между ними, например {example}.",
        "Line {line}: a placeholder is not written correctly. Write two curly braces "
        "on each side and one name between them, for example {example}.",
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
            "Можно использовать только подстановки в двойных фигурных скобках и "
            "фильтры к ним.",
            f"Not allowed in the template {{path}}, line {{line}}: {english}. "
            "Use only placeholders in double curly braces with filters.",
        )
        for construct, (russian, english) in _FORBIDDEN_CONSTRUCTS.items()
    },
    "template_unknown_name": (
        "Неизвестная подстановка в шаблоне {path}, строка {line}: {detail}. Добавьте "
        "её в fields или исправьте текст.",
        "Unknown placeholder in the template {path}, line {line}: {detail}. Add it "
        "to fields or correct the text.",
    ),
    "template_unknown_name.person": (
        "Строка {line}: неизвестная подстановка «{detail}». Используйте first_name, "
        "last_name, patronymic, fio или поле записи, например city.",
        "Line {line}: unknown placeholder {detail}. Use first_name, last_name, "
        "patronymic, fio or a field of the record, for example city.",
    ),
}
