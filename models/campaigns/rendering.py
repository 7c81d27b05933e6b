"""The texts of a campaign, ready for recipients."""

from collections import Counter
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from functools import cached_property

from ...tools.compose import Problem, Rules, Texts, compose
from ...tools.links import to_ascii_urls
from ...tools.lint import fill
from ...tools.segments import count_segments
from ...tools.template import TemplateError, compile_template
from ...tools.transliteration import to_latin, to_latin_source
from ..recipients.field_text import is_text_field
from ..recipients.phone import read_phone
from ..recipients.sms_gateway_recipient import (
    PERSON_NAMES,
    find_opted_out,
    get_problem,
    get_shown_phone,
    read_person,
)
from ..sending.reasons import explain_problem
from .lint_warnings import SPOKEN_VARIANTS, explain_template, find_in_texts

VARIANTS = (*SPOKEN_VARIANTS, "alternative")
#: Nothing is wrong with these recipients, but with the draft.
COULD_GET = "could_get"
NO_TEXTS = Texts(*(None for _variant in VARIANTS))


@dataclass(frozen=True)
class Check:
    """What some recipients get.

    ``problems`` is a dict of `PROBLEMS` → count, besides "" for those who get the text
    or, while the draft cannot be sent, `COULD_GET` for those who could. ``segments``
    and ``cost`` are sums; of ``unpriced`` messages the cost is not known, and it is
    None when that is so of all.
    """

    problems: dict[str, int]
    segments: int
    cost: Decimal | None
    unpriced: int


class Composer:
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
        self.links = campaign._make_short_links()
        self._texts = {}
        self._leaves_texts_out = False
        self._closer_rules = {}

    def _find_names(self):
        """What the texts may use; of accepted ones, what they used then."""
        if self.campaign.accepted_names:
            return frozenset(self.campaign.accepted_names)
        found = find_names(self.env, self.campaign._get_models())
        return found | self.campaign._get_value_names()

    # === TEXTS ===
    def get_texts(self, lang):
        """The texts for people who speak this language.

        :raise TemplateError: one of them is no template
        """
        if self._leaves_texts_out:
            return NO_TEXTS
        if lang not in self._texts:
            sources = self.campaign._get_text_sources(lang)
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

    def judge(self, recipients):
        """Compose recipients that follow each other, and find numbers that were there
        before.

        :rtype: list[tuple[Person | None, tools.compose.Composed]]
        """
        composed = self.compose(recipients)
        taken = self._find_taken(recipients, composed)
        return [(person, _mark_duplicate(one, taken)) for person, one in composed]

    def _find_taken(self, recipients, composed):
        phones = {one.msisdn for _person, one in composed if not one.problems}
        return recipients._find_earlier_phones(phones)

    def check(self, recipients, *, is_refused=False):
        """Note who gets the text and who does not.

        While a text is no template, as it may be while somebody types, only numbers
        are judged.

        :param is_refused: the draft cannot be sent as it stands: nobody gets it
        :rtype: Check
        """
        self._leaves_texts_out = self.find_error() is not None
        judged = self.judge(recipients)
        findings = self._find_problems(recipients, judged)
        # sudo: people look, only the gateway writes the rows of recipients
        recipients.sudo()._keep_findings(findings)
        counts = Counter(finding["problem"] or "" for finding in findings)
        if is_refused:
            return _check_refused(counts)
        served = [
            composed
            for finding, (_person, composed) in zip(findings, judged, strict=True)
            if not finding["problem"]
        ]
        known = [cost for cost in self._get_costs(served) if cost is not None]
        return Check(
            problems=dict(counts),
            segments=sum(composed.segments for composed in served),
            cost=sum(known) if known else None,
            unpriced=len(served) - len(known),
        )

    def _get_costs(self, served):
        campaign = self.campaign
        prices = campaign.route_id._get_prices(
            campaign.channel, is_debug=campaign.is_debug
        )
        return [prices.get_cost(one.msisdn, one.segments) for one in served]

    def _find_problems(self, recipients, judged):
        numbers = {one.msisdn for _person, one in judged if one.msisdn}
        opted_out = find_opted_out(self.env, numbers)
        return [
            {
                "id": recipient.id,
                "phone": get_shown_phone(one),
                "problem": get_problem(one)
                or ("opted_out" if one.msisdn in opted_out else None),
            }
            for recipient, (_person, one) in zip(recipients, judged, strict=True)
        ]

    def compose_test(self, recipient, phone):
        """One recipient's text to another number: the author's own text where there
        are no recipients yet."""
        person, row = self._read_row(recipient, self.get_used_names())
        reading = read_phone(phone, self.campaign.company_id)
        return self._compose(person, replace(row, index=0, phone=reading))

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

    # === LOOK ===
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

    def describe_findings(self, samples):
        """What the author should know.

        :param samples: dict of name → value
        :return: list of dicts of ``level`` (danger, warning, info), ``variant`` and
            ``text``
        """
        sources = self.campaign._get_text_sources(None)
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
        sources = self.campaign._get_text_sources(None)
        return {variant: self._make_source(variant, sources) for variant in VARIANTS}

    def measure(self, samples):
        """The size of each text, filled with samples.

        :return: dict of variant → dict of ``count``, ``encoding`` and ``units``
        """
        sizes = {}
        for variant, source in self._sent_sources.items():
            if source.strip():
                text = self._fill(source, samples)
                sizes[variant] = asdict(count_segments(text))
        return sizes

    def _fill(self, source, samples):
        try:
            template = compile_template(source, self.names)
        except TemplateError:
            return source
        return fill(template, samples)


def find_names(env, model_names):
    """The names that texts to records of these models may use.

    :rtype: frozenset[str]
    """
    found = set(PERSON_NAMES)
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


def _check_refused(counts):
    problems = {problem or COULD_GET: count for problem, count in counts.items()}
    return Check(problems=problems, segments=0, cost=None, unpriced=0)


def _without_text(composed):
    """Before there is a text, nobody lacks anything but a number."""
    of_phone = [problem for problem in composed.problems if problem.field == "phone"]
    return replace(composed, problems=tuple(of_phone))


def _mark_duplicate(composed, taken):
    if composed.problems:
        return composed
    if composed.msisdn in taken:
        return replace(composed, problems=(Problem("duplicate", "phone"),))
    taken.add(composed.msisdn)
    return composed
