"""Placeholders by their labels, for authors to choose from."""

from lxml import etree

from ...tools.names.aliases import find_alias
from ..recipients.field_text import is_text_field
from ..recipients.sms_gateway_recipient import PERSON_NAMES

#: Fields that the gateway itself puts on forms.
_OURS = ("sms_gateway_", "suggested_")
#: What people read in a view: not what only the view needs, not the columns of a
#: table in a form, not the counts on buttons.
_READ_BY_PEOPLE = (
    "//field[not(ancestor::field or ancestor::button)]"
    "[not(ancestor-or-self::*[@invisible='1' or @invisible='True'])]/@name"
)


def list_placeholders(env, model_names, value_names=()):
    """List what texts to records of some models may use, as far as people know it.

    Texts may use the other fields too, by their names.

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
        (name, env[model_name]._fields[name]._description_string(env), "record")
        for model_name in sorted(model_names)
        for name in _list_familiar_names(env[model_name])
        if _is_kept(env[model_name]._fields[name])
        and name not in PERSON_NAMES
        and not name.startswith(_OURS)
        and is_text_field(env[model_name], env[model_name]._fields[name])
    ]
    return sorted(fields, key=lambda field: field[1].casefold())


def _is_kept(field):
    """Whether a field is data: others are labels and hints of the form."""
    return field.store or field.related


def _list_familiar_names(model):
    """The names of the fields that the user knows from a record's form; from the list,
    where only Odoo's makeshift form, which has every field, could be shown."""
    view = model.get_view(view_type="form")
    if not view["id"]:
        view = model.get_view(view_type="list")
    return etree.fromstring(view["arch"]).xpath(_READ_BY_PEOPLE)
