"""The texts of a send: read, checked and compiled."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from ...tools.compose import Texts
from ...tools.template import Template, TemplateError, compile_template
from .reader import Reader


@dataclass(frozen=True, slots=True)
class Sources:
    """The texts as they came, before compiling."""

    male: str
    female: str | None
    alternative: str | None


def read_sources(send: Reader, max_length: int) -> Sources:
    return Sources(
        male=_read_text(send, "text_male", max_length, is_required=True) or "",
        female=_read_text(send, "text_female", max_length),
        alternative=_read_text(send, "text_alternative", max_length),
    )


def _read_text(
    send: Reader, name: str, max_length: int, *, is_required: bool = False
) -> str | None:
    """A text; a blank optional one counts as absent, old clients send it so."""
    text = send.string(
        name,
        max_length=max_length,
        code="too_long",
        is_required=is_required,
        maximum=max_length,
    )
    if text is None:
        return None
    if not text.strip():
        if is_required:
            send.report("empty_text", send.path(name))
        return None
    return text


def compile_texts(
    send: Reader, sources: Sources, names: Collection[str] | None
) -> Texts:
    """Compile the texts; without ``text_female`` the one for men is for everyone."""
    male = _compile_text(send, "text_male", sources.male, names)
    female = _compile_text(send, "text_female", sources.female, names)
    return Texts(
        male=male,
        female=female,
        neutral=None if female else male,
        alternative=_compile_text(send, "text_alternative", sources.alternative, names),
    )


def _compile_text(
    send: Reader, name: str, source: str | None, names: Collection[str] | None
) -> Template | None:
    """:param names: None when ``fields`` could not be read: no name is known then"""
    if not source:
        return None
    try:
        return compile_template(source, names or ())
    except TemplateError as error:
        if names is not None or error.code != "template_unknown_name":
            send.report(
                error.code,
                send.path(name),
                line=error.line,
                detail=error.detail,
            )
        return None
