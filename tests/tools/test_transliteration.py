import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase

from odoo.addons.crm_sms_gateway.tools.segments import count_segments
from odoo.addons.crm_sms_gateway.tools.template import compile_template
from odoo.addons.crm_sms_gateway.tools.transliteration import (
    to_latin,
    to_latin_source,
)

ALPHABETS = (
    "абвгдеёжзийклмнопрстуфхцчшщъыьэюя"  # Russian
    "ґєії"  # Ukrainian
    "ў"  # Belarusian
    "әғқңөұүһ"  # Kazakh
    "җҙҫҡҳҷӣӯ"  # Tatar, Bashkir, Tajik
    "ӑӗӳӓӧӱӹҥӈӝӟӥӵҕӕӂ"  # of the Volga, the North and the Caucasus; Moldovan
    "ђѓѕјљњћќџ"  # Serbian, Macedonian
    "ѣѳѵ"  # Russian before 1918
)
LETTERS = ALPHABETS + ALPHABETS.upper()
TYPOGRAPHY = "«»“”„‘’—–‑…№•×±≈≤≥→®™₽₸₴\xa0\u202f\u2009\u200b\ufeff\xad\u2028\t"


class TestTransliteration(BaseCase):
    def assert_latin(self, **texts):
        for text, latin in texts.items():
            with self.subTest(text=text):
                self.assertEqual(to_latin(text), latin)

    def assert_texts(self, *pairs):
        for text, latin in pairs:
            with self.subTest(text=text):
                self.assertEqual(to_latin(text), latin)

    def test_sentences(self):
        self.assert_texts(
            ("Уважаемый Андрей", "Uvazhaemyy Andrey"),
            (
                "Съешь ещё этих мягких французских булок, да выпей чаю",
                "Syesh eshchyo etikh myagkikh frantsuzskikh bulok, da vypey chayu",
            ),
            ("Ваш заказ готов. Ждём!", "Vash zakaz gotov. Zhdyom!"),
            ("Анастасия Хрущёва", "Anastasiya Khrushchyova"),
            ("Щёлково, ул. Фёдорова, д. 5", "Shchyolkovo, ul. Fyodorova, d. 5"),
        )

    def test_case_is_kept(self):
        self.assert_latin(
            ЩУКА="SHCHUKA",
            Щука="Shchuka",
            щука="shchuka",
            ТВОЯ="TVOYA",
            ЯНДЕКСом="YANDEKSom",
            АКЦИЯ="AKTSIYA",
            ОБЪЕКТ="OBYEKT",
            СЕМЬЯ="SEMYA",
        )

    def test_single_capital_is_an_initial(self):
        self.assert_texts(
            ("Я иду", "Ya idu"),
            ("Ю. А. Щукин", "Yu. A. Shchukin"),
            ("Юг", "Yug"),
        )

    def test_signs_are_heard_before_vowels_only(self):
        self.assert_latin(
            Юрьев="Yuryev",
            подъезд="podyezd",
            Соловьёв="Solovyov",
            бульон="bulyon",
            Илья="Ilya",
            Ильич="Ilyich",
            Игорь="Igor",
            письмо="pismo",
            съёмка="syomka",
            объявление="obyavlenie",
        )

    def test_neighbours_alphabets(self):
        self.assert_texts(
            ("Київ, м'яч, Єва, ґанок", "Kiyiv, m'yach, Yeva, ganok"),
            ("сьогодні", "syogodni"),
            ("Быкаў, Мінск", "Bykau, Minsk"),
            ("Қазақстан, Ғалым, Өскемен", "Qazaqstan, Ghalym, Oskemen"),
        )

    def test_alphabets_of_other_languages(self):
        self.assert_texts(
            ("Җәмилә, Өфө, Башҡортостан", "Jamila, Ofo, Bashqortostan"),
            ("Тоҷикистон, Ҳамадонӣ, кӯча", "Tojikiston, Hamadoni, kucha"),
            ("Шупашкар, Чӑваш Ен, Ҫӗрпӳ", "Shupashkar, Chavash En, Serpu"),
            ("Ђорђе, Љубљана, Његош", "Djordje, Ljubljana, Njegosh"),
            ("Ћуприја, Џорџ", "Cuprija, Dzordz"),
            ("Ѓорѓи, Ќупев, Ѕвезда", "Gjorgji, Kjupev, Dzvezda"),
            ("Хлѣбъ, ѳита", "Khleb, fita"),
            ("ЉУБЉАНА", "LJUBLJANA"),
        )

    def test_currencies_and_signs(self):
        self.assert_texts(
            ("5000\xa0₸, 300 ₴", "5000 tg., 300 grn."),
            ("±5, ≈ 7, ≥ 18 → скидка", "+/-5, ~ 7, >= 18 -> skidka"),
            ("Ромашка® и Лютик™", "Romashka(R) i Lyutik(TM)"),
        )

    def test_celsius_has_no_cyrillic_letter(self):
        self.assert_texts(
            ("Завтра +25°С, в Сочи 30 °C.", "Zavtra +25C, v Sochi 30 C."),
            ("90° Сергею", "90° Sergeyu"),
            ("Угол 90°", "Ugol 90°"),
        )

    def test_powers_never_make_another_number(self):
        self.assert_texts(
            ("60 м², 5 км³", "60 m2, 5 km3"),
            ("10² и 2³", "10² i 2³"),
            ("м²5", "m²5"),
        )

    def test_typography(self):
        self.assert_texts(
            ("«Ёлка» — № 5…", '"Yolka" - N 5...'),
            ("“a” „b“ ‘c’ d’e", '"a" "b" \'c\' d\'e'),
            ("10–12 ‑ 100\xa0₽", "10-12 - 100 rub."),
            ("a\u200bb\xadc\ufeff", "abc"),
            ("1\u2028 2\t3", "1\n 2 3"),
        )

    def test_accents_written_apart(self):
        self.assert_texts(
            (unicodedata.normalize("NFD", "Йод, ёж"), "Yod, yozh"),
            ("за\u0301мок", "zamok"),
        )

    def test_the_rest_is_kept(self):
        for text in ("", "Hello\nJohn {1} 5 €", "naïve 🙂", "李小龍", "ελ"):
            with self.subTest(text=text):
                self.assertEqual(to_latin(text), text)

    def test_every_letter_and_sign_fits_gsm7(self):
        for character in LETTERS + TYPOGRAPHY:
            with self.subTest(character=character):
                latin = to_latin(character)
                self.assertEqual(count_segments(latin).encoding, "gsm7")

    @given(st.text(LETTERS + TYPOGRAPHY + "aZ 1.'\n", max_size=40))
    @settings(deadline=None, derandomize=True)
    def test_any_text_of_these_fits_gsm7_and_is_stable(self, text):
        latin = to_latin(text)
        self.assertEqual(count_segments(latin).encoding, "gsm7")
        self.assertTrue(latin.isascii())
        self.assertEqual(to_latin(latin), latin)


class TestSources(BaseCase):
    def test_literals_are_written_in_latin_letters(self):
        for source, text in (
            ("Привет, {{ a|default('друг') }}!", "Privet, drug!"),
            ("{{ a|default('д’Артаньян') }}", "d'Artanyan"),
            ('{{ a|default("«друг»") }} №', '"drug" N'),
            (r"{{ a|default('д\'Арк') }}", "d'Ark"),
            ("{{ a|default('—}}') }}…", "-}}..."),
        ):
            with self.subTest(source=source):
                template = compile_template(to_latin_source(source), ["a"])
                self.assertEqual(template.render({}), text)

    def test_the_rest_of_a_placeholder_stays(self):
        for source in ("{{ имя }}", "{{ a|default(“x”) }}", "{{ имя|default(№) }}"):
            with self.subTest(source=source):
                self.assertEqual(to_latin_source(source), source)

    def test_pieces_that_are_kept_stay(self):
        source = "Я {{ a|default('я') }} я.я? я"
        self.assertEqual(
            to_latin_source(source, kept=["я.я?"]), "Ya {{ a|default('ya') }} я.я? ya"
        )
