from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase

from odoo.addons.crm_sms_gateway.tools.segments import (
    Segments,
    count_segments,
    decode_gsm7,
)

# 3GPP TS 23.038 §6.2.1, columns 0 to 7 of its table, and §6.2.1.1
BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅå"
    "Δ_ΦΓΛΩΠΨΣΘΞÆæßÉ"
    " !\"#¤%&'()*+,-./"
    "0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNO"
    "PQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmno"
    "pqrstuvwxyzäöñüà"
)
EXTENSION = "\f^{}\\[~]|€"
EMOJI = "\N{SLIGHTLY SMILING FACE}"
# the first and last of each quarter of the planes behind the basic one
ASTRAL = EMOJI + "\U00010000\U0004ffff\U00050000\U0008ffff\U00090000\U0010ffff"

runs = st.tuples(
    st.sampled_from(BASIC + EXTENSION * 4 + "жЁё—«" + ASTRAL * 5),
    st.integers(1, 170),
)
texts = st.lists(runs, max_size=6).map(
    lambda parts: "".join(character * count for character, count in parts)
)


def pack(costs, single, part):
    """Fill parts one character after the other, none of them split."""
    if sum(costs) <= single:
        return 1
    count, room = 1, part
    for cost in costs:
        if cost > room:
            count, room = count + 1, part
        room -= cost
    return count


def reference(text):
    if set(text) <= set(BASIC + EXTENSION):
        costs = [2 if character in EXTENSION else 1 for character in text]
        return Segments("gsm7", pack(costs, 160, 153), sum(costs))
    costs = [2 if character > "\uffff" else 1 for character in text]
    return Segments("ucs2", pack(costs, 70, 67), sum(costs))


class TestSegments(BaseCase):
    def assert_segments(self, text, encoding, count, units):
        self.assertEqual(count_segments(text), Segments(encoding, count, units))

    def test_every_character_of_the_basic_table_is_one_septet(self):
        self.assertEqual(len(set(BASIC)), 127)
        for character in BASIC:
            with self.subTest(character=character):
                self.assert_segments(character, "gsm7", 1, 1)

    def test_every_extension_character_is_two_septets(self):
        for character in EXTENSION:
            with self.subTest(character=character):
                self.assert_segments(character, "gsm7", 1, 2)

    def test_other_characters_are_ucs2(self):
        for character in ("ж", "ç", "`", "«", "\t", "\x1b", "\N{NO-BREAK SPACE}", "Α"):
            with self.subTest(character=character):
                self.assert_segments(character, "ucs2", 1, 1)

    def test_empty_text_is_one_segment(self):
        self.assert_segments("", "gsm7", 1, 0)

    def test_gsm7_takes_160_alone_and_153_in_company(self):
        self.assert_segments("a" * 160, "gsm7", 1, 160)
        self.assert_segments("a" * 161, "gsm7", 2, 161)
        self.assert_segments("a" * 306, "gsm7", 2, 306)
        self.assert_segments("a" * 307, "gsm7", 3, 307)

    def test_ucs2_takes_70_alone_and_67_in_company(self):
        self.assert_segments("я" * 70, "ucs2", 1, 70)
        self.assert_segments("я" * 71, "ucs2", 2, 71)
        self.assert_segments("я" * 134, "ucs2", 2, 134)
        self.assert_segments("я" * 135, "ucs2", 3, 135)

    def test_line_break_is_one_unit(self):
        self.assert_segments("a\nb", "gsm7", 1, 3)
        self.assert_segments("я\nя", "ucs2", 1, 3)

    def test_escape_pair_is_not_split(self):
        self.assert_segments("a" * 152 + "€" + "a" * 152, "gsm7", 3, 306)
        self.assert_segments("a" * 151 + "€" + "a" * 153, "gsm7", 2, 306)
        self.assert_segments("a" * 158 + "€", "gsm7", 1, 160)

    def test_surrogate_pair_is_not_split(self):
        self.assert_segments("я" * 66 + EMOJI + "я" * 66, "ucs2", 3, 134)
        self.assert_segments("я" * 65 + EMOJI + "я" * 67, "ucs2", 2, 134)
        self.assert_segments("я" * 68 + EMOJI, "ucs2", 1, 70)

    def test_emoji_only_fit_33_in_a_part(self):
        self.assert_segments(EMOJI * 35, "ucs2", 1, 70)
        self.assert_segments(EMOJI * 66, "ucs2", 2, 132)
        self.assert_segments(EMOJI * 67, "ucs2", 3, 134)

    @settings(deadline=None, derandomize=True, max_examples=400)
    @given(texts)
    def test_packing_agrees_with_filling_parts_by_hand(self, text):
        self.assertEqual(count_segments(text), reference(text))

    @settings(deadline=None, derandomize=True)
    @given(st.text())
    def test_any_text_has_a_size(self, text):
        self.assertEqual(count_segments(text), reference(text))

    def test_lone_surrogate_does_not_crash(self):
        self.assert_segments("\ud800", "ucs2", 1, 1)


class TestDefaultAlphabet(BaseCase):
    def test_every_octet_is_the_character_of_its_place(self):
        octets = bytes(n for n in range(128) if n != 0x1B)
        self.assertEqual(decode_gsm7(octets), BASIC)

    def test_two_octets_are_a_character_of_the_extension(self):
        octets = bytes.fromhex("1b0a 1b14 1b28 1b29 1b2f 1b3c 1b3d 1b3e 1b40 1b65")
        self.assertEqual(decode_gsm7(octets), EXTENSION)

    def test_what_is_no_character_is_a_question_mark(self):
        self.assertEqual(decode_gsm7(b"a\x1bzb\xffc\x1b"), "a?b?c?")
