/*
 * Surfaces of each kind of vocabulary and the pairs that they split into, in tables; and
 * on tokenizers of every kind - real ones, if the command names any - decoding sees no
 * split.
 *
 *	test_splits TOKENIZER...
 *	test_splits --table TOKENIZER [any|merges|earlier [MIN_PIECE_BYTES [utf8]]]
 *
 * The second writes a table, a line "id left right" a pair, for tests/conformance/splits.py.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/many.h"
#include "tok/pipe/decoder.h"
#include "tok/sample/splits.h"
#include "tok/sample/surfaces.h"

static struct many all;

/* ---- small vocabularies -------------------------------------------------------- */

#define MODEL(type, more, vocab) "\"model\":{\"type\":\"" type "\"," more "\"vocab\":" vocab "}"
#define BYTE_LEVEL               "{\"type\":\"ByteLevel\",\"add_prefix_space\":false,\"trim_offsets\":true}"
#define STRIP                    "{\"type\":\"Strip\",\"content\":\" \",\"start\":1,\"stop\":0}"

/* "|" stands between surfaces in their order of ids, "-" for one that is left alone; then
 * 'w' for whole and the places, if they are not any: F, I, L, N.  Pairs are "id=left+right". */
static const struct {
	const char *name, *json, *surfaces, *pairs;
	struct tok_splits_options options;
} cases[] = {
	{ .name = "WordPiece",
	  .json = "{\"added_tokens\":[" MANY_ADDED(
	      0, "[UNK]", false, false, false, false,
	      true) "],"
		    "\"decoder\":{\"type\":\"WordPiece\",\"prefix\":\"##\",\"cleanup\":true}"
		    "," MODEL(
			"WordPiece",
			"\"unk_token\":\"[UNK]\",\"max_input_chars_per_word\":99,\"continuing_"
			"subword_prefix\":\"##\",",
			"{\"[UNK]\":0,\"a\":1,\"##a\":2,\"ab\":3,\"##b\":4,\"##ab\":5,\"aab\":6,"
			"\"##\":7,\"b\":8,\"n't\":9,\"n\":10,\"##'t\":11}") "}",
	  .surfaces = "-|a:FLN|a:ILN|ab:FLN|b:ILN|ab:ILN|aab:FLN|-|b:FLN|n't:FLN|n:FLN|'t:ILN",
	  .pairs = "3=1+4 5=2+4 6=1+5" }, /* the clean-up would leave a space in " n" "'t" */
	{ .name = "WordPiece without clean-up",
	  .json =
	      "{\"decoder\":{\"type\":\"WordPiece\",\"prefix\":\"##\",\"cleanup\":false}," MODEL(
		  "WordPiece",
		  "\"unk_token\":\"a\",\"max_input_chars_per_word\":99,\"continuing_subword_"
		  "prefix\":\"##\",",
		  "{\"a\":0,\"n't\":1,\"n\":2,\"##'t\":3,\"##t\":4,\"##'\":5}") "}",
	  .surfaces = "-|n't:FLN|n:FLN|'t:ILN|t:ILN|':ILN",
	  .pairs = "1=2+3 3=5+4" },
	{ .name = "ends of words",
	  .json = "{\"decoder\":{\"type\":\"BPEDecoder\",\"suffix\":\"</w>\"}," MODEL(
	      "BPE", "\"end_of_word_suffix\":\"</w>\",\"merges\":[],",
	      "{\"a\":0,\"b\":1,\"a</w>\":2,\"b</w>\":3,\"ab\":4,\"ab</w>\":5}") "}",
	  .surfaces = "a:FIN|b:FIN|a:FIL|b:FIL|ab:FIN|ab:FIL",
	  .pairs = "4=0+1 5=0+3" },
	{ .name = "both marks",
	  .json =
	      "{\"decoder\":{\"type\":\"WordPiece\",\"prefix\":\"##\",\"cleanup\":false}," MODEL(
		  "BPE",
		  "\"continuing_subword_prefix\":\"##\",\"end_of_word_suffix\":\"_\","
		  "\"merges\":[],",
		  "{\"a\":0,\"##b\":1,\"##b_\":2,\"ab\":3,\"ab_\":4,\"##bb_\":5,\"b_\":6}") "}",
	  .surfaces = "a:FN|b:IN|b:IL|ab:FN|ab:FL|bb:IL|b:FL",
	  .pairs = "3=0+1 4=0+2 5=1+2" },
	{ .name = "Unigram with bytes",
	  .json = "{\"decoder\":{\"type\":\"Sequence\",\"decoders\":[{\"type\":\"Replace\","
		  "\"pattern\":{\"String\":\"\xE2\x96\x81\"},\"content\":\" \"},{\"type\":"
		  "\"ByteFallback\"},{\"type\":\"Fuse\"}," STRIP
		  "]}," MODEL("Unigram", "\"unk_id\":0,\"byte_fallback\":true,",
			      "[[\"<unk>\",0],[\"<0x41>\",0],[\"\xE2\x96\x81\",-1],[\"a\",-1],"
			      "[\"\xE2\x96\x81"
			      "a\",-1],[\"aa\",-1],[\"\xE2\x96\x81\xE2\x96\x81\",-1]]") "}",
	  .surfaces = "-|-|\xE2\x96\x81|a|\xE2\x96\x81"
		      "a|aa|\xE2\x96\x81\xE2\x96\x81",
	  .pairs = "4=2+3 5=3+3 6=2+2" },
	{ .name = "words",
	  .json = "{\"decoder\":{\"type\":\"Fuse\"}," MODEL(
	      "WordLevel", "\"unk_token\":\"?\",", "{\"?\":0,\"a\":1,\"b\":2,\"ab\":3}") "}",
	  .surfaces = "-|a:FL|b:FL|ab:FL",
	  .pairs = "" },
	{ .name = "tokens joined by spaces",
	  .json = "{" MODEL("BPE", "\"merges\":[],", "{\"a\":0,\"b\":1,\"ab\":2}") "}",
	  .surfaces = "a|b|ab",
	  .pairs = "" },
	{ .name = "equal neighbours vanish",
	  .json = "{\"decoder\":{\"type\":\"CTC\",\"pad_token\":\"_\",\"word_delimiter_token\":"
		  "\"|\",\"cleanup\":false}," MODEL("BPE", "\"merges\":[],",
						    "{\"a\":0,\"b\":1,\"ab\":2}") "}",
	  .surfaces = "a|b|ab",
	  .pairs = "" },
	{ .name = "bytes and added tokens",
	  .json = "{\"added_tokens\":[" MANY_ADDED(
	      4, "ab", false, false, false, false,
	      false) "," MANY_ADDED(5, "abab", false, false, false, false,
				    true) "," MANY_ADDED(9, "new", false, false, false, false,
							 false) "],"
								"\"pre_tokenizer\":" BYTE_LEVEL
								",\"decoder\":" BYTE_LEVEL
								"," MODEL(
								    "BPE", "\"merges\":[],",
								    "{\"a\":0,\"b\":1,\"\xC4\xA0\":"
								    "2,\"\xC4\xA0"
								    "a\":3,\"ab\":4,\"abab\":5,"
								    "\"aba\":6,\"\xE2\x82\xAC\":7,"
								    "\"aab\":8}") "}",
	  .surfaces = "a|b| | a|ab:w|-|aba|-|aab|-",
	  .pairs = "3=2+0 6=4+0 8=0+4" },
	{ .name = "an added token that is not read as it is written",
	  .json = "{\"added_tokens\":[" MANY_ADDED(
	      0, "A", false, false, false, true,
	      false) "],"
		     "\"normalizer\":{\"type\":\"Lowercase\"},"
		     "\"pre_tokenizer\":" BYTE_LEVEL ",\"decoder\":" BYTE_LEVEL
		     "," MODEL("BPE", "\"merges\":[],", "{\"A\":0,\"b\":1,\"Ab\":2,\"bb\":3}") "}",
	  .surfaces = "A:w|b|Ab|bb",
	  .pairs = "3=1+1" },
	{ .name = "earlier ids",
	  .json = "{\"pre_tokenizer\":" BYTE_LEVEL ",\"decoder\":" BYTE_LEVEL
		  "," MODEL("BPE", "\"merges\":[],", "{\"a\":0,\"aaa\":1,\"aa\":2,\"aaaa\":3}") "}",
	  .surfaces = "a|aaa|aa|aaaa",
	  .pairs = "2=0+0 3=0+1 3=2+2 3=1+0",
	  .options = { .pairs = TOK_SPLIT_EARLIER } },
	{ .name = "the last merge",
	  .json = "{\"pre_tokenizer\":" BYTE_LEVEL ",\"decoder\":" BYTE_LEVEL "," MODEL(
	      "BPE", "\"merges\":[\"b c\",\"a bc\",\"a b\",\"ab c\",\"x ab\"],",
	      "{\"a\":0,\"b\":1,\"c\":2,\"ab\":3,\"bc\":4,\"abc\":5,\"x\":6,\"xab\":7,\"xa\":8,"
	      "\"xabc\":9}") "}",
	  .surfaces = "a|b|c|ab|bc|abc|x|xab|xa|xabc",
	  .pairs = "3=0+1 4=1+2 5=0+4 7=6+3",
	  .options = { .pairs = TOK_SPLIT_MERGES } },
	{ .name = "merges of falling rank",
	  .json = "{\"pre_tokenizer\":" BYTE_LEVEL ",\"decoder\":" BYTE_LEVEL
		  "," MODEL("BPE", "\"merges\":[\"ab c\",\"a b\"],",
			    "{\"a\":0,\"b\":1,\"c\":2,\"ab\":3,\"abc\":4,\"bc\":5}") "}",
	  .surfaces = "a|b|c|ab|abc|bc",
	  .pairs = "3=0+1 4=3+2",
	  .options = { .pairs = TOK_SPLIT_MERGES } },
	{ .name = "the last merge, with marks",
	  .json = "{\"decoder\":{\"type\":\"BPEDecoder\",\"suffix\":\"</w>\"}," MODEL(
	      "BPE",
	      "\"end_of_word_suffix\":\"</w>\",\"merges\":[\"b c</w>\",\"a b\","
	      "\"ab c</w>\",\"a bc</w>\"],",
	      "{\"a\":0,\"b\":1,\"c</w>\":2,\"bc</w>\":3,\"ab\":4,\"abc</w>\":5}") "}",
	  .surfaces = "a:FIN|b:FIN|c:FIL|bc:FIL|ab:FIN|abc:FIL",
	  .pairs = "3=1+2 4=0+1 5=0+3",
	  .options = { .pairs = TOK_SPLIT_MERGES } },
	{ .name = "short pieces",
	  .json = "{\"pre_tokenizer\":" BYTE_LEVEL ",\"decoder\":" BYTE_LEVEL "," MODEL(
	      "BPE", "\"merges\":[],", "{\"a\":0,\"aaa\":1,\"aa\":2,\"aaaa\":3,\"aaaaa\":4}") "}",
	  .surfaces = "a|aaa|aa|aaaa|aaaaa",
	  .pairs = "3=2+2 4=2+1 4=1+2",
	  .options = { .min_piece_bytes = 2 } },
	{ .name = "whole characters",
	  .json = "{\"pre_tokenizer\":" BYTE_LEVEL ",\"decoder\":" BYTE_LEVEL "," MODEL(
	      "BPE", "\"merges\":[],",
	      "{\"a\":0,\"\xC3\x83\":1,\"\xC2\xA9\":2,\"\xC3\x83\xC2\xA9\":3,\"a\xC3\x83\":4,"
	      "\"a\xC3\x83\xC2\xA9\":5}") "}",
	  .surfaces = "a|\xC3|\xA9|\xC3\xA9|a\xC3|a\xC3\xA9",
	  .pairs = "4=0+1 5=0+3",
	  .options = { .utf8_safe = true } },
	{ .name = "short pieces of the alphabet",
	  .json = "{\"pre_tokenizer\":" BYTE_LEVEL ",\"decoder\":" BYTE_LEVEL "," MODEL(
	      "BPE", "\"end_of_word_suffix\":\"</w>\",\"merges\":[],",
	      "{\"a\":0,\"\xC3\x83\":1,\"\xC2\xA9</w>\":2,\"\xC3\x83\xC2\xA9</w>\":3,\"a\xC3\x83\":"
	      "4,\"aa\xC3\x83\xC2\xA9</w>\":5,\"aa\":6}") "}",
	  .surfaces =
	      "a:FIN|\xC3\x83:FIN|\xC2\xA9:FIL|\xC3\x83\xC2\xA9:FIL|a\xC3\x83:FIN|aa\xC3\x83"
	      "\xC2\xA9:FIL|aa:FIN",
	  .pairs = "5=6+3",
	  .options = { .min_piece_bytes = 2 } },
	{ .name = "whole characters of the alphabet",
	  .json = "{\"pre_tokenizer\":" BYTE_LEVEL ",\"decoder\":" BYTE_LEVEL "," MODEL(
	      "BPE", "\"end_of_word_suffix\":\"</w>\",\"merges\":[],",
	      "{\"a\":0,\"\xC3\x83\":1,\"\xC2\xA9</w>\":2,\"\xC3\x83\xC2\xA9</w>\":3,\"a\xC3\x83\":"
	      "4,\"aa\xC3\x83\xC2\xA9</w>\":5,\"aa\":6}") "}",
	  .surfaces =
	      "a:FIN|\xC3\x83:FIN|\xC2\xA9:FIL|\xC3\x83\xC2\xA9:FIL|a\xC3\x83:FIN|aa\xC3\x83"
	      "\xC2\xA9:FIL|aa:FIN",
	  .pairs = "4=0+1 5=6+3 6=0+0",
	  .options = { .utf8_safe = true } },
	{ .name = "kept",
	  .json = "{\"pre_tokenizer\":" BYTE_LEVEL ",\"decoder\":" BYTE_LEVEL
		  "," MODEL("BPE", "\"merges\":[],", "{\"a\":0,\"aa\":1,\"aaa\":2}") "}",
	  .surfaces = "a|aa|aaa",
	  .pairs = "2=0+1 2=1+0",
	  .options = { .keep = (const tok_id[]){ 1 }, .keep_count = 1 } },
};

static struct tok_tokenizer *read_json(const char *name, const char *json)
{
	struct tok_spec spec = { 0 };
	struct tok_tokenizer *tokenizer = NULL;
	struct tok_error err = { 0 };
	if (vocab_read_bytes(tok_span_of(json), NULL, &spec, &err) != TOK_OK ||
	    tok_tokenizer_new(&spec, &tokenizer, &err) != TOK_OK)
		fail_msg("%s: %s", name, err.message);
	tok_spec_release(&spec);
	return tokenizer;
}

static struct tok_splits *new_splits(const char *name, const struct tok_tokenizer *tokenizer,
				     const struct tok_splits_options *options)
{
	struct tok_splits *splits = NULL;
	struct tok_error err = { 0 };
	if (tok_splits_new(tokenizer, options, &splits, &err) != TOK_OK)
		fail_msg("%s: %s", name, err.message);
	return splits;
}

static void write_surfaces(const struct tok_tokenizer *tokenizer, char *out)
{
	struct tok_surfaces *surfaces;
	assert_int_equal(tok_surfaces_new(tokenizer, &surfaces, NULL), TOK_OK);
	for (tok_id id = 0; id < tok_surfaces_count(surfaces); id++) {
		const struct tok_surface *s = tok_surfaces_at(surfaces, id);
		out += sprintf(out, "%s%.*s", id ? "|" : "", s->text.bytes ? (int)s->text.count : 1,
			       s->text.bytes ? (const char *)s->text.bytes : "-");
		if (!s->text.bytes || (!s->whole && s->places == TOK_PLACE_ANY))
			continue;
		*out++ = ':';
		if (s->whole)
			*out++ = 'w';
		for (int i = 0; i < 4 && s->places != TOK_PLACE_ANY; i++)
			if (s->places >> i & 1)
				*out++ = "FILN"[i];
	}
	*out = '\0';
	tok_surfaces_free(surfaces);
}

static void write_pairs(const struct tok_splits *splits, char *out)
{
	const struct tok_pair *pairs;
	const char *between = "";
	size_t all_pairs = 0, tokens = 0;
	*out = '\0';
	for (tok_id id = 0; id < tok_splits_size(splits); id++) {
		const size_t count = tok_splits_of(splits, id, &pairs);
		for (size_t i = 0; i < count; i++, between = " ")
			out +=
			    sprintf(out, "%s%u=%u+%u", between, id, pairs[i].left, pairs[i].right);
		all_pairs += count;
		tokens += count > 0;
	}
	assert_int_equal(tok_splits_pair_count(splits), all_pairs);
	assert_int_equal(tok_splits_token_count(splits), tokens);
	assert_int_equal(tok_splits_of(splits, (tok_id)tok_splits_size(splits), &pairs), 0);
	assert_int_equal(tok_splits_of(splits, TOK_NO_ID, &pairs), 0);
}

static void surfaces_and_pairs_are_as_listed(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char text[4096];
		struct tok_tokenizer *tokenizer = read_json(cases[i].name, cases[i].json);
		struct tok_splits *splits = new_splits(cases[i].name, tokenizer, &cases[i].options);
		write_surfaces(tokenizer, text);
		if (strcmp(text, cases[i].surfaces) != 0)
			fail_msg("%s: surfaces must be\n%s, not\n%s", cases[i].name,
				 cases[i].surfaces, text);
		write_pairs(splits, text);
		if (strcmp(text, cases[i].pairs) != 0)
			fail_msg("%s: pairs must be\n%s, not\n%s", cases[i].name, cases[i].pairs,
				 text);
		tok_splits_free(splits);
		tok_tokenizer_free(tokenizer);
	}
}

/* A token of more characters than are merged in the simple way, in a vocabulary that has
 * marks of place and so only merges: one b behind 64 times a. */
static void long_tokens_have_their_last_merge(void **state)
{
	char json[4096], run[128];
	const struct tok_splits_options options = { .pairs = TOK_SPLIT_MERGES };
	size_t n = (size_t)sprintf(json, "{\"decoder\":{\"type\":\"Fuse\"},\"model\":{\"type\":"
					 "\"BPE\",\"end_of_word_suffix\":\"_\",\"vocab\":{\"b\":0");
	(void)state;
	memset(run, 'a', sizeof run);
	for (int i = 0; i <= 6; i++)
		n += (size_t)sprintf(json + n, ",\"%.*s\":%d", 1 << i, run, i + 1);
	n += (size_t)sprintf(json + n, ",\"%.*sb\":8},\"merges\":[", 64, run);
	for (int i = 0; i < 6; i++)
		n += (size_t)sprintf(json + n, "\"%.*s %.*s\",", 1 << i, run, 1 << i, run);
	sprintf(json + n, "\"%.*s b\"]}}", 64, run);
	struct tok_tokenizer *tokenizer = read_json("long", json);
	struct tok_splits *splits = new_splits("long", tokenizer, &options);
	write_pairs(splits, json);
	assert_string_equal(json, "2=1+1 3=2+2 4=3+3 5=4+4 6=5+5 7=6+6 8=7+0");
	tok_splits_free(splits);
	tok_tokenizer_free(tokenizer);
}

/* ---- trouble ----------------------------------------------------------------------- */

static void options_that_do_not_suit_are_refused(void **state)
{
	static const tok_id far[] = { 0, 9 };
	const struct tok_splits_options merges = { .pairs = TOK_SPLIT_MERGES };
	const struct tok_splits_options keep = { .keep = far, .keep_count = 2 };
	struct tok_splits *splits = NULL;
	struct tok_error err = { 0 };
	(void)state;
	struct tok_tokenizer *words = read_json(
	    "words", "{" MODEL("WordLevel", "\"unk_token\":\"a\",", "{\"a\":0,\"b\":1}") "}");
	assert_int_equal(tok_splits_new(words, &merges, &splits, &err), TOK_EARG);
	assert_string_equal(err.message,
			    "a WordLevel model has no merges to undo: only those of BPE have");
	assert_int_equal(tok_splits_new(words, &keep, &splits, &err), TOK_EARG);
	assert_string_equal(err.message, "id 9 is not to be split: ids are below 2");
	assert_null(splits);
	tok_splits_free(NULL);
	tok_surfaces_free(NULL);
	tok_tokenizer_free(words);
}

/* ---- laws on tokenizers of every kind ------------------------------------------------- */

enum { DOCUMENT_IDS = 24, SPLITS = 24, DOCUMENTS = 3000 };

struct document {
	tok_id ids[DOCUMENT_IDS + SPLITS];
	size_t count;
};

static void draw_document(uint64_t *seed, const struct tok_tokenizer *tokenizer,
			  struct document *out)
{
	const uint32_t size = (uint32_t)tok_tokenizer_size(tokenizer);
	out->count = 0;
	for (size_t want = many_draw(seed, DOCUMENT_IDS); size && out->count < want;) {
		const tok_id id = many_draw(seed, size);
		if (tok_tokenizer_token(tokenizer, id).bytes)
			out->ids[out->count++] = id;
	}
}

/* Returns how many were split. */
static size_t split_some(uint64_t *seed, const struct tok_splits *splits, struct document *d)
{
	size_t done = 0;
	for (size_t tries = d->count ? SPLITS : 0; tries > 0; tries--) {
		const struct tok_pair *pairs;
		const size_t at = many_draw(seed, (uint32_t)d->count);
		const size_t count = tok_splits_of(splits, d->ids[at], &pairs);
		if (count == 0)
			continue;
		const struct tok_pair pair = pairs[many_draw(seed, (uint32_t)count)];
		memmove(d->ids + at + 2, d->ids + at + 1, (d->count - at - 1) * sizeof *d->ids);
		d->ids[at] = pair.left;
		d->ids[at + 1] = pair.right;
		d->count++;
		done++;
	}
	return done;
}

static size_t decode_split(const char *name, const struct tok_tokenizer *tokenizer,
			   const struct tok_splits *splits, uint64_t seed)
{
	struct tok_decoder *one = tok_decoder_new(tokenizer), *other = tok_decoder_new(tokenizer);
	size_t done = 0;
	assert_true(one && other);
	for (size_t i = 0; i < DOCUMENTS; i++) {
		struct document d;
		struct tok_span text, again;
		const bool skip = i & 1;
		draw_document(&seed, tokenizer, &d);
		assert_int_equal(tok_decode(one, d.ids, d.count, skip, &text, NULL), TOK_OK);
		done += split_some(&seed, splits, &d);
		assert_int_equal(tok_decode(other, d.ids, d.count, skip, &again, NULL), TOK_OK);
		if (!tok_span_equal(text, again))
			fail_msg("%s: document %zu is decoded to\n%.*s, split to\n%.*s", name, i,
				 (int)text.count, text.bytes, (int)again.count, again.bytes);
	}
	tok_decoder_free(one);
	tok_decoder_free(other);
	return done;
}

static void decoding_sees_no_split(void **state)
{
	size_t done = 0;
	(void)state;
	for (size_t i = 0; i < all.count; i++) {
		const struct tok_splits_options options = { .pairs = TOK_SPLIT_ANY };
		struct tok_splits *splits = new_splits(all.names[i], all.tokenizers[i], &options);
		done += decode_split(all.names[i], all.tokenizers[i], splits, 1 + i);
		tok_splits_free(splits);
	}
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct tok_tokenizer *tokenizer = read_json(cases[i].name, cases[i].json);
		struct tok_splits *splits = new_splits(cases[i].name, tokenizer, &cases[i].options);
		done += decode_split(cases[i].name, tokenizer, splits, 100 + i);
		tok_splits_free(splits);
		tok_tokenizer_free(tokenizer);
	}
	assert_true(done > 10000);
}

/* ---- a table for others -------------------------------------------------------------- */

static int write_table(int count, char **arguments)
{
	struct many one = many_of_files(arguments, 1);
	struct tok_splits_options options = { .pairs = TOK_SPLIT_ANY };
	if (count > 1 && strcmp(arguments[1], "merges") == 0)
		options.pairs = TOK_SPLIT_MERGES;
	if (count > 1 && strcmp(arguments[1], "earlier") == 0)
		options.pairs = TOK_SPLIT_EARLIER;
	if (count > 2)
		options.min_piece_bytes = strtoul(arguments[2], NULL, 10);
	options.utf8_safe = count > 3;
	struct tok_splits *splits = new_splits(arguments[0], one.tokenizers[0], &options);
	for (tok_id id = 0; id < tok_splits_size(splits); id++) {
		const struct tok_pair *pairs;
		const size_t pair_count = tok_splits_of(splits, id, &pairs);
		for (size_t i = 0; i < pair_count; i++)
			printf("%u %u %u\n", id, pairs[i].left, pairs[i].right);
	}
	tok_splits_free(splits);
	many_release(&one);
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(surfaces_and_pairs_are_as_listed),
		cmocka_unit_test(long_tokens_have_their_last_merge),
		cmocka_unit_test(options_that_do_not_suit_are_refused),
		cmocka_unit_test(decoding_sees_no_split),
	};
	if (argc > 2 && strcmp(argv[1], "--table") == 0)
		return write_table(argc - 2, argv + 2);
	all = argc > 1 ? many_of_files(argv + 1, argc - 1) : many_new();
	const int failed = cmocka_run_group_tests(tests, NULL, NULL);
	many_release(&all);
	return failed;
}
