from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase

from odoo.addons.crm_sms_gateway.tools.lint import (
    Character,
    Draft,
    Finding,
    Piece,
    lint,
)
from odoo.addons.crm_sms_gateway.tools.segments import count_segments

NAMES = ("first_name", "last_name")
SAMPLES = {"first_name": "Андрей", "last_name": "Соколов"}
LATIN = {"first_name": "John", "last_name": "Smith"}


#: as long as a part of Unicode: one character outside of GSM-7 makes it two
LONG = "a" * 70


def lint_draft(
    max_segments=3, channel="sms", samples=SAMPLES, sent=None, is_latin=False, **texts
):
    return lint(
        Draft(**texts),
        NAMES,
        samples,
        max_segments=max_segments,
        channel=channel,
        sent=sent,
        is_latin=is_latin,
    )


class LintCase(BaseCase):
    maxDiff = None

    def assert_findings(self, found, *expected):
        self.assertEqual(
            [(one.code, one.variant, dict(one.params)) for one in found], [*expected]
        )

    def assert_clean(self, **texts):
        with self.subTest(texts=texts):
            self.assertEqual(lint_draft(**texts), [])


class TestTemplates(LintCase):
    def test_good_texts(self):
        self.assert_clean()
        self.assert_clean(neutral="Здравствуйте, {{ first_name|default('друг') }}!")
        self.assert_clean(
            male="Уважаемый {{ first_name }}!\n\nВаш заказ готов.",
            female="Уважаемая {{ first_name }}!\n\nВаш заказ готов.",
            neutral="Ваш заказ готов.",
        )

    def test_errors_of_every_text(self):
        found = lint_draft(
            male="{{ first_name", female="\n{% if %}", neutral="{{ firstname }}"
        )
        self.assert_findings(
            [one for one in found if one.code.startswith("template_")],
            ("template_syntax", "male", {"line": 1, "detail": ""}),
            ("template_forbidden", "female", {"line": 2, "detail": "statement"}),
            (
                "template_unknown_name",
                "neutral",
                {"line": 1, "detail": "firstname"},
            ),
        )

    def test_of_a_bad_template_nothing_else_is_told(self):
        found = lint_draft(neutral="{{ x }}  " + "я" * 1000)
        self.assertEqual([one.code for one in found], ["template_unknown_name"])

    def test_sample_that_is_blank_takes_the_default(self):
        source = "a" * 155 + "{{ first_name|default('friend') }}"
        for samples in ({}, {"first_name": ""}, {"first_name": " "}):
            with self.subTest(samples=samples):
                [found] = lint_draft(neutral=source, samples=samples, max_segments=1)
                self.assertEqual(found.params["count"], 2)

    def test_sample_that_is_lacking_counts_as_empty(self):
        self.assert_findings(
            lint_draft(neutral="a" * 155 + "{{ first_name }}", samples={})
        )


class TestVariants(LintCase):
    def test_who_gets_nothing(self):
        for texts, missing in (
            ({"male": "a"}, ["female", "neutral"]),
            ({"female": "a"}, ["male", "neutral"]),
            ({"male": "a", "female": "a"}, ["neutral"]),
            ({"male": "a", "neutral": " \n"}, ["female", "neutral"]),
            ({"male": "a", "neutral": "a"}, []),
            ({"female": "a", "neutral": "a"}, []),
            ({"neutral": "a"}, []),
            ({"alternative": "a"}, []),
            ({}, []),
        ):
            with self.subTest(texts=texts):
                self.assert_findings(
                    lint_draft(**texts),
                    *(("missing_variant", variant, {}) for variant in missing),
                )

    def test_text_with_an_error_is_not_missing(self):
        found = lint_draft(male="{{ x }}", neutral="a")
        self.assertEqual([one.code for one in found], ["template_unknown_name"])

    def test_names_of_one_gender_only(self):
        found = lint_draft(
            male="{{ first_name }}", female="{{ last_name }}", neutral="a"
        )
        params = {"male": ("first_name",), "female": ("last_name",)}
        self.assert_findings(found, ("different_names", "female", params))

    def test_a_name_and_its_alias_are_one(self):
        draft = Draft(male="{{ имя }}", female="{{ first_name }}", neutral="a")
        found = lint(draft, {*NAMES, "имя"}, SAMPLES, max_segments=3)
        self.assertEqual(found, [])

    def test_name_that_one_text_lacks(self):
        found = lint_draft(
            male="{{ first_name }} {{ last_name }}",
            female="{{ first_name }}",
            neutral="a",
        )
        params = {"male": ("last_name",), "female": ()}
        self.assert_findings(found, ("different_names", "female", params))

    def test_neutral_text_may_use_other_names(self):
        self.assert_clean(male="{{ first_name }}", neutral="{{ last_name }}")


class TestSize(LintCase):
    def test_many_segments_by_sample_values(self):
        source = "я" * 66 + "{{ first_name }}"
        self.assert_findings(
            lint_draft(neutral=source, max_segments=1),
            ("many_segments", "neutral", {"count": 2, "limit": 1, "encoding": "ucs2"}),
        )
        self.assert_findings(lint_draft(neutral=source, max_segments=2))
        short = {"first_name": "Ян"}
        self.assert_findings(lint_draft(neutral=source, max_segments=1, samples=short))

    def test_gsm7(self):
        self.assert_findings(
            lint_draft(neutral="a" * 161, max_segments=1),
            ("many_segments", "neutral", {"count": 2, "limit": 1, "encoding": "gsm7"}),
        )

    def test_speech_has_no_size(self):
        self.assert_findings(
            lint_draft(neutral="— Hello " + "a" * 1000, channel="voice")
        )

    def test_sms_behind_speech_has(self):
        found = lint_draft(
            neutral="a" * 1000, alternative="a" * 200, channel="voice", max_segments=1
        )
        params = {"count": 2, "limit": 1, "encoding": "gsm7"}
        self.assert_findings(found, ("many_segments", "alternative", params))


class TestUnicodeByCharacters(LintCase):
    def find(self, source, samples=LATIN):
        [found] = [
            one
            for one in lint_draft(neutral=source, samples=samples, max_segments=9)
            if one.code == "unicode_by_characters"
        ]
        return found.params

    def assert_characters(self, source, *expected):
        with self.subTest(source=source):
            self.assertEqual(
                self.find(f"{source}\n{LONG}")["characters"],
                tuple(Character(*one) for one in expected),
            )

    def assert_none(self, source, samples=LATIN):
        with self.subTest(source=source):
            text = f"{source}\n{LONG}"
            found = lint_draft(neutral=text, samples=samples, max_segments=9)
            self.assertNotIn("unicode_by_characters", [one.code for one in found])

    def test_typography(self):
        self.assert_characters("Sale — today", ("—", "-", ((1, 6),)))
        self.assert_characters("№ 5", ("№", "N", ((1, 1),)))
        self.assert_characters(
            "Hi {{ first_name }},\nyour «Alpha» is\xa0ready…",
            ("«", '"', ((2, 6),)),
            ("»", '"', ((2, 12),)),
            ("…", "...", ((2, 22),)),
        )

    def test_every_place_is_told(self):
        self.assert_characters("a—b\r\nc—\rd—", ("—", "-", ((1, 2), (2, 2), (3, 2))))

    def test_what_nothing_is_like(self):
        self.assert_characters("Hello 🙂", ("🙂", None, ((1, 7),)))

    def test_letters(self):
        self.assert_characters("Kafe Ёlka", ("Ё", "Yo", ((1, 6),)))
        self.assert_characters("Curaçao", ("ç", "c", ((1, 5),)))

    def test_cyrillic_letters_that_look_latin(self):
        self.assert_characters("Big sаle", ("а", "a", ((1, 6),)))
        self.assert_characters("Сode 5", ("С", "C", ((1, 1),)))
        self.assert_characters("Room 5 с", ("с", "s", ((1, 8),)))

    def test_segments_now_and_without(self):
        params = self.find("Sale — " + "a" * 150)
        self.assertEqual((params["count"], params["count_without"]), (3, 1))

    def test_replacement_counts(self):
        params = self.find("a" * 158 + "…")
        self.assertEqual((params["count"], params["count_without"]), (3, 2))

    def test_nothing_is_told_where_no_part_is_saved(self):
        for source in ("Sale — today", "a" * 69 + "—", "a" * 85 + "…" * 26):
            with self.subTest(source=source):
                self.assert_findings(lint_draft(neutral=source, samples=LATIN))
        params = self.find("a" * 70 + "—")
        self.assertEqual((params["count"], params["count_without"]), (2, 1))

    def test_no_break_spaces_make_nothing_unicode(self):
        for space in "\xa0\u2007\u2009\u202f":
            source = f"Price:{space}{LONG}, {{{{ first_name }}}}"
            with self.subTest(space=ascii(space)):
                samples = {"first_name": f"1{space}200{space}EUR"}
                found = lint_draft(neutral=source, samples=samples, max_segments=1)
                self.assert_findings(found)

    def test_places_are_those_of_the_authors_text(self):
        source = "https://example.com/very/long — " + LONG
        sent = Draft(neutral="https://a.ru/g/1 — " + LONG)
        [found] = lint_draft(neutral=source, sent=sent)
        self.assertEqual(found.params["characters"], (Character("—", "-", ((1, 31),)),))

    def test_gsm7_text(self):
        self.assert_none("Hello {{ first_name }} €")

    def test_russian_text(self):
        for source in ("Привет", "Да", "Да — ok"):
            text = source + " Здравствуйте!" * 6
            found = lint_draft(neutral=text, max_segments=9)
            with self.subTest(source=source):
                self.assert_findings(found)
        self.assert_none("Hello абв")

    def test_value_decides(self):
        self.assert_none("Hi — {{ first_name }}", SAMPLES)
        self.assert_none("Hi {{ first_name }}", SAMPLES)

    def test_placeholder_is_not_text(self):
        self.assert_none("Hi {{ first_name|default('—') }}", {})
        self.assert_characters(
            "Hi {{ first_name|default('—}}—') }} — bye", ("—", "-", ((1, 37),))
        )
        self.assert_characters(
            r"Hi {{ first_name|default('d\'—') }} — bye", ("—", "-", ((1, 37),))
        )

    def test_text_full_of_pictures(self):
        self.assert_none("Hi " + "".join(map(chr, range(0x1F600, 0x1F620))))


class TestLatin(LintCase):
    def assert_impossible(self, source, sent, *expected):
        with self.subTest(source=source):
            found = lint_draft(
                neutral=source, sent=Draft(neutral=sent), samples=LATIN, is_latin=True
            )
            characters = tuple(Character(*one) for one in expected)
            self.assert_findings(
                found, ("latin_impossible", "neutral", {"characters": characters})
            )

    def test_characters_that_stay_are_told_with_their_places(self):
        self.assert_impossible(
            "Угол 90°\nи 10²\nи ещё 1°",
            "Ugol 90°\ni 10²\ni eshchyo 1°",
            ("°", None, ((1, 8), (3, 8))),
            ("²", None, ((2, 5),)),
        )
        self.assert_impossible("Привет 🙂", "Privet 🙂", ("🙂", None, ((1, 8),)))
        self.assert_impossible("Кафе Curaçao", "Kafe Curaçao", ("ç", "c", ((1, 10),)))

    def test_one_part_is_no_excuse(self):
        self.assert_impossible("°", "°", ("°", None, ((1, 1),)))

    def test_what_is_written_in_latin_letters_is_no_finding(self):
        found = lint_draft(
            neutral="Скидка — 5\xa0000 ₸",
            sent=Draft(neutral="Skidka - 5 000 tg."),
            is_latin=True,
            samples=LATIN,
        )
        self.assert_findings(found)

    def test_values_alone_are_not_the_authors_fault(self):
        found = lint_draft(
            neutral="Привет, {{ first_name }}",
            sent=Draft(neutral="Privet, {{ first_name }}"),
            is_latin=True,
            samples={"first_name": "李"},
        )
        self.assert_findings(found)

    def test_speech_has_no_alphabet(self):
        found = lint_draft(
            neutral="90°", sent=Draft(neutral="90°"), is_latin=True, channel="voice"
        )
        self.assert_findings(found)


class TestForeign(LintCase):
    def test_places_of_each_piece(self):
        found = lint_draft(
            neutral="{Имя}, это {{ first_name }}!\n{ИМЯ} и {Имя} #ГОРОД#"
        )
        pieces = (
            Piece("{Имя}", "{{ first_name }}", ((1, 1), (2, 9))),
            Piece("{ИМЯ}", "{{ first_name }}", ((2, 1),)),
            Piece("#ГОРОД#", None, ((2, 15),)),
        )
        self.assert_findings(
            found, ("foreign_placeholder", "neutral", {"pieces": pieces})
        )

    def test_html(self):
        found = lint_draft(neutral="M&amp;M's<br>скидка&nbsp;5%")
        pieces = (
            Piece("&amp;", "&", ((1, 2),)),
            Piece("<br>", "\n", ((1, 10),)),
            Piece("&nbsp;", " ", ((1, 20),)),
        )
        self.assert_findings(found, ("markup", "neutral", {"pieces": pieces}))

    def test_what_stands_in_placeholders_of_ours_is_not_judged(self):
        self.assert_clean(neutral="{{ first_name|default('#NAME# &amp;') }}!")

    def test_speech_has_placeholders_too(self):
        [found] = lint_draft(neutral="Привет, {name}", channel="voice")
        self.assertEqual(found.code, "foreign_placeholder")

    def test_bad_template_comes_first(self):
        found = lint_draft(neutral="{name} {{{ name }}}")
        self.assertEqual([one.code[:9] for one in found], ["template_"])


class TestGluedLinks(LintCase):
    def test_places(self):
        source = "Сайт: https://shop.ru/—успейте\nИ https://shop.ru/{{ first_name }}-"
        self.assert_findings(
            lint_draft(neutral=source),
            ("glued_link", "neutral", {"places": ((1, 7), (2, 3))}),
        )

    def test_nobody_clicks_on_speech(self):
        source = "https://shop.ru/—успейте"
        self.assert_findings(lint_draft(neutral=source, channel="voice"))
        found = lint_draft(neutral="Привет", alternative=source, channel="voice")
        self.assert_findings(
            found, ("glued_link", "alternative", {"places": ((1, 1),)})
        )


class TestSpaces(LintCase):
    def assert_spaces(self, source, *expected):
        with self.subTest(source=source):
            found = [
                (one.params["kind"], *one.params["places"])
                for one in lint_draft(neutral=source, channel="voice")
                if one.code == "spaces"
            ]
            self.assertEqual(found, [*expected])

    def test_every_kind(self):
        self.assert_spaces(" Привет", ("leading", (1, 1)))
        self.assert_spaces("\n\nПривет", ("leading", (1, 1)))
        self.assert_spaces("Привет ", ("trailing", (1, 7)))
        self.assert_spaces("Привет\n", ("trailing", (1, 7)))
        self.assert_spaces("Привет \nмир", ("trailing", (1, 7)))
        self.assert_spaces("Привет  мир", ("double", (1, 7)))
        self.assert_spaces("Привет \xa0мир", ("double", (1, 7)))
        self.assert_spaces("Привет , мир !", ("before_punctuation", (1, 7), (1, 13)))
        self.assert_spaces("Привет\tмир", ("tab", (1, 7)))
        self.assert_spaces("При\u200bвет\ufeff", ("invisible", (1, 4), (1, 8)))

    def test_kinds_in_order(self):
        self.assert_spaces(
            " a  b\u200b , c ",
            ("leading", (1, 1)),
            ("trailing", (1, 11)),
            ("double", (1, 3)),
            ("before_punctuation", (1, 7)),
            ("invisible", (1, 6)),
        )

    def test_beside_placeholders(self):
        self.assert_spaces(
            "Привет, {{ first_name }} !", ("before_punctuation", (1, 25))
        )
        self.assert_spaces("Привет,  {{ first_name }}", ("double", (1, 8)))
        self.assert_spaces("{{ first_name }} ", ("trailing", (1, 17)))

    def test_spaces_that_are_right(self):
        for source in (
            "Привет, {{  first_name  |default('  ')}}!\n\nДо встречи - завтра.",
            "Домен .com, смайлик :) или :-( и так ...",
            "Скидка 5 %, цена 1\xa0000 ₽",
            "Семья 👨\u200d👩\u200d👧",
            "(в скобках) «в кавычках»",
        ):
            self.assert_spaces(source)


class TestLint(LintCase):
    def test_order_is_by_text_then_the_whole(self):
        found = lint_draft(
            female=" {{ first_name }}",
            male="{name} Sale — {{ last_name }}  today https://a.ru—x <b>" + LONG,
            alternative="{{ x }}",
            samples=LATIN,
            max_segments=0,
        )
        self.assertEqual(
            [(one.code, one.variant) for one in found],
            [
                ("many_segments", "male"),
                ("unicode_by_characters", "male"),
                ("glued_link", "male"),
                ("foreign_placeholder", "male"),
                ("markup", "male"),
                ("spaces", "male"),
                ("many_segments", "female"),
                ("spaces", "female"),
                ("template_unknown_name", "alternative"),
                ("missing_variant", "neutral"),
                ("different_names", "female"),
            ],
        )

    def test_huge_texts_take_no_time(self):
        for source in (
            "{{" * 50_000,
            "{{ '" * 25_000,
            "a" + " " * 99_000 + "b",
            "a" + " \n" * 49_000 + "b",
            "—" * 100_000,
            "{{ a|default('" + "x" * 90_000 + "') }}",
            "{a" * 50_000,
            "#a" * 50_000,
            "https://a—" * 10_000,
            "a." * 50_000,
        ):
            with self.subTest(source=source[:10]):
                lint(Draft(neutral=source), ("a",), {}, max_segments=1)

    @given(
        st.text("{}abя'|— .#%[]<>&;:/\n\r\t\u200b\x01«é🙂", max_size=40),
        st.text("aя—\n", max_size=3),
    )
    @settings(deadline=None, derandomize=True, max_examples=300)
    def test_any_text_is_judged(self, source, value):
        found = lint(Draft(male=source), ("a",), {"a": value}, max_segments=1)
        for one in found:
            self.assertIsInstance(one, Finding)
            for place in one.params.get("places", ()):
                self.assertLessEqual((1, 1), place)
            for character in one.params.get("characters", ()):
                self.assertEqual(count_segments(character.character).encoding, "ucs2")
                replacement = count_segments(character.replacement or "")
                self.assertEqual(replacement.encoding, "gsm7")
