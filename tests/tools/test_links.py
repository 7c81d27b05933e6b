"""Links in texts: what is one, where it ends, and what stands in its place."""

import re
import time

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase

from odoo.addons.crm_sms_gateway.tools.links import (
    MAX_LINKS,
    MAX_URL,
    TOKEN_LENGTH,
    ShortLinks,
    find_glued,
    insert_links,
    is_token,
    new_token,
    read_token,
    replace_urls,
    to_ascii,
    to_ascii_urls,
)
from odoo.addons.crm_sms_gateway.tools.segments import count_segments

BASE = "https://crm.example.com/g/"


def mark(url):
    return f"<{url}>"


class TestReplaceUrls(BaseCase):
    def assert_found(self, *texts):
        """The links stand in angle brackets."""
        for text in texts:
            source = re.sub("[<>]", "", text)
            with self.subTest(source):
                self.assertEqual(replace_urls(source, mark), text)

    def test_links_with_all_their_parts(self):
        self.assert_found(
            "<https://example.com>",
            "<http://example.com/a/b.html?x=1&y=%D0%B0+b;c#part> и дальше",
            "<HTTPS://Example.COM/A>",
            "<http://localhost:8069/web>",
            "<https://user:word@example.com:8443/>",
            "<http://127.0.0.1/x>",
            "<http://[::1]:80/x>",
            "<https://example.com/?next=https://example.org/a>",
            "<https://example.com/~me/{a}/b|c/it's/*.html>",
            "раз\n<https://example.com/1>\nдва\t<https://example.com/2>\tтри",
        )

    def test_cyrillic_links(self):
        self.assert_found(
            "Смотрите на <https://пример.рф/скидки?город=Ростов#зима>",
            "<http://цветы.москва>",
        )

    def test_what_ends_a_sentence_is_no_part_of_a_link(self):
        self.assert_found(
            "Сайт <https://example.com>.",
            "Были на <https://example.com/>?!",
            "<https://example.com/a>, <https://example.com/b>; и…",
            "<https://example.com/a>... <https://example.com/b>…",
            '«<https://example.com>» "<https://example.com>"',
            "'<https://example.com>', *<https://example.com>*",
        )

    def test_brackets_around_a_link_are_no_part_of_it(self):
        self.assert_found(
            "(<https://example.com>)",
            "(см. <https://example.com/a_(b)>).",
            "[<https://example.com/a[1]>], {<https://example.com>}",
        )

    def test_lists_without_spaces(self):
        self.assert_found(
            "<https://example.com>,<https://example.org>;<https://example.net>.",
        )

    def test_dashes_end_a_link(self):
        self.assert_found(
            "<https://example.com/>—успейте",
            "<https://example.com>–акция",
            "<https://example.com/a>―b",
            "<https://example.com/a>…успейте",
            "<https://example.com/a-b/c->, <https://my-example.com>",
        )

    def test_a_sentence_behind_a_server_is_no_part_of_it(self):
        self.assert_found(
            "<https://example.com>,скидки",
            "<https://example.com>!Ждём",
            "<https://example.com>,{{ first_name }}",
            "<https://a,b:c@example.com/>",
            "<https://example.com/a,b>",
        )

    def test_words_are_no_domain(self):
        self.assert_found("https://shop.ruуспейте https://shop.ru-акция")
        self.assert_found("<http://my-server/x> <https://a.xn--p1ai>")

    def test_links_with_placeholders_stay(self):
        self.assert_found(
            "https://example.com/{{ id }} <https://example.com>",
            "https://example.com/?a={{ a|default('x y') }}&b=1",
            "https://{{ city|lower }}.example.com/",
            "https://example.com/{{ id",
        )

    def test_what_stands_in_placeholders_stays(self):
        self.assert_found(
            "{{ site|default('https://example.com') }} <https://example.com>",
            '{{ site|default("it\'s https://example.com") }}',
        )

    def test_a_link_between_placeholders_is_one(self):
        self.assert_found("{{ first_name }}, <https://example.com>, {{ last_name }}")

    def test_what_no_browser_opens_stays(self):
        self.assert_found(
            "https:// http://... https://?",
            "https://a..b/",
            "https://example.com:99999/ https://example.com:0/ https://a:b/",
            "http://[::1/",
            "https://" + "a" * 64 + ".com",
            "example.com www.example.com ftp://example.com mailto:a@example.com",
            "git+https://example.com xhttps://example.com",
            "https://example.com/" + "a" * MAX_URL,
        )

    def test_texts_of_hostile_authors_are_read_once(self):
        texts = [
            "{{" * 50_000,
            r"{{\'" * 25_000,
            "{{'" * 33_000,
            "{{\"'" * 25_000,
            "https://a" + ")" * 99_000,
            "https://a" + "." * 99_000,
            "https://" * 12_000,
            "{{ https://a " * 7_000,
        ]
        start = time.process_time()
        for text in texts:
            replace_urls(text, mark)
        self.assertLess(time.process_time() - start, 2)

    @settings(deadline=None, derandomize=True)
    @given(st.text("ahtps:/.,()[]{}'\"\\ |<>?й\n", max_size=60))
    def test_nothing_but_links_is_touched(self, text):
        """What is found and put back makes the text again."""
        found = []

        def keep(url):
            found.append(url)
            return url

        self.assertEqual(replace_urls(text, keep), text)
        for url in found:
            self.assertRegex(url, r"(?i)\Ahttps?://\S*[^\s.,;:!?]\Z")
            self.assertNotIn("{{", url)


class TestGlued(BaseCase):
    def test_what_phones_take_into_an_address(self):
        for text in (
            "*https://shop.ru/—успейте",
            "*https://shop.ru–акция",
            "*https://shop.ru/x-",
            "*https://shop.ru/x-, да",
            "сайт:*https://shop.ru",
            "сайт*https://shop.ru",
            "—*https://shop.ru",
            "*https://shop.ruуспейте",
            "*https://shop.ru-акция",
            "*https://shop.ru.Успейте",
            "*https://shop.ru/saleУспейте",
            "*https://shop.ru/sale.Успейте",
            "*https://shop.ru/00000успейте",
            "*https://shop.ru/a…успейте",
            "*www.shop.ru—да",
            "*shop.ru—акция",
            "*shop.ruуспейте",
            "*vk.com/shop—вступайте",
            "https://a.ru —да *https://b.ru—да",
        ):
            with self.subTest(text):
                self.assertEqual(
                    [*find_glued(text.replace("*", ""))], [text.index("*")]
                )

    def test_links_that_end_where_they_should(self):
        for text in (
            "https://shop.ru/ — успейте",
            "сайт: https://shop.ru.",
            "(https://shop.ru) «https://shop.ru» https://shop.ru?!",
            "https://a.ru,https://b.ru;https://c.ru",
            "https://my-shop.ru/a-b/c, shop.ru: скидки",
            "https://пример.рф/скидки?город=Ростов#зима",
            "https://2gis.рф/a http://цветы.москва",
            "https://shop.ru/?q=чай#зима",
            "https://ru.wikipedia.org/wiki/Чай_(напиток)",
            "https://shop.ru/скидки-2026года",
            "https://user:word@example.com:8443/ http://[::1]:80/x",
            "https://xn--e1afmkfd.xn--p1ai/1 http://my-server/x",
            "a@shop.ru—пишите, т.е.—это, v1.2—новая, 12.05—15.05, И.И.—мастер",
            "https://shop.ru/…",
        ):
            with self.subTest(text):
                self.assertEqual([*find_glued(text)], [])

    def test_texts_of_hostile_authors_are_read_once(self):
        start = time.process_time()
        for text in (
            "a." * 50_000,
            "a.ru" * 25_000,
            "https://a" + ")" * 99_000,
            "https://a/" + ",;!.)" * 20_000,
            "https://a.ru— " * 7_000,
        ):
            list(find_glued(text))
        self.assertLess(time.process_time() - start, 2)


class TestToAscii(BaseCase):
    def test_cyrillic_links_are_written_as_browsers_send_them(self):
        for url, ascii_url in (
            (
                "https://пример.рф/скидки?город=Ростов#я",
                "https://xn--e1afmkfd.xn--p1ai/%D1%81%D0%BA%D0%B8%D0%B4%D0%BA%D0%B8"
                "?%D0%B3%D0%BE%D1%80%D0%BE%D0%B4=%D0%A0%D0%BE%D1%81%D1%82%D0%BE%D0%B2"
                "#%D1%8F",
            ),
            ("http://пример.рф:8080?x", "http://xn--e1afmkfd.xn--p1ai:8080?x"),
            ("http://я@пример.рф", "http://%D1%8F@xn--e1afmkfd.xn--p1ai"),
        ):
            with self.subTest(url):
                self.assertEqual(to_ascii(url), ascii_url)

    def test_latin_links_stay_as_they_are(self):
        for url in (
            "HTTPS://User:Word@Example.COM:443/A~b/%D0%B0+b;c?x={1}&y=*'#z|",
            "http://[::1]:80/x",
            "https://example.com",
            "https://example.com?a=/#?",
        ):
            with self.subTest(url):
                self.assertEqual(to_ascii(url), url)


class TestToAsciiUrls(BaseCase):
    def test_urls_of_a_text_are_written_in_latin_letters(self):
        self.assertEqual(
            to_ascii_urls("Скидки: https://faß.de/я, https://пример.рф. Ждём"),
            (
                "Скидки: https://xn--fa-hia.de/%D1%8F,"
                " https://xn--e1afmkfd.xn--p1ai. Ждём",
                [],
            ),
        )

    def test_placeholders_in_them_stay(self):
        for source, expected in (
            (
                "https://пример.рф/я/{{ id|default('я') }}?я={{ b }}",
                "https://xn--e1afmkfd.xn--p1ai/%D1%8F/{{ id|default('я') }}"
                "?%D1%8F={{ b }}",
            ),
            ("https://{{ shop }}.рф/я", "https://{{ shop }}.рф/я"),
        ):
            with self.subTest(source):
                self.assertEqual(to_ascii_urls(source), (expected, []))

    def test_what_cannot_be_encoded_stays_and_is_told(self):
        bad = "https://нам\u200dи.рф/я"
        self.assertEqual(to_ascii_urls(f"А {bad}, {bad}"), (f"А {bad}, {bad}", [bad]))
        self.assertEqual(to_ascii_urls(bad + "{{ b }}"), (bad + "{{ b }}", [bad]))

    def test_a_text_of_beginnings_is_read_at_once(self):
        start = time.process_time()
        for source in ("https://я" * 10_000, "https://я.рф/{{" * 7_000):
            to_ascii_urls(source)
        self.assertLess(time.process_time() - start, 2)


class TestTokens(BaseCase):
    def test_tokens_cannot_be_guessed(self):
        tokens = {new_token() for _ in range(1000)}
        self.assertEqual(len(tokens), 1000)
        self.assertTrue(all(map(is_token, tokens)))
        self.assertEqual(len(set("".join(tokens))), 62, "all letters and digits occur")

    def test_other_words_are_no_tokens(self):
        word = "a" * TOKEN_LENGTH
        for other in ("", word[1:], word + "a", word[1:] + "\0", word[1:] + "й"):
            with self.subTest(other):
                self.assertFalse(is_token(other))

    def test_what_touches_a_link_is_no_part_of_its_token(self):
        token = new_token()
        for behind in ("", "—успейте", "-", ").", "…", "успейте", "—" + token):
            with self.subTest(behind):
                self.assertEqual(read_token(token + behind), token)
        for other in (token + "0", token + token, token[1:] + "—a", "", "—"):
            with self.subTest(other):
                self.assertFalse(is_token(read_token(other)))


class TestShortLinks(BaseCase):
    def test_samples_are_as_long_as_own_links(self):
        links = ShortLinks(BASE)
        text = links.shorten("Скидки: https://пример.рф/скидки! И https://example.com")
        own = {sample: BASE + new_token() for sample in links.find(text)}
        self.assertEqual(len(own), 2)
        sent = insert_links(text, own)
        self.assertNotEqual(sent, text)
        self.assertEqual(count_segments(sent), count_segments(text))
        self.assertEqual(len(sent), len(text))
        self.assertEqual(links.find(sent), {})

    def test_a_link_has_one_sample_in_all_texts(self):
        links = ShortLinks(BASE)
        men = links.shorten("https://example.com/a https://example.com/b")
        women = links.shorten("https://example.com/b")
        self.assertEqual(men.split()[1], women)
        self.assertEqual(links.find(women), {women: "https://example.com/b"})
        self.assertEqual(
            list(links.find(men).values()),
            ["https://example.com/a", "https://example.com/b"],
        )

    def test_own_links_stand_where_the_samples_stood(self):
        links = ShortLinks(BASE)
        text = links.shorten("(https://a.ru), https://b.ru, https://a.ru.")
        first, second = links.find(text)
        self.assertEqual(
            insert_links(text, {first: "ONE", second: "TWO"}), "(ONE), TWO, ONE."
        )

    def test_no_message_has_room_for_more_links(self):
        links = ShortLinks(BASE)
        urls = [f"https://example.com/{number}" for number in range(MAX_LINKS + 1)]
        text = links.shorten(" ".join([*urls, urls[0]]))
        self.assertEqual(len(links.find(text)), MAX_LINKS)
        self.assertEqual(text.split()[MAX_LINKS], urls[-1])
        self.assertTrue(text.endswith("1"), "one that is known already")
