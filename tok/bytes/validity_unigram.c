/*
 * validity_unigram.c - the best path to each place, found by the encoder itself.
 *
 * Beginnings of a best path are best paths to where they end.  So a row is valid exactly if it
 * is the encoding of its text, and a token may stand behind a valid row exactly if the encoding
 * of the text so far ends with it.  Kept is that text, from the last place on which no token can
 * lie across; where there is none for too long, from the last place that all paths still open go
 * through.  (What is before it then no longer takes part in the sum: two paths that are as good as
 * equal to the last bit may be told otherwise than by the encoder.)
 */
#include "tok/bytes/validity_internal.h"

#include <stdlib.h>

#include "tok/text/utf8.h"

#define MARK "\xE2\x96\x81"

enum {
	TEXT_ROOM = TOK_VALID_WORDS * 8 - sizeof(struct valid_cut) - 16,
	MODEL_ROOM = 3 * TEXT_ROOM /* a space is three bytes to the model */
};

struct unigram_state {
	uint32_t count;
	struct tok_follow_state follow; /* of characters */
	uint8_t spelled;                /* bytes of a character that byte tokens have spelled */
	uint8_t zero;
	uint8_t text[TEXT_ROOM];
};

_Static_assert(sizeof(struct unigram_state) + sizeof(struct valid_cut) ==
		   sizeof(struct tok_valid_state),
	       "the text is all of a state but its head and what is cut out");

/* The tokens of the first `count` bytes, in v->path; false: they have none. */
static bool encode(const struct tok_validity *v, const struct unigram_state *s, size_t count)
{
	uint8_t bytes[MODEL_ROOM];
	size_t n = 0;
	for (size_t i = 0; i < count; i++) {
		if (v->marks && s->text[i] == ' ') {
			memcpy(bytes + n, MARK, 3);
			n += 3;
		} else {
			bytes[n++] = s->text[i];
		}
	}
	v->path->count = 0;
	return tok_model_encode(v->model, v->scratch, (struct tok_span){ bytes, n },
				(struct tok_range){ 0, (uint32_t)n }, v->path, NULL) == TOK_OK;
}

static bool forget(struct unigram_state *s, size_t count)
{
	s->count -= (uint32_t)count;
	memmove(s->text, s->text + count, s->count);
	memset(s->text + s->count, 0, count);
	return count > 0;
}

/* Bytes of the token, as they are in the text; 0: of a character that has none. */
static size_t length_of(const struct tok_validity *v, tok_id id)
{
	return id < v->size && v->facts[id] ? tok_byte_tokens_text(v->tokens, id).count : 0;
}

/* Ends of the tokens of the first `count` bytes, as bits. */
struct places {
	uint64_t bits[TEXT_ROOM / 64 + 1];
};

static void find_ends(const struct tok_validity *v, const struct unigram_state *s, size_t count,
		      struct places *out)
{
	size_t at = 0;
	*out = (struct places){ { 0 } };
	if (!encode(v, s, count))
		return;
	for (size_t i = 0; i < v->path->count; i++) {
		const size_t length = length_of(v, v->path->ids[i]);
		at += length;
		if (length == 0 || at > count)
			return;
		out->bits[at / 64] |= UINT64_C(1) << at % 64;
	}
}

/* Forget what is before the last place that the paths to all places go through that a
 * token to come may begin at. */
static bool forget_common(const struct tok_validity *v, struct unigram_state *s)
{
	struct places common, other;
	find_ends(v, s, s->count, &common);
	for (size_t back = 1; back < v->longest && back < s->count; back++) {
		const size_t at = s->count - back;
		if (tok_utf8_is_tail(s->text[at]))
			continue;
		find_ends(v, s, at, &other);
		for (size_t i = 0; i < sizeof common.bits / sizeof *common.bits; i++)
			common.bits[i] &= other.bits[i];
	}
	size_t last = s->count;
	while (last > 0 && !(common.bits[last / 64] >> last % 64 & 1))
		last--;
	return forget(s, last);
}

static uint32_t as_model_sees(const struct tok_validity *v, uint32_t code)
{
	return v->marks && code == ' ' ? 0x2581 : code;
}

/* The character that begins at `at` has come: what is before it may be over. */
static void forget_word(const struct tok_validity *v, struct unigram_state *s, size_t at)
{
	const struct tok_span text = { s->text, s->count };
	if (at == 0)
		return;
	const uint32_t code = tok_utf8_at(text, at).code, before = tok_utf8_before(text, at).code;
	if ((v->splits_words && code == ' ') ||
	    tok_model_breaks_before(v->model, as_model_sees(v, before), as_model_sees(v, code)))
		forget(s, at);
}

/* ---- rules ---------------------------------------------------------------------------- */

static struct tok_valid_state start(const struct tok_validity *v)
{
	(void)v;
	return (struct tok_valid_state){ { 0 } };
}

static bool go_on_byte(const struct tok_validity *v, struct tok_valid_state *state, uint8_t byte)
{
	struct unigram_state s;
	memcpy(&s, state, sizeof s);
	const size_t held = s.follow.held;
	bool alive = tok_follow_byte(v->follow, &s.follow, byte);
	if (alive && s.count == TEXT_ROOM)
		alive = forget_common(v, &s);
	if (alive) {
		s.text[s.count++] = byte;
		if (s.follow.held == 0)
			forget_word(v, &s, s.count - 1 - held);
	}
	memcpy(state, &s, sizeof s);
	return alive;
}

static bool go_on_token(const struct tok_validity *v, const struct tok_valid_state *state,
			tok_id id, struct tok_valid_state *next)
{
	struct unigram_state s;
	memcpy(&s, state, sizeof s);
	const bool byte = (v->facts[id] & VALID_BYTE) != 0;
	*next = *state;
	if (s.follow.held > 0) {
		s.spelled++;
		memcpy(next, &s, sizeof s);
		return byte && s.spelled == s.follow.held;
	}
	if (s.spelled > 0 && !byte)
		return false;
	s.spelled = 0;
	memcpy(next, &s, sizeof s);
	return encode(v, &s, s.count) && v->path->count > 0 &&
	       v->path->ids[v->path->count - 1] == id;
}

static bool may_end(const struct tok_validity *v, const struct tok_valid_state *state)
{
	struct unigram_state s;
	(void)v;
	memcpy(&s, state, sizeof s);
	return s.follow.held == 0;
}

static const struct valid_kind valid_unigram = { start, go_on_byte, go_on_token, may_end };

/* ---- building --------------------------------------------------------------------------- */

static void find_facts(struct tok_validity *v)
{
	const struct tok_model_spec *model = &tok_tokenizer_spec(v->tokenizer)->model;
	for (tok_id id = 0; id < v->size; id++) {
		struct tok_vocab_entry entry;
		if (tok_byte_tokens_kind(v->tokens, id) != TOK_BYTE_TEXT ||
		    !tok_tokenizer_entry(v->tokenizer, id, &entry))
			continue;
		const size_t count = tok_byte_tokens_text(v->tokens, id).count;
		v->facts[id] = valid_is_byte_id(model, id) ? VALID_BYTE : VALID_IN_MODEL;
		v->longest = count > v->longest ? count : v->longest;
	}
}

/* Once around with as much text as a state holds: afterwards encoding allocates nothing. */
static enum tok_status make_room(struct tok_validity *v, struct tok_error *err)
{
	uint8_t bytes[MODEL_ROOM];
	const tok_id none = 0;
	enum tok_status status;
	memset(bytes, 'a', sizeof bytes);
	for (size_t i = 0; i < 4 * sizeof bytes; i++)
		if (!tok_tokens_add(v->path, none, (struct tok_range){ 0, 0 }))
			return tok_fail_memory(err);
	v->path->count = 0;
	status = tok_model_encode(v->model, v->scratch, (struct tok_span){ bytes, sizeof bytes },
				  (struct tok_range){ 0, sizeof bytes }, v->path, err);
	return status == TOK_ETEXT ? TOK_OK : status;
}

enum tok_status valid_unigram_init(struct tok_validity *v, struct tok_error *err)
{
	const struct tok_spec *spec = tok_tokenizer_spec(v->tokenizer);
	v->kind = &valid_unigram;
	v->scratch = tok_model_scratch_new();
	v->path = calloc(1, sizeof *v->path);
	if (!v->scratch || !v->path)
		return tok_fail_memory(err);
	for (size_t i = 0; i < spec->pretokenizer_count; i++)
		v->splits_words =
		    v->splits_words || (spec->pretokenizers[i].kind == TOK_PRETOK_METASPACE &&
					spec->pretokenizers[i].as.metaspace.split);
	find_facts(v);
	if (v->longest > TEXT_ROOM)
		return tok_fail(
		    err, TOK_EARG,
		    "validity of Unigram is known up to tokens of %zu bytes, and one has "
		    "%zu",
		    (size_t)TEXT_ROOM, v->longest);
	return make_room(v, err);
}
