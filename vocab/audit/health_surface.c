/* health_surface.c - what the bytes of tokens say without any encoding. */
#include "vocab/audit/health_internal.h"

#include <stdlib.h>
#include <unicode/uscript.h>

#include "tok/base/hash.h"
#include "tok/text/unicode.h"
#include "tok/text/utf8.h"

enum { LONG_CHARACTERS = 64, SCRIPTS = 512 };

struct surfaces {
	struct vocab_health *health;
	uint32_t *defects;
	size_t scripts[SCRIPTS]; /* by UScriptCode */
};

static void mark(struct surfaces *s, tok_id id, enum vocab_health_defect defect)
{
	s->defects[id] |= 1u << defect;
}

/* USCRIPT_COMMON where no character has a script of its own. */
static UScriptCode script_of(struct tok_span text)
{
	for (size_t at = 0; at < text.count;) {
		const struct tok_char next = tok_utf8_at(text, at);
		UErrorCode code = U_ZERO_ERROR;
		const UScriptCode script = next.code < TOK_BAD_BYTE
					       ? uscript_getScript((UChar32)next.code, &code)
					       : USCRIPT_COMMON;
		if (U_SUCCESS(code) && script > USCRIPT_INHERITED && script != USCRIPT_UNKNOWN &&
		    (size_t)script < SCRIPTS)
			return script;
		at += next.length;
	}
	return USCRIPT_COMMON;
}

static bool is_all(struct tok_span text, bool (*is)(uint32_t code))
{
	for (size_t at = 0; at < text.count;) {
		const struct tok_char next = tok_utf8_at(text, at);
		if (!is(next.code))
			return false;
		at += next.length;
	}
	return text.count > 0;
}

static bool is_digit(uint32_t code)
{
	return code >= '0' && code <= '9';
}

static size_t lesser(size_t a, size_t b)
{
	return a < b ? a : b;
}

static void look_at_text(struct surfaces *s, tok_id id, struct tok_span text)
{
	struct vocab_health *h = s->health;
	const size_t characters = tok_utf8_count(text);
	const struct health_fragments f = health_fragments_of(text);
	h->lengths[lesser(characters, VOCAB_HEALTH_LENGTHS - 1)]++;
	if (is_all(text, is_digit))
		h->digits[lesser(characters, VOCAB_HEALTH_DIGITS - 1)]++;
	if (is_all(text, tok_unicode_space)) {
		h->blanks++;
		h->longest_blank = characters > h->longest_blank ? characters : h->longest_blank;
	}
	if (text.count)
		s->scripts[script_of(text)]++;
	if (characters > LONG_CHARACTERS)
		mark(s, id, VOCAB_HEALTH_LONG);
	if ((f.head || f.tail) && (f.head > 0) + f.whole + (f.tail > 0) > 1)
		mark(s, id, VOCAB_HEALTH_CROSSING);
	if (text.count && tok_unicode_in(tok_utf8_at(text, 0).code, TOK_MARKS))
		mark(s, id, VOCAB_HEALTH_MARK_FIRST);
	if (text.count == 1)
		h->byte_alone[text.bytes[0]] = true;
}

/* Hugging Face counts the ids of added tokens on from the size of a vocabulary, where its largest
 * ids may lie. */
static enum tok_status find_shared(struct surfaces *s, const struct health_facts *facts,
				   struct tok_arena *room, struct tok_error *err)
{
	const size_t count = facts->tokens->count;
	bool *shared = tok_arena_array(room, count, sizeof *shared);
	if (!shared)
		return tok_fail_memory(err);
	tok_tokenizer_mark_shared(facts->tokenizer, shared);
	for (size_t id = 0; id < count; id++)
		if (shared[id])
			mark(s, (tok_id)id, VOCAB_HEALTH_SHARED);
	return TOK_OK;
}

static int by_tokens(const void *a, const void *b)
{
	const struct vocab_health_script *x = a, *y = b;
	if (x->tokens != y->tokens)
		return x->tokens < y->tokens ? 1 : -1;
	return strcmp(x->name, y->name);
}

static enum tok_status list_scripts(struct surfaces *s, struct tok_error *err)
{
	size_t count = 0;
	for (size_t i = 0; i < SCRIPTS; i++)
		count += s->scripts[i] > 0;
	struct vocab_health_script *out = tok_arena_array(&s->health->arena, count, sizeof *out);
	if (!out)
		return tok_fail_memory(err);
	s->health->scripts = out;
	for (size_t i = 0; i < SCRIPTS; i++) {
		const char *name = uscript_getShortName((UScriptCode)i);
		if (!s->scripts[i])
			continue;
		out[s->health->script_count].tokens = s->scripts[i];
		memcpy(out[s->health->script_count++].name,
		       name && strlen(name) == 4 ? name : "Zzzz", 5);
	}
	qsort(out, count, sizeof *out, by_tokens);
	return TOK_OK;
}

enum tok_status health_find_surfaces(const struct health_facts *facts, struct vocab_health *health,
				     uint32_t *defects, struct tok_error *err)
{
	struct surfaces s = { .health = health, .defects = defects };
	struct tok_arena room = { 0 };
	struct tok_strings all;
	const struct vocab_token_bytes *tokens = facts->tokens;
	if (!tok_strings_init(&all, &room, tokens->count)) {
		tok_arena_release(&room);
		return tok_fail_memory(err);
	}
	for (tok_id id = 0; id < tokens->count; id++) {
		if (tokens->kinds[id] == VOCAB_TOKEN_BYTE)
			health->byte_alone[tokens->bytes[id].bytes[0]] = true;
		if (tokens->kinds[id] != VOCAB_TOKEN_TEXT)
			continue;
		look_at_text(&s, id, tokens->bytes[id]);
		if (!tok_strings_add(&all, tokens->bytes[id], id))
			mark(&s, id, VOCAB_HEALTH_DUPLICATE);
	}
	for (unsigned i = 0; i < 256; i++)
		health->bytes_alone += health->byte_alone[i];
	const enum tok_status status = find_shared(&s, facts, &room, err);
	tok_arena_release(&room);
	return status == TOK_OK ? list_scripts(&s, err) : status;
}
