"""strings.py - seeded strings that love trouble.

    trouble(count, seed, specials)   a list of str; the same arguments, the same list

A string is a few fragments: words of many scripts, contractions in every case with
U+017F, numbers of many scripts, marks, joiners, emoji sequences, spaces and newlines of
all kinds, controls, unassigned code points, what byte fallback and metaspace and the
byte-level alphabet look like, code, addresses, runs, and the text of the tokenizer's
own special tokens: whole, maimed, inside words, with spaces around.
"""
import random

WORDS = ["Hello", " world", "the", " The", "THE", "naïve", " café", "Straße", "İstanbul", "ǅungla", "ﬁnance",
         "你好", "世界", "，", "。", "こんにちは", "カタカナ", "ー", "한국어", "각", "\u1112\u1161\u11ab", "Привет", "мир",
         "Ελλάς", "ΟΔΟΣ", "مرحبا", "بالعالم", "שלום", "हिन्दी", "ไทย", "தமிழ்", "ትግርኛ", "ᏣᎳᎩ", "ꙮ", "𝔘𝔫𝔦", "ｆｕｌｌ",
         "ﷺ", "㍿", "①", "Å", "Ω", "ſ", "K", "ß", "ẞ", "ŉ", "ǰ", "ΐ", "camelCase", "SCREAMING_CASE", "iPhone15Pro"]
SHORT = ["'s", "'S", "'t", "'T", "'re", "'RE", "'rE", "'ve", "'Ve", "'m", "'M", "'ll", "'LL", "'lL", "'d", "'D", "'ſ",
         "’s", "don't", "I'M", "we'Ve", "'", "''", "'l", "'v", "'r", "'sx", " 's"]
NUMBERS = ["0", "7", "42", "123", "1234", "123456789", "3.14", "1,000,000", "٣٤٥", "१२३", "๑๒", "Ⅷ", "²", "½", "①②",
           "𝟘𝟙", "〇", "一二三", "0x1F", "1e-9", "٠", "꧑"]
MARKS = ["\u0301", "e\u0301", "a\u0323\u0307", "a\u0307\u0323", "\u0344", "\u0958", "\u1e9b\u0323", "\u0327\u0301", "\u3099",
         "か\u3099", "\u20dd", "\u0345", "\u05b0", "\u094d", "क\u094dष", "\uac00\u11a8", "\u1100\u1161", "i\u0307",
         "\u0cc6\u0cc2", "\U0001D15E", "\u2126", "\u212b", "\ufb1d", "\u0f73", "\u1100", "\u11a8"]
EMOJI = ["👍", "👍🏽", "👩‍👩‍👧‍👦", "🏳️‍🌈", "🇩🇪", "🇩", "❤️", "☺", "🤷🏾‍♀️", "\u200d", "\ufe0f", "🧑‍🚀", "😀😀😀", "⌚", "#️⃣"]
SPACES = [" ", "  ", "   ", "     ", "\t", "\t\t", "\n", "\n\n", "\r\n", "\r", "\r\n\r\n", " \n", "\n ", " \n \n ", "\t\n",
          "\u00a0", "\u3000", "\u2003", "\u2028", "\u2029", "\u0085", "\x0b", "\x0c", "\u1680", "\u200b", "\u202f", "\u205f",
          "\ufeff", "\u180e", "\u2060"]
SIGNS = ["!", "!!!", "...", "…", "--", "—", "?", "¿", ",", ";", ":", "(", ")", "[x]", "{}", "<", ">", "/", "\\", "|", "_",
         "__", "*", "**", "#", "##", "@", "&", "$", "€", "£", "%", "^", "~", "`", "```", "\"", "“", "”", "«", "»", "=", "==",
         "+", "++", "=>", "->", "©", "™", "°", "±", "×", "÷", "∑", "≠", "⟨", "⟩", "、", "・", "؟", "।", "､", "\u00ad", "§"]
CONTROLS = ["\x00", "\x00\x00", "\x01", "\x07", "\x1b[0m", "\x7f", "\x80", "\x9f", "\u202e", "\u2066", "\u061c", "\ufffd",
            "\ufffe", "\uffff", "\U000e0001", "\U000e0041", "\ue000", "\U000f0000", "\U0010ffff"]
UNASSIGNED = ["\u0378", "\u0870", "\u0888", "\u1c89", "\u1c8a", "\ua7cb", "\ua7dc", "\U00010d50", "\U00010ec2", "\U00011f02",
              "\U0001e6c0", "\U00031350", "\U0002ebf0", "\U0001fae9", "\u0c5c", "\u1acf", "\U0001cc00", "\U00013460",
              "\U000105c9", "\U000105d2\u0307", "\U00011383"]
LOOKALIKES = ["<0x0A>", "<0x41>", "<0xff>", "<0xE4>", "▁", "▁▁", "▁▁▁▁", "▁the", " ▁", "Ġ", "Ġthe", "Ċ", "ĉ", "Ã©", "##ing",
              "</w>", "<unk>", "<s>", "</s>", "[UNK]", "[CLS]", "[MASK]", "<pad>", "<|endoftext|>", "<|im_start|>", "<bos>",
              "|", "⁇", " ⁇ "]
CODE = ["def f(x):\n    return x + 1\n", "if (a && b) { c++; }", "#include <stdio.h>\n", "/* comment */", "// x\n",
        "http://example.org/a?b=c&d=%20e#f", "me@example.org", "C:\\Users\\x", "\\n\\t", "&amp;", "<a href=\"x\">y</a>",
        "SELECT * FROM t WHERE a='b';", "{\"k\": [1, 2.5, null]}", "x^2+y_1", "$\\alpha$", "\t\tint *p = &q;\n"]
GROUPS = [(WORDS, 30), (SHORT, 12), (NUMBERS, 8), (MARKS, 8), (EMOJI, 5), (SPACES, 18), (SIGNS, 12), (CONTROLS, 4),
          (UNASSIGNED, 4), (LOOKALIKES, 6), (CODE, 4)]


def random_character(rng):
    while True:
        code = rng.choice([rng.randrange(0x80), rng.randrange(0x800), rng.randrange(0x10000), rng.randrange(0x110000)])
        if not 0xD800 <= code < 0xE000:
            return chr(code)


def run_of(rng):
    unit = rng.choice(["a", " ", "\n", "=", "-", "_", "你", "\u0301", "ab", "A", "1", "👍", "\t", "ー", "!", "\u200d", "xY", "'s"])
    return unit * rng.choice([2, 3, 4, 7, 8, 15, 16, 17, 31, 33, 64, 130])


def special_text(rng, specials):
    token = rng.choice(specials)
    return rng.choice([
        token, token, " " + token, token + " ", "  " + token + "\n", token + token, "x" + token, token + "x", token + "'s",
        token[:-1], token[1:], token.upper(), token.lower(), token.replace(" ", ""), "é" + token + "é", "1" + token + "_",
        token[: len(token) // 2] + " " + token[len(token) // 2 :], "\u3000" + token + "\u00a0",
    ])


def one(rng, specials, groups, weights):
    kind = rng.random()
    if kind < 0.02:
        count = rng.randrange(200, 800)
    elif kind < 0.12:
        count = rng.randrange(12, 60)
    else:
        count = rng.randrange(0, 12)
    parts = []
    for _ in range(count):
        pick = rng.random()
        if specials and pick < 0.08:
            parts.append(special_text(rng, specials))
        elif pick < 0.13:
            parts.append(random_character(rng))
        elif pick < 0.16:
            parts.append(run_of(rng))
        else:
            word = rng.choice(rng.choices(groups, weights)[0])
            parts.append(word.upper() if rng.random() < 0.05 else word)
    return "".join(parts)


def trouble(count, seed, specials=()):
    rng = random.Random(seed)
    groups, weights = [g for g, _ in GROUPS], [w for _, w in GROUPS]
    specials = sorted(specials)
    if len(specials) > 60:
        specials = rng.sample(specials, 60)
    return [one(rng, specials, groups, weights) for _ in range(count)]


def broken(count, seed):
    """Byte strings that are mostly not UTF-8."""
    rng = random.Random(seed)
    rows = []
    for text in trouble(count, seed + 1):
        data = bytearray(text.encode()[:400])
        for _ in range(rng.randrange(1, 4)):
            at = rng.randrange(len(data) + 1)
            data[at:at] = rng.choice([b"\xff", b"\xc3", b"\xe2\x96", b"\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xc0\xaf",
                                      b"\xf0\x9f\x98", bytes([rng.randrange(128, 256)])])
        rows.append(bytes(data))
    return rows
