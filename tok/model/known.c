#include "tok/model/bpe_internal.h"

_Static_assert(sizeof(struct tok_known_bucket) == 64, "a bucket is a cache line");

/* Is the token what its own text becomes? */
static bool is_known(const struct tok_model *model, uint32_t place)
{
	const struct tok_bpe *bpe = model->bpe;
	const size_t count = tok_lexicon_text(&model->lexicon, place).count;
	if (count == 0 || count > TOK_MEMO_TEXT || model->lexicon.ids[place] > TOK_MEMO_ID_MAX ||
	    !tok_piece_matches((enum tok_piece_type)model->lexicon.types[place]) ||
	    (bpe->roles && bpe->roles[place] != TOK_ROLE_TOKEN))
		return false;
	return bpe->ignore_merges || bpe->walk.spines[place].birth != TOK_BIRTH_NEVER;
}

static void put(struct tok_known_bucket *buckets, uint32_t count, uint32_t at,
		struct tok_memo_key key, tok_id id)
{
	for (;;) {
		struct tok_known_bucket *bucket = &buckets[at];
		for (size_t i = 0; i < TOK_KNOWN_WAYS; i++) {
			if (bucket->keys[i].high)
				continue;
			bucket->keys[i] = key;
			bucket->ids[i] = id;
			return;
		}
		bucket->more = 1;
		at = at + 1 < count ? at + 1 : 0;
	}
}

/* Have the bucket fetched where this token will be put. */
static void expect(const struct tok_model *model, uint32_t place)
{
	const struct tok_walk *walk = &model->bpe->walk;
	const struct tok_span text = tok_lexicon_text(&model->lexicon, place);
	if (text.count > 0 && text.count <= TOK_MEMO_TEXT)
		__builtin_prefetch(
		    &walk->known[tok_known_home(walk, tok_memo_hash(tok_memo_key(text)))], 1);
}

enum tok_status tok_bpe_build_known(struct tok_model *model, struct tok_error *err)
{
	struct tok_walk *walk = &model->bpe->walk;
	size_t known = 0;
	if (!walk->spines)
		return TOK_OK;
	for (uint32_t i = 0; i < model->lexicon.count; i++)
		known += is_known(model, i);
	/* Three quarters full; one bucket is never filled. */
	const size_t count = known / TOK_KNOWN_WAYS + known / 8 + 2;
	struct tok_known_bucket *buckets = tok_arena_array(&model->arena, count, sizeof *buckets);
	if (!buckets)
		return tok_fail_memory(err);
	walk->known_count = (uint32_t)count;
	walk->known = buckets;
	/* Early tokens are the frequent ones and are found first. */
	enum { AHEAD = 12 };
	for (uint32_t i = 0; i < model->lexicon.count; i++) {
		if (model->lexicon.count - i > AHEAD)
			expect(model, i + AHEAD);
		if (!is_known(model, i))
			continue;
		const struct tok_memo_key key = tok_memo_key(tok_lexicon_text(&model->lexicon, i));
		put(buckets, walk->known_count, tok_known_home(walk, tok_memo_hash(key)), key,
		    model->lexicon.ids[i]);
	}
	return TOK_OK;
}
