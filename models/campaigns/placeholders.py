"""Placeholders by their labels, for authors to choose from."""

from ...tools.names.aliases import find_alias
from ..recipients.field_text import is_text_field
from ..recipients.sms_gateway_recipient import PERSON_NAMES

#: Fields that tell about Odoo, not about people: texts may use them, nobody looks for
#: them.
_TECHNICAL = (
    "activity_",
    "create_",
    "message_",
    "my_activity_",
    "sms_gateway_",
    "suggested_",
    "write_",
)


def list_placeholders(env, model_names, value_names=()):
    """List what texts to records of some models may use, as far as it tells about them.

    :param model_names: names of the recipients' models
    :param value_names: names that only imported recipients give values for
    :return: list of dicts of ``name`` (what the text says), ``label`` (in the user's
        language) and ``group`` (person, import or record), each name once
    """
    labels = _label_names(env)
    people = [
        (find_alias(name, env.lang), labels[name], "person") for name in PERSON_NAMES
    ]
    imported = [(name, name, "import") for name in sorted(value_names)]
    found = {}
    for name, label, group in (*people, *imported, *_list_fields(env, model_names)):
        found.setdefault(name, {"name": name, "label": label, "group": group})
    return list(found.values())


def _label_names(env):
    """:return: dict of `PERSON_NAMES` → label"""
    return {
        "first_name": env._("First name"),
        "last_name": env._("Last name"),
        "patronymic": env._("Patronymic"),
        "fio": env._("Full name"),
    }


def _list_fields(env, model_names):
    fields = [
        (name, field._description_string(env), "record")
        for model_name in sorted(model_names)
        for name, field in env[model_name]._fields.items()
        if name not in PERSON_NAMES
        and not name.startswith(_TECHNICAL)
        and is_text_field(env[model_name], field)
    ]
    return sorted(fields, key=lambda field: field[1].casefold())
