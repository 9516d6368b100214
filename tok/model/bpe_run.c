/*
 * A run of pieces through BPE.  Most pieces are one token, most others were met
 * before, so the common ways are laid out for the machine: the keys of many pieces
 * are made first and their memory is asked for, then all are looked up among the
 * known ones, the others in the memo, and what is in neither is worked out together:
 * the short ones are merged, where the model has joins, and the others walked.
 */
#include "tok/model/bpe_internal.h"

/* Longer pieces are walked alone. */
enum { TOGETHER_MAX = 512 };

struct batch {
	struct tok_memo_key keys[TOK_BPE_BATCH]; /* high 0: too long for tables */
	uint64_t hashes[TOK_BPE_BATCH];
	tok_id known[TOK_BPE_BATCH];    /* TOK_NO_ID: not one token, as far as is known */
	uint16_t others[TOK_BPE_BATCH]; /* those, in order */
	const struct tok_memo_entry *found[TOK_BPE_BATCH]; /* by other; NULL: not met before */
	struct tok_stretch stretches[TOK_BPE_BATCH];       /* those not met, in order */
	size_t other_count, stretch_count;
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

static void make_keys(const struct tok_bpe *bpe, struct tok_span text, uint32_t begin,
		      const uint32_t *ends, size_t count, struct batch *batch)
{
	/* Sixteen bytes can be read from every piece that begins before this. */
	const size_t safe = text.count >= 16 ? text.count - 15 : 0;
	const struct tok_walk *walk = &bpe->walk;
	for (size_t i = 0; i < count; i++) {
		const size_t length = ends[i] - begin;
		struct tok_memo_key key = { 0, 0 };
		if (length <= TOK_MEMO_TEXT)
			key = begin < safe ? load_key(text.bytes + begin, length)
					   : tok_memo_key(tok_span_slice(text, begin, ends[i]));
		const uint64_t hash = tok_memo_hash(key);
		if (walk->known)
			__builtin_prefetch(&walk->known[tok_known_home(walk, hash)]);
		batch->keys[i] = key;
		batch->hashes[i] = hash;
		begin = ends[i];
	}
}

static void find_known(const struct tok_bpe *bpe, const struct tok_memo *memo, size_t count,
		       struct batch *batch)
{
	const struct tok_walk *walk = &bpe->walk;
	size_t others = 0;
	for (size_t i = 0; i < count; i++) {
		tok_id id = TOK_NO_ID;
		if (walk->known && batch->keys[i].high)
			id = tok_known_find(walk, tok_known_home(walk, batch->hashes[i]),
					    batch->keys[i]);
		batch->known[i] = id;
		if (id != TOK_NO_ID)
			continue;
		batch->others[others++] = (uint16_t)i;
		__builtin_prefetch(
		    &memo->entries[tok_memo_bucket(batch->hashes[i]) * TOK_MEMO_WAYS]);
	}
	batch->other_count = others;
}

/* Look the others up; those not found become stretches.  Returns the bytes of those
 * that will be walked together. */
static size_t find_met(struct tok_memo *memo, struct tok_span text, uint32_t begin,
		       const uint32_t *ends, struct batch *batch)
{
	size_t bytes = 0;
	batch->stretch_count = 0;
	for (size_t k = 0; k < batch->other_count; k++) {
		const size_t i = batch->others[k];
		const struct tok_memo_entry *entry = NULL;
		if (batch->keys[i].high)
			entry =
			    tok_memo_find(memo, tok_memo_bucket(batch->hashes[i]), batch->keys[i]);
		batch->found[k] = entry;
		if (entry)
			continue;
		struct tok_stretch *stretch = &batch->stretches[batch->stretch_count++];
		*stretch = (struct tok_stretch){
			.text = tok_span_slice(text, i ? ends[i - 1] : begin, ends[i]),
			.state = TOK_STRETCH_LOST,
		};
		if (stretch->text.count <= TOGETHER_MAX)
			bytes += stretch->text.count;
	}
	return bytes;
}

/* May the tokens be written as they are, and kept? */
static bool are_plain(const struct tok_model *model, const struct tok_stretch *stretch)
{
	const struct tok_bpe *bpe = model->bpe;
	for (size_t i = 0; bpe->roles && i < stretch->count; i++)
		if (bpe->roles[stretch->tokens[i]] != TOK_ROLE_TOKEN)
			return false;
	return true;
}

/* Places become ids. */
static void name_tokens(const struct tok_model *model, struct tok_stretch *stretch)
{
	if (model->lexicon.slots)
		for (size_t i = 0; i < stretch->count; i++)
			stretch->tokens[i] = model->lexicon.ids[stretch->tokens[i]];
}

static void keep_stretch(struct tok_memo *memo, const struct tok_stretch *stretch)
{
	if (stretch->text.count > TOK_MEMO_TEXT || stretch->count > TOK_MEMO_IDS)
		return;
	for (size_t i = 0; i < stretch->count; i++)
		if (stretch->tokens[i] > TOK_MEMO_ID_MAX)
			return;
	tok_memo_put(memo, tok_memo_key(stretch->text), stretch->tokens, stretch->count);
}

/* How a stretch is worked out. */
enum way { WALKED, MERGED_FEW, MERGED_MOST, WAY_COUNT };

/* The units of a stretch of up to TOGETHER_MAX bytes; bytes that are no characters may be
 * more. */
static size_t count_units(const struct tok_bpe *bpe, struct tok_span text)
{
	size_t count = text.count;
	if (bpe->raw_bytes || count <= TOK_MERGE_FEW)
		return count;
	for (size_t i = 0; i < text.count; i++)
		count -= tok_utf8_is_tail(text.bytes[i]);
	return count;
}

static enum way choose_way(const struct tok_bpe *bpe, struct tok_span text)
{
	if (!bpe->joins.lines || text.count == 0 ||
	    (text.count > TOK_MEMO_TEXT && !bpe->joins.longer))
		return WALKED;
	/* The bytes of a character beyond ASCII take merges before they are a token. */
	if (bpe->raw_bytes && text.count > TOK_MERGE_FEW && text.bytes[text.count - 1] >= 0x80)
		return WALKED;
	const size_t units = count_units(bpe, text);
	return units <= TOK_MERGE_FEW ? MERGED_FEW : units <= TOK_MERGE_MOST ? MERGED_MOST : WALKED;
}

/* Stretches that are worked out in the same way. */
struct group {
	uint16_t which[TOK_STRETCHES];
	size_t count;
};

static void encode_group(const struct tok_model *model, struct tok_bpe_scratch *scratch,
			 struct tok_stretch *stretches, struct group *group, enum way way)
{
	struct tok_stretch some[TOK_STRETCHES];
	for (size_t i = 0; i < group->count; i++) {
		some[i] = stretches[group->which[i]];
		some[i].state = TOK_STRETCH_DONE;
	}
	if (way == WALKED)
		tok_bpe_walk_many(model->bpe, scratch, some, group->count);
	else
		tok_bpe_merge_many(model, some, group->count, way == MERGED_FEW);
	for (size_t i = 0; i < group->count; i++) {
		if (some[i].state == TOK_STRETCH_DONE && are_plain(model, &some[i])) {
			name_tokens(model, &some[i]);
			keep_stretch(&scratch->memo, &some[i]);
			stretches[group->which[i]] = some[i];
		}
	}
	group->count = 0;
}

/* Encode what was not found, as far as that is done together. */
static bool encode_stretches(const struct tok_model *model, struct tok_bpe_scratch *scratch,
			     struct batch *batch, size_t bytes)
{
	struct group groups[WAY_COUNT];
	size_t used = 0;
	for (size_t way = 0; way < WAY_COUNT; way++)
		groups[way].count = 0;
	if (!tok_grow(&scratch->lanes, &scratch->lane_capacity, bytes, sizeof *scratch->lanes))
		return false;
	for (size_t i = 0; i < batch->stretch_count; i++) {
		struct tok_stretch *stretch = &batch->stretches[i];
		const size_t count = stretch->text.count;
		if (count > TOGETHER_MAX)
			continue;
		stretch->tokens = scratch->lanes + used;
		used += count;
		const enum way way = choose_way(model->bpe, stretch->text);
		struct group *group = &groups[way];
		group->which[group->count++] = (uint16_t)i;
		if (group->count == TOK_STRETCHES)
			encode_group(model, scratch, batch->stretches, group, way);
	}
	for (size_t way = 0; way < WAY_COUNT; way++)
		if (groups[way].count)
			encode_group(model, scratch, batch->stretches, &groups[way], (enum way)way);
	return true;
}

static inline void put_entry(struct tok_tokens *out, const struct tok_memo_entry *entry)
{
	tok_id *to = out->ids + out->count;
	memcpy(to, entry->ids, sizeof entry->ids);
	to[0] &= TOK_MEMO_ID_MAX;
	out->count += tok_memo_count(entry);
}

static inline bool is_same_key(struct tok_memo_key a, struct tok_memo_key b)
{
	return a.low == b.low && a.high == b.high;
}

static inline void put_tokens(struct tok_tokens *out, const struct tok_stretch *stretch)
{
	memcpy(out->ids + out->count, stretch->tokens, stretch->count * sizeof *out->ids);
	out->count += stretch->count;
}

/* Where the known pieces before the next other one, and it, are written. */
struct emission {
	struct tok_tokens *out;
	const struct batch *batch;
	size_t at;                         /* the piece in turn */
	const struct tok_stretch *stretch; /* the next that was walked */
};

static void put_known(struct emission *e, size_t until)
{
	tok_id *to = e->out->ids + e->out->count;
	const tok_id *from = e->batch->known + e->at;
	const size_t count = until - e->at;
	for (size_t i = 0; i < count; i++)
		to[i] = from[i];
	e->out->count += count;
	e->at = until;
}

/* False: it must be encoded by itself. */
static bool put_other(struct emission *e, size_t k)
{
	const struct tok_memo_entry *entry = e->batch->found[k];
	const struct tok_stretch *walked = entry ? NULL : e->stretch++;
	e->at++;
	/* What was found may have been displaced by what was walked since. */
	if (entry && is_same_key(entry->key, e->batch->keys[e->batch->others[k]]))
		put_entry(e->out, entry);
	else if (walked && walked->state == TOK_STRETCH_DONE)
		put_tokens(e->out, walked);
	else
		return false;
	return true;
}

enum tok_status tok_bpe_encode_batch(const struct tok_model *model, struct tok_bpe_scratch *scratch,
				     struct tok_span text, uint32_t begin, const uint32_t *ends,
				     size_t count, const struct tok_range *piece,
				     struct tok_tokens *out, struct tok_error *err)
{
	struct batch batch;
	make_keys(model->bpe, text, begin, ends, count, &batch);
	find_known(model->bpe, &scratch->memo, count, &batch);
	const size_t bytes = find_met(&scratch->memo, text, begin, ends, &batch);
	if (bytes && model->bpe->walk.spines && !encode_stretches(model, scratch, &batch, bytes))
		return tok_fail_memory(err);
	if (!tok_tokens_reserve(out, count * TOK_MEMO_IDS + bytes))
		return tok_fail_memory(err);

	struct emission e = { .out = out, .batch = &batch, .stretch = batch.stretches };
	for (size_t k = 0; k < batch.other_count; k++) {
		const size_t i = batch.others[k];
		if (i > e.at)
			scratch->after_unknown = false;
		put_known(&e, i);
		if (put_other(&e, k)) {
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
		if (!tok_tokens_reserve(out, (count - i) * TOK_MEMO_IDS + bytes))
			return tok_fail_memory(err);
	}
	if (count > e.at)
		scratch->after_unknown = false;
	put_known(&e, count);
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
