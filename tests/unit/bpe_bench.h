/* bpe_bench.h - a random model, its plain counterpart, and a text: for test_bpe_*.c. */
#ifndef TESTS_UNIT_BPE_BENCH_H
#define TESTS_UNIT_BPE_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/checked.h"
#include "tests/unit/plain_grow.h"
#include "tok/model/bpe_internal.h"

/* Models have numbers; TRIED is how many of them a test that looks at many tries. */
enum { MODELS = 600, TRIED = CHECKED ? MODELS / 3 : MODELS };
enum { TEXT_LENGTH = 400, LONG_LENGTH = 20000, CUTS_MAX = LONG_LENGTH + 1 };

struct bench {
	uint64_t seed;
	struct plain *plain;
	struct tok_model *model;
	struct tok_model_scratch *scratch;
	struct plain_tokens *expected;
	struct tok_tokens found, ranged;
	uint8_t *text; /* of exactly its size, so that reading on is found */
	uint8_t room[LONG_LENGTH];
	uint32_t ends[CUTS_MAX];
	size_t number; /* of the model */
};

static inline void *need(size_t bytes)
{
	void *memory = calloc(1, bytes);
	if (!memory)
		abort();
	return memory;
}

static inline struct tok_model *compile(const struct plain *plain)
{
	struct tok_model *model = NULL;
	struct tok_error err = { 0 };
	if (tok_model_new(&plain->spec, &model, &err) != TOK_OK)
		fail_msg("%s", err.message);
	return model;
}

static inline void open_bench(struct bench *b, size_t number)
{
	b->number = number;
	b->seed = 1000 + number;
	do
		plain_grow(b->plain, &b->seed);
	while (b->plain->spec.entry_count == 0);
	b->model = compile(b->plain);
	b->scratch = tok_model_scratch_new();
	assert_non_null(b->scratch);
}

static inline void close_bench(struct bench *b)
{
	tok_model_scratch_free(b->scratch);
	tok_model_free(b->model);
}

static inline struct bench *new_bench(void)
{
	struct bench *b = need(sizeof *b);
	b->plain = need(sizeof *b->plain);
	b->expected = need(sizeof *b->expected);
	b->ranged.ranged = true;
	return b;
}

static inline void free_bench(struct bench *b)
{
	tok_tokens_release(&b->found);
	tok_tokens_release(&b->ranged);
	free(b->text);
	free(b->plain);
	free(b->expected);
	free(b);
}

static inline void show_ids(const char *name, const tok_id *ids, size_t count)
{
	print_message("%s:", name);
	for (size_t i = 0; i < count && i < 60; i++)
		print_message(" %u", ids[i]);
	print_message("\n");
}

/* Stops at the first difference, and says where to look. */
static inline void check(const struct bench *b, const char *way, struct tok_span text,
			 const struct tok_tokens *found)
{
	const struct plain_tokens *want = b->expected;
	bool same = found->count == want->count;
	for (size_t i = 0; same && i < found->count; i++)
		same = found->ids[i] == want->ids[i] &&
		       (!found->ranged || (found->ranges[i].begin == want->ranges[i].begin &&
					   found->ranges[i].end == want->ranges[i].end));
	if (same)
		return;
	print_message("text:");
	for (size_t i = 0; i < text.count && i < 60; i++)
		print_message(" %02X", text.bytes[i]);
	print_message("\n");
	show_ids("wanted", want->ids, want->count);
	show_ids("found", found->ids, found->count);
	fail_msg("model %zu, order %d, %s: %zu tokens for %zu", b->number,
		 (int)b->plain->spec.as.bpe.order, way, found->count, want->count);
}

static inline struct tok_span make_text(struct bench *b, size_t most)
{
	const size_t count = plain_text(b->plain, &b->seed, b->room, most);
	free(b->text);
	b->text = need(count ? count : 1);
	memcpy(b->text, b->room, count);
	return (struct tok_span){ b->text, count };
}

/* Is it written as one token?  Unused characters are not. */
static inline bool is_plain(const struct bench *b, uint32_t place)
{
	return b->plain->entries[place].type != TOK_PIECE_UNUSED;
}

/* Ends of random pieces; all inside characters are refused where characters count. */
static inline size_t cut_text(struct bench *b, struct tok_span text, uint32_t longest)
{
	const bool raw = b->model->bpe->raw_bytes;
	size_t count = 0;
	for (uint32_t at = 0; at < text.count;) {
		at += 1 + plain_draw(&b->seed, longest);
		while (at < text.count && !raw && (text.bytes[at] & 0xC0) == 0x80)
			at++;
		at = at < text.count ? at : (uint32_t)text.count;
		b->ends[count++] = at;
	}
	return count;
}

/* What the definition makes of the pieces. */
static inline bool encode_plainly(struct bench *b, struct tok_span text, size_t count)
{
	bool works = true;
	b->expected->count = 0;
	for (size_t i = 0; works && i < count; i++) {
		const uint32_t begin = i ? b->ends[i - 1] : 0;
		works = plain_encode(b->plain, tok_span_slice(text, begin, b->ends[i]), begin,
				     b->expected);
	}
	return works;
}

#endif
