/*
 * byte_level_toys.h - small tokenizers of each kind, as tokenizer.json, for the conversion to the
 * alphabet of bytes.
 */
#ifndef TESTS_UNIT_BYTE_LEVEL_TOYS_H
#define TESTS_UNIT_BYTE_LEVEL_TOYS_H

#define TOY_SPECIAL(id, name)                                                                      \
	"{\"id\":" #id ",\"content\":\"" name                                                      \
	"\",\"single_word\":false,\"lstrip\":false,\"rstrip\":false,\"normalized\":false,"         \
	"\"special\":true}"
#define TOY_PLAIN(id, name)                                                                        \
	"{\"id\":" #id ",\"content\":\"" name                                                      \
	"\",\"single_word\":false,\"lstrip\":false,\"rstrip\":false,\"normalized\":true,"          \
	"\"special\":false}"
#define TOY(added, normalizer, pretokenizer, model)                                                \
	"{\"added_tokens\":[" added "],\"normalizer\":" normalizer                                 \
	",\"pre_tokenizer\":" pretokenizer                                                         \
	",\"post_processor\":null,\"decoder\":null,\"model\":{" model "}}"

#define TOY_META_NORM                                                                              \
	"{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"Prepend\",\"prepend\":\"\u2581\"},"   \
	"{\"type\":\"Replace\",\"pattern\":{\"String\":\" \"},\"content\":\"\u2581\"}]}"
#define TOY_BYTE_PRETOK                                                                            \
	"{\"type\":\"ByteLevel\",\"add_prefix_space\":false,\"trim_offsets\":true,"                \
	"\"use_regex\":true}"
#define TOY_BPE(fallback, vocab, merges)                                                           \
	"\"type\":\"BPE\",\"unk_token\":null,\"byte_fallback\":" fallback ",\"vocab\":{" vocab     \
	"},\"merges\":[" merges "]"

/* SentencePiece's kind: <0x41> is there beside A, <0x42> for want of B; the letter of two bytes,
 * that of three and that of four are of no merge. */
#define TOY_FALLBACK                                                                               \
	TOY(TOY_SPECIAL(0, "<s>"), TOY_META_NORM, "null",                                          \
	    TOY_BPE(                                                                               \
		"true",                                                                            \
		"\"<s>\":0,\"<0x41>\":1,\"<0x42>\":2,\"<0xFF>\":3,\"A\":4,\"\u2581\":5,"           \
		"\"\u2581A\":6,\"\u00e9\":7,\"\u4f60\":8,\"\U0001f600\":9,\"\u2581\u2581\":10,"    \
		"\"\u2581A\u2581A\":11",                                                           \
		"[\"\u2581\",\"A\"],[\"\u2581\",\"\u2581\"],[\"\u2581A\",\"\u2581A\"]"))

#define TOY_WORDPIECE                                                                              \
	TOY(TOY_SPECIAL(0, "[UNK]") "," TOY_SPECIAL(1, "[CLS]"), "null",                           \
	    "{\"type\":\"BertPreTokenizer\"}",                                                     \
	    "\"type\":\"WordPiece\",\"unk_token\":\"[UNK]\",\"continuing_subword_prefix\":\"##\"," \
	    "\"max_input_chars_per_word\":100,\"vocab\":{\"[UNK]\":0,\"[CLS]\":1,\"the\":2,"       \
	    "\"##re\":3,\"##[CLS]\":4,\"##\":5,\"x\":6}")

#define TOY_UNIGRAM                                                                                \
	TOY(TOY_SPECIAL(0, "<unk>"), "null",                                                       \
	    "{\"type\":\"Metaspace\",\"replacement\":\"\u2581\",\"prepend_scheme\":\"always\","    \
	    "\"split\":true}",                                                                     \
	    "\"type\":\"Unigram\",\"unk_id\":0,\"vocab\":[[\"<unk>\",0],[\"\u2581the\",-1.5],"     \
	    "[\"\u2581\u2581\",-2],[\"\u2581a\u2581b\",-3],[\"\u2581\",-4]]")

#define TOY_BYTES                                                                                  \
	TOY(TOY_SPECIAL(3, "<|end|>") "," TOY_PLAIN(4, "a b"), "{\"type\":\"NFC\"}",               \
	    TOY_BYTE_PRETOK,                                                                       \
	    TOY_BPE("false", "\"a\":0,\"\u0120\":1,\"\u0120a\":2", "[\"\u0120\",\"a\"]"))

/* One to take special tokens from. */
#define TOY_BASE                                                                                   \
	TOY(TOY_SPECIAL(1, "<pad>") "," TOY_SPECIAL(3, "<s>") "," TOY_SPECIAL(9000, "<end>"),      \
	    "null", TOY_BYTE_PRETOK,                                                               \
	    TOY_BPE("false", "\"a\":0,\"<pad>\":1,\"b\":2,\"<s>\":3,\"<end>\":9000", ""))

/* The same, whose special tokens stand before others wherever they go. */
#define TOY_BASE_INSIDE                                                                            \
	TOY(TOY_SPECIAL(1, "<pad>") "," TOY_SPECIAL(3, "<s>"), "null", TOY_BYTE_PRETOK,            \
	    TOY_BPE("false", "\"a\":0,\"<pad>\":1,\"b\":2,\"<s>\":3", ""))

#endif
