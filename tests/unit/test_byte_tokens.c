/* Which bytes ids add, and the trie of them. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/plain_lm.h"
#include "tests/unit/sample_toys.h"
#include "tok/bytes/tokens.h"

/* ---- from tokenizers ------------------------------------------------------------- */

#define ENTRIES_LLAMA                                                                              \
	"\"model\":{\"type\":\"BPE\",\"unk_token\":\"<unk>\",\"byte_fallback\":true,\"vocab\":{"   \
	"\"<unk>\":0,\"</s>\":1,\"<0x41>\":2,\"<0x00>\":3,\"A\":4,\"\\u2581\":5,\"\\u2581A\":6,"   \
	"\"<0xFF>\":7},\"merges\":[[\"\\u2581\",\"A\"]]}"

#define JSON_LLAMA                                                                                 \
	"{\"added_tokens\":[{\"id\":1,\"content\":\"</s>\",\"single_word\":false,\"lstrip\":"      \
	"false,\"rstrip\":false,\"normalized\":false,\"special\":true}],\"decoder\":{\"type\":"    \
	"\"Sequence\",\"decoders\":[{\"type\":\"Replace\",\"pattern\":{\"String\":\"\\u2581\"},"   \
	"\"content\":\" \"},{\"type\":\"ByteFallback\"},{\"type\":\"Fuse\"},{\"type\":\"Strip\","  \
	"\"content\":\" \",\"start\":1,\"stop\":0}]}," ENTRIES_LLAMA "}"

#define JSON_BYTES                                                                                 \
	"{\"pre_tokenizer\":{\"type\":\"ByteLevel\",\"add_prefix_space\":false,\"use_regex\":"     \
	"false},\"decoder\":{\"type\":\"ByteLevel\"},\"model\":{\"type\":\"BPE\",\"vocab\":{"      \
	"\"\\u0100\":0,\"\\u0120\":1,\"a\":2,\"\\u0120a\":3},\"merges\":[[\"\\u0120\",\"a\"]]}}"

static struct tok_byte_tokens *tokens_of(const char *json, const struct tok_lm_info *info)
{
	struct tok_tokenizer *tokenizer = toy_new(json);
	struct tok_byte_tokens *tokens = NULL;
	struct tok_error err = { 0 };
	if (tok_byte_tokens_new(tokenizer, info, &tokens, &err) != TOK_OK)
		fail_msg("%s", err.message);
	tok_tokenizer_free(tokenizer); /* it is not needed any more */
	return tokens;
}

struct expected {
	enum tok_byte_kind kind;
	const char *bytes;
	size_t count;
};

static void assert_tokens(const struct tok_byte_tokens *tokens, const struct expected *rows,
			  size_t count)
{
	assert_int_equal(tok_byte_tokens_size(tokens), count);
	for (tok_id id = 0; id < count; id++) {
		assert_int_equal(tok_byte_tokens_kind(tokens, id), rows[id].kind);
		const struct tok_span text = tok_byte_tokens_text(tokens, id);
		assert_int_equal(text.count, rows[id].count);
		if (text.count)
			assert_memory_equal(text.bytes, rows[id].bytes, text.count);
	}
}

static void reads_byte_pieces_marks_and_a_hidden_space(void **state)
{
	(void)state;
	static const tok_id eos[] = { 1 };
	/* Two ids more than the tokenizer has. */
	const struct tok_lm_info info = { .size = 10, .eos = eos, .eos_count = 1 };
	static const struct expected rows[] = {
		{ TOK_BYTE_NONTEXT, "", 0 }, { TOK_BYTE_END, "", 0 },
		{ TOK_BYTE_TEXT, "A", 1 },   { TOK_BYTE_TEXT, "\0", 1 },
		{ TOK_BYTE_TEXT, "A", 1 },   { TOK_BYTE_TEXT, " ", 1 },
		{ TOK_BYTE_TEXT, " A", 2 },  { TOK_BYTE_TEXT, "\377", 1 },
		{ TOK_BYTE_NONTEXT, "", 0 }, { TOK_BYTE_NONTEXT, "", 0 },
	};
	struct tok_byte_tokens *tokens = tokens_of(JSON_LLAMA, &info);
	assert_tokens(tokens, rows, sizeof rows / sizeof rows[0]);
	assert_true(tok_span_equal(tok_byte_tokens_forced_front(tokens), tok_span_of(" ")));
	const tok_id *ids;
	const uint32_t node = tok_byte_tokens_child(tokens, 0, 'A');
	assert_int_equal(tok_byte_tokens_ends(tokens, node, &ids), 2);
	assert_int_equal(ids[0], 2);
	assert_int_equal(ids[1], 4);
	assert_int_equal(tok_byte_tokens_kind(tokens, 12345), TOK_BYTE_NONTEXT);
	tok_byte_tokens_free(tokens);
}

static void reads_the_byte_level_alphabet(void **state)
{
	(void)state;
	/* One id less than the tokenizer has. */
	const struct tok_lm_info info = { .size = 3 };
	static const struct expected rows[] = {
		{ TOK_BYTE_TEXT, "\0", 1 },
		{ TOK_BYTE_TEXT, " ", 1 },
		{ TOK_BYTE_TEXT, "a", 1 },
	};
	struct tok_byte_tokens *tokens = tokens_of(JSON_BYTES, &info);
	assert_tokens(tokens, rows, 3);
	assert_int_equal(tok_byte_tokens_forced_front(tokens).count, 0);
	tok_byte_tokens_free(tokens);
}

static void refuses_by_name(void **state)
{
	(void)state;
	static const struct {
		const char *json, *message;
	} rows[] = {
		{ TOY_WORDPIECE, "WordPiece" },
		{ TOY_BPE, "joined by spaces" },
		{ "{\"decoder\":{\"type\":\"CTC\",\"pad_token\":\"<pad>\",\"word_delimiter_token\":"
		  "\"|\",\"cleanup\":true}," ENTRIES_LLAMA "}",
		  "CTC" },
		{ "{\"decoder\":{\"type\":\"BPEDecoder\",\"suffix\":\"</w>\"}," ENTRIES_LLAMA "}",
		  "BPEDecoder" },
		{ "{\"decoder\":{\"type\":\"Sequence\",\"decoders\":[{\"type\":\"Fuse\"},{\"type\":"
		  "\"Replace\",\"pattern\":{\"String\":\"a\"},\"content\":\"b\"}]}," ENTRIES_LLAMA
		  "}",
		  "joined text" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct tok_lm_info info = { .size = 8 };
		struct tok_tokenizer *tokenizer = toy_new(rows[i].json);
		struct tok_byte_tokens *tokens = NULL;
		struct tok_error err = { 0 };
		assert_int_equal(tok_byte_tokens_new(tokenizer, &info, &tokens, &err), TOK_EARG);
		if (!strstr(err.message, rows[i].message))
			fail_msg("'%s' is not in '%s'", rows[i].message, err.message);
		tok_tokenizer_free(tokenizer);
	}
	static const tok_id eos[] = { 3 };
	const struct tok_lm_info info = { .size = 3, .eos = eos, .eos_count = 1 };
	struct tok_tokenizer *tokenizer = toy_new(JSON_BYTES);
	struct tok_byte_tokens *tokens = NULL;
	struct tok_error err = { 0 };
	assert_int_equal(tok_byte_tokens_new(tokenizer, &info, &tokens, &err), TOK_EARG);
	tok_tokenizer_free(tokenizer);
}

/* ---- the trie ---------------------------------------------------------------------- */

static struct tok_byte_tokens *random_tokens(struct tok_random *random, struct plain_vocab *v,
					     uint8_t (*room)[8])
{
	struct tok_byte_tokens *tokens = NULL;
	struct tok_error err = { 0 };
	const size_t count = tok_random_below(random, PLAIN_IDS);
	*v = (struct plain_vocab){ 0 };
	for (size_t i = 0; i < count; i++) {
		const size_t length = tok_random_below(random, 6);
		for (size_t k = 0; k < length; k++)
			room[i][k] = (uint8_t)(tok_random_below(random, 3) * 127);
		plain_add(v, (struct tok_span){ room[i], length },
			  tok_random_below(random, 8) == 0   ? TOK_BYTE_NONTEXT
			  : tok_random_below(random, 8) == 0 ? TOK_BYTE_END
							     : TOK_BYTE_TEXT);
	}
	assert_int_equal(
	    tok_byte_tokens_of(v->texts, v->kinds, v->count, tok_span_of(""), &tokens, &err),
	    TOK_OK);
	return tokens;
}

static bool is_text(const struct plain_vocab *v, tok_id id)
{
	return v->kinds[id] == TOK_BYTE_TEXT && v->texts[id].count > 0;
}

static uint32_t find_node(const struct tok_byte_tokens *tokens, struct tok_span text)
{
	uint32_t node = 0;
	for (size_t i = 0; i < text.count; i++) {
		node = tok_byte_tokens_child(tokens, node, text.bytes[i]);
		if (node == 0)
			return 0;
	}
	return node;
}

/* Each beginning of each text is one node; what ends there and the masses are told by looking at
 * all. */
static void assert_node(const struct tok_byte_tokens *tokens, const struct plain_vocab *v,
			struct tok_span text, const double *p, const double *masses)
{
	const uint32_t node = find_node(tokens, text);
	double mass = 0.0;
	size_t ends = 0;
	for (tok_id id = 0; id < v->count; id++) {
		if (!is_text(v, id) || !tok_span_starts(v->texts[id], text))
			continue;
		mass += p[id];
		ends += v->texts[id].count == text.count;
	}
	const tok_id *ids;
	assert_true(text.count == 0 || node != 0);
	assert_int_equal(tok_byte_tokens_ends(tokens, node, &ids), ends);
	for (size_t i = 0; i < ends; i++)
		assert_true(tok_span_equal(v->texts[ids[i]], text));
	assert_true(fabs(masses[node] - mass) <= 1e-14);
}

static void masses_are_sums(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 500; seed++) {
		struct tok_random random = tok_random_of(seed, 1);
		uint8_t room[PLAIN_IDS][8];
		struct plain_vocab v;
		struct tok_byte_tokens *tokens = random_tokens(&random, &v, room);
		double p[PLAIN_IDS], log_p[PLAIN_IDS], end = 0.0, nontext = 0.0;
		for (tok_id id = 0; id < v.count; id++) {
			p[id] = (double)tok_random_below(&random, 9) / 256.0;
			log_p[id] = log(p[id]);
			if (!is_text(&v, id))
				*(v.kinds[id] == TOK_BYTE_END ? &end : &nontext) += p[id];
		}
		double *masses = calloc(tok_byte_tokens_node_count(tokens), sizeof *masses);
		struct tok_row_masses others;
		tok_byte_tokens_masses(tokens, log_p, masses, &others);
		assert_true(fabs(others.end - end) <= 1e-14);
		assert_true(fabs(others.nontext - nontext) <= 1e-14);
		for (tok_id id = 0; id < v.count; id++)
			for (size_t n = 0; is_text(&v, id) && n <= v.texts[id].count; n++)
				assert_node(tokens, &v, tok_span_slice(v.texts[id], 0, n), p,
					    masses);
		free(masses);
		tok_byte_tokens_free(tokens);
	}
}

/* ---- bounds ------------------------------------------------------------------------- */

static void bounds_hold_the_truth(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 500; seed++) {
		struct tok_random random = tok_random_of(seed, 2);
		uint8_t room[PLAIN_IDS][8];
		struct plain_vocab v;
		struct tok_byte_tokens *tokens = random_tokens(&random, &v, room);
		struct plain_lm lm = plain_random(seed, v.count, 1);
		struct tok_lm_top best[PLAIN_IDS];
		struct tok_lm_row row = { .best = best };
		const uint32_t nodes = tok_byte_tokens_node_count(tokens);
		double log_p[PLAIN_IDS], *masses = calloc(3 * nodes, sizeof *masses);
		struct tok_row_masses others, least, most;
		lm.info.top = 1 + tok_random_below(&random, 8);
		for (tok_id id = 0; id < v.count; id++)
			log_p[id] = log(plain_p(&lm, NULL, 0, id));
		if (v.count > 0) {
			plain_best(&lm, &(struct tok_lm_request){ NULL, 0 }, &row);
			tok_byte_tokens_masses(tokens, log_p, masses, &others);
			tok_byte_tokens_bounds(tokens, &row, masses + nodes, masses + 2 * nodes,
					       &least, &most);
			assert_true(least.end <= others.end + 1e-12);
			assert_true(most.end >= others.end - 1e-12);
			assert_true(least.nontext <= others.nontext + 1e-12);
			assert_true(most.nontext >= others.nontext - 1e-12);
		}
		for (uint32_t n = 0; n < nodes; n++) {
			assert_true(masses[nodes + n] <= masses[n] + 1e-12);
			assert_true(masses[2 * nodes + n] >= masses[n] - 1e-12);
			if (lm.info.top >= v.count) /* all is known */
				assert_true(masses[2 * nodes + n] - masses[nodes + n] < 1e-12);
		}
		free(masses);
		tok_byte_tokens_free(tokens);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_byte_pieces_marks_and_a_hidden_space),
		cmocka_unit_test(reads_the_byte_level_alphabet),
		cmocka_unit_test(refuses_by_name),
		cmocka_unit_test(masses_are_sums),
		cmocka_unit_test(bounds_hold_the_truth),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
