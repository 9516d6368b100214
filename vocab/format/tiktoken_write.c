/*
 * tiktoken_write.c - lines of base64, space, rank.
 *
 * Such a file says which bytes have which rank and nothing else: the expression that
 * splits text, special tokens and what is put around a text come with the program that
 * reads it.  So the ranks must tell how tokens are merged, and there must be nothing in
 * front of the model but one expression.
 *
 * A list of merges is told by ranks if its results rise, and if each token has among its
 * merges the one by which ranks make it.  Then both merge alike: until the first step in
 * which they differ they have the same symbols, and of the pairs that make one token only
 * that of the same two parts ever comes up (unmerge_internal.h).
 */
#include "vocab/format/write_internal.h"

#include "tok/base/hash.h"
#include "tok/pipe/tokenizer.h"
#include "tok/text/utf8.h"
#include "vocab/format/base64.h"
#include "tok/text/json.h"
#include "vocab/format/unmerge_internal.h"

struct rank_writer {
	const struct tok_spec *spec;
	struct tok_arena scratch;
	struct tok_vocab_entry *entries; /* by rising id, raw bytes */
	size_t count;
	struct tok_strings ids;
	uint8_t *added; /* by id: is it an added token? */
	size_t id_count;
	struct vocab_losses *losses;
	struct tok_error *err;
};

static enum tok_status refuse_token(struct rank_writer *w, struct tok_span text, const char *why)
{
	return tok_fail(w->err, TOK_EARG, "model: the token '%s' %s", tok_show(text).text, why);
}

/* ---- what stands in front of the model ------------------------------------------------ */

static bool splits_plainly(const struct tok_pretok_step *step)
{
	const enum tok_behavior behavior = step->as.split.behavior;
	return step->kind == TOK_PRETOK_SPLIT && step->as.split.dialect != TOK_REGEX_LITERAL &&
	       (step->as.split.invert ? behavior == TOK_REMOVED : behavior == TOK_ISOLATED);
}

/* One expression, which may be ByteLevel's own; with a vocabulary in the byte-level
 * alphabet a ByteLevel comes last. */
static bool splits_once(const struct tok_spec *spec)
{
	const struct tok_pretok_step *steps = spec->pretokenizers;
	const size_t count = spec->pretokenizer_count;
	const bool alphabet = count && steps[count - 1].kind == TOK_PRETOK_BYTE_LEVEL;
	if (alphabet && steps[count - 1].as.byte_level.add_prefix_space)
		return false;
	if (alphabet && steps[count - 1].as.byte_level.use_regex)
		return count == 1;
	return (alphabet || spec->raw_vocabulary) && count == (alphabet ? 2u : 1u) &&
	       splits_plainly(&steps[0]);
}

static enum tok_status check_parts(struct rank_writer *w)
{
	const struct tok_spec *spec = w->spec;
	const struct tok_model_spec *model = &spec->model;
	if (model->kind != TOK_MODEL_BPE || model->as.bpe.order == TOK_BPE_SCORES)
		return tok_fail(w->err, TOK_EARG, "model: ranks are those of a BPE of bytes");
	if (model->as.bpe.prefix.count || model->as.bpe.suffix.count)
		return tok_fail(w->err, TOK_EARG,
				"model: ranks have no mark for the beginning or end of words");
	if (spec->normalizer_count)
		vocab_losses_add(w->losses, "normalizer: ranks are of the text as it is");
	if (!splits_once(spec))
		vocab_losses_add(w->losses, "pre_tokenizer: there must be one expression that "
					    "splits, and no more");
	for (size_t i = 0; i < spec->added_count; i++)
		if (!spec->added[i].special)
			vocab_losses_add(w->losses,
					 "added_tokens: '%s' is no special token: there are no "
					 "others beside ranks",
					 tok_show(spec->added[i].content).text);
	return TOK_OK;
}

/* ---- tokens ------------------------------------------------------------------------------ */

/* Out of the byte-level alphabet; false if it is not in it. */
static bool put_raw(struct tok_span text, uint8_t *out, size_t *count)
{
	*count = 0;
	for (size_t at = 0; at < text.count;) {
		const struct tok_char c = tok_utf8_at(text, at);
		const int byte = tok_char_to_byte(c.code);
		if (byte < 0)
			return false;
		out[(*count)++] = (uint8_t)byte;
		at += c.length;
	}
	return true;
}

static bool make_room(struct rank_writer *w, uint8_t **room)
{
	const struct tok_spec *spec = w->spec;
	size_t bytes = 0;
	for (size_t i = 0; i < spec->model.entry_count; i++) {
		const struct tok_vocab_entry *entry = &spec->model.entries[i];
		w->id_count = entry->id >= w->id_count ? (size_t)entry->id + 1 : w->id_count;
		bytes += entry->text.count;
	}
	for (size_t i = 0; i < spec->added_count; i++)
		if (spec->added[i].id >= w->id_count)
			w->id_count = (size_t)spec->added[i].id + 1;
	w->added = tok_arena_array(&w->scratch, w->id_count, 1);
	w->entries = tok_arena_array(&w->scratch, w->id_count, sizeof *w->entries);
	*room = tok_arena_array(&w->scratch, bytes, 1);
	return w->added && w->entries && *room &&
	       tok_strings_init(&w->ids, &w->scratch, spec->model.entry_count);
}

/* By id at first, then closed up. */
static enum tok_status collect_tokens(struct rank_writer *w)
{
	const struct tok_spec *spec = w->spec;
	uint8_t *room;
	if (!make_room(w, &room))
		return tok_fail_memory(w->err);
	for (size_t i = 0; i < spec->added_count; i++)
		w->added[spec->added[i].id] = 1;
	for (size_t i = 0; i < spec->model.entry_count; i++) {
		const struct tok_vocab_entry *entry = &spec->model.entries[i];
		size_t count = entry->text.count;
		if (w->added[entry->id])
			continue;
		if (spec->raw_vocabulary)
			memcpy(room, entry->text.bytes, count);
		else if (!put_raw(entry->text, room, &count))
			return refuse_token(w, entry->text, "is not in the byte-level alphabet");
		if (count == 0)
			return tok_fail(w->err, TOK_EARG, "model: the token %u is empty",
					entry->id);
		w->entries[entry->id] = *entry;
		w->entries[entry->id].text = (struct tok_span){ room, count };
		room += count;
	}
	for (size_t id = 0; id < w->id_count; id++)
		if (w->entries[id].text.count)
			w->entries[w->count++] = w->entries[id];
	for (size_t i = 0; i < w->count; i++)
		if (!tok_strings_add(&w->ids, w->entries[i].text, w->entries[i].id))
			return refuse_token(w, w->entries[i].text, "has two ids");
	return TOK_OK;
}

static enum tok_status check_bytes(struct rank_writer *w)
{
	for (unsigned i = 0; i < 256; i++) {
		const uint8_t byte = (uint8_t)i;
		if (tok_strings_find(&w->ids, (struct tok_span){ &byte, 1 }) == TOK_NO_ID)
			return tok_fail(w->err, TOK_EARG, "model: the byte 0x%02X is no token", i);
	}
	return TOK_OK;
}

/* ---- merges -------------------------------------------------------------------------------- */

static enum tok_status check_rising(struct rank_writer *w)
{
	const struct tok_model_spec *model = &w->spec->model;
	for (size_t i = 1; i < model->as.bpe.merge_count; i++)
		if (model->as.bpe.merges[i].result < model->as.bpe.merges[i - 1].result)
			return tok_fail(w->err, TOK_EARG,
					"model: merge %zu makes the id %u after %u was made: with "
					"ranks the order of merges is that of ids",
					i + 1, model->as.bpe.merges[i].result,
					model->as.bpe.merges[i - 1].result);
	return TOK_OK;
}

/* The merges of one token, from `*at` on, of which one must be `wanted`. */
static bool has_merge(const struct tok_model_spec *model, size_t *at, struct tok_merge wanted)
{
	const struct tok_merge *merges = model->as.bpe.merges;
	bool found = false;
	while (*at < model->as.bpe.merge_count && merges[*at].result < wanted.result)
		++*at;
	for (; *at < model->as.bpe.merge_count && merges[*at].result == wanted.result; ++*at)
		found |= merges[*at].left == wanted.left && merges[*at].right == wanted.right;
	return found;
}

static enum tok_status check_merges(struct rank_writer *w)
{
	const struct tok_model_spec *model = &w->spec->model;
	const bool listed = model->as.bpe.order == TOK_BPE_MERGES;
	const enum tok_status status = listed ? check_rising(w) : TOK_OK;
	size_t at = 0;
	if (status != TOK_OK)
		return status;
	for (size_t i = 0; i < w->count; i++) {
		const struct tok_vocab_entry *entry = &w->entries[i];
		struct tok_merge merge;
		if (entry->text.count == 1)
			continue;
		if (!unmerge_find(&w->ids, entry, &merge)) {
			/* Ranks still find it where it is a whole piece. */
			if (!model->as.bpe.ignore_merges)
				return refuse_token(w, entry->text, "is not what ranks make of it");
		} else if (listed && !has_merge(model, &at, merge)) {
			return refuse_token(w, entry->text, "is merged from other parts by ranks");
		}
	}
	return TOK_OK;
}

/* Every merge must be one of tokens that the file has. */
static enum tok_status check_listed(struct rank_writer *w)
{
	const struct tok_model_spec *model = &w->spec->model;
	if (model->as.bpe.order != TOK_BPE_MERGES)
		return TOK_OK;
	for (size_t i = 0; i < model->as.bpe.merge_count; i++) {
		const tok_id id = model->as.bpe.merges[i].result;
		if (id < w->id_count && w->added[id])
			return tok_fail(w->err, TOK_EARG,
					"model: merge %zu makes the added token %u, which ranks "
					"leave out",
					i + 1, id);
	}
	return TOK_OK;
}

/* ---- lines ---------------------------------------------------------------------------------- */

static bool put_rank(struct tok_buffer *out, tok_id rank)
{
	char digits[16];
	size_t at = sizeof digits;
	digits[--at] = '\n';
	do
		digits[--at] = (char)('0' + rank % 10);
	while (rank /= 10);
	digits[--at] = ' ';
	return tok_buffer_add(out, digits + at, sizeof digits - at);
}

static enum tok_status put_lines(struct rank_writer *w, struct tok_buffer *out)
{
	for (size_t i = 0; i < w->count; i++) {
		const struct tok_span text = w->entries[i].text;
		const size_t length = vocab_base64_length(text.count);
		if (!tok_buffer_reserve(out, length))
			return tok_fail_memory(w->err);
		vocab_base64_encode(text, out->bytes + out->count);
		out->count += length;
		if (!put_rank(out, w->entries[i].id))
			return tok_fail_memory(w->err);
	}
	return TOK_OK;
}

enum tok_status vocab_write_tiktoken(const struct tok_spec *spec, struct tok_buffer *out,
				     struct vocab_losses *losses, struct tok_error *err)
{
	static enum tok_status (*const checks[])(struct rank_writer *) = {
		check_parts, collect_tokens, check_bytes, check_listed, check_merges,
	};
	struct rank_writer w = { .spec = spec, .losses = losses, .err = err };
	enum tok_status status = TOK_OK;
	for (size_t i = 0; i < sizeof checks / sizeof checks[0] && status == TOK_OK; i++)
		status = checks[i](&w);
	if (status == TOK_OK)
		status = put_lines(&w, out);
	tok_arena_release(&w.scratch);
	return status;
}
