"""Two tokenizers that XXH3, with the secret that everybody has, does not tell from each other.

Of each lane of 64 bits it adds two things up: the product of the lane's halves, each combined with the secret by xor,
and the lane itself.  Where the low half is the secret's the product is 0, so that of two such lanes, which are added
to one sum, the high halves may change places.  Here these have the texts of two tokens."""
import struct

SECRET = {2: bytes.fromhex("ded46de9"), 3: bytes.fromhex("7240a4a4")}  # bytes 8 N to 8 N + 4 of it, by stripe N
TEXT = b"ab cd"  # has other ids with each


def field(number, payload):
    """A field of protobuf's with bytes."""
    def varint(n):
        return bytes([n]) if n < 128 else bytes([n & 127 | 128]) + varint(n >> 7)
    return varint(number << 3 | 2) + varint(len(payload)) + payload


def pair():
    """Two SentencePiece models with one XXH3 of 128 bits."""
    def piece(text, score, kind, before=b""):
        return field(1, before + field(1, text) + b"\x15" + struct.pack("<f", score) + b"\x18" + bytes([kind]))

    def at(stripe, model, text):
        """The text is the high half of a stripe's first lane; unknown fields are passed over."""
        new = piece(text, -1, 1, field(200, SECRET[stripe]))
        room = 64 * stripe - len(model) - new.index(SECRET[stripe])
        pad = field(200, bytes(room - 3))
        assert len(pad) == room
        return model + pad + new
    files = []
    for first, other in ((b"ab", b"cd"), (b"cd", b"ab")):
        model = piece(b"<unk>", 0, 2)
        for letter in ("\u2581", "a", "b", "c", "d"):
            model += piece(letter.encode(), -2, 1)
        model = at(3, at(2, model, first), other)
        files.append(model + field(2, b"\x18\x01") + field(200, bytes(2048)))
    return files
