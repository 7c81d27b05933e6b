"""The texts of a campaign, ready for recipients."""

from dataclasses import asdict, replace
from functools import cached_property

from ...tools.compose import Problem, Rules, Texts, compose
from ...tools.links import ShortLinks, to_ascii_urls
from ...tools.lint import fill
from ...tools.names.aliases import ALIASES
from ...tools.segments import count_segments
from ...tools.template import TemplateError, compile_template
from ...tools.transliteration import to_latin, to_latin_source
from ..recipients.field_text import is_text_field
from ..recipients.phone import read_phone
from ..recipients.sms_gateway_recipient import PERSON_NAMES, read_person
from ..routes.public_address import get_public_address
from ..sending.reasons import explain_problem
from .lint_warnings import SPOKEN_VARIANTS, explain_template, find_in_texts
from .recipient_sources import get_models, get_value_names

#: What short links begin with, behind the base URL; the controller listens there.
SHORT_LINK_PATH = "/g/"
VARIANTS = (*SPOKEN_VARIANTS, "alternative")
NO_TEXTS = Texts(*(None for _variant in VARIANTS))


class CampaignRenderer:
    """Writes the messages of one campaign as its author.

    ``env`` is the author's: what they may not read stays out of the texts.
    """

    def __init__(self, campaign, env):
        self.campaign = campaign
        self.env = env
        settings = self.env["sms.gateway.settings"]._get()
        self.names = self._find_names()
        self._rules = Rules(
            channel=campaign.channel,
            max_segments=settings.max_segments,
            max_speech=settings.max_speech,
        )
        #: the links of the texts, filled when these are read
        self.links = _make_short_links(campaign)
        self._texts = {}
        self._leaves_texts_out = False
        self._closer_rules = {}

    def _find_names(self):
        """What the texts may use; of accepted ones, what they used then."""
        if self.campaign.accepted_names:
            return frozenset(self.campaign.accepted_names)
        found = find_names(self.env, get_models(self.campaign))
        return found | get_value_names(self.campaign)

    # === TEXTS ===
    def get_texts(self, lang):
        """The texts for people who speak this language.

        :raise TemplateError: one of them is no template
        """
        if self._leaves_texts_out:
            return NO_TEXTS
        if lang not in self._texts:
            sources = get_text_sources(self.campaign, lang)
            self._texts[lang] = self._compile(sources)
        return self._texts[lang]

    def _compile(self, sources):
        """The text for men is everybody's where there is no other, as in requests."""
        compiled = {
            variant: compile_template(self._make_source(variant, sources), self.names)
            for variant in VARIANTS
            if (sources[variant] or "").strip()
        }
        spoken = [variant for variant in SPOKEN_VARIANTS if variant in compiled]
        if spoken == ["male"]:
            compiled["neutral"] = compiled["male"]
        return Texts(*(compiled.get(variant) for variant in VARIANTS))

    def _make_source(self, variant, sources):
        """A text as its author means it: with short links, in Latin letters."""
        source = sources[variant] or ""
        if self._has_short_links(variant):
            source = self.links.shorten(source)
        if not self.campaign.is_transliterated:
            return source
        # in other letters an address would be somebody else's
        source, unencodable = to_ascii_urls(source)
        return to_latin_source(source, kept=unencodable)

    def _has_short_links(self, variant):
        """Nobody clicks on what is spoken."""
        is_sms = self.campaign.channel == "sms" or variant == "alternative"
        return self.campaign.has_short_links and is_sms

    def find_error(self):
        """The first text that is no template, as a sentence; None when all are."""
        try:
            self._get_all_texts()
        except TemplateError as error:
            return explain_template(self.env, error)
        return None

    def explain_error(self):
        """The first text that is no template, with its label; None when all are."""
        for variant, source in self._sent_sources.items():
            try:
                compile_template(source, self.names)
            except TemplateError as error:
                return self.env._(
                    "%(label)s: %(explanation)s",
                    label=self.campaign._label_text(variant),
                    explanation=explain_template(self.env, error),
                )
        # those in other languages
        return self.find_error()

    def leave_out_broken_texts(self):
        """Compose no text at all where one is no template: only numbers are checked."""
        self._leaves_texts_out = self.find_error() is not None

    def get_used_names(self):
        """Names in any of the texts, in any language."""
        return {name for text in self._get_all_texts() for name in text.names}

    def _get_all_texts(self):
        """:raise TemplateError: one of them is no template"""
        languages = [None, *self.campaign.template_id._get_languages()]
        return [text for lang in languages for text in self.get_texts(lang).all()]

    # === COMPOSE ===
    def compose(self, recipients):
        """Compose one after the other; what is wrong with one stays with it.

        :param recipients: `sms.gateway.recipient`
        :rtype: list[tuple[Person | None, tools.compose.Composed]]
        """
        people = recipients._read_people(self.env, self.get_used_names())
        return [(person, self._compose(person, row)) for person, row in people]

    def _compose(self, person, row):
        texts = self.get_texts(person and person.lang)
        if self.campaign.is_transliterated:
            row = replace(row, values=_write_in_latin(row.values))
        composed = compose(row, texts, self._get_rules(texts, row.gender))
        return composed if texts.all() else _without_text(composed)

    def _get_rules(self, texts, gender):
        """Nobody needs what only the text of the others uses."""
        key = (id(texts), gender)
        if key not in self._closer_rules:
            used = [text for text in (texts.pick(gender), texts.alternative) if text]
            names = sorted({name for text in used for name in text.names})
            self._closer_rules[key] = replace(self._rules, fields=tuple(names))
        return self._closer_rules[key]

    def evaluate(self, recipients):
        """Compose recipients that follow each other, and find numbers that an earlier
        recipient has.

        :rtype: list[tuple[Person | None, tools.compose.Composed]]
        """
        composed = self.compose(recipients)
        earlier = self._find_earlier_phones(recipients, composed)
        return [(person, _mark_duplicate(one, earlier)) for person, one in composed]

    def _find_earlier_phones(self, recipients, composed):
        phones = {one.msisdn for _person, one in composed if not one.problems}
        return recipients._find_earlier_phones(phones)

    def compose_test(self, recipient, index, phone):
        """One recipient's text to another number: the author's own text where there
        are no recipients yet."""
        person, row = self._read_row(recipient, self.get_used_names())
        if not (recipient or row.gender):
            row = replace(row, gender=self._get_first_gender())
        reading = read_phone(phone, self.campaign.company_id)
        return self._compose(person, replace(row, index=index, phone=reading))

    def _get_first_gender(self):
        """Whose text an author without a gender tries first."""
        sources = get_text_sources(self.campaign, None)
        return "male" if (sources["male"] or "").strip() else "female"

    def _read_row(self, recipient, names):
        if recipient:
            [(person, row)] = recipient._read_people(self.env, names)
            return person, row
        author = self.env.user.partner_id
        return read_person(author, names, self.campaign.company_id)

    def explain(self, composed):
        """Why nothing is sent to a recipient, None when something is."""
        if not composed.problems:
            return None
        return str(explain_problem(self.env, composed.problems[0]))

    # === PREVIEW ===
    def read_samples(self, recipient):
        """What the texts of one recipient are filled with; the author's own data where
        there are no recipients yet.

        :rtype: dict[str, str]
        """
        try:
            names = self.get_used_names()
        except TemplateError:
            return {}
        values = self._read_row(recipient, names)[1].values
        if self.campaign.is_transliterated:
            return _write_in_latin(values)
        return dict(values)

    def find_lint_warnings(self, samples):
        """What the author should know.

        :param samples: dict of name → value
        :return: list of dicts of ``level`` (danger, warning, info), ``variant`` and
            ``text``
        """
        sources = get_text_sources(self.campaign, None)
        return find_in_texts(
            self.env,
            {variant: sources[variant] or "" for variant in VARIANTS},
            self.names,
            samples,
            self.campaign.channel,
            sent=self._sent_sources,
            is_latin=self.campaign.is_transliterated,
        )

    @cached_property
    def _sent_sources(self):
        sources = get_text_sources(self.campaign, None)
        return {variant: self._make_source(variant, sources) for variant in VARIANTS}

    def measure(self, samples):
        """The size of each text, filled with samples.

        :return: dict of variant → dict of ``count``, ``encoding`` and ``units``
        """
        texts = self.fill_texts(samples)
        return {
            variant: asdict(count_segments(text)) for variant, text in texts.items()
        }

    def fill_texts(self, samples):
        """Each text, filled with samples.

        :return: dict of variant → text
        """
        return {
            variant: self._fill(source, samples)
            for variant, source in self._sent_sources.items()
            if source.strip()
        }

    def _fill(self, source, samples):
        try:
            template = compile_template(source, self.names)
        except TemplateError:
            return source
        return fill(template, samples)


def get_text_sources(campaign, lang):
    """The texts for people who speak a language: the template's in that language, or
    else the campaign's own.

    :return: dict of male, female, neutral, alternative → source
    """
    campaign.ensure_one()
    translation = campaign.template_id._get_translation(lang)
    own = translation if translation and _is_as_template(campaign) else campaign
    return {
        "male": own.text_male,
        "female": own.text_female,
        "neutral": own.text_neutral,
        "alternative": campaign.channel == "voice" and campaign.text_alternative,
    }


def _is_as_template(campaign):
    """Whether nobody has changed the texts since the template was chosen: its
    translations say something else then."""
    return all(
        (campaign[f"text_{variant}"] or "")
        == (campaign.template_id[f"text_{variant}"] or "")
        for variant in SPOKEN_VARIANTS
    )


def _make_short_links(campaign):
    """What the links of the texts become."""
    address = get_public_address(campaign)
    return ShortLinks(address and address + SHORT_LINK_PATH)


def find_names(env, model_names):
    """The names that texts to records of these models may use.

    :rtype: frozenset[str]
    """
    found = {*PERSON_NAMES, *ALIASES}
    for model_name in model_names:
        model = env[model_name]
        found.update(
            field.name
            for field in model._fields.values()
            if is_text_field(model, field)
        )
    return frozenset(found)


def _write_in_latin(values):
    return {name: to_latin(value) for name, value in values.items()}


def _without_text(composed):
    """Before there is a text, nobody lacks anything but a number."""
    of_phone = [problem for problem in composed.problems if problem.field == "phone"]
    return replace(composed, problems=tuple(of_phone))


def _mark_duplicate(composed, earlier):
    if composed.problems:
        return composed
    if composed.msisdn in earlier:
        return replace(composed, problems=(Problem("duplicate", "phone"),))
    earlier.add(composed.msisdn)
    return composed
