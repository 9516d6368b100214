#!/usr/bin/env python3
"""Ask serde_json (inside tokenizers) and Python's json about JSON texts, and print a C table.

    python3 tests/oracles/json_table.py > tests/unit/json_table.inc

Needs tokenizers 0.23.2.  What is JSON is serde_json's verdict; what a string holds is
Python's; the bits of a number are those of a Unigram score that went through serde_json.
Texts that are not UTF-8 never reach serde_json: there Python decides.
"""
import json
import random
import struct

from tokenizers import Tokenizer

TEXTS = [
    "null", "true", "false", " \t\r\n0 ", "[]", "{}", "[[]]", '{"a":{}}', '[1,[2,{"a":[3]}],"b"]', '{"":0}', '{"a":1,"a":2}', "[ ]", "{ }",
    "nul", "nulll", "tru", "True", "NaN", "Infinity", "-Infinity", "undefined", "'a'", "a", ".", ",", ":", "]", "}", "[", "{", "[1", '{"a"',
    "[1,]", "[,1]", "[1,,2]", "[1 2]", "[1:2]", '{"a":1,}', '{,"a":1}', '{"a" 1}', '{"a":}', '{"a"::1}', "{a:1}", "{1:1}", '{"a":1 "b":2}', '{"a",1}',
    '["a":1]', "[1}", '{"a":1]', "1 2", "[] []", "// c\n1", "/* c */ 1", "# c\n1", "\v1", "\f1", "\u00a01", "\ufeff1", "[\u2028]", "\x001",
    '""', '"a"', '"', '"a', '"\\', '"\\"', '"\\""', r'"\"\\\/\b\f\n\r\t"', r'"\u0041\u00e9\u4f60"', r'"\u0000"', r'"a\u0000b"', r'"\uD83D\uDE00"',
    r'"\ud83d\ude00x"', r'"\uDBFF\uDFFF"', r'"\uFFFF\uFFFE"', r'"\u00AbCd"', r'"\ud800"', r'"\udc00"', r'"\ud800\ud800"', r'"\ud800x"',
    r'"\ud800\u0041"', r'"\ud800\n"', r'"\udc00\ud800"', r'"\udc00\udc00"', r'"\u"', r'"\u1"', r'"\u12"', r'"\u123"', r'"\u123g"', r'"\u 123"', r'"\u+123"', r'"\x41"',
    r'"\a"', r'"\0"', r'"\U0041"', r'"\'"', '"\\\n"', '"\n"', '"\t"', '"\x00"', '"\x1f"', '"\x7f"', '"\x80"', '"é"', '"你好😀"', '"\u2028\u2029"',
    '"\U0010ffff"', '"\ufffd"', '"aaaaaaa\tb"', '"aaaaaaaé"', '"aaaaaaa"', '"aaaaaaaa"', '"aaaaaaaaa\\n"', '"aaaaaaaaaaaaaaaa\x01"', '"1234567\\u0041890"',
]
NUMBERS = [
    "0", "-0", "1", "-1", "00", "01", "-01", "-", "+1", "1.", ".1", "-.1", "1.e1", "1e", "1e+", "1e-", "1e1.5", "1e5", "1E5", "1e+5", "1e-5", "0e0", "0.0",
    "-0.0", "0e99999999999", "-0e-99999999999", "1.5", "-1.5", "10", "9007199254740993", "9223372036854775807", "-9223372036854775808",
    "-9223372036854775809", "18446744073709551615", "18446744073709551616", "18446744073709551616.5", "-18446744073709551616",
    "123456789012345678901234567890", "12345678901234567890.12345678901234567890", "0.12345678901234567890123456789", "1e308", "1.7976931348623157e308",
    "1.7976931348623159e308", "1e309", "-1e309", "1e99999999999999999999", "1e-99999999999999999999", "5e-324", "4.9406564584124654e-324", "2e-324",
    "1e-400", "123456789e-310", "2.2250738585072014e-308", "2.2250738585072011e-308", "0x10", "1_000", "1,000", "١", "1e4.0", "1d5", "--1", "1-", "- 1",
    "0.1", "0.2", "0.3", "1e22", "1e23", "-3.2158589363098145", "-13.815510749816895", "100000000000000000000000000000e-29",
]


def literal(data):
    plain = (chr(b) if 32 <= b < 127 and chr(b) not in '"\\?' else "\\%03o" % b for b in data)
    return '"%s"' % "".join(plain)


def loads(text):
    """Does serde_json take `text` as one value?"""
    try:
        Tokenizer.from_str('{"model":{"type":"WordLevel","vocab":{"a":0},"unk_token":"a","x":%s}}' % text)
        return True
    except Exception:
        return False


def nested(levels):
    """Is a document nested `levels` deep read?  Two levels are the tokenizer's own."""
    return loads("[" * (levels - 2) + "]" * (levels - 2))


def score(text):
    """The number that serde_json makes of `text`, or None."""
    try:
        made = Tokenizer.from_str('{"model":{"type":"Unigram","vocab":[["a",%s]]}}' % text).to_str()
    except Exception:
        return None
    return float(json.loads(made)["model"]["vocab"][0][1])


def string_row(text):
    accepted = loads(text)
    value = json.loads(text) if accepted else None
    if isinstance(value, str):
        data = value.encode("utf-8")
        print("\t{ SPAN(%s), true, true, SPAN(%s) }," % (literal(text.encode()), literal(data)))
    else:
        print("\t{ SPAN(%s), %s, false, { 0 } }," % (literal(text.encode()), "true" if accepted else "false"))


def bad_utf8():
    for middle in (b"\x80", b"\xff", b"\xc0\x80", b"\xc3", b"\xc3(", b"\xe2\x82", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xf0\x80\x80\x80", b"aaaaaaaa\xfe"):
        data = b'"' + middle + b'"'
        try:
            data.decode("utf-8")
            raise SystemExit("%r is UTF-8 to Python" % data)
        except UnicodeDecodeError:
            print("\t{ SPAN(%s), false, false, { 0 } }," % literal(data))


def main():
    draw = random.Random(7)
    drawn = ["%r" % (draw.uniform(-30, 0)) for _ in range(150)]
    drawn += ["%d.%de%d" % (draw.getrandbits(60), draw.getrandbits(40), draw.randint(-330, 280)) for _ in range(50)]
    assert nested(127) and not nested(128)
    print("/* Made by tests/oracles/json_table.py: what serde_json (in tokenizers 0.23.2) and Python's")
    print(" * json answer.  Nesting: 127 levels are read, 128 are not. */")
    print("static const struct text_row texts[] = {")
    for text in TEXTS:
        string_row(text)
    bad_utf8()
    print("};\nstatic const struct number_row numbers[] = {")
    for text in NUMBERS + drawn:
        value = score(text)
        bits = struct.unpack("<Q", struct.pack("<d", value))[0] if value is not None else 0
        print("\t{ %s, %s, UINT64_C(0x%016x) }," % (literal(text.encode()), "true" if value is not None else "false", bits))
    print("};")


main()
