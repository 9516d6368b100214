#include "hypernet/transplant/match.h"

#include <stdlib.h>
#include <string.h>

#include "tok/base/hash.h"
#include "tok/text/json.h"
#include "tok/text/normalize.h"

enum { BYTES = 256, PREFIX_LEAST = 2 };

static const char *const names[HYPER_MATCH_COUNT] = { "exact", "role",   "byte", "space",
						      "case",  "prefix", "new",  "none" };

const char *hyper_match_name(enum hyper_match_class class)
{
	return names[class];
}

static bool find_class(struct tok_span word, unsigned *out)
{
	for (unsigned class = 0; class < HYPER_MATCH_NEW; class ++)
		if (tok_span_equal(word, tok_span_of(names[class]))) {
			*out = class;
			return true;
		}
	return false;
}

bool hyper_match_classes(const char *words, unsigned *out)
{
	unsigned classes = 1U << HYPER_MATCH_EXACT, class;
	for (;;) {
		const char *comma = strchrnul(words, ',');
		const struct tok_span word = { (const uint8_t *)words, (size_t)(comma - words) };
		if (!find_class(word, &class))
			return false;
		classes |= 1U << class;
		if (!*comma)
			break;
		words = comma + 1;
	}
	*out = classes;
	return true;
}

void hyper_matches_release(struct hyper_matches *matches)
{
	free(matches->source);
	free(matches->classes);
	*matches = (struct hyper_matches){ 0 };
}

/* ---- a vocabulary by its bytes --------------------------------------------------------- */

/* Ids of the lowest token of each kind that stands for some bytes. */
struct side {
	const struct hyper_vocab *vocab;
	size_t count; /* ids from here on are not in it */
	struct tok_arena arena;
	struct tok_strings texts, specials, folded;
	tok_id bytes[BYTES]; /* of HYPER_TOKEN_BYTE */
	size_t duplicates;
};

static enum hyper_token_kind kind_of(const struct hyper_vocab *vocab, size_t id)
{
	return (enum hyper_token_kind)vocab->kinds[id];
}

/* A key of the tables; what is empty is not NULL there. */
static struct tok_span key_of(struct tok_span bytes)
{
	return bytes.count ? bytes : tok_span_of("");
}

static bool enter(struct side *side, size_t id)
{
	const struct tok_span bytes = key_of(side->vocab->bytes[id]);
	switch (kind_of(side->vocab, id)) {
	case HYPER_TOKEN_NONE:
		break;
	case HYPER_TOKEN_TEXT:
		return tok_strings_add(&side->texts, bytes, (uint32_t)id);
	case HYPER_TOKEN_SPECIAL:
		return tok_strings_add(&side->specials, bytes, (uint32_t)id);
	case HYPER_TOKEN_BYTE:
		if (side->bytes[bytes.bytes[0]] != TOK_NO_ID)
			return false;
		side->bytes[bytes.bytes[0]] = (tok_id)id;
		break;
	}
	return true;
}

static tok_id find_text(const struct side *side, struct tok_span bytes)
{
	return tok_strings_find(&side->texts, key_of(bytes));
}

static enum tok_status side_init(struct side *side, const struct hyper_vocab *vocab, size_t count,
				 struct tok_error *err)
{
	*side = (struct side){ .vocab = vocab, .count = count };
	size_t kinds[HYPER_TOKEN_SPECIAL + 1] = { 0 };
	for (size_t id = 0; id < count; id++)
		kinds[vocab->kinds[id]]++;
	for (size_t byte = 0; byte < BYTES; byte++)
		side->bytes[byte] = TOK_NO_ID;
	if (!tok_strings_init(&side->texts, &side->arena, kinds[HYPER_TOKEN_TEXT]) ||
	    !tok_strings_init(&side->specials, &side->arena, kinds[HYPER_TOKEN_SPECIAL]))
		return tok_fail_memory(err);
	for (size_t id = 0; id < count; id++)
		side->duplicates += !enter(side, id);
	for (size_t byte = 0; byte < BYTES; byte++) {
		const uint8_t text = (uint8_t)byte;
		side->duplicates += side->bytes[byte] != TOK_NO_ID &&
				    find_text(side, (struct tok_span){ &text, 1 }) != TOK_NO_ID;
	}
	return TOK_OK;
}

/* ---- capitals ---------------------------------------------------------------------------- */

struct folding {
	struct tok_normalizer *normalizer;
	struct tok_norm_scratch *scratch;
	struct tok_text text;
};

static enum tok_status folding_init(struct folding *folding, struct tok_error *err)
{
	static const struct tok_norm_step lower = { .kind = TOK_NORM_LOWERCASE };
	*folding = (struct folding){ .scratch = tok_norm_scratch_new() };
	return folding->scratch ? tok_normalizer_new(&lower, 1, &folding->normalizer, err)
				: tok_fail_memory(err);
}

static void folding_release(struct folding *folding)
{
	tok_normalizer_free(folding->normalizer);
	tok_norm_scratch_free(folding->scratch);
	tok_text_release(&folding->text);
}

/* *out lives until the next call. */
static enum tok_status fold(struct folding *folding, struct tok_span bytes, struct tok_span *out,
			    struct tok_error *err)
{
	if (!tok_text_set(&folding->text, bytes, 0))
		return tok_fail_memory(err);
	const enum tok_status status =
	    tok_normalize(folding->normalizer, folding->scratch, &folding->text, err);
	if (status == TOK_OK)
		*out = tok_text_span(&folding->text);
	return status;
}

static enum tok_status fold_side(struct side *side, struct folding *folding, struct tok_error *err)
{
	if (!tok_strings_init(&side->folded, &side->arena, side->texts.count))
		return tok_fail_memory(err);
	for (size_t id = 0; id < side->count; id++) {
		const struct tok_span bytes = side->vocab->bytes[id];
		struct tok_span folded = { 0 };
		if (kind_of(side->vocab, id) != HYPER_TOKEN_TEXT || find_text(side, bytes) != id)
			continue;
		const enum tok_status status = fold(folding, bytes, &folded, err);
		if (status != TOK_OK)
			return status;
		/* Most are as they were. */
		if (tok_span_equal(folded, bytes))
			folded = key_of(bytes);
		else
			folded = tok_arena_copy(&side->arena, folded);
		if (!folded.bytes)
			return tok_fail_memory(err);
		tok_strings_add(&side->folded, folded, (uint32_t)id);
	}
	return TOK_OK;
}

/* ---- matching ----------------------------------------------------------------------------- */

struct matching {
	const struct hyper_match_options *options;
	struct side source, target;
	struct folding folding;
	struct tok_buffer room; /* a text with one space more */
	struct hyper_matches *out;
	struct tok_error *err;
};

static bool uses(const struct matching *m, enum hyper_match_class class)
{
	return m->options->classes >> class & 1;
}

static tok_id match_exact(const struct matching *m, size_t id)
{
	const struct tok_span bytes = key_of(m->target.vocab->bytes[id]);
	switch (kind_of(m->target.vocab, id)) {
	case HYPER_TOKEN_NONE:
		break;
	case HYPER_TOKEN_TEXT:
		return find_text(&m->source, bytes);
	case HYPER_TOKEN_BYTE:
		return m->source.bytes[bytes.bytes[0]];
	case HYPER_TOKEN_SPECIAL:
		return tok_strings_find(&m->source.specials, bytes);
	}
	return TOK_NO_ID;
}

static tok_id match_role(const struct matching *m, size_t id)
{
	for (size_t role = 0; role < HYPER_ROLE_COUNT; role++) {
		const tok_id source = m->source.vocab->roles[role];
		if (m->target.vocab->roles[role] == id && source < m->source.count &&
		    kind_of(m->source.vocab, source) != HYPER_TOKEN_NONE)
			return source;
	}
	return TOK_NO_ID;
}

static tok_id match_byte(const struct matching *m, size_t id)
{
	const struct tok_span bytes = m->target.vocab->bytes[id];
	if (kind_of(m->target.vocab, id) == HYPER_TOKEN_BYTE)
		return find_text(&m->source, bytes);
	return bytes.count == 1 ? m->source.bytes[bytes.bytes[0]] : TOK_NO_ID;
}

static enum tok_status match_space(struct matching *m, struct tok_span bytes, tok_id *out)
{
	*out = TOK_NO_ID;
	if (bytes.count > 1 && bytes.bytes[0] == ' ')
		*out = find_text(&m->source, tok_span_slice(bytes, 1, bytes.count));
	if (*out != TOK_NO_ID || bytes.count == 0)
		return TOK_OK;
	tok_buffer_clear(&m->room);
	if (!tok_buffer_add_byte(&m->room, ' ') ||
	    !tok_buffer_add(&m->room, bytes.bytes, bytes.count))
		return tok_fail_memory(m->err);
	*out = find_text(&m->source, tok_buffer_span(&m->room));
	return TOK_OK;
}

static enum tok_status match_case(struct matching *m, struct tok_span bytes, tok_id *out)
{
	struct tok_span folded = { 0 };
	const enum tok_status status = fold(&m->folding, bytes, &folded, m->err);
	if (status == TOK_OK)
		*out = tok_strings_find(&m->source.folded, key_of(folded));
	return status;
}

static tok_id match_prefix(const struct matching *m, struct tok_span bytes)
{
	for (size_t count = bytes.count; count-- > PREFIX_LEAST;) {
		const tok_id id = find_text(&m->source, tok_span_slice(bytes, 0, count));
		if (id != TOK_NO_ID)
			return id;
	}
	return TOK_NO_ID;
}

/* The first class that fits; `out` as it was if none does. */
static enum tok_status match_text(struct matching *m, struct tok_span bytes, uint8_t *class,
				  tok_id *out)
{
	enum tok_status status = TOK_OK;
	if (uses(m, HYPER_MATCH_SPACE)) {
		*class = HYPER_MATCH_SPACE;
		status = match_space(m, bytes, out);
	}
	if (status == TOK_OK && *out == TOK_NO_ID && uses(m, HYPER_MATCH_CASE)) {
		*class = HYPER_MATCH_CASE;
		status = match_case(m, bytes, out);
	}
	if (status == TOK_OK && *out == TOK_NO_ID && uses(m, HYPER_MATCH_PREFIX)) {
		*class = HYPER_MATCH_PREFIX;
		*out = match_prefix(m, bytes);
	}
	return status;
}

static enum tok_status match_token(struct matching *m, size_t id)
{
	const enum hyper_token_kind kind = kind_of(m->target.vocab, id);
	enum tok_status status = TOK_OK;
	uint8_t *class = &m->out->classes[id];
	tok_id *source = &m->out->source[id];
	*class = HYPER_MATCH_NONE;
	if (kind == HYPER_TOKEN_NONE)
		return TOK_OK;
	*class = HYPER_MATCH_EXACT;
	*source = match_exact(m, id);
	if (*source == TOK_NO_ID && uses(m, HYPER_MATCH_ROLE)) {
		*class = HYPER_MATCH_ROLE;
		*source = match_role(m, id);
	}
	if (*source == TOK_NO_ID && uses(m, HYPER_MATCH_BYTE) && kind != HYPER_TOKEN_SPECIAL) {
		*class = HYPER_MATCH_BYTE;
		*source = match_byte(m, id);
	}
	if (*source == TOK_NO_ID && kind == HYPER_TOKEN_TEXT)
		status = match_text(m, m->target.vocab->bytes[id], class, source);
	if (*source == TOK_NO_ID)
		*class = HYPER_MATCH_NEW;
	return status;
}

/* ---- pairs --------------------------------------------------------------------------------- */

/* A special token of that name, else any; TOK_NO_ID if there is none. */
static tok_id find_name(const struct hyper_vocab *vocab, struct tok_span name)
{
	tok_id text = TOK_NO_ID;
	for (size_t id = 0; id < vocab->count; id++) {
		const enum hyper_token_kind kind = kind_of(vocab, id);
		if (kind == HYPER_TOKEN_NONE || !tok_span_equal(vocab->bytes[id], name))
			continue;
		if (kind == HYPER_TOKEN_SPECIAL)
			return (tok_id)id;
		if (kind == HYPER_TOKEN_TEXT && text == TOK_NO_ID)
			text = (tok_id)id;
	}
	return text;
}

static enum tok_status match_pair(struct matching *m, const struct hyper_special_pair *pair)
{
	const tok_id target = find_name(m->target.vocab, pair->target);
	const tok_id source = find_name(m->source.vocab, pair->source);
	if (target == TOK_NO_ID)
		return tok_fail(m->err, TOK_EARG, "the new vocabulary has no token '%s'",
				tok_show(pair->target).text);
	if (source == TOK_NO_ID)
		return tok_fail(m->err, TOK_EARG, "the old vocabulary has no token '%s'",
				tok_show(pair->source).text);
	if (source >= m->source.count)
		return tok_fail(m->err, TOK_EARG,
				"the old token '%s' has id %u, and the model has rows for %zu",
				tok_show(pair->source).text, source, m->source.count);
	m->out->source[target] = source;
	m->out->classes[target] = HYPER_MATCH_ROLE;
	return TOK_OK;
}

/* ---- all ------------------------------------------------------------------------------------ */

/* Would old id `id`, which has no row, be some new token that has found no other one? */
static bool is_missed(const struct matching *m, size_t id)
{
	const struct hyper_vocab *source = m->source.vocab, *target = m->target.vocab;
	const struct tok_span bytes = key_of(source->bytes[id]);
	tok_id found = TOK_NO_ID;
	if (kind_of(source, id) == HYPER_TOKEN_TEXT)
		found = find_text(&m->target, bytes);
	else if (kind_of(source, id) == HYPER_TOKEN_BYTE)
		found = m->target.bytes[bytes.bytes[0]];
	else if (kind_of(source, id) == HYPER_TOKEN_SPECIAL)
		found = tok_strings_find(&m->target.specials, bytes);
	for (size_t role = 0; found == TOK_NO_ID && role < HYPER_ROLE_COUNT; role++)
		if (source->roles[role] == id && uses(m, HYPER_MATCH_ROLE))
			found = target->roles[role];
	return found < target->count && m->out->classes[found] != HYPER_MATCH_EXACT &&
	       m->out->classes[found] != HYPER_MATCH_ROLE;
}

static enum tok_status match_all(struct matching *m)
{
	const struct hyper_match_options *options = m->options;
	struct hyper_matches *out = m->out;
	enum tok_status status = TOK_OK;
	if (uses(m, HYPER_MATCH_CASE)) {
		status = folding_init(&m->folding, m->err);
		if (status == TOK_OK)
			status = fold_side(&m->source, &m->folding, m->err);
	}
	for (size_t id = 0; id < out->count && status == TOK_OK; id++)
		status = match_token(m, id);
	for (size_t i = 0; i < options->pair_count && status == TOK_OK; i++)
		status = match_pair(m, &options->pairs[i]);
	if (status != TOK_OK)
		return status;
	for (size_t id = 0; id < out->count; id++)
		out->counts[out->classes[id]]++;
	for (size_t id = m->source.count; id < m->source.vocab->count; id++)
		out->beyond += is_missed(m, id);
	out->source_duplicates = m->source.duplicates;
	out->target_duplicates = m->target.duplicates;
	return TOK_OK;
}

enum tok_status hyper_match(const struct hyper_vocab *source, const struct hyper_vocab *target,
			    const struct hyper_match_options *options, struct hyper_matches *out,
			    struct tok_error *err)
{
	const size_t rows =
	    source->count < options->source_rows ? source->count : options->source_rows;
	struct hyper_matches made = {
		.source = malloc((target->count + 1) * sizeof *made.source),
		.classes = malloc(target->count + 1),
		.count = target->count,
	};
	struct matching m = { .options = options, .out = &made, .err = err };
	enum tok_status status = made.source && made.classes ? TOK_OK : tok_fail_memory(err);
	if (status == TOK_OK)
		status = side_init(&m.source, source, rows, err);
	if (status == TOK_OK)
		status = side_init(&m.target, target, target->count, err);
	if (status == TOK_OK) {
		memset(made.source, 0xFF, (target->count + 1) * sizeof *made.source);
		status = match_all(&m);
	}
	folding_release(&m.folding);
	tok_buffer_release(&m.room);
	tok_arena_release(&m.source.arena);
	tok_arena_release(&m.target.arena);
	if (status == TOK_OK)
		*out = made;
	else
		hyper_matches_release(&made);
	return status;
}
