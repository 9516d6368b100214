/*
 * wordpiece_txt.c - BERT's vocab.txt: one token a line, its number the id.
 *
 * The file says nothing of the pipeline; it is BertTokenizer's.  Whether text
 * is lowered shows in the tokens: a vocabulary with an upper-case ASCII letter
 * outside brackets is a cased one, which keeps case and accents.
 */
#include "vocab/format/format_internal.h"

#include "tok/base/hash.h"
#include "tok/pipe/tokenizer.h"

static bool has_upper_case(struct tok_span token)
{
	if (token.count && token.bytes[0] == '[')
		return false;
	for (size_t i = 0; i < token.count; i++)
		if (token.bytes[i] >= 'A' && token.bytes[i] <= 'Z')
			return true;
	return false;
}

static size_t count_lines(struct tok_span file)
{
	size_t count = 0;
	for (size_t i = 0; i < file.count; i++)
		count += file.bytes[i] == '\n';
	return count + (file.count && file.bytes[file.count - 1] != '\n');
}

/* Tokens to `entries`; `seen` finds the special ones and repeated lines. */
static enum tok_status read_lines(struct tok_span file, struct tok_vocab_entry *entries,
				  struct tok_strings *seen, bool *cased, struct tok_error *err)
{
	size_t at = 0;
	*cased = false;
	for (tok_id id = 0; at < file.count; id++) {
		const uint8_t *newline = memchr(file.bytes + at, '\n', file.count - at);
		const size_t end = newline ? (size_t)(newline - file.bytes) : file.count;
		struct tok_span token = tok_span_slice(file, at, end);
		if (token.count && token.bytes[token.count - 1] == '\r')
			token.count--;
		if (!tok_strings_add(seen, token, id))
			return tok_fail(err, TOK_EFORMAT,
					"line %u: the token is on line %u already: tokens must "
					"be unique",
					id + 1, tok_strings_find(seen, token) + 1);
		entries[id] = (struct tok_vocab_entry){ .text = token, .id = id };
		*cased |= has_upper_case(token);
		at = end + 1;
	}
	return TOK_OK;
}

static enum tok_status add_specials(const struct tok_strings *seen, struct tok_spec *out,
				    struct tok_error *err)
{
	static const char *const names[] = { "[UNK]", "[SEP]", "[PAD]", "[CLS]", "[MASK]" };
	enum { COUNT = sizeof names / sizeof names[0] };
	struct tok_added_token *added = tok_arena_array(&out->arena, COUNT, sizeof *added);
	if (!added)
		return tok_fail_memory(err);
	for (size_t i = 0; i < COUNT; i++) {
		const tok_id id = tok_strings_find(seen, tok_span_of(names[i]));
		if (id != TOK_NO_ID)
			added[out->added_count++] = (struct tok_added_token){
				.content = tok_span_of(names[i]), .id = id, .special = true
			};
	}
	out->added = added;
	return TOK_OK;
}

/* [CLS] text [SEP], if the vocabulary has both. */
static enum tok_status add_template(const struct tok_strings *seen, struct tok_spec *out,
				    struct tok_error *err)
{
	const struct tok_span cls = tok_span_of("[CLS]"), sep = tok_span_of("[SEP]");
	if (tok_strings_find(seen, cls) == TOK_NO_ID || tok_strings_find(seen, sep) == TOK_NO_ID)
		return TOK_OK;
	struct tok_template_item *items = tok_arena_array(&out->arena, 3, sizeof *items);
	struct tok_post_step *post = tok_arena_array(&out->arena, 1, sizeof *post);
	if (!items || !post)
		return tok_fail_memory(err);
	items[0] =
	    (struct tok_template_item){ TOK_TEMPLATE_TOKEN, tok_strings_find(seen, cls), cls };
	items[1] = (struct tok_template_item){ .kind = TOK_TEMPLATE_TEXT };
	items[2] =
	    (struct tok_template_item){ TOK_TEMPLATE_TOKEN, tok_strings_find(seen, sep), sep };
	*post =
	    (struct tok_post_step){ .kind = TOK_POST_TEMPLATE, .items = items, .item_count = 3 };
	out->posts = post;
	out->post_count = 1;
	return TOK_OK;
}

static enum tok_status add_pipeline(bool cased, struct tok_spec *out, struct tok_error *err)
{
	struct tok_norm_step *norm = tok_arena_array(&out->arena, 1, sizeof *norm);
	struct tok_pretok_step *pretok = tok_arena_array(&out->arena, 1, sizeof *pretok);
	struct tok_decode_step *decode = tok_arena_array(&out->arena, 1, sizeof *decode);
	if (!norm || !pretok || !decode)
		return tok_fail_memory(err);
	norm->kind = TOK_NORM_BERT;
	norm->as.bert.clean_text = true;
	norm->as.bert.handle_chinese_chars = true;
	norm->as.bert.lowercase = norm->as.bert.strip_accents = !cased;
	pretok->kind = TOK_PRETOK_BERT;
	decode->kind = TOK_DECODE_WORDPIECE;
	decode->as.wordpiece.prefix = tok_span_of("##");
	decode->as.wordpiece.cleanup = true;
	out->normalizers = norm;
	out->pretokenizers = pretok;
	out->decoders = decode;
	out->normalizer_count = out->pretokenizer_count = out->decoder_count = 1;
	out->has_decoder = true;
	return TOK_OK;
}

enum tok_status vocab_read_wordpiece(struct tok_span file, struct tok_spec *out,
				     struct tok_error *err)
{
	struct tok_strings seen;
	bool cased;
	const size_t count = count_lines(file);
	if (count > TOK_ID_MAX)
		return tok_fail(err, TOK_ELIMIT, "%zu lines are too many: at most %u", count,
				TOK_ID_MAX);
	const struct tok_span kept = tok_arena_copy(&out->arena, file);
	struct tok_vocab_entry *entries = tok_arena_array(&out->arena, count, sizeof *entries);
	if (!kept.bytes || !entries || !tok_strings_init(&seen, &out->arena, count))
		return tok_fail_memory(err);

	out->format = tok_span_of("vocab.txt");
	enum tok_status status = read_lines(kept, entries, &seen, &cased, err);
	if (status != TOK_OK)
		return status;
	out->model.kind = TOK_MODEL_WORDPIECE;
	out->model.entries = entries;
	out->model.entry_count = count;
	out->model.unk = tok_strings_find(&seen, tok_span_of("[UNK]"));
	memset(out->model.byte_ids, 0xFF, sizeof out->model.byte_ids);
	out->model.as.wordpiece.prefix = tok_span_of("##");
	out->model.as.wordpiece.max_chars = 100;
	if (out->model.unk == TOK_NO_ID)
		return tok_fail(err, TOK_EFORMAT,
				"the vocabulary has no line '[UNK]': BERT's vocab.txt needs one");
	status = add_specials(&seen, out, err);
	if (status == TOK_OK)
		status = add_template(&seen, out, err);
	if (status == TOK_OK)
		status = add_pipeline(cased, out, err);
	return status;
}
