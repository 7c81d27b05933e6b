"""JSON read in parts: the same as Python's own parser makes of it, without building."""

import json
import random

from odoo.tests import BaseCase

from odoo.addons.crm_sms_gateway.tools.json_outline import (
    MAX_DEPTH,
    Items,
    Malformed,
    Outline,
    TooDeep,
    anything,
    nothing,
)

SCALARS = (1, -2.5, 1e9, True, None, "a", 'x{"}]\\ \n яё😀', "\\" * 5, "\x01", [], {})
PIECES = ("", *'[]{},:"0\\e -.', "\n", "tru")


def make_value(chance, depth=0):
    """A value that nests up to some depth, once in a while with many elements."""
    kind = chance.random()
    if depth > 6 or kind < 0.45:
        return chance.choice(SCALARS)
    count = 205 if depth == 1 and kind > 0.98 else chance.randrange(5)
    if kind < 0.72:
        return [make_value(chance, depth + 1) for _number in range(count)]
    return {
        f"{chance.choice('ab{')}{number}": make_value(chance, depth + 1)
        for number in range(count)
    }


def make_texts(count):
    """Random JSON, the same in every run."""
    chance = random.Random(1)
    for _number in range(count):
        indent, is_ascii = chance.choice([None, 1]), chance.random() < 0.5
        value = [make_value(chance), make_value(chance)]
        yield chance, json.dumps(value, indent=indent, ensure_ascii=is_ascii)


def read(text, shape=nothing):
    return Outline(text.encode(), json.loads).read(shape)


def can_read(reader, text):
    try:
        reader(text)
    except ValueError:
        return False
    return True


class TestGrammar(BaseCase):
    def test_what_json_accepts_is_accepted(self):
        for _chance, text in make_texts(500):
            read(text)

    def test_the_verdict_on_damaged_text_is_that_of_json(self):
        for chance, text in make_texts(1500):
            place = chance.randrange(len(text))
            width = chance.randrange(3)
            text = text[:place] + chance.choice(PIECES) + text[place + width :]
            with self.subTest(text[:200]):
                self.assertEqual(can_read(read, text), can_read(json.loads, text))

    def test_long_and_deep_values(self):
        for text in (
            '"%s"' % ("\\n" * 100_000),
            "[%s0]" % ("0, " * 1000),
            "[%s[[[[]]]]]" % ("[[[{}]]]," * 1000),
            "{%s0}" % ('"a": [[{"b": [1]}]], ' * 500 + '"z": '),
            '{"a": %s}' % ("[ " * 500 + "] " * 500),
            "[" * MAX_DEPTH + "]" * MAX_DEPTH,
        ):
            read(text)
            with self.assertRaises(Malformed):
                read(text[:-2] + "," + text[-1])

    def test_the_place_of_the_fault_is_told(self):
        for text, position in (("", 0), ("[1, x]", 4), ('{"a": 1} 2', 9), ("[1}", 2)):
            with self.subTest(text), self.assertRaises(Malformed) as caught:
                read(text)
            self.assertEqual(caught.exception.position, position)

    def test_there_is_an_end_to_depth(self):
        for opening in ("[", '{"a":', '[{"a": '):
            with self.assertRaises(TooDeep):
                read(opening * (MAX_DEPTH + 2))


class TestParts(BaseCase):
    def test_only_wanted_members_are_made(self):
        shape = {"a": nothing, "b": {"c": nothing}.get, "d": anything}.get
        text = """{"x": 1, "a": {"x": 1}, "b": {"c": "C", "x": 2},
                   "d": {"e": 1, "f": null}, "a": [1, {"y": 2}], "\\u0062": {"c": 3}}"""
        self.assertEqual(
            read(text, shape),
            {"a": [1, {"y": 2}], "b": {"c": 3}, "d": {"e": 1, "f": None}},
        )

    def test_a_big_list_is_read_again_and_again(self):
        elements = [{"a": number, "b": "}]"} for number in range(10_000)]
        items = read(json.dumps(elements))
        self.assertIsInstance(items, Items)
        for _time in range(2):
            self.assertEqual(list(items), elements)
        self.assertEqual(set(items.read_kinds()), {b"{"})

    def test_of_a_big_element_the_wanted_members_are_made(self):
        junk = {str(number): [] for number in range(10_000)}
        items = read(json.dumps([{**junk, "a": 1}, {"a": 2, "b": 3}]))
        self.assertEqual(
            list(items.read({"a": nothing}.get)), [{"a": 1}, {"a": 2, "b": 3}]
        )

    def test_an_open_object_has_an_end(self):
        text = json.dumps({str(number): number for number in range(5000)})
        self.assertEqual(len(read(text, anything)), Outline.MAX_MEMBERS)
