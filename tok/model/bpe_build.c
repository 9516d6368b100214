/* What is the same for all three orders of BPE. */
#include "tok/base/threads.h"
#include "tok/model/bpe_internal.h"

static uint64_t mix(uint64_t hash, uint64_t fact)
{
	hash = (hash ^ fact) * UINT64_C(0xBF58476D1CE4E5B9);
	return hash ^ hash >> 29;
}

/* Memos outlive models: what is in them is told apart by all that decides. */
static uint64_t hash_model(const struct tok_model *model, const struct tok_model_spec *spec)
{
	const struct tok_bpe *bpe = model->bpe;
	uint64_t hash = mix(model->lexicon.fingerprint, (uint64_t)bpe->order);
	hash = mix(hash, spec->unk);
	hash = mix(hash, (uint64_t)spec->byte_fallback << 4 | (uint64_t)bpe->raw_bytes << 3 |
			     (uint64_t)bpe->ignore_merges << 2 | (uint64_t)bpe->fuse_unk << 1 |
			     (uint64_t)bpe->unk_missing);
	for (size_t i = 0; i < bpe->prefix.count; i++)
		hash = mix(hash, bpe->prefix.bytes[i]);
	hash = mix(hash, bpe->prefix.count);
	for (size_t i = 0; i < bpe->suffix.count; i++)
		hash = mix(hash, bpe->suffix.bytes[i]);
	const size_t count = bpe->order == TOK_BPE_MERGES ? spec->as.bpe.merge_count : 0;
	for (size_t i = 0; i < count; i++) {
		const struct tok_merge *merge = &spec->as.bpe.merges[i];
		hash = mix(hash, (uint64_t)merge->left << 32 | merge->right);
		hash = mix(hash, merge->result);
	}
	return hash;
}

/* ---- tables: what hangs on the merges, and the trie, which does not ---------------------- */

struct tables {
	struct tok_model *model;
	const struct tok_model_spec *spec;
	struct tok_arena arena; /* of the trie, until it is the model's */
	struct tok_trie trie;
	uint32_t *above;
	enum tok_status status[2];
	struct tok_error err[2];
};

static void build_merged(struct tables *t)
{
	struct tok_error *err = &t->err[0];
	enum tok_status status = t->model->bpe->order == TOK_BPE_MERGES
				     ? tok_bpe_build_merges(t->model, t->spec, err)
				     : tok_bpe_build_splits(t->model, t->spec, err);
	if (status == TOK_OK)
		status = tok_bpe_build_cuts(t->model, err);
	if (status == TOK_OK)
		status = tok_bpe_build_spines(t->model, err);
	t->status[0] = status;
}

static void build_trie(struct tables *t)
{
	const struct tok_lexicon *lexicon = &t->model->lexicon;
	t->above = tok_arena_array(&t->arena, lexicon->count, sizeof *t->above);
	if (!t->above) {
		t->status[1] = tok_fail_memory(&t->err[1]);
		return;
	}
	memset(t->above, 0xFF, lexicon->count * sizeof *t->above);
	t->status[1] =
	    tok_lexicon_trie(lexicon, &t->arena, TOK_TYPES_OF_TEXT, &t->trie, t->above, &t->err[1]);
}

static void build_part(void *shared, size_t index)
{
	if (index == 0)
		build_merged(shared);
	else
		build_trie(shared);
}

/* Few vocabularies cannot be walked: of a large one the trie is begun before that is
 * known. */
static void build_parts(struct tables *t)
{
	if (t->model->lexicon.count >= TOK_THREADED_ENTRIES &&
	    t->model->lexicon.count < TOK_TRIE_NO_VALUE) {
		tok_threads_run(tok_threads_available() > 1 ? 2 : 1, build_part, t);
		if (t->above || t->status[1] != TOK_OK)
			return;
	} else {
		build_merged(t);
	}
	if (t->status[0] == TOK_OK && t->model->bpe->walk.spines)
		build_trie(t);
}

static enum tok_status build_tables(struct tok_model *model, const struct tok_model_spec *spec,
				    struct tok_error *err)
{
	struct tables t = { .model = model, .spec = spec };
	struct tok_walk *walk = &model->bpe->walk;
	build_parts(&t);
	const size_t failed = t.status[0] == TOK_OK && walk->spines;
	if (t.status[failed] != TOK_OK) {
		tok_arena_release(&t.arena);
		return tok_fail(err, t.status[failed], "%s", t.err[failed].message);
	}
	if (!walk->spines) {
		tok_arena_release(&t.arena);
		return TOK_OK;
	}
	tok_arena_take(&model->arena, &t.arena);
	walk->trie = t.trie;
	tok_bpe_build_shorter(model, t.above);
	return tok_bpe_build_known(model, err);
}

/* ---- the whole ---------------------------------------------------------------------- */

enum tok_status tok_bpe_build(struct tok_model *model, const struct tok_model_spec *spec,
			      struct tok_error *err)
{
	struct tok_bpe *bpe = tok_arena_array(&model->arena, 1, sizeof *bpe);
	if (!bpe)
		return tok_fail_memory(err);
	model->bpe = bpe;
	bpe->order = spec->as.bpe.order;
	bpe->raw_bytes = spec->as.bpe.raw_bytes || bpe->order == TOK_BPE_RANKS;
	bpe->ignore_merges = spec->as.bpe.ignore_merges || bpe->order == TOK_BPE_RANKS;
	bpe->fuse_unk = spec->as.bpe.fuse_unk;
	bpe->unk_missing = spec->as.bpe.unk_missing;
	if (bpe->order == TOK_BPE_MERGES) {
		if (spec->as.bpe.prefix.count > TOK_AFFIX_MAX ||
		    spec->as.bpe.suffix.count > TOK_AFFIX_MAX)
			return tok_fail(err, TOK_ELIMIT,
					"a subword prefix or suffix may have %d bytes",
					TOK_AFFIX_MAX);
		bpe->prefix = tok_arena_copy(&model->arena, spec->as.bpe.prefix);
		bpe->suffix = tok_arena_copy(&model->arena, spec->as.bpe.suffix);
		if (!bpe->prefix.bytes || !bpe->suffix.bytes)
			return tok_fail_memory(err);
	}
	bpe->unk_symbol = spec->unk == TOK_NO_ID ? TOK_SYMBOL_NONE
						 : tok_lexicon_place(&model->lexicon, spec->unk);
	for (size_t byte = 0; byte < 256; byte++) {
		const tok_id id = spec->byte_ids[byte];
		bpe->byte_symbols[byte] =
		    id == TOK_NO_ID ? TOK_SYMBOL_NONE : tok_lexicon_place(&model->lexicon, id);
	}

	enum tok_status status = build_tables(model, spec, err);
	if (status == TOK_OK)
		status = tok_bpe_build_joins(model, err);
	if (status == TOK_OK)
		bpe->fingerprint = hash_model(model, spec);
	return status;
}
