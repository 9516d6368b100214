/*
 * test_machine_masks_memory.c - what is valid, asked of all ids at once by way of what states
 * share, against each id asked by itself; and when the n-th allocation fails, for every n.
 *
 * Linked with --wrap for malloc, calloc, realloc and free.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/heap.h"

#include "tests/unit/plain_lm.h"
#include "tok/bytes/machine_internal.h"
#include "vocab/format/read.h"

/* A pattern's ends, merges whose order matters, also of falling rank (sas), words that no merge
 * makes. */
#define HEAD(ignore_merges)                                                                        \
	"{\"pre_tokenizer\":{\"type\":\"ByteLevel\",\"add_prefix_space\":false,\"trim_offsets\":"  \
	"false,\"use_regex\":true},\"decoder\":{\"type\":\"ByteLevel\",\"add_prefix_space\":"      \
	"false,\"trim_offsets\":false,\"use_regex\":true},\"model\":{\"type\":\"BPE\","            \
	"\"ignore_merges\":" ignore_merges ",\"vocab\":{"
#define CL100K                                                                                     \
	"{\"pre_tokenizer\":{\"type\":\"Sequence\",\"pretokenizers\":[{\"type\":\"Split\","        \
	"\"pattern\":{\"Regex\":\"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\\\r\\\\n\\\\p{L}\\\\p{N}]?"     \
	"\\\\p{L}+|\\\\p{N}{1,3}| ?[^\\\\s\\\\p{L}\\\\p{N}]+[\\\\r\\\\n]*|\\\\s*[\\\\r\\\\n]+|"    \
	"\\\\s+(?!\\\\S)|\\\\s+\"},\"behavior\":\"Isolated\",\"invert\":false},{\"type\":"         \
	"\"ByteLevel\",\"add_prefix_space\":false,\"trim_offsets\":false,\"use_regex\":false}]},"  \
	"\"decoder\":{\"type\":\"ByteLevel\",\"add_prefix_space\":false,\"trim_offsets\":false,"   \
	"\"use_regex\":false},\"model\":{\"type\":\"BPE\",\"ignore_merges\":true,\"vocab\":{"
#define LETTERS                                                                                    \
	"\"a\":0,\"b\":1,\"c\":2,\"s\":3,\"1\":4,\"!\":5,\"'\":6,\"\xC4\xA0\":7,\"\xC4\x8A\":8"
#define MERGED                                                                                     \
	",\"ab\":9,\"\xC4\xA0"                                                                     \
	"a\":10,\"bc\":11,\"abc\":12,\"ca\":13,\"\xC4\xA0"                                         \
	"ab\":14,\"aa\":15,\"aaaa\":16,\"'s\":17,\"\xC4\xA0\xC4\xA0\":18,\"11\":19,\"\xC4\xA0"     \
	"ca\":20,\"\xC4\xA0"                                                                       \
	"c\":21,\"bcab\":22,\"!!\":23,\"\xC4\x8A\xC4\x8A\":24,\"sa\":25,\"sas\":26"
#define WORDS                                                                                      \
	",\"cab\":27,\"\xC4\xA0"                                                                   \
	"b\":28,\"111\":29,\"ss\":30"
#define MERGES                                                                                     \
	"},\"merges\":[[\"sa\",\"s\"],[\"s\",\"a\"],[\"b\",\"c\"],[\"\xC4\xA0\",\"a\"],[\"a\","    \
	"\"b\"],[\"a\",\"bc\"],[\"c\","                                                            \
	"\"a\"],[\"\xC4\xA0"                                                                       \
	"a\",\"b\"],[\"a\",\"a\"],[\"aa\",\"aa\"],[\"'\",\"s\"],[\"\xC4\xA0\",\"\xC4\xA0\"],["     \
	"\"1\",\"1\"],[\"\xC4\xA0\",\"c\"],[\"\xC4\xA0"                                            \
	"c\",\"a\"],[\"bc\",\"ab\"],[\"!\",\"!\"],[\"\xC4\x8A\",\"\xC4\x8A\"]]}}"

static const char *const files[] = { HEAD("false") LETTERS MERGED MERGES,
				     HEAD("true") LETTERS MERGED WORDS MERGES,
				     CL100K LETTERS MERGED WORDS MERGES };
static const char letters[] = "abcs1!' \n";

struct real {
	struct tok_tokenizer *tokenizer;
	struct tok_byte_tokens *tokens;
	struct tok_validity *validity;
	struct plain_lm lm;
};

static void open_real(struct real *real, const char *file, uint64_t seed)
{
	struct tok_spec spec = { 0 };
	struct tok_error err = { 0 };
	if (vocab_read_bytes(tok_span_of(file), NULL, &spec, &err) != TOK_OK ||
	    tok_tokenizer_new(&spec, &real->tokenizer, &err) != TOK_OK)
		fail_msg("%s", err.message);
	tok_spec_release(&spec);
	/* One id more than the tokenizer has: the end. */
	real->lm = plain_random(seed, tok_tokenizer_size(real->tokenizer) + 1, 1 + seed % 3);
	real->lm.eos[0] = (tok_id)real->lm.info.size - 1;
	real->lm.info.eos_count = 1;
	(void)plain_use(&real->lm);
	if (tok_byte_tokens_new(real->tokenizer, &real->lm.info, &real->tokens, &err) != TOK_OK ||
	    tok_validity_new(real->tokenizer, real->tokens, &real->validity, &err) != TOK_OK)
		fail_msg("%s", err.message);
}

static void close_real(struct real *real)
{
	tok_validity_free(real->validity);
	tok_byte_tokens_free(real->tokens);
	tok_tokenizer_free(real->tokenizer);
}

/* Not shared, or forgotten as soon as it may be. */
static struct tok_machine *machine_of(struct real *real, int semantics, bool shared, bool kept)
{
	const struct tok_machine_options options = { .semantics =
							 (enum tok_bytes_semantics)semantics };
	struct tok_machine *m = NULL;
	struct tok_error err = { 0 };
	if (tok_machine_new(real->tokens, real->validity, &real->lm.lm, &options, &m, &err) !=
	    TOK_OK)
		fail_msg("%s", err.message);
	assert_non_null(m->core->shared);
	if (!shared) {
		tok_valid_shared_free(m->core->shared);
		m->core->shared = NULL;
	}
	if (!kept)
		m->core->mask_budget = 0;
	return m;
}

static void assert_alike(struct tok_machine *a, struct tok_machine *b)
{
	struct tok_next_bytes x, y;
	struct tok_error err = { 0 };
	assert_int_equal(tok_machine_next(a, &x, &err), TOK_OK);
	assert_int_equal(tok_machine_next(b, &y, &err), TOK_OK);
	assert_true(fabs(x.log_p - y.log_p) <= 1e-12 * fmax(1.0, fabs(x.log_p)));
	for (size_t i = 0; i < 256; i++)
		assert_true(fabs(x.joint[i] - y.joint[i]) <= 1e-13);
	assert_true(fabs(x.end - y.end) <= 1e-13 && fabs(x.leak - y.leak) <= 1e-12);
}

static void shared_as_if_apart(void **state)
{
	(void)state;
	size_t pushed = 0;
	for (uint64_t seed = 0; seed < 90; seed++) {
		struct real real;
		struct tok_random random = tok_random_of(seed, 3);
		open_real(&real, files[seed % 3], seed);
		const int semantics = seed / 3 % 2 ? TOK_BYTES_VALID : TOK_BYTES_VALID_RENORM;
		struct tok_machine *machines[] = { machine_of(&real, semantics, true, true),
						   machine_of(&real, semantics, false, true),
						   machine_of(&real, semantics, true, false) };
		for (size_t i = 0; i < 40; i++) {
			/* Now and then many of a kind. */
			const size_t kinds = i / 8 % 2 ? 2 : sizeof letters - 1;
			const uint8_t byte =
			    (uint8_t)letters[(seed % 9 + tok_random_below(&random, kinds)) % 9];
			struct tok_error err = { 0 };
			enum tok_status status[3];
			for (size_t k = 0; k < 3; k++)
				status[k] = tok_machine_push(machines[k],
							     (struct tok_span){ &byte, 1 }, &err);
			assert_int_equal(status[0], status[1]);
			assert_int_equal(status[0], status[2]);
			assert_alike(machines[0], machines[1]);
			assert_alike(machines[0], machines[2]);
			pushed += status[0] == TOK_OK;
		}
		for (size_t k = 0; k < 3; k++)
			tok_machine_free(machines[k]);
		close_real(&real);
	}
	assert_true(pushed > 1000);
}

static enum tok_status run(struct real *real, struct tok_error *err)
{
	const struct tok_machine_options options = { .semantics = TOK_BYTES_VALID_RENORM };
	struct tok_machine *m = NULL;
	struct tok_next_bytes next;
	enum tok_status status =
	    tok_machine_new(real->tokens, real->validity, &real->lm.lm, &options, &m, err);
	for (size_t i = 0; i < 12 && status == TOK_OK; i++) {
		status = tok_machine_push(
		    m, (struct tok_span){ (const uint8_t *)letters + i % 9, 1 }, err);
		if (status == TOK_ETEXT) /* this model cannot */
			status = TOK_OK;
	}
	if (status == TOK_OK)
		status = tok_machine_next(m, &next, err);
	tok_machine_free(m);
	return status;
}

static void every_allocation_may_fail(void **state)
{
	(void)state;
	struct real real;
	struct tok_error err = { 0 };
	open_real(&real, files[1], 1);
	assert_int_equal(run(&real, &err), TOK_OK);
	struct heap_trial trial = heap_trial_begin();
	while (heap_trial_next(&trial)) {
		heap_trial_judge(&trial, run(&real, &err), &err);
	}
	assert_true(trial.n > 100);
	close_real(&real);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shared_as_if_apart),
		cmocka_unit_test(every_allocation_may_fail),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
