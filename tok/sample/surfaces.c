#include "tok/sample/surfaces.h"

#include <stdlib.h>

#include "tok/pipe/byte_level.h"

struct tok_surfaces {
	struct tok_surface *items; /* by id */
	size_t count;
	bool are_bytes;
	struct tok_arena arena; /* the items, and bytes that no table of the tokenizer has */
};

/* How a vocabulary writes the place of a token. */
struct marks {
	struct tok_span prefix; /* of what stands behind another one; empty: no such mark */
	struct tok_span suffix; /* of what is the last */
	bool words;             /* tokens are whole words */
};

static struct marks find_marks(const struct tok_model_spec *model)
{
	switch (model->kind) {
	case TOK_MODEL_BPE:
		return (struct marks){ .prefix = model->as.bpe.prefix,
				       .suffix = model->as.bpe.suffix };
	case TOK_MODEL_WORDPIECE:
		return (struct marks){ .prefix = model->as.wordpiece.prefix };
	case TOK_MODEL_WORDLEVEL:
		return (struct marks){ .words = true };
	case TOK_MODEL_UNIGRAM:
		break;
	}
	return (struct marks){ 0 };
}

static bool ends_with(struct tok_span text, struct tok_span suffix)
{
	return text.count >= suffix.count &&
	       memcmp(text.bytes + text.count - suffix.count, suffix.bytes, suffix.count) == 0;
}

/* Take the marks off. */
static struct tok_surface place_text(const struct marks *marks, struct tok_span text)
{
	struct tok_surface surface = { .text = text, .places = TOK_PLACE_ANY };
	if (marks->words)
		surface.places = TOK_PLACE_FIRST | TOK_PLACE_LAST;
	if (marks->prefix.count) {
		const bool marked = tok_span_starts(surface.text, marks->prefix);
		surface.places &= marked ? ~(uint32_t)TOK_PLACE_FIRST : ~(uint32_t)TOK_PLACE_INNER;
		if (marked)
			surface.text =
			    tok_span_slice(surface.text, marks->prefix.count, surface.text.count);
	}
	if (marks->suffix.count) {
		const bool marked = ends_with(surface.text, marks->suffix);
		surface.places &=
		    marked ? ~(uint32_t)TOK_PLACE_NOT_LAST : ~(uint32_t)TOK_PLACE_LAST;
		if (marked)
			surface.text.count -= marks->suffix.count;
	}
	return surface;
}

/* What is reached by other ways than text. */
static bool is_apart(const struct tok_tokenizer *tokenizer, const struct tok_vocab_entry *entry)
{
	if (tok_tokenizer_is_special(tokenizer, entry->id) ||
	    entry->id == tok_tokenizer_spec(tokenizer)->model.unk)
		return true;
	switch (entry->type) {
	case TOK_PIECE_NORMAL:
	case TOK_PIECE_USER_DEFINED:
		return false;
	case TOK_PIECE_UNKNOWN:
	case TOK_PIECE_CONTROL:
	case TOK_PIECE_UNUSED:
	case TOK_PIECE_BYTE:
		break;
	}
	return true;
}

static enum tok_status add_surfaces(struct tok_surfaces *s, const struct tok_tokenizer *tokenizer,
				    struct tok_error *err)
{
	const struct tok_spec *spec = tok_tokenizer_spec(tokenizer);
	const struct marks marks = find_marks(&spec->model);
	const bool lower = s->are_bytes && !spec->raw_vocabulary;
	for (tok_id id = 0; id < s->count; id++) {
		struct tok_vocab_entry entry;
		bool all = true;
		if (!tok_tokenizer_entry(tokenizer, id, &entry) || is_apart(tokenizer, &entry))
			continue;
		if (lower)
			entry.text = tok_lower_text(entry.text, &s->arena, &all);
		if (lower && !entry.text.bytes)
			return tok_fail_memory(err);
		if (!all) /* no text of bytes reaches it */
			continue;
		const struct tok_surface surface = place_text(&marks, entry.text);
		if (surface.text.count == 0)
			continue;
		s->items[id] = surface;
		s->items[id].whole = entry.type == TOK_PIECE_USER_DEFINED;
	}
	return TOK_OK;
}

/* Byte tokens of a tokenizer.json are entries like others but for their names. */
static void leave_bytes(struct tok_surfaces *s, const struct tok_model_spec *model)
{
	for (size_t i = 0; model->byte_fallback && i < 256; i++)
		if (model->byte_ids[i] < s->count)
			s->items[model->byte_ids[i]] = (struct tok_surface){ 0 };
}

static void mark_whole(struct tok_surfaces *s, const struct tok_spec *spec)
{
	for (size_t i = 0; i < spec->added_count; i++) {
		const tok_id id = spec->added[i].id;
		if (id < s->count && s->items[id].text.bytes)
			s->items[id].whole = true;
	}
}

enum tok_status tok_surfaces_new(const struct tok_tokenizer *tokenizer, struct tok_surfaces **out,
				 struct tok_error *err)
{
	const struct tok_spec *spec = tok_tokenizer_spec(tokenizer);
	struct tok_surfaces *s = calloc(1, sizeof *s);
	if (!s)
		return tok_fail_memory(err);
	s->count = tok_tokenizer_size(tokenizer);
	s->are_bytes = tok_tokenizer_takes_bytes(tokenizer);
	s->items = tok_arena_array(&s->arena, s->count, sizeof *s->items);
	const enum tok_status status =
	    s->items ? add_surfaces(s, tokenizer, err) : tok_fail_memory(err);
	if (status != TOK_OK) {
		tok_surfaces_free(s);
		return status;
	}
	leave_bytes(s, &spec->model);
	mark_whole(s, spec);
	*out = s;
	return TOK_OK;
}

void tok_surfaces_free(struct tok_surfaces *s)
{
	if (!s)
		return;
	tok_arena_release(&s->arena);
	free(s);
}

size_t tok_surfaces_count(const struct tok_surfaces *s)
{
	return s->count;
}

const struct tok_surface *tok_surfaces_at(const struct tok_surfaces *s, tok_id id)
{
	return &s->items[id];
}

bool tok_surfaces_are_bytes(const struct tok_surfaces *s)
{
	return s->are_bytes;
}
