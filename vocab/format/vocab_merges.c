#include "vocab/format/format_internal.h"
#include "vocab/format/hf_internal.h"

/*
 * vocab.json and merges.txt say what BPE does, not what happens around it.
 * Which tokenizer it is shows in the vocabulary: words ending in "</w>" are
 * those of CLIP or the first GPT, everything else is taken for GPT-2's kin.
 */

/* ---- merges.txt --------------------------------------------------------------- */

static struct tok_span take_line(struct tok_span *rest)
{
	const uint8_t *newline = memchr(rest->bytes, '\n', rest->count);
	const size_t n = newline ? (size_t)(newline - rest->bytes) : rest->count;
	struct tok_span line = tok_span_slice(*rest, 0, n);
	*rest = tok_span_slice(*rest, newline ? n + 1 : n, rest->count);
	if (line.count && line.bytes[line.count - 1] == '\r')
		line.count--;
	return line;
}

static bool split_line(struct tok_span line, struct tok_span *left, struct tok_span *right)
{
	const uint8_t *space = memchr(line.bytes, ' ', line.count);
	if (!space)
		return false;
	const size_t at = (size_t)(space - line.bytes);
	*left = tok_span_slice(line, 0, at);
	*right = tok_span_slice(line, at + 1, line.count);
	return left->count && right->count && !memchr(right->bytes, ' ', right->count);
}

static size_t count_lines(struct tok_span text)
{
	size_t count = 1;
	for (size_t i = 0; i < text.count; i++)
		count += text.bytes[i] == '\n';
	return count;
}

static void read_merges(struct hf_reader *r, struct tok_span text)
{
	struct tok_merge *merges = hf_array(r, count_lines(text), sizeof *merges);
	struct hf_merges known = { 0 };
	size_t count = 0, number = 0;
	while (r->status == TOK_OK && text.count) {
		const struct tok_span line = take_line(&text);
		struct tok_span left, right;
		number++;
		if (line.count == 0 || tok_span_starts(line, tok_span_of("#version")))
			continue;
		if (split_line(line, &left, &right))
			r->status = hf_find_merge(r, &known, left, right, &merges[count++], r->err);
		else
			r->status = tok_fail(r->err, TOK_EFORMAT,
					     "a merge must be two tokens with one space between, "
					     "not '%s'",
					     tok_show(line).text);
		if (r->status == TOK_EFORMAT)
			tok_fail_in(r->err, r->status, "merges.txt line %zu", number);
	}
	tok_buffer_release(&known.joined);
	r->out->model.as.bpe.merges = merges;
	r->out->model.as.bpe.merge_count = count;
}

/* ---- what stands around the model ---------------------------------------------- */

static void set_normalizers(struct hf_reader *r, const struct tok_norm_step *steps, size_t count)
{
	struct tok_norm_step *copy = hf_array(r, count, sizeof *copy);
	if (copy)
		memcpy(copy, steps, count * sizeof *copy);
	r->out->normalizers = copy;
	r->out->normalizer_count = count;
}

static void set_pretokenizers(struct hf_reader *r, const struct tok_pretok_step *steps,
			      size_t count)
{
	struct tok_pretok_step *copy = hf_array(r, count, sizeof *copy);
	if (copy)
		memcpy(copy, steps, count * sizeof *copy);
	r->out->pretokenizers = copy;
	r->out->pretokenizer_count = count;
}

static void set_decoders(struct hf_reader *r, const struct tok_decode_step *steps, size_t count)
{
	struct tok_decode_step *copy = hf_array(r, count, sizeof *copy);
	if (copy)
		memcpy(copy, steps, count * sizeof *copy);
	r->out->decoders = copy;
	r->out->decoder_count = count;
	r->out->has_decoder = true;
}

/* first, text, last; nothing if one of the two is not in the vocabulary. */
static void set_template(struct hf_reader *r, const char *first, const char *last)
{
	const tok_id ids[] = { hf_find_token(r, tok_span_of(first)),
			       hf_find_token(r, tok_span_of(last)) };
	if (ids[0] == TOK_NO_ID || ids[1] == TOK_NO_ID)
		return;
	struct tok_template_item *items = hf_array(r, 3, sizeof *items);
	struct tok_post_step *step = hf_array(r, 1, sizeof *step);
	if (!items || !step)
		return;
	items[0] = (struct tok_template_item){ TOK_TEMPLATE_TOKEN, ids[0], tok_span_of(first) };
	items[1].kind = TOK_TEMPLATE_TEXT;
	items[2] = (struct tok_template_item){ TOK_TEMPLATE_TOKEN, ids[1], tok_span_of(last) };
	*step =
	    (struct tok_post_step){ .kind = TOK_POST_TEMPLATE, .items = items, .item_count = 3 };
	r->out->posts = step;
	r->out->post_count = 1;
}

static void make_gpt2(struct hf_reader *r)
{
	const struct tok_pretok_step split = { .kind = TOK_PRETOK_BYTE_LEVEL,
					       .as.byte_level.use_regex = true };
	const struct tok_decode_step join = { .kind = TOK_DECODE_BYTE_LEVEL };
	set_pretokenizers(r, &split, 1);
	set_decoders(r, &join, 1);
	/* RoBERTa and BART, which have a mask, put every text between <s> and </s>. */
	if (hf_find_token(r, tok_span_of("<mask>")) != TOK_NO_ID)
		set_template(r, "<s>", "</s>");
}

static void make_clip(struct hf_reader *r)
{
	const struct tok_norm_step clean[] = {
		{ .kind = TOK_NORM_NFC },
		{ .kind = TOK_NORM_REPLACE,
		  .as.replace = { tok_span_of("\\s+"), tok_span_of(" "), TOK_REGEX_ONIGURUMA } },
		{ .kind = TOK_NORM_LOWERCASE },
	};
	const struct tok_pretok_step split[] = {
		{ .kind = TOK_PRETOK_SPLIT,
		  .as.split = { .pattern = tok_span_of("'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]"
						       "|[^\\s\\p{L}\\p{N}]+"),
				.dialect = TOK_REGEX_ONIGURUMA,
				.behavior = TOK_REMOVED,
				.invert = true } },
		{ .kind = TOK_PRETOK_BYTE_LEVEL },
	};
	const struct tok_decode_step join[] = {
		{ .kind = TOK_DECODE_BYTE_LEVEL },
		{ .kind = TOK_DECODE_REPLACE,
		  .as.replace = { tok_span_of("</w>"), tok_span_of(" "), TOK_REGEX_LITERAL } },
		{ .kind = TOK_DECODE_STRIP, .as.strip = { .content = ' ', .stop = 1 } },
	};
	set_normalizers(r, clean, 3);
	set_pretokenizers(r, split, 2);
	set_decoders(r, join, 3);
	set_template(r, "<|startoftext|>", "<|endoftext|>");
}

static void make_gpt1(struct hf_reader *r)
{
	const struct tok_norm_step clean = {
		.kind = TOK_NORM_BERT,
		.as.bert = { .clean_text = true,
			     .handle_chinese_chars = true,
			     .lowercase = true,
			     .strip_accents = true },
	};
	const struct tok_pretok_step split = { .kind = TOK_PRETOK_BERT };
	const struct tok_decode_step join = { .kind = TOK_DECODE_BPE,
					      .as.bpe_suffix = tok_span_of("</w>") };
	set_normalizers(r, &clean, 1);
	set_pretokenizers(r, &split, 1);
	set_decoders(r, &join, 1);
}

/* At least one token in eight ends a word. */
static bool has_word_ends(const struct tok_model_spec *model)
{
	static const char end[] = "</w>";
	size_t ends = 0;
	for (size_t i = 0; i < model->entry_count; i++) {
		const struct tok_span text = model->entries[i].text;
		ends += text.count > 4 && memcmp(text.bytes + text.count - 4, end, 4) == 0;
	}
	return ends > 0 && ends >= model->entry_count / 8;
}

static void make_pipeline(struct hf_reader *r)
{
	struct tok_model_spec *model = &r->out->model;
	if (!has_word_ends(model)) {
		make_gpt2(r);
		return;
	}
	const bool clip = hf_find_token(r, tok_span_of("<|startoftext|>")) != TOK_NO_ID;
	model->as.bpe.suffix = tok_span_of("</w>");
	model->unk = hf_find_token(r, tok_span_of(clip ? "<|endoftext|>" : "<unk>"));
	if (clip)
		make_clip(r);
	else
		make_gpt1(r);
}

static void add_specials(struct hf_reader *r)
{
	static const char *const names[] = { "<|startoftext|>", "<|endoftext|>", "<s>",   "</s>",
					     "<pad>",           "<unk>",         "<mask>" };
	enum { COUNT = sizeof names / sizeof names[0] };
	struct tok_added_token *tokens = hf_array(r, COUNT, sizeof *tokens);
	size_t count = 0;
	for (size_t i = 0; i < COUNT && tokens; i++) {
		const tok_id id = hf_find_token(r, tok_span_of(names[i]));
		if (id != TOK_NO_ID)
			tokens[count++] = (struct tok_added_token){
				.content = tok_span_of(names[i]), .id = id, .special = true
			};
	}
	r->out->added = tokens;
	r->out->added_count = count;
}

enum tok_status vocab_read_vocab_merges(struct tok_span vocab, struct tok_span merges,
					struct tok_spec *out, struct tok_error *err)
{
	struct tok_json_document doc = { 0 };
	struct hf_reader r = { .doc = &doc, .out = out, .err = err };

	out->format = tok_span_of(VOCAB_FORMAT_MERGES);
	out->model.kind = TOK_MODEL_BPE;
	out->model.unk = TOK_NO_ID;
	memset(out->model.byte_ids, 0xFF, sizeof out->model.byte_ids);
	r.status = tok_json_read(&doc, vocab, err);
	hf_read_vocabulary(&r, doc.values);
	if (r.status != TOK_OK && r.status != TOK_ENOMEM)
		tok_fail_in(err, r.status, "vocab.json");
	if (r.status == TOK_OK)
		read_merges(&r, merges);
	if (r.status == TOK_OK) {
		make_pipeline(&r);
		add_specials(&r);
	}
	tok_arena_release(&r.scratch);
	tok_json_release(&doc);
	return r.status;
}
