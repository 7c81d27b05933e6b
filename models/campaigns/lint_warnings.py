"""What `tools.lint` finds in texts, in words."""

from ...tools.bilingual import say
from ...tools.lint import Draft, lint
from ...tools.template_texts import TEMPLATE_TEXTS
from ..sending.reasons import get_language

_LEVELS = {
    "template_syntax": "danger",
    "template_forbidden": "danger",
    "template_unknown_name": "danger",
    "missing_variant": "warning",
    "many_segments": "warning",
    "unicode_by_characters": "warning",
    "latin_impossible": "warning",
    "foreign_placeholder": "warning",
    "markup": "warning",
    "glued_link": "warning",
    "spaces": "info",
    "different_names": "info",
}
#: The variants one of which a recipient gets.
SPOKEN_VARIANTS = ("male", "female", "neutral")
#: Characters that one line names.
MAX_NAMED = 5
#: Characters shown of a piece of a text.
MAX_SHOWN_PIECE = 40
# what cannot be seen between other characters
_SHOWN_CHARACTERS = {"": "∅", " ": "␣", "\n": "↵"}


def find_in_texts(env, sources, names, samples, channel, *, sent=None, is_latin=False):
    """What the author of texts should know.

    :param sources: dict of variant → text
    :param names: the names that the texts may use
    :param samples: dict of name → value, for the size
    :param sent: dict of variant → text as it is filled, where that is another one
    :param is_latin: that one is in Latin letters
    :return: list of dicts of ``level`` (danger, warning, info), ``variant`` and
        ``text``
    """
    lint_warnings = lint(
        Draft(**sources),
        names,
        samples,
        max_segments=env["sms.gateway.settings"]._get().max_segments,
        channel=channel,
        sent=Draft(**sent) if sent else None,
        is_latin=is_latin,
    )
    return [
        {
            "level": _LEVELS[warning.code],
            "variant": warning.variant,
            "text": _describe(env, warning),
        }
        for warning in lint_warnings
        if warning.code != "missing_variant" or not _is_for_everybody(sources)
    ]


def _is_for_everybody(sources):
    """The text for men is everybody's where there is no other."""
    given = [variant for variant in SPOKEN_VARIANTS if sources[variant].strip()]
    return given == ["male"]


def explain_template(env, error):
    """What is wrong with a text, for its author.

    :param error: `tools.template.TemplateError`
    """
    return _explain_template(env, error.code, line=error.line, detail=error.detail)


def _explain_template(env, code, **params):
    return say(
        TEMPLATE_TEXTS,
        code,
        get_language(env),
        variant="person",
        example="{{ first_name }}",
        **params,
    )


def _describe(env, warning):
    if warning.code.startswith("template_"):
        return _explain_template(env, warning.code, **warning.params)
    return _DESCRIPTIONS[warning.code](env, warning)


def _describe_missing(env, warning):
    if warning.variant == "male":
        return env._(
            "Men will not receive anything. Add a text for men or a neutral text."
        )
    if warning.variant == "female":
        return env._(
            "Women will not receive anything. Add a text for women or a neutral text."
        )
    return env._(
        "Recipients whose gender is not set will not receive anything. Add a neutral "
        "text."
    )


def _describe_size(env, warning):
    return env._(
        "The message has %(count)s SMS parts; the limit is %(limit)s. Shorten the "
        "text.",
        count=warning.params["count"],
        limit=warning.params["limit"],
    )


def _describe_characters(env, warning):
    return env._(
        "%(characters)s increase the message from %(count_without)s to %(count)s SMS "
        "parts. All other characters fit GSM-7.",
        characters=_name_characters(warning),
        count=warning.params["count"],
        count_without=warning.params["count_without"],
    )


def _describe_latin(env, warning):
    return env._(
        "%(characters)s cannot be transliterated: the whole message becomes Unicode, "
        "with 70 characters per SMS part.",
        characters=_name_characters(warning),
    )


def _name_characters(warning):
    characters = warning.params["characters"][:MAX_NAMED]
    return ", ".join(
        _name_piece(one.character, one.places, one.replacement) for one in characters
    )


def _name_piece(text, places, replacement):
    line, column = places[0]
    place = f"{text} ({line}:{column})"
    if replacement is None:
        return place
    return f"{place} → {_SHOWN_CHARACTERS.get(replacement, replacement)}"


def _describe_foreign(env, warning):
    return env._(
        "%(pieces)s: sent as is, because this is not a placeholder. Put the field "
        "name in double curly braces, e.g. %(example)s.",
        pieces=_name_pieces(warning),
        example="{{ first_name }}",
    )


def _describe_markup(env, warning):
    return env._(
        "%(pieces)s: sent as is, because messages do not support HTML.",
        pieces=_name_pieces(warning),
    )


def _name_pieces(warning):
    pieces = warning.params["pieces"][:MAX_NAMED]
    return ", ".join(
        _name_piece(one.text[:MAX_SHOWN_PIECE], one.places, one.replacement)
        for one in pieces
    )


def _describe_glued(env, warning):
    line, column = warning.params["places"][0]
    return env._(
        "The link in line %(line)s, character %(column)s touches a dash or a word, "
        "so phones include it in the address. Insert a space between them.",
        line=line,
        column=column,
    )


def _describe_spaces(env, warning):
    line, column = warning.params["places"][0]
    return env._(
        "%(kind)s, line %(line)s, character %(column)s.",
        kind=_name_spaces(env)[warning.params["kind"]],
        line=line,
        column=column,
    )


def _name_spaces(env):
    return {
        "leading": env._("Leading space"),
        "trailing": env._("Trailing space"),
        "double": env._("Several consecutive spaces"),
        "before_punctuation": env._("Space before a punctuation mark"),
        "tab": env._("Tab character"),
        "invisible": env._("Invisible character"),
    }


def _describe_names(env, warning):
    return env._(
        "The texts use different placeholders: %(male)s for men, %(female)s for women.",
        male=", ".join(sorted(warning.params["male"])) or "–",
        female=", ".join(sorted(warning.params["female"])) or "–",
    )


_DESCRIPTIONS = {
    "missing_variant": _describe_missing,
    "many_segments": _describe_size,
    "unicode_by_characters": _describe_characters,
    "latin_impossible": _describe_latin,
    "foreign_placeholder": _describe_foreign,
    "markup": _describe_markup,
    "glued_link": _describe_glued,
    "spaces": _describe_spaces,
    "different_names": _describe_names,
}
