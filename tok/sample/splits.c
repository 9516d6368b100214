#include "tok/sample/splits.h"

#include <stdlib.h>

#include "tok/sample/splits_internal.h"
#include "tok/text/bytemap.h"
#include "tok/text/utf8.h"

struct front {
	tok_id id;
	uint32_t length;
};

struct builder {
	const struct tok_splits_options *options;
	struct tok_surfaces *surfaces;
	struct tok_chains chains;
	struct tok_reader reader;
	struct tok_arena scratch; /* what follows, and the chains */
	uint64_t *kept;           /* a bit an id */
	struct tok_merge *merges; /* TOK_SPLIT_MERGES: by id */
	struct front *fronts;     /* of one token, longest first */
	bool in_alphabet;         /* characters of the surfaces are bytes */

	struct tok_splits *splits;
	size_t pair_count, pair_capacity;
};

/* ---- what the options forbid -------------------------------------------------- */

/* Surfaces of text that was written in the byte-level alphabet. */
static bool are_in_alphabet(const struct tok_spec *spec)
{
	for (size_t i = 0; i < spec->normalizer_count; i++)
		if (spec->normalizers[i].kind == TOK_NORM_BYTE_LEVEL)
			return true;
	for (size_t i = 0; i < spec->pretokenizer_count; i++)
		if (spec->pretokenizers[i].kind == TOK_PRETOK_BYTE_LEVEL)
			return true;
	return false;
}

static size_t count_bytes(const struct builder *b, struct tok_span text)
{
	return b->in_alphabet ? tok_utf8_count(text) : text.count;
}

/* Is the byte at `at` one that goes on with a character? */
static bool is_tail(const struct builder *b, struct tok_span text, size_t at)
{
	const int byte =
	    b->in_alphabet ? tok_char_to_byte(tok_utf8_at(text, at).code) : text.bytes[at];
	return byte >= 0 && tok_utf8_is_tail((uint8_t)byte);
}

/* May `id` be split into these two, the first of `cut` bytes? */
static bool is_wanted(const struct builder *b, tok_id id, struct tok_pair pair, size_t cut)
{
	const struct tok_splits_options *options = b->options;
	const struct tok_span text = tok_surfaces_at(b->surfaces, id)->text;
	switch (options->pairs) {
	case TOK_SPLIT_ANY:
		break;
	case TOK_SPLIT_MERGES:
		if (b->merges[id].left != pair.left || b->merges[id].right != pair.right)
			return false;
		break;
	case TOK_SPLIT_EARLIER:
		if (pair.left >= id || pair.right >= id)
			return false;
		break;
	}
	if (options->min_piece_bytes > 1 &&
	    (count_bytes(b, tok_span_slice(text, 0, cut)) < options->min_piece_bytes ||
	     count_bytes(b, tok_span_slice(text, cut, text.count)) < options->min_piece_bytes))
		return false;
	return !options->utf8_safe || !is_tail(b, text, cut);
}

static bool is_kept(const struct builder *b, tok_id id)
{
	return b->kept[id / 64] >> id % 64 & 1;
}

/* ---- the pairs ------------------------------------------------------------------ */

static enum tok_status add_pair(struct builder *b, tok_id id, struct tok_pair pair, size_t cut,
				struct tok_error *err)
{
	bool agrees = true;
	if (!is_wanted(b, id, pair, cut))
		return TOK_OK;
	if (!b->reader.is_plain) {
		const enum tok_status status =
		    tok_reader_agrees(&b->reader, id, pair.left, pair.right, &agrees, err);
		if (status != TOK_OK || !agrees)
			return status;
	}
	if (b->pair_count == UINT32_MAX)
		return tok_fail(err, TOK_ELIMIT, "there are more than %u pairs", UINT32_MAX);
	if (!tok_grow(&b->splits->pairs, &b->pair_capacity, b->pair_count + 1,
		      sizeof *b->splits->pairs))
		return tok_fail_memory(err);
	b->splits->pairs[b->pair_count++] = pair;
	return TOK_OK;
}

/* What ends the token gets shorter, what begins it longer, until they meet. */
static enum tok_status add_pairs(struct builder *b, tok_id id, struct tok_error *err)
{
	const struct tok_chain_link *links = b->chains.links;
	size_t count = 0;
	for (tok_id front = links[id].front; front != TOK_NO_ID; front = links[front].front)
		b->fronts[count++] = (struct front){ front, links[front].length };
	for (tok_id back = links[id].back; back != TOK_NO_ID && count > 0;
	     back = links[back].back) {
		const uint32_t cut = links[id].length - links[back].length;
		while (count > 0 && b->fronts[count - 1].length < cut)
			count--;
		if (count == 0 || b->fronts[count - 1].length != cut)
			continue;
		const struct tok_pair pair = { b->fronts[count - 1].id, back };
		const enum tok_status status = add_pair(b, id, pair, cut, err);
		if (status != TOK_OK)
			return status;
	}
	return TOK_OK;
}

static enum tok_status add_tokens(struct builder *b, struct tok_error *err)
{
	struct tok_splits *splits = b->splits;
	for (tok_id id = 0; id < splits->size; id++) {
		const size_t before = b->pair_count;
		if (!is_kept(b, id) && !tok_surfaces_at(b->surfaces, id)->whole) {
			const enum tok_status status = add_pairs(b, id, err);
			if (status != TOK_OK)
				return status;
		}
		splits->starts[id + 1] = (uint32_t)b->pair_count;
		splits->tokens += b->pair_count > before;
	}
	return TOK_OK;
}

/* ---- the table ------------------------------------------------------------------ */

static enum tok_status keep_ids(struct builder *b, struct tok_error *err)
{
	const size_t size = b->splits->size;
	b->kept = tok_arena_array(&b->scratch, size / 64 + 1, sizeof *b->kept);
	if (!b->kept)
		return tok_fail_memory(err);
	for (size_t i = 0; i < b->options->keep_count; i++) {
		const tok_id id = b->options->keep[i];
		if (id >= size)
			return tok_fail(err, TOK_EARG,
					"id %u is not to be split: ids are below %zu", id, size);
		b->kept[id / 64] |= UINT64_C(1) << id % 64;
	}
	return TOK_OK;
}

static enum tok_status find_merges(struct builder *b, const struct tok_tokenizer *tokenizer,
				   struct tok_error *err)
{
	static const char *const kinds[] = { [TOK_MODEL_BPE] = "BPE",
					     [TOK_MODEL_UNIGRAM] = "Unigram",
					     [TOK_MODEL_WORDPIECE] = "WordPiece",
					     [TOK_MODEL_WORDLEVEL] = "WordLevel" };
	const enum tok_model_kind kind = tok_tokenizer_spec(tokenizer)->model.kind;
	if (b->options->pairs != TOK_SPLIT_MERGES)
		return TOK_OK;
	if (kind != TOK_MODEL_BPE)
		return tok_fail(err, TOK_EARG,
				"a %s model has no merges to undo: only those of BPE have",
				kinds[kind]);
	b->merges = tok_arena_array(&b->scratch, b->splits->size, sizeof *b->merges);
	return b->merges ? tok_model_last_merges(tok_tokenizer_model(tokenizer), b->merges,
						 b->splits->size, err)
			 : tok_fail_memory(err);
}

static enum tok_status build(struct builder *b, const struct tok_tokenizer *tokenizer,
			     struct tok_error *err)
{
	struct tok_splits *splits = b->splits;
	enum tok_status status = keep_ids(b, err);
	if (status == TOK_OK)
		status = find_merges(b, tokenizer, err);
	if (status == TOK_OK)
		status = tok_surfaces_new(tokenizer, &b->surfaces, err);
	if (status == TOK_OK)
		status = tok_chains_init(&b->chains, b->surfaces, &b->scratch, err);
	if (status == TOK_OK)
		status = tok_reader_init(&b->reader, tokenizer, b->surfaces, err);
	if (status != TOK_OK)
		return status;
	b->in_alphabet =
	    !tok_surfaces_are_bytes(b->surfaces) && are_in_alphabet(tok_tokenizer_spec(tokenizer));
	/* No chain is longer than its token, or has a token twice. */
	const size_t most = b->chains.longest < splits->size ? b->chains.longest : splits->size;
	b->fronts = tok_arena_array(&b->scratch, most, sizeof *b->fronts);
	splits->starts = calloc(splits->size + 1, sizeof *splits->starts);
	return b->fronts && splits->starts ? add_tokens(b, err) : tok_fail_memory(err);
}

enum tok_status tok_splits_new(const struct tok_tokenizer *tokenizer,
			       const struct tok_splits_options *options, struct tok_splits **out,
			       struct tok_error *err)
{
	struct builder b = { .options = options, .splits = calloc(1, sizeof *b.splits) };
	if (!b.splits)
		return tok_fail_memory(err);
	b.splits->size = tok_tokenizer_size(tokenizer);
	const enum tok_status status = build(&b, tokenizer, err);
	tok_reader_release(&b.reader);
	tok_surfaces_free(b.surfaces);
	tok_arena_release(&b.scratch);
	if (status != TOK_OK) {
		tok_splits_free(b.splits);
		return status;
	}
	*out = b.splits;
	return TOK_OK;
}

void tok_splits_free(struct tok_splits *splits)
{
	if (!splits)
		return;
	free(splits->starts);
	free(splits->pairs);
	free(splits);
}

size_t tok_splits_of(const struct tok_splits *splits, tok_id id, const struct tok_pair **out)
{
	const size_t count = id < splits->size ? splits->starts[id + 1] - splits->starts[id] : 0;
	*out = count ? splits->pairs + splits->starts[id] : NULL;
	return count;
}

size_t tok_splits_token_count(const struct tok_splits *splits)
{
	return splits->tokens;
}

size_t tok_splits_pair_count(const struct tok_splits *splits)
{
	return splits->starts[splits->size];
}

size_t tok_splits_size(const struct tok_splits *splits)
{
	return splits->size;
}
