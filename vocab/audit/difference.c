#include "vocab/audit/difference.h"

#include <math.h>
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
	tok_id *partner;                      /* of each id: which of the other side it is */
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
	side->partner = tok_arena_array(arena, count, sizeof *side->partner);
	if (!side->next || !side->partner || !tok_strings_init(&side->first, arena, count))
		return false;
	if (count)
		memset(side->partner, 0xFF, count * sizeof *side->partner);
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

/* ---- which token is which ------------------------------------------------------------------ */

struct finding {
	struct side a, b;
	struct vocab_differences *out;
};

static void pair(struct finding *f, tok_id a, tok_id b)
{
	f->a.partner[a] = b;
	f->b.partner[b] = a;
}

enum { CLASS_ANY = -1, CLASSES = 4 * 8 }; /* kinds by types */

/* What a token is for, of two sides that both say it. */
static int class_of(const struct finding *f, const struct side *side, tok_id id)
{
	const bool typed = f->a.types && f->b.types;
	return side->tokens->kinds[id] + (typed ? 4 * side->types[id] : 0);
}

/* From `id` on the first of its chain that is of the class and has no partner. */
static tok_id find_free(const struct finding *f, const struct side *side, tok_id id, int class)
{
	while (id != TOK_NO_ID && (side->partner[id] != TOK_NO_ID ||
				   (class != CLASS_ANY && class_of(f, side, id) != class)))
		id = side->next[id];
	return id;
}

static void pair_in_order(struct finding *f, tok_id a, tok_id b, int class)
{
	while ((a = find_free(f, &f->a, a, class)) != TOK_NO_ID &&
	       (b = find_free(f, &f->b, b, class)) != TOK_NO_ID)
		pair(f, a, b);
}

static void pair_same_ids(struct finding *f, tok_id a, tok_id b)
{
	while (a != TOK_NO_ID && b != TOK_NO_ID) {
		if (a == b)
			pair(f, a, b);
		const tok_id lower = a < b ? a : b;
		a = a == lower ? f->a.next[a] : a;
		b = b == lower ? f->b.next[b] : b;
	}
}

/* Two chains of the same bytes: what has the same id in both is the same; then come those that are
 * for the same - bytes of a fallback, text -, then any.  Each time lower ids first, so that the two
 * sides may change places. */
static void pair_chains(struct finding *f, tok_id a, tok_id b)
{
	if (f->a.next[a] == TOK_NO_ID && f->b.next[b] == TOK_NO_ID) {
		pair(f, a, b);
		return;
	}
	pair_same_ids(f, a, b);
	for (int class = 0; class < CLASSES; class ++)
		pair_in_order(f, a, b, class);
	pair_in_order(f, a, b, CLASS_ANY);
}

static void pair_tokens(struct finding *f)
{
	for (size_t id = 0; id < f->a.tokens->count; id++) {
		const struct tok_span bytes = f->a.tokens->bytes[id];
		if (f->a.tokens->kinds[id] == VOCAB_TOKEN_NONE ||
		    tok_strings_find(&f->a.first, bytes) != id)
			continue;
		const tok_id b = tok_strings_find(&f->b.first, bytes);
		if (b != TOK_NO_ID)
			pair_chains(f, (tok_id)id, b);
	}
}

/* ---- differences ---------------------------------------------------------------------------- */

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

/* As numbers are read: one that is none is itself. */
static bool is_same_score(double a, double b)
{
	return a == b || (isnan(a) && isnan(b));
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
	if (ok && f->a.scores && f->b.scores && !is_same_score(f->a.scores[a], f->b.scores[b]))
		ok = add(f, VOCAB_DIFFERENCE_SCORE, a, b);
	return ok;
}

static bool compare_token(struct finding *f, tok_id a)
{
	const tok_id b = f->a.partner[a];
	f->out->same += a == b;
	if (b != TOK_NO_ID)
		return (a == b || add(f, VOCAB_DIFFERENCE_ID, a, b)) && compare_pair(f, a, b);
	const tok_id first = tok_strings_find(&f->b.first, f->a.tokens->bytes[a]);
	return add(f, first == TOK_NO_ID ? VOCAB_DIFFERENCE_ONLY_A : VOCAB_DIFFERENCE_ID, a, first);
}

/* What the tokens of A did not come to: bytes that A has not, or has under fewer ids. */
static bool compare_back(struct finding *f, tok_id b)
{
	if (f->b.partner[b] != TOK_NO_ID)
		return true;
	const tok_id first = tok_strings_find(&f->a.first, f->b.tokens->bytes[b]);
	return add(f, first == TOK_NO_ID ? VOCAB_DIFFERENCE_ONLY_B : VOCAB_DIFFERENCE_ID, first, b);
}

static bool compare_tokens(struct finding *f)
{
	bool ok = true;
	pair_tokens(f);
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
