"""Placeholders of other systems and HTML: what is one, and what only looks so."""

import time

from odoo.tests import BaseCase

from odoo.addons.crm_sms_gateway.tools.foreign import find_foreign

NAMES = ("first_name", "last_name", "patronymic", "fio", "city", "birthday")


class ForeignCase(BaseCase):
    def find(self, text, names=NAMES):
        return [(one.text, one.replacement) for one in find_foreign(text, names)]

    def assert_found(self, *texts):
        """The piece stands between the marks »«."""
        for text in texts:
            before, piece, behind = text.replace("«", "»").split("»")
            with self.subTest(text):
                [found] = find_foreign(before + piece + behind, NAMES)
                self.assertEqual((found.text, found.start), (piece, len(before)))

    def assert_clean(self, *texts):
        for text in texts:
            with self.subTest(text):
                self.assertEqual(self.find(text), [])


class TestPlaceholders(ForeignCase):
    def test_braces(self):
        self.assert_found(
            "Привет, »{name}«!",
            "»{Имя}«",
            "»${name}«",
            "»#{name}«",
            "»{$name}«",
            "»{=Document:NAME}«",
            "»{Имя клиента}«",
            "»{name|друг}«",
            "»{contact.first_name}«",
            "»{0}«, ваш заказ",
        )

    def test_hashes(self):
        self.assert_found(
            "»#NAME#«, скидка",
            "»#Имя#«",
            "»#имя клиента#«",
            "Уважаемый»#NAME#«!",
            "№»#ORDER_ID#«",
            "»#n_1#«",
        )
        self.assertEqual(
            self.find("#NAME##LAST_NAME#"),
            [("#NAME#", "{{ first_name }}"), ("#LAST_NAME#", "{{ last_name }}")],
        )

    def test_percents(self):
        self.assert_found(
            "»%ИМЯ%«, скидка 20%",
            "Скидка 20% и »%name%«",
            "»%%name%%«",
            "»%Имя клиента%«",
            "»%(name)s«",
            "Привет, »%s«!",
            "№ »%d« готов",
        )

    def test_brackets(self):
        self.assert_found(
            "»[Имя]«, добрый день",
            "»[FIRST_NAME]«",
            "»[name]«",
            "»[Имя клиента]«",
            "»[Дата записи]«",
            "»[[firstname]]«",
            "»<имя>«",
            "»<FIRST_NAME>«",
        )

    def test_other_systems(self):
        self.assert_found(
            "»*|FNAME|*«",
            "»<%= name %>«",
            "»<?= $name ?>«",
            '»<t t-out="object.name"/>«',
            "»$name«, привет",
            "»$FIRST_NAME$«",
        )

    def test_in_addresses(self):
        self.assert_found(
            "https://shop.ru/?id=»{id}«&a=1",
            "https://shop.ru/?a=1»&amp;«b=2",
        )

    def test_remedy(self):
        for text, name in (
            ("{name}", "first_name"),
            ("#FIRST_NAME#", "first_name"),
            ("%Имя%", "first_name"),
            ("{Имя|друг}", "first_name"),
            ("%(name)s", "first_name"),
            ("[Фамилия]", "last_name"),
            ("{Отчество}", "patronymic"),
            ("*|LNAME|*", "last_name"),
            ("[ФИО]", "fio"),
            ("#Город#", "city"),
            ("{birthday}", "birthday"),
        ):
            with self.subTest(text):
                self.assertEqual(self.find(text), [(text, f"{{{{ {name} }}}}")])

    def test_a_name_is_how_people_are_addressed(self):
        names = ("name", "first_name")
        self.assertEqual(self.find("{name}", names), [("{name}", "{{ first_name }}")])

    def test_no_remedy_is_guessed(self):
        for text in ("{Скидка}", "#ORDER_ID#", "[Фамилия Имя]", "{0}", "{Привет|Алло}"):
            with self.subTest(text):
                self.assertEqual(self.find(text), [(text, None)])
        self.assertEqual(self.find("#Город#", ("fio",)), [("#Город#", None)])

    def test_hashtags_and_numbers(self):
        self.assert_clean(
            "#акция #лето",
            "#акция#лето#скидки",
            "#акция#лето# и",
            "заказ #123#",
            "#1 #2 №#45#",
            "*100# или *#06#",
            "C# и F#",
        )

    def test_percents_of_amounts(self):
        self.assert_clean(
            "скидка 20%! и ещё 10%",
            "100% и 50%",
            "от 5%до 10%",
            "20%скидка10%",
            "5 % скидка 10 %",
            "+10% к сумме %",
            "20 %name 30%",
        )

    def test_words_in_brackets(self):
        self.assert_clean(
            "[до 5 мая]",
            "[Реклама] Скидки",
            "[Важно]",
            "[сегодня] [1] [x]",
            "[30 мин]",
            "ООО <<Ромашка>>",
            "5 < 6 и 7 > 3, a<b и c>d",
            "(имя)",
        )

    def test_smileys_and_signs(self):
        self.assert_clean(":-{) {", "{}", "{ } <3 ^_^", '{"a": 1}', "$5 и $10", "A$AP")

    def test_addresses(self):
        self.assert_clean(
            "https://shop.ru/%D0%98%D0%BC%D1%8F%D0%98#top",
            "shop.ru/%D0%98%D0%BC%D1%8F#Имя#",
            "https://shop.ru/#a#b#name#",
            "https://shop.ru/?a[name]=1&b=[id]",
        )


class TestMarkup(ForeignCase):
    def test_html(self):
        for text, replacement in (
            ("&amp;", "&"),
            ("&nbsp;", " "),
            ("&quot;", '"'),
            ("&#39;", "'"),
            ("&#x20BD;", "₽"),
            ("&shy;", ""),
            ("<br>", "\n"),
            ("<br/>", "\n"),
            ("</p>", "\n"),
            ("<b>", ""),
            ("</strong>", ""),
            ('<a href="https://shop.ru">', ""),
            ('<span style="color: red">', ""),
        ):
            with self.subTest(text):
                self.assertEqual(self.find(f"x {text} y"), [(text, replacement)])

    def test_what_is_no_html(self):
        self.assert_clean("AT&T; H&M; Q&A;", "a & b", "&", "a<b", "<Ромашка>")


class TestTime(BaseCase):
    def test_texts_of_hostile_authors_are_read_once(self):
        start = time.process_time()
        for text in (
            "{" * 100_000,
            "{a" * 50_000,
            "#a" * 50_000,
            "%a " * 33_000,
            "<%" * 50_000,
            "<a x=" * 20_000,
            "a." * 50_000,
            "-" * 100_000,
            "https://a {a} " * 7_000,
            "$a" * 50_000,
        ):
            list(find_foreign(text, NAMES))
        self.assertLess(time.process_time() - start, 5)
