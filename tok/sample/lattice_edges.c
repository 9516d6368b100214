/*
 * The edges that leave a place, and what a path is written as.
 */
#include "tok/base/buffer.h"
#include "tok/sample/lattice_internal.h"

/* Counting stops at the limit, so that a long word costs no more than it. */
static bool is_too_long(const struct tok_lattice *l, struct tok_span text, uint32_t at)
{
	size_t count = 0;
	if (l->max_chars == 0 || text.count - at <= l->max_chars)
		return false;
	for (; at < text.count && count <= l->max_chars; count++)
		at += tok_lattice_symbol(l, text, at);
	return count > l->max_chars;
}

struct tok_lattice_piece tok_lattice_piece_of(const struct tok_lattice *l, struct tok_span text,
					      struct tok_range piece)
{
	const struct tok_span head = { text.bytes, piece.end };
	return (struct tok_lattice_piece){ head, piece.begin, is_too_long(l, head, piece.begin) };
}

/* A token that is no text may end inside a character. */
static bool is_between_symbols(const struct tok_lattice *l, struct tok_span text, uint32_t at,
			       uint32_t end)
{
	if (l->are_bytes || end == text.count || !tok_utf8_is_tail(text.bytes[end]))
		return true;
	while (at < end)
		at += tok_lattice_symbol(l, text, at);
	return at == end;
}

static void add_chain(const struct tok_lattice *l, uint32_t token, uint32_t end, uint32_t places,
		      struct tok_edges *out)
{
	for (; token != TOK_NO_ID; token = l->tokens[token].next)
		if ((l->tokens[token].places & places) == places)
			out->items[out->count++] = (struct tok_edge){ end, token };
}

/* The edges of tokens; there is room. */
static void add_tokens(const struct tok_lattice *l, const struct tok_lattice_piece *piece,
		       uint32_t at, struct tok_edges *out)
{
	const struct tok_span text = piece->text;
	const uint32_t first = at == piece->begin ? TOK_PLACE_FIRST : TOK_PLACE_INNER;
	uint32_t node = TOK_TRIE_ROOT;
	for (uint32_t i = at; i < text.count;) {
		node = tok_trie_child(&l->trie, node, text.bytes[i++]);
		if (node == 0)
			break;
		const uint32_t token = tok_trie_value(&l->trie, node);
		if (token == TOK_NO_ID || !is_between_symbols(l, text, at, i))
			continue;
		if (l->plain)
			out->items[out->count++] = (struct tok_edge){ i, token };
		else
			add_chain(l, token, i,
				  first | (i == text.count ? TOK_PLACE_LAST : TOK_PLACE_NOT_LAST),
				  out);
	}
}

bool tok_lattice_edges(const struct tok_lattice *l, const struct tok_lattice_piece *piece,
		       uint32_t at, struct tok_edges *out)
{
	if (!tok_grow(&out->items, &out->capacity, out->count + l->fan, sizeof *out->items))
		return false;
	const size_t before = out->count;
	const uint32_t symbol = at + tok_lattice_symbol(l, piece->text, at);
	if (!piece->closed)
		add_tokens(l, piece, at, out);
	if (l->whole_words) {
		if (at == piece->begin)
			out->items[out->count++] =
			    (struct tok_edge){ (uint32_t)piece->text.count, TOK_LATTICE_UNKNOWN };
	} else if (out->count == before || out->items[before].end > symbol) {
		out->items[out->count++] = (struct tok_edge){ symbol, TOK_LATTICE_UNKNOWN };
	}
	return true;
}

/* ---- writing ----------------------------------------------------------------- */

static bool has_bytes(const struct tok_lattice *l, struct tok_span text, struct tok_range range)
{
	for (uint32_t i = range.begin; l->spells_bytes && i < range.end; i++)
		if (l->byte_ids[text.bytes[i]] == TOK_NO_ID)
			return false;
	return l->spells_bytes;
}

/* Which bytes a byte token is said to cover differs from model to model. */
static struct tok_range range_of_byte(const struct tok_lattice *l, struct tok_range range,
				      uint32_t at)
{
	if (l->sentencepiece)
		return at + 1 == range.end ? range : (struct tok_range){ range.begin, range.begin };
	if (l->kind == TOK_MODEL_UNIGRAM)
		return range;
	return (struct tok_range){ at, at + 1 };
}

/* *after_unknown: the last token is the unknown one, and may grow. */
static enum tok_status write_unknown(const struct tok_lattice *l, struct tok_span text,
				     struct tok_range range, bool *after_unknown,
				     struct tok_tokens *out, struct tok_error *err)
{
	if (has_bytes(l, text, range)) {
		*after_unknown = false;
		for (uint32_t i = range.begin; i < range.end; i++)
			if (!tok_tokens_add(out, l->byte_ids[text.bytes[i]],
					    range_of_byte(l, range, i)))
				return tok_fail_memory(err);
		return TOK_OK;
	}
	if (l->unk == TOK_NO_ID && l->vanishes)
		return TOK_OK;
	if (l->unk == TOK_NO_ID)
		return tok_fail(err, TOK_ETEXT,
				"bytes %u to %u are no token, and there is no unknown token",
				range.begin, range.end);
	if (*after_unknown && l->fuses) {
		if (out->ranged)
			out->ranges[out->count - 1].end = range.end;
		return TOK_OK;
	}
	*after_unknown = true;
	return tok_tokens_add(out, l->unk, range) ? TOK_OK : tok_fail_memory(err);
}

enum tok_status tok_lattice_write(const struct tok_lattice *l, struct tok_span text, uint32_t at,
				  const struct tok_edge *path, size_t count, struct tok_tokens *out,
				  struct tok_error *err)
{
	bool after_unknown = false;
	enum tok_status status = TOK_OK;
	for (size_t i = 0; i < count && status == TOK_OK; at = path[i++].end) {
		const struct tok_range range = { at, path[i].end };
		if (path[i].token == TOK_LATTICE_UNKNOWN) {
			status = write_unknown(l, text, range, &after_unknown, out, err);
			continue;
		}
		after_unknown = false;
		if (!tok_tokens_add(out, l->tokens[path[i].token].id, range))
			status = tok_fail_memory(err);
	}
	return status;
}
