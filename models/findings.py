"""What `tools.lint` finds in texts, in words."""

from ..tools.lint import Draft, lint
from ..tools.sentences import sentence
from .reasons import get_language

_LEVELS = {
    "template_syntax": "danger",
    "template_forbidden": "danger",
    "template_unknown_name": "danger",
    "missing_variant": "warning",
    "many_segments": "warning",
    "unicode_by_characters": "warning",
    "spaces": "info",
    "different_names": "info",
}
#: The variants one of which a recipient gets.
SPOKEN_VARIANTS = ("male", "female", "neutral")
#: Characters that one line names.
MAX_NAMED = 5


def find_in_texts(env, sources, names, samples, channel):
    """What the author of texts should know.

    :param sources: dict of variant → text
    :param names: the names that the texts may use
    :param samples: dict of name → value, for the size
    :return: list of dicts of ``level`` (danger, warning, info), ``variant`` and
        ``text``
    """
    findings = lint(
        Draft(**sources),
        names,
        samples,
        max_segments=env["sms.gateway.settings"]._get().max_segments,
        channel=channel,
    )
    return [
        {
            "level": _LEVELS[finding.code],
            "variant": finding.variant,
            "text": _describe(env, finding),
        }
        for finding in findings
        if finding.code != "missing_variant" or not _is_for_everybody(sources)
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
    return sentence(code, get_language(env), variant="person", **params)


def _describe(env, finding):
    if finding.code.startswith("template_"):
        return _explain_template(env, finding.code, **finding.params)
    return _DESCRIPTIONS[finding.code](env, finding)


def _describe_missing(env, finding):
    if finding.variant == "male":
        return env._("Men get nothing: there is no text for them.")
    if finding.variant == "female":
        return env._("Women get nothing: there is no text for them.")
    return env._("People whose gender is not known get nothing.")


def _describe_size(env, finding):
    return env._(
        "The message has %(count)s parts, more than %(limit)s.",
        count=finding.params["count"],
        limit=finding.params["limit"],
    )


def _describe_characters(env, finding):
    characters = finding.params["characters"]
    return env._(
        "%(characters)s make it %(count)s parts instead of %(count_without)s: other"
        " letters of the text fit into GSM-7.",
        characters=", ".join(map(_name_character, characters[:MAX_NAMED])),
        count=finding.params["count"],
        count_without=finding.params["count_without"],
    )


def _name_character(character):
    line, column = character.places[0]
    place = f"{character.character} ({line}:{column})"
    if character.replacement is None:
        return place
    return f"{place} → {character.replacement or '∅'}"


def _describe_spaces(env, finding):
    line, column = finding.params["places"][0]
    return env._(
        "%(kind)s, line %(line)s, character %(column)s.",
        kind=_name_spaces(env)[finding.params["kind"]],
        line=line,
        column=column,
    )


def _name_spaces(env):
    return {
        "leading": env._("A space at the beginning"),
        "trailing": env._("A space at the end"),
        "double": env._("Several spaces in a row"),
        "before_punctuation": env._("A space before a punctuation mark"),
        "tab": env._("A tab"),
        "invisible": env._("An invisible character"),
    }


def _describe_names(env, finding):
    return env._(
        "The texts use different names: %(male)s for men, %(female)s for women.",
        male=", ".join(sorted(finding.params["male"])) or "–",
        female=", ".join(sorted(finding.params["female"])) or "–",
    )


_DESCRIPTIONS = {
    "missing_variant": _describe_missing,
    "many_segments": _describe_size,
    "unicode_by_characters": _describe_characters,
    "spaces": _describe_spaces,
    "different_names": _describe_names,
}
