/* wordpiece_txt.c - BERT's vocab.txt: one token a line, its number the id.
 *
 * The file does not say how text is prepared: that is BertTokenizerFast's way.
 * Whether the vocabulary is of lower-case text shows in its tokens: it is if no
 * token outside [BRACKETS] has an upper-case ASCII letter. */
#include "vocab/format/wordpiece_internal.h"

#include "tok/base/hash.h"
#include "tok/text/utf8.h"
#include "vocab/format/format_internal.h"
#include "tok/text/json.h"

/* ---- lines ----------------------------------------------------------------- */

static size_t count_lines(struct tok_span file)
{
	size_t count = 0;
	for (size_t i = 0; i < file.count; i++)
		count += file.bytes[i] == '\n';
	return count + (file.count > 0 && file.bytes[file.count - 1] != '\n');
}

/* A line ends at \n, \r\n or the end of the file. */
static struct tok_span take_line(struct tok_span *rest)
{
	const uint8_t *newline = memchr(rest->bytes, '\n', rest->count);
	const size_t end = newline ? (size_t)(newline - rest->bytes) : rest->count;
	struct tok_span line = tok_span_slice(*rest, 0, end);
	*rest = tok_span_slice(*rest, newline ? end + 1 : end, rest->count);
	if (line.count && line.bytes[line.count - 1] == '\r')
		line.count--;
	return line;
}

static enum tok_status read_lines(struct tok_span text, struct tok_spec *out, struct tok_error *err)
{
	const size_t count = count_lines(text);
	struct tok_vocab_entry *entries = tok_arena_array(&out->arena, count, sizeof *entries);
	if (!entries)
		return tok_fail_memory(err);
	for (size_t i = 0; i < count; i++) {
		entries[i].text = take_line(&text);
		entries[i].id = (tok_id)i;
		if (!tok_utf8_valid(entries[i].text))
			return tok_fail(err, TOK_EFORMAT, "line %zu: '%s' is not UTF-8", i + 1,
					tok_show(entries[i].text).text);
	}
	out->model.entries = entries;
	out->model.entry_count = count;
	return TOK_OK;
}

static enum tok_status check_unique(const struct tok_spec *out, struct tok_error *err)
{
	struct tok_arena scratch = { 0 };
	struct tok_strings seen;
	enum tok_status status = TOK_OK;
	if (!tok_strings_init(&seen, &scratch, out->model.entry_count))
		status = tok_fail_memory(err);
	for (size_t i = 0; i < out->model.entry_count && status == TOK_OK; i++) {
		const struct tok_vocab_entry *entry = &out->model.entries[i];
		if (!tok_strings_add(&seen, entry->text, entry->id))
			status = tok_fail(err, TOK_EFORMAT,
					  "lines %u and %u are both '%s': tokens must be unique",
					  tok_strings_find(&seen, entry->text) + 1, entry->id + 1,
					  tok_show(entry->text).text);
	}
	tok_arena_release(&scratch);
	return status;
}

/* ---- what stands around the model -------------------------------------------- */

bool wordpiece_is_uncased(const struct tok_model_spec *model)
{
	for (size_t i = 0; i < model->entry_count; i++) {
		const struct tok_span text = model->entries[i].text;
		if (text.count > 2 && text.bytes[0] == '[' && text.bytes[text.count - 1] == ']')
			continue;
		for (size_t at = 0; at < text.count; at++)
			if (text.bytes[at] >= 'A' && text.bytes[at] <= 'Z')
				return false;
	}
	return true;
}

static tok_id find_token(const struct tok_model_spec *model, const char *name)
{
	for (size_t i = 0; i < model->entry_count; i++)
		if (tok_span_equal(model->entries[i].text, tok_span_of(name)))
			return model->entries[i].id;
	return TOK_NO_ID;
}

static enum tok_status add_specials(struct tok_spec *out, struct tok_error *err)
{
	static const char *const names[] = { "[UNK]", "[SEP]", "[PAD]", "[CLS]", "[MASK]" };
	enum { COUNT = sizeof names / sizeof names[0] };
	struct tok_added_token *added = tok_arena_array(&out->arena, COUNT, sizeof *added);
	if (!added)
		return tok_fail_memory(err);
	out->added = added;
	for (size_t i = 0; i < COUNT; i++) {
		const tok_id id = find_token(&out->model, names[i]);
		if (id != TOK_NO_ID)
			added[out->added_count++] = (struct tok_added_token){
				.content = tok_span_of(names[i]), .id = id, .special = true
			};
	}
	return TOK_OK;
}

static enum tok_status add_template(struct tok_spec *out, struct tok_error *err)
{
	const tok_id cls = find_token(&out->model, "[CLS]"), sep = find_token(&out->model, "[SEP]");
	if (cls == TOK_NO_ID || sep == TOK_NO_ID)
		return TOK_OK;
	struct tok_template_item *items = tok_arena_array(&out->arena, 3, sizeof *items);
	struct tok_post_step *step = tok_arena_array(&out->arena, 1, sizeof *step);
	if (!items || !step)
		return tok_fail_memory(err);
	items[0] = (struct tok_template_item){ TOK_TEMPLATE_TOKEN, cls, tok_span_of("[CLS]") };
	items[1].kind = TOK_TEMPLATE_TEXT;
	items[2] = (struct tok_template_item){ TOK_TEMPLATE_TOKEN, sep, tok_span_of("[SEP]") };
	*step =
	    (struct tok_post_step){ .kind = TOK_POST_TEMPLATE, .items = items, .item_count = 3 };
	out->posts = step;
	out->post_count = 1;
	return TOK_OK;
}

enum tok_status wordpiece_finish(struct tok_spec *out, bool lowercase, bool strip_accents,
				 struct tok_error *err)
{
	enum { MAX_CHARS = 100 };
	struct tok_norm_step *clean = tok_arena_array(&out->arena, 1, sizeof *clean);
	struct tok_pretok_step *split = tok_arena_array(&out->arena, 1, sizeof *split);
	struct tok_decode_step *join = tok_arena_array(&out->arena, 1, sizeof *join);
	struct tok_model_spec *model = &out->model;
	if (!clean || !split || !join)
		return tok_fail_memory(err);

	model->kind = TOK_MODEL_WORDPIECE;
	model->unk = find_token(model, "[UNK]");
	memset(model->byte_ids, 0xFF, sizeof model->byte_ids);
	model->as.wordpiece.prefix = tok_span_of("##");
	model->as.wordpiece.max_chars = MAX_CHARS;
	if (model->unk == TOK_NO_ID)
		return tok_fail(err, TOK_EFORMAT, "there is no token [UNK]");

	clean->kind = TOK_NORM_BERT;
	clean->as.bert.clean_text = true;
	clean->as.bert.handle_chinese_chars = true;
	clean->as.bert.lowercase = lowercase;
	clean->as.bert.strip_accents = strip_accents;
	out->normalizers = clean;
	out->normalizer_count = 1;
	split->kind = TOK_PRETOK_BERT;
	out->pretokenizers = split;
	out->pretokenizer_count = 1;
	join->kind = TOK_DECODE_WORDPIECE;
	join->as.wordpiece.prefix = tok_span_of("##");
	join->as.wordpiece.cleanup = true;
	out->decoders = join;
	out->decoder_count = 1;
	out->has_decoder = true;

	const enum tok_status status = add_specials(out, err);
	return status == TOK_OK ? add_template(out, err) : status;
}

enum tok_status vocab_read_wordpiece(struct tok_span file, struct tok_spec *out,
				     struct tok_error *err)
{
	const struct tok_span text = tok_arena_copy(&out->arena, file);
	if (!text.bytes)
		return tok_fail_memory(err);
	out->format = tok_span_of(VOCAB_FORMAT_TXT);
	enum tok_status status = read_lines(text, out, err);
	if (status == TOK_OK)
		status = check_unique(out, err);
	if (status != TOK_OK)
		return status;
	const bool uncased = wordpiece_is_uncased(&out->model);
	return wordpiece_finish(out, uncased, uncased, err);
}
