#include "vocab/audit/difference.h"

#include <stdlib.h>

#include "tok/base/hash.h"
#include "vocab/audit/difference_internal.h"

static const struct {
	const char *name, *key;
} names[] = {
	[VOCAB_DIFFERENCE_ID] = { "the same bytes under other ids", "other_id" },
	[VOCAB_DIFFERENCE_ONLY_A] = { "only in the first", "only_a" },
	[VOCAB_DIFFERENCE_ONLY_B] = { "only in the second", "only_b" },
	[VOCAB_DIFFERENCE_SPECIAL] = { "special in one only", "special" },
	[VOCAB_DIFFERENCE_ADDED] = { "added tokens that are found otherwise", "added" },
	[VOCAB_DIFFERENCE_TYPE] = { "pieces of another type", "type" },
	[VOCAB_DIFFERENCE_SCORE] = { "other scores", "score" },
};

const char *vocab_difference_name(enum vocab_difference_kind kind)
{
	return names[kind].name;
}

const char *vocab_difference_key(enum vocab_difference_kind kind)
{
	return names[kind].key;
}

/* ---- tokens by their bytes ---------------------------------------------------------------- */

/* Ids that have the same bytes are a chain, the lowest first. */
struct side {
	const struct vocab_token_bytes *tokens;
	struct tok_strings first;
	tok_id *next;                         /* of each id; TOK_NO_ID: the last */
	double *scores;                       /* NULL: none */
	uint8_t *types;                       /* enum tok_piece_type; NULL: none */
	const struct tok_added_token **added; /* of each id; NULL: it is none */
};

static bool is_special(const struct side *side, tok_id id)
{
	return side->tokens->kinds[id] == VOCAB_TOKEN_SPECIAL;
}

static bool has_scores(const struct tok_model_spec *model)
{
	return model->kind == TOK_MODEL_UNIGRAM ||
	       (model->kind == TOK_MODEL_BPE && model->as.bpe.order == TOK_BPE_SCORES);
}

static bool chain_ids(struct side *side, struct tok_arena *arena)
{
	const size_t count = side->tokens->count;
	side->next = tok_arena_array(arena, count, sizeof *side->next);
	if (!side->next || !tok_strings_init(&side->first, arena, count))
		return false;
	for (size_t i = count; i-- > 0;) {
		const struct tok_span bytes = side->tokens->bytes[i];
		if (side->tokens->kinds[i] == VOCAB_TOKEN_NONE)
			continue;
		side->next[i] = tok_strings_find(&side->first, bytes);
		tok_strings_put(&side->first, bytes, (uint32_t)i);
	}
	return true;
}

static bool index_spec(struct side *side, const struct tok_spec *spec, struct tok_arena *arena)
{
	const size_t count = side->tokens->count;
	side->added = tok_arena_array(arena, count, sizeof *side->added);
	side->scores =
	    has_scores(&spec->model) ? tok_arena_array(arena, count, sizeof(double)) : NULL;
	side->types =
	    spec->sentencepiece ? tok_arena_array(arena, count, sizeof *side->types) : NULL;
	if (!side->added || (has_scores(&spec->model) && !side->scores) ||
	    (spec->sentencepiece && !side->types))
		return false;
	for (size_t i = 0; i < spec->added_count; i++)
		if (spec->added[i].id < count)
			side->added[spec->added[i].id] = &spec->added[i];
	for (size_t i = 0; i < spec->model.entry_count; i++) {
		const struct tok_vocab_entry *entry = &spec->model.entries[i];
		if (side->scores && entry->id < count)
			side->scores[entry->id] = entry->score;
		if (side->types && entry->id < count)
			side->types[entry->id] = (uint8_t)entry->type;
	}
	return true;
}

/* Has the chain of these bytes this id? */
static bool has_id(const struct side *side, struct tok_span bytes, tok_id id)
{
	return id < side->tokens->count && side->tokens->kinds[id] != VOCAB_TOKEN_NONE &&
	       tok_span_equal(side->tokens->bytes[id], bytes);
}

/* ---- differences ---------------------------------------------------------------------------- */

struct finding {
	struct side a, b;
	struct vocab_differences *out;
};

static bool add(struct finding *f, enum vocab_difference_kind kind, tok_id a, tok_id b)
{
	struct vocab_differences *out = f->out;
	if (!tok_grow(&out->items, &out->capacity, out->count + 1, sizeof *out->items))
		return false;
	out->items[out->count++] = (struct vocab_difference){
		.kind = (uint8_t)kind,
		.a = a,
		.b = b,
		.bytes = a != TOK_NO_ID ? f->a.tokens->bytes[a] : f->b.tokens->bytes[b],
		.score_a = a != TOK_NO_ID && f->a.scores ? f->a.scores[a] : 0,
		.score_b = b != TOK_NO_ID && f->b.scores ? f->b.scores[b] : 0,
	};
	out->counts[kind]++;
	return true;
}

static bool is_found_otherwise(const struct tok_added_token *a, const struct tok_added_token *b)
{
	if (!a || !b)
		return a != b;
	return a->single_word != b->single_word || a->lstrip != b->lstrip ||
	       a->rstrip != b->rstrip || a->normalized != b->normalized;
}

/* Two tokens of the same bytes. */
static bool compare_pair(struct finding *f, tok_id a, tok_id b)
{
	bool ok = true;
	if (is_special(&f->a, a) != is_special(&f->b, b))
		ok = add(f, VOCAB_DIFFERENCE_SPECIAL, a, b);
	else if (is_found_otherwise(f->a.added[a], f->b.added[b]))
		ok = add(f, VOCAB_DIFFERENCE_ADDED, a, b);
	else if (f->a.types && f->b.types && f->a.types[a] != f->b.types[b])
		ok = add(f, VOCAB_DIFFERENCE_TYPE, a, b);
	if (ok && f->a.scores && f->b.scores && f->a.scores[a] != f->b.scores[b])
		ok = add(f, VOCAB_DIFFERENCE_SCORE, a, b);
	return ok;
}

static bool compare_token(struct finding *f, tok_id a)
{
	const struct tok_span bytes = f->a.tokens->bytes[a];
	if (has_id(&f->b, bytes, a)) {
		f->out->same++;
		return compare_pair(f, a, a);
	}
	const tok_id b = tok_strings_find(&f->b.first, bytes);
	if (b == TOK_NO_ID)
		return add(f, VOCAB_DIFFERENCE_ONLY_A, a, b);
	return add(f, VOCAB_DIFFERENCE_ID, a, b) && compare_pair(f, a, b);
}

/* What the tokens of A did not come to: bytes that A has not, or has under fewer ids. */
static bool compare_back(struct finding *f, tok_id b)
{
	const struct tok_span bytes = f->b.tokens->bytes[b];
	if (has_id(&f->a, bytes, b))
		return true;
	const tok_id a = tok_strings_find(&f->a.first, bytes);
	if (a == TOK_NO_ID)
		return add(f, VOCAB_DIFFERENCE_ONLY_B, a, b);
	const bool told = tok_strings_find(&f->b.first, bytes) == b && !has_id(&f->b, bytes, a);
	return told || add(f, VOCAB_DIFFERENCE_ID, a, b);
}

static bool compare_tokens(struct finding *f)
{
	bool ok = true;
	for (size_t id = 0; id < f->a.tokens->count && ok; id++)
		if (f->a.tokens->kinds[id] != VOCAB_TOKEN_NONE) {
			f->out->tokens_a++;
			ok = compare_token(f, (tok_id)id);
		}
	for (size_t id = 0; id < f->b.tokens->count && ok; id++)
		if (f->b.tokens->kinds[id] != VOCAB_TOKEN_NONE) {
			f->out->tokens_b++;
			ok = compare_back(f, (tok_id)id);
		}
	return ok;
}

enum tok_status vocab_differences_find(const struct vocab_difference_side *a,
				       const struct vocab_difference_side *b,
				       struct vocab_differences *out, struct tok_error *err)
{
	struct tok_arena arena = { 0 };
	struct finding f = { .out = out };
	*out = (struct vocab_differences){ 0 };
	enum tok_status status = vocab_token_bytes(a->tokenizer, &out->bytes_a, err);
	if (status == TOK_OK)
		status = vocab_token_bytes(b->tokenizer, &out->bytes_b, err);
	if (status == TOK_OK) {
		f.a.tokens = &out->bytes_a;
		f.b.tokens = &out->bytes_b;
		if (!chain_ids(&f.a, &arena) || !chain_ids(&f.b, &arena) ||
		    !index_spec(&f.a, a->spec, &arena) || !index_spec(&f.b, b->spec, &arena) ||
		    !compare_tokens(&f))
			status = tok_fail_memory(err);
	}
	if (status == TOK_OK)
		status = difference_merges(a->spec, b->spec, out, &arena, err);
	tok_arena_release(&arena);
	if (status != TOK_OK)
		vocab_differences_release(out);
	return status;
}

void vocab_differences_release(struct vocab_differences *differences)
{
	vocab_token_bytes_release(&differences->bytes_a);
	vocab_token_bytes_release(&differences->bytes_b);
	free(differences->items);
	*differences = (struct vocab_differences){ 0 };
}
