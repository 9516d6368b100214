#include "vocab/format/format_internal.h"
#include "vocab/format/ranks_internal.h"

#include "tok/pipe/tokenizer.h"
#include "vocab/format/base64.h"

/* ---- "! 0 IQ== Ig== ..." ---------------------------------------------------- */

struct unpacking {
	struct tok_span rest; /* of the text */
	struct tok_vocab_entry *entries;
	size_t count;
	uint8_t *room;
	uint64_t rank; /* of the next token of this line */
};

/* Up to the next space or newline; empty at the end of a line. */
static struct tok_span take_word(struct unpacking *u)
{
	size_t n = 0;
	while (u->rest.count && *u->rest.bytes == ' ')
		u->rest = tok_span_slice(u->rest, 1, u->rest.count);
	while (n < u->rest.count && u->rest.bytes[n] != ' ' && u->rest.bytes[n] != '\n')
		n++;
	const struct tok_span word = tok_span_slice(u->rest, 0, n);
	u->rest = tok_span_slice(u->rest, n, u->rest.count);
	return word;
}

static bool read_rank(struct tok_span word, uint64_t *out)
{
	uint64_t value = 0;
	for (size_t i = 0; i < word.count; i++) {
		if (word.bytes[i] < '0' || word.bytes[i] > '9' || value > TOK_ID_MAX)
			return false;
		value = value * 10 + (uint64_t)(word.bytes[i] - '0');
	}
	*out = value;
	return word.count > 0 && value <= TOK_ID_MAX;
}

static enum tok_status take_token(struct unpacking *u, struct tok_span word, tok_id first,
				  struct tok_error *err)
{
	struct tok_vocab_entry *entry = &u->entries[u->count];
	const size_t count = vocab_base64_decode(word, u->room);
	if (count == SIZE_MAX || count == 0)
		return tok_fail(err, TOK_EFORMAT, "the token of rank %llu must be base64, not '%s'",
				(unsigned long long)u->rank, tok_show(word).text);
	if (u->rank + first > TOK_ID_MAX)
		return tok_fail(err, TOK_ELIMIT, "more than %u ranks", TOK_ID_MAX);
	entry->text = (struct tok_span){ u->room, count };
	entry->id = (tok_id)u->rank++ + first;
	u->room += count;
	u->count++;
	return TOK_OK;
}

static enum tok_status take_line(struct unpacking *u, tok_id first, struct tok_error *err)
{
	if (!tok_span_equal(take_word(u), tok_span_of("!")) || !read_rank(take_word(u), &u->rank))
		return tok_fail(err, TOK_EFORMAT, "a line of ranks must begin with '!' and a rank");
	enum tok_status status = TOK_OK;
	struct tok_span word = take_word(u);
	for (; status == TOK_OK && word.count; word = take_word(u))
		status = take_token(u, word, first, err);
	return status;
}

/* Every token but the last has a space or newline behind it. */
static size_t count_words(struct tok_span text)
{
	size_t count = 1;
	for (size_t i = 0; i < text.count; i++)
		count += text.bytes[i] == ' ' || text.bytes[i] == '\n';
	return count;
}

void ranks_read_packed(struct hf_reader *r, const struct tok_json *value, tok_id first)
{
	struct tok_error why = { 0 };
	if (r->status == TOK_OK && value->kind != TOK_JSON_STRING)
		hf_expected(r, value, "this", "a string of ranks");
	if (r->status != TOK_OK)
		return;
	struct unpacking u = { .rest = tok_json_text(value) };
	u.entries = hf_array(r, count_words(u.rest), sizeof *u.entries);
	u.room = hf_array(r, u.rest.count, 1);
	while (r->status == TOK_OK && u.rest.count) {
		if (*u.rest.bytes == '\n') {
			u.rest = tok_span_slice(u.rest, 1, u.rest.count);
			continue;
		}
		r->status = take_line(&u, first, &why);
		if (r->status == TOK_EFORMAT)
			tok_json_fail(r->doc, value, r->err, "%s", why.message);
		else if (r->status != TOK_OK)
			tok_fail(r->err, r->status, "%s", why.message);
	}
	r->out->model.entries = u.entries;
	r->out->model.entry_count = u.count;
}

/* ---- the file ---------------------------------------------------------------- */

/* Claude's tokenizer normalises with NFKC in its code, not in its file: the
 * file is known by its special tokens.  They, too, are then looked for in the
 * normalised text. */
static bool is_claude(const struct tok_json *specials)
{
	return tok_json_get(specials, "<META_START>") && tok_json_get(specials, "<SOS>");
}

static void read_specials(struct hf_reader *r, const struct tok_json *object)
{
	if (!hf_is_object(r, object, "this"))
		return;
	const bool claude = is_claude(object);
	struct tok_added_token *tokens = hf_array(r, object->count, sizeof *tokens);
	const struct tok_json *key = object + 1;
	for (size_t i = 0; i < object->count && tokens; i++, key = tok_json_next(key + 1)) {
		tokens[i].content = hf_text(r, key);
		tokens[i].id = hf_id(r, key + 1);
		tokens[i].special = true;
		tokens[i].normalized = claude;
	}
	r->out->added = tokens;
	r->out->added_count = object->count;

	struct tok_norm_step *nfkc = claude ? hf_array(r, 1, sizeof *nfkc) : NULL;
	if (nfkc) {
		nfkc->kind = TOK_NORM_NFKC;
		r->out->normalizers = nfkc;
		r->out->normalizer_count = 1;
	}
}

static void read_file(struct hf_reader *r)
{
	const struct tok_json *root = r->doc->values;
	if (!hf_is_object(r, root, "a tokenizer"))
		return;
	if (tok_json_get(root, "config")) {
		ranks_read_tekken(r);
		return;
	}
	ranks_read_packed(r, hf_need(r, root, "bpe_ranks"), 0);
	const struct tok_span pattern = hf_text(r, hf_need(r, root, "pat_str"));
	const struct tok_json *specials = hf_need(r, root, "special_tokens");
	if (specials)
		read_specials(r, specials);
	ranks_finish(r, pattern);
}

enum tok_status vocab_read_packed_ranks(struct tok_span file, struct tok_spec *out,
					struct tok_error *err)
{
	struct tok_json_document doc = { 0 };
	struct hf_reader r = { .doc = &doc, .out = out, .err = err };

	out->format = tok_span_of(VOCAB_FORMAT_PACKED);
	r.status = tok_json_read(&doc, file, err);
	if (r.status == TOK_OK)
		read_file(&r);
	tok_arena_release(&r.scratch);
	tok_json_release(&doc);
	return r.status;
}
