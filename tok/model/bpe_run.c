/*
 * A run of pieces through BPE.  Most pieces were met before, so the common way is
 * laid out for the machine: the keys of many pieces are made first and their
 * memory is asked for, then all are looked up, and what is found is copied as
 * four ids, however many of them count.
 */
#include "tok/model/bpe_internal.h"

struct batch {
	struct tok_memo_key keys[TOK_BPE_BATCH]; /* high 0: too long for the memo */
	uint32_t buckets[TOK_BPE_BATCH];
};

/* The first `count` (1 to 15) of the 16 bytes at `from`. */
static inline struct tok_memo_key load_key(const uint8_t *from, size_t count)
{
	struct tok_memo_key key;
	memcpy(&key, from, sizeof key);
	const uint64_t low_mask = count >= 8 ? UINT64_MAX : (UINT64_C(1) << 8 * count) - 1;
	const uint64_t high_mask = count <= 8 ? 0 : (UINT64_C(1) << (8 * count - 64)) - 1;
	key.low &= low_mask;
	key.high = (key.high & high_mask) | (uint64_t)count << 56;
	return key;
}

static void make_keys(const struct tok_memo *memo, struct tok_span text, uint32_t begin,
		      const uint32_t *ends, size_t count, struct batch *batch)
{
	/* Sixteen bytes can be read from every piece that begins before this. */
	const size_t safe = text.count >= 16 ? text.count - 15 : 0;
	for (size_t i = 0; i < count; i++) {
		const size_t length = ends[i] - begin;
		struct tok_memo_key key = { 0, 0 };
		if (length <= TOK_MEMO_TEXT)
			key = begin < safe ? load_key(text.bytes + begin, length)
					   : tok_memo_key(tok_span_slice(text, begin, ends[i]));
		const size_t bucket = tok_memo_bucket(key);
		__builtin_prefetch(&memo->entries[bucket * TOK_MEMO_WAYS]);
		batch->keys[i] = key;
		batch->buckets[i] = (uint32_t)bucket;
		begin = ends[i];
	}
}

enum tok_status tok_bpe_encode_batch(const struct tok_model *model, struct tok_bpe_scratch *scratch,
				     struct tok_span text, uint32_t begin, const uint32_t *ends,
				     size_t count, const struct tok_range *piece,
				     struct tok_tokens *out, struct tok_error *err)
{
	struct batch batch;
	make_keys(&scratch->memo, text, begin, ends, count, &batch);
	if (!tok_tokens_reserve(out, count * TOK_MEMO_IDS))
		return tok_fail_memory(err);
	for (size_t i = 0; i < count; i++) {
		const struct tok_memo_entry *entry =
		    tok_memo_find(&scratch->memo, batch.buckets[i], batch.keys[i]);
		if (entry && batch.keys[i].high) {
			tok_id *to = out->ids + out->count;
			memcpy(to, entry->ids, sizeof entry->ids);
			to[0] &= TOK_MEMO_ID_MAX;
			out->count += entry->ids[0] >> 24;
			scratch->after_unknown = false;
			continue;
		}
		const struct tok_range part = { i ? ends[i - 1] : begin, ends[i] };
		if (!piece)
			tok_bpe_start(scratch, part.begin);
		else
			scratch->position = part.begin;
		const enum tok_status status = tok_bpe_encode_part(model, scratch, text, part,
								   piece ? *piece : part, out, err);
		if (status != TOK_OK)
			return status;
		if (!tok_tokens_reserve(out, (count - i) * TOK_MEMO_IDS))
			return tok_fail_memory(err);
	}
	return TOK_OK;
}

enum tok_status tok_bpe_encode_run(const struct tok_model *model, struct tok_bpe_scratch *scratch,
				   struct tok_span text, uint32_t begin, const uint32_t *ends,
				   size_t count, struct tok_tokens *out, struct tok_error *err)
{
	if (!tok_bpe_claim(model->bpe, scratch))
		return tok_fail_memory(err);
	for (size_t done = 0; done < count;) {
		const size_t left = count - done;
		const size_t some = left < TOK_BPE_BATCH ? left : TOK_BPE_BATCH;
		const enum tok_status status =
		    tok_bpe_encode_batch(model, scratch, text, done ? ends[done - 1] : begin,
					 ends + done, some, NULL, out, err);
		if (status != TOK_OK)
			return status;
		done += some;
	}
	return TOK_OK;
}
