import traceback

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase

from odoo.addons.crm_sms_gateway.tools.template import (
    MAX_PLACEHOLDERS,
    MAX_SOURCE,
    TemplateError,
    TextTooLong,
    compile_template,
    make_ready,
    make_title,
)

HOSTILE = (
    "{{ name }}",
    "{% for x in y %}",
    "{# gone #}",
    "{{ 7 * 7 }}",
    "{{ ''.__class__.__mro__ }}",
    "<b>&amp;</b>",
    "%(name)s {name} $name",
    "\\n \\x41 ' \" ''' \r\n",
)


def placeholder(expression):
    return "{{ " + expression + " }}"


# pieces that random sources are made of; many of them come close to valid
words = st.sampled_from(
    "name name name other self loop raw endraw if for not is in true none "
    "|upper |trim |default('x') |truncate(9) |safe | upper ( ) [ ] { } "
    "'x' ' \" \\ '\\x00' '\\ud800' 1 1.5 1e9 0x1f 1_0 99999999999 \u0663 \u00b2 "
    ". , = == + - ** ~ / : ; \u0439 \u0306 \ufb01".split(" ")
    + [" ", " ", "\n", "\r\n"]
)
expressions = st.lists(words, max_size=8).map(lambda parts: placeholder("".join(parts)))
pieces = st.sampled_from(
    ["{{", "}}", "{%", "%}", "{#", "#}", "{{-", "-}}", "{{+", "\r\n", "\x00", "\ud800"]
)
sources = st.lists(
    expressions | pieces | words | st.just("{{ name }}"), max_size=4
).map("".join)


class TemplateCase(BaseCase):
    def render(self, source, **values):
        ready = {name: make_ready(value) for name, value in values.items()}
        return compile_template(source, values.keys() | {"name"}).render(ready)

    def assert_refused(self, source, code, line=1, detail=None):
        with self.assertRaises(TemplateError) as caught:
            compile_template(source, ["name", "other"])
        error = caught.exception
        self.assertEqual((error.code, error.line), (code, line))
        if detail is not None:
            self.assertEqual(error.detail, detail)


class TestAllowed(TemplateCase):
    def test_example_of_the_manual(self):
        template = compile_template(
            "Уважаемый {{first_name}}! Поздравляем Вас с наступающим Новым годом!",
            ["first_name"],
        )
        self.assertEqual(
            template.render({"first_name": "Андрей"}),
            "Уважаемый Андрей! Поздравляем Вас с наступающим Новым годом!",
        )

    def test_text_without_placeholders_is_itself(self):
        for source in ("", "text", "a } b {", "}} %} #}", "line\n", "\n\n", "100 %"):
            with self.subTest(source=source):
                template = compile_template(source, [])
                self.assertEqual(template.render({}), source)
                self.assertEqual(template.names, frozenset())

    def test_no_break_spaces_become_plain_ones(self):
        for space in "\xa0\u2007\u2009\u202f":
            with self.subTest(space=ascii(space)):
                text = f"10{space}000{space}₽"
                self.assertEqual(self.render(text), "10 000 ₽")
                self.assertEqual(
                    self.render(f"{space}{{{{ name }}}}", name=text), " 10 000 ₽"
                )
        self.assertEqual(self.render("{{ name }}", name="-\ufeff5\xa0€"), "-5 €")

    def test_other_characters_stay(self):
        for text in ("漢字\u3000漢字", "👨\u200d👩", "a\u200bb\u2028c\xadd"):
            with self.subTest(text=ascii(text)):
                self.assertEqual(self.render(text), text)
                self.assertEqual(self.render("{{ name }}", name=text), text)

    def test_line_breaks_and_spaces_of_the_source_are_kept(self):
        self.assertEqual(self.render(" a\n\n{{ name }} \n", name="N"), " a\n\nN \n")

    def test_line_breaks_are_one_character_with_and_without_placeholders(self):
        self.assertEqual(self.render("a\r\nb\rc\r\n"), "a\nb\nc\n")
        self.assertEqual(self.render("a\r\nb\r{{ name }}\r\n", name="N"), "a\nb\nN\n")

    def test_filters(self):
        for filter_, value, expected in (
            ("upper", "андрей", "АНДРЕЙ"),
            ("lower", "АНДРЕЙ", "андрей"),
            ("capitalize", "аНДРЕЙ", "Андрей"),
            ("title", "анна мария", "Анна Мария"),
            ("trim", "  Андрей ", "Андрей"),
            ("default('друг')", "Андрей", "Андрей"),
            ("truncate(10)", "Анна Мария", "Анна Мария"),
            ("truncate(10)", "Анна Мария!", "Анна..."),
            ("truncate(500)", "a " * 300, "a " * 247 + "a..."),
            ("trim|lower|capitalize", "  АНДРЕЙ", "Андрей"),
        ):
            with self.subTest(filter=filter_):
                self.assertEqual(
                    self.render(placeholder(f"name|{filter_}"), name=value), expected
                )

    def test_truncate_leaves_no_more_than_it_says(self):
        for length in (3, 10, 20):
            text = self.render(placeholder(f"name|truncate({length})"), name="ab " * 30)
            self.assertLessEqual(len(text), length)

    def test_whitespace_control(self):
        self.assertEqual(self.render("a  {{- name -}}  b", name="N"), "aNb")

    def test_names_may_be_cyrillic(self):
        self.assertEqual(self.render("{{ имя }}", имя="Андрей"), "Андрей")

    def test_names_that_mean_something_to_the_engine_are_plain_fields(self):
        for name in ("self", "range", "loop", "super", "caller", "class", "def", "_"):
            with self.subTest(name=name):
                template = compile_template(placeholder(name), [name])
                self.assertEqual(template.render({name: "V"}), "V")

    def test_names_that_python_takes_for_one_are_kept_apart(self):
        self.assertEqual(
            self.render("{{ fio }} {{ \ufb01o }}", fio="a", **{"\ufb01o": "b"}), "a b"
        )

    def test_the_same_source_and_names_are_compiled_once(self):
        first = compile_template("{{ name }}", ["name", "other"])
        self.assertIs(compile_template("{{ name }}", {"other", "name"}), first)
        self.assertIsNot(compile_template("{{ name }}", ["name"]), first)

    def test_source_is_kept_as_given(self):
        source = "a\r\n{{ name }}\n"
        self.assertEqual(compile_template(source, ["name"]).source, source)


class TestValues(TemplateCase):
    def test_hostile_values_are_verbatim(self):
        for value in HOSTILE:
            with self.subTest(value=value):
                self.assertEqual(self.render("[{{ name }}]", name=value), f"[{value}]")

    @settings(deadline=None, derandomize=True)
    @given(st.text() | sources)
    def test_any_value_is_verbatim(self, value):
        self.assertEqual(self.render("[{{ name }}]", name=value), f"[{value}]")
        self.assertEqual(
            self.render("{{ name|default('x') }}|{{name}}", name=value),
            f"{value}|{value}",
        )

    @settings(deadline=None, derandomize=True)
    @given(st.text())
    def test_no_filter_raises_on_any_value(self, value):
        self.assertEqual(self.render("{{ name|upper }}", name=value), value.upper())
        for filter_ in ("capitalize", "title", "trim", "truncate(3)", "truncate(9)"):
            self.render(placeholder(f"name|{filter_}"), name=value)

    def test_values_that_are_not_used_do_not_matter(self):
        self.assertEqual(self.render("{{ name }}", name="a", other="b"), "a")


class TestNames(TemplateCase):
    def assert_names(self, source, names, required):
        template = compile_template(source, ["name", "other"])
        self.assertEqual(template.names, names)
        self.assertEqual(template.required, required)

    def test_plain_use_is_required(self):
        self.assert_names("{{ name }}{{ name }}", {"name"}, {"name"})

    def test_use_through_default_is_not_required(self):
        self.assert_names("{{ name|default('a')|upper }}", {"name"}, set())

    def test_one_use_without_default_makes_it_required(self):
        source = "{{ name|default('a') }} {{ name }} {{ other|default('b') }}"
        self.assert_names(source, {"name", "other"}, {"name"})

    def test_default_behind_another_filter_is_too_late(self):
        self.assert_names("{{ name|upper|default('a') }}", {"name"}, {"name"})

    def test_missing_value_takes_its_default(self):
        self.assertEqual(self.render("{{ name|default('друг')|upper }}"), "ДРУГ")

    def test_missing_required_value_raises(self):
        for source in ("{{ name }}", "{{ name|upper|default('a') }}"):
            with self.subTest(source=source), self.assertRaises(KeyError) as caught:
                self.render(source)
            self.assertEqual(caught.exception.args, ("name",))


class TestRefused(TemplateCase):
    def test_syntax_errors_name_their_line(self):
        for source in (
            "{{",
            "{{ name",
            "{{ }}",
            "{{ first name }}",
            "{{ name | }}",
            "{{ name|default('a }}",
            "{{ name) }}",
            "{{ name ? }}",
            "{{ 'a\\x' }}",
            "{{ name|default('\\ud8') }}",
        ):
            with self.subTest(source=source):
                self.assert_refused(source, "template_syntax", 1)
                self.assert_refused("{{ name }}\r\n\n" + source, "template_syntax", 3)

    def test_unknown_names(self):
        for name in ("nobody", "self", "range", "loop", "dict", "namespace", "имя"):
            with self.subTest(name=name):
                source = "\n" + placeholder(f"{name}|default('a')")
                self.assert_refused(source, "template_unknown_name", 2, name)

    def test_names_are_case_sensitive(self):
        self.assert_refused("{{ Name }}", "template_unknown_name", 1, "Name")

    def test_everything_but_names_and_filters_is_forbidden(self):
        for source, detail in (
            ("{{ name.upper }}", "attribute"),
            ("{{ name.__class__ }}", "attribute"),
            ("{{ name['upper'] }}", "subscript"),
            ("{{ name[0:2] }}", "subscript"),
            ("{{ name() }}", "call"),
            ("{{ range(9) }}", "call"),
            ("{{ name.format(other) }}", "call"),
            ("{{ 'text' }}", "literal"),
            ("{{ 'text'|upper }}", "literal"),
            ("{{ 42 }}", "literal"),
            ("{{ 1.5 }}", "literal"),
            ("{{ true }}", "literal"),
            ("{{ none }}", "literal"),
            ("{{ [name] }}", "literal"),
            ("{{ {'a': name} }}", "literal"),
            ("{{ name, other }}", "literal"),
            ("{{ name + other }}", "operator"),
            ("{{ name ~ other }}", "operator"),
            ("{{ name * 9 }}", "operator"),
            ("{{ -name }}", "operator"),
            ("{{ not name }}", "operator"),
            ("{{ name == other }}", "operator"),
            ("{{ name in other }}", "operator"),
            ("{{ name or other }}", "operator"),
            ("{{ name if other }}", "condition"),
            ("{{ name is defined }}", "test"),
            ("{# comment #}", "comment"),
            ("{#", "comment"),
            ("{% if name %}a{% endif %}", "statement"),
            ("{% set name = 1 %}", "statement"),
            ("{% include 'a' %}", "statement"),
            ("{% import 'os' as os %}", "statement"),
            ("{% nonsense %}", "statement"),
            ("{%", "statement"),
            ("{% raw %}{{ name }}{% endraw %}", "statement"),
            ("{% raw %}", "statement"),
        ):
            with self.subTest(source=source):
                self.assert_refused(source, "template_forbidden", 1, detail)
                self.assert_refused("a\n" + source, "template_forbidden", 2, detail)

    def test_other_filters_are_forbidden(self):
        for filter_ in ("safe", "attr('x')", "format(1)", "map('upper')", "nonsense"):
            with self.subTest(filter=filter_):
                detail = filter_.partition("(")[0]
                source = placeholder(f"name|{filter_}")
                self.assert_refused(source, "template_forbidden", 1, detail)

    def test_other_arguments_are_forbidden(self):
        for filter_ in (
            "upper('a')",
            "trim('a')",
            "default",
            "default()",
            "default(1)",
            "default(true)",
            "default(other)",
            "default('a', true)",
            "default('a' ~ other)",
            "default(default_value='a')",
            "default(*other)",
            "default(**other)",
            "default('a', boolean=true)",
            "default('a', *other)",
            "default('a', **other)",
            "upper(*other)",
            "upper(**other)",
            "truncate(9, killwords=true)",
            "default('\\x00')",
            "default('\\ud800')",
            "truncate",
            "truncate('9')",
            "truncate(501)",
            "truncate(2)",
            "truncate(-5)",
            "truncate(true)",
            "truncate(other)",
            "truncate(9, true)",
            "truncate(length=9)",
        ):
            with self.subTest(filter=filter_):
                detail = filter_.partition("(")[0]
                source = placeholder(f"name|{filter_}")
                self.assert_refused(source, "template_forbidden", 1, detail)

    def test_characters_the_database_refuses_are_forbidden(self):
        for character in ("\x00", "\ud800", "\udfff"):
            source = "text\n" + character
            self.assert_refused(source, "template_forbidden", 2, "character")

    def test_source_may_be_so_long(self):
        self.assertEqual(compile_template("a" * MAX_SOURCE, []).names, frozenset())
        source = "a" * (MAX_SOURCE + 1)
        self.assert_refused(source, "template_forbidden", 1, "length")

    def test_placeholders_may_be_so_many(self):
        text = self.render("{{ name }}" * MAX_PLACEHOLDERS, name="a")
        self.assertEqual(text, "a" * MAX_PLACEHOLDERS)
        source = "{{ name }}" * (MAX_PLACEHOLDERS + 1)
        self.assert_refused(source, "template_forbidden", 1, "placeholders")

    def test_a_text_too_long_is_not_rendered(self):
        for source in (
            "{{ name }}" * MAX_PLACEHOLDERS,
            "{{ name|upper }}" * MAX_PLACEHOLDERS,
            "{{ name|truncate(9) }}{{ name }}" * 400,
        ):
            value = make_ready("a" * 2**20, 2000)
            with self.subTest(source[:40]), self.assertRaises(TextTooLong):
                compile_template(source, ["name"]).render({"name": value}, 2000)

    @given(
        st.text(alphabet=" a\n\xa0\ufeffß", max_size=30).map(lambda text: text * 60),
        st.sampled_from(
            ["name", "name|trim", "name|truncate(500)", "name|upper|truncate(9)"]
            + ["name|trim|truncate(20)", "name|truncate(500)|trim", "name|lower"]
        ),
    )
    def test_what_is_cut_off_changes_no_text(self, value, expression):
        template = compile_template(f"[{placeholder(expression)}]", ["name"])
        text = template.render({"name": make_ready(value)})
        for longest in (600, 1000):
            ready = {"name": make_ready(value, longest)}
            if len(text) > longest:
                with self.assertRaises(TextTooLong):
                    template.render(ready, longest)
            else:
                self.assertEqual(template.render(ready, longest), text)

    def test_bombs_are_refused(self):
        for source in (
            "{" * 90_000,
            "{{" + "(" * 90_000,
            "{{" + "(" * 20_000 + "name" + ")" * 20_000 + "}}",
            "{{" + "[" * 90_000,
            "{{" + "not " * 20_000 + "name }}",
            "{{" + "-" * 90_000 + "name }}",
            "{{ name" + "|upper" * 15_000 + "}}",
            "{{ name" + ".a" * 40_000 + "}}",
            "{{ name" + "**name" * 10_000 + "}}",
            "{{ " + "'a' " * 20_000 + "}}",
            "{{ name if " * 9_000 + "}}",
        ):
            with self.subTest(source=source[:12]):
                self.assert_refused(source, "template_forbidden", 1, "nesting")

    def test_numbers_the_parser_would_crash_on_are_refused(self):
        for number in (
            "9" * 5_000,
            "0x" + "f" * 5_000,
            "1" + "_0" * 5_000,
            "1.5",
            "1e999",
            "1\N{ARABIC-INDIC DIGIT THREE}.5",
        ):
            source = placeholder(f"name|truncate({number})")
            self.assert_refused(source, "template_forbidden", 1, "literal")

    def test_engine_does_not_show_in_errors(self):
        for source in ("{{ name", "{{ name.x }}", "{% if %}", "{{ name|safe }}"):
            with self.subTest(source=source):
                with self.assertRaises(TemplateError) as caught:
                    compile_template(source, ["name"])
                told = "".join(traceback.format_exception(caught.exception))
                self.assertNotIn("jinja", told.lower())

    @settings(deadline=None, derandomize=True, max_examples=1500)
    @given(sources | st.text())
    def test_any_source_is_a_template_or_an_error_of_ours(self, source):
        try:
            template = compile_template(source, ["name", "other"])
        except TemplateError as error:
            self.assertGreaterEqual(error.line, 1)
            return
        self.assertLessEqual(template.required, template.names)
        self.assertLessEqual(template.names, {"name", "other"})
        text = template.render(dict.fromkeys(template.required, "v"))
        self.assertNotIn("\x00", text)
        text.encode()


class TestTitle(BaseCase):
    def test_people_read_names_not_braces(self):
        cases = {
            "Hello {{ first_name }}!\n We are  open": "Hello [first_name]! We are open",
            "{{fio|default('friend')|upper}}, hi": "[fio], hi",
            "{{ }} {{ not closed": "{{ }} {{ not closed",
            "": "",
        }
        for source, title in cases.items():
            with self.subTest(source):
                self.assertEqual(make_title(source), title)

    def test_it_fits_a_line_of_a_list(self):
        self.assertEqual(make_title("{{ name }}" * 100), ("[name]" * 100)[:60])
        self.assertEqual(make_title("{{" * 100_000), "{{" * 30)
