/* wordpiece_write.c - BERT's vocab.txt: one token a line.  The file says nothing else, so
 * all that its reader takes for granted must be so (wordpiece_txt.c). */
#include "vocab/format/wordpiece_internal.h"
#include "vocab/format/write_internal.h"

#include "tok/text/utf8.h"
#include "tok/text/json.h"

static enum tok_status refuse(struct tok_error *err, const char *part, const char *wanted)
{
	return tok_fail(err, TOK_EARG, "%s: a vocab.txt is read as %s", part, wanted);
}

static bool is_named(const struct tok_model_spec *model, tok_id id, const char *name)
{
	for (size_t i = 0; i < model->entry_count; i++)
		if (model->entries[i].id == id)
			return tok_span_equal(model->entries[i].text, tok_span_of(name));
	return false;
}

static enum tok_status check_model(const struct tok_model_spec *model, struct tok_error *err)
{
	enum { MAX_CHARS = 100 };
	if (model->kind != TOK_MODEL_WORDPIECE)
		return refuse(err, "model", "a WordPiece");
	if (!tok_span_equal(model->as.wordpiece.prefix, tok_span_of("##")) ||
	    model->as.wordpiece.max_chars != MAX_CHARS)
		return refuse(err, "model",
			      "a WordPiece that continues words of up to 100 "
			      "characters with ##");
	if (!is_named(model, model->unk, "[UNK]"))
		return refuse(err, "model", "one whose unknown token is [UNK]");
	return TOK_OK;
}

static void lose(struct vocab_losses *losses, const char *part, const char *wanted)
{
	vocab_losses_add(losses, "%s: a vocab.txt is read as %s", part, wanted);
}

static void tell_pipeline(const struct tok_spec *spec, struct vocab_losses *losses)
{
	const struct tok_norm_step *clean = spec->normalizers;
	if (spec->normalizer_count != 1 || clean->kind != TOK_NORM_BERT ||
	    !clean->as.bert.clean_text || !clean->as.bert.handle_chinese_chars ||
	    clean->as.bert.lowercase != clean->as.bert.strip_accents)
		lose(losses, "normalizer", "one with BERT's own normalizer");
	else if (clean->as.bert.lowercase != wordpiece_is_uncased(&spec->model))
		lose(losses, "normalizer",
		     clean->as.bert.lowercase
			 ? "one of any letters where a token has an upper-case one"
			 : "one of lower-case letters where no token has an upper-case one");
	if (spec->pretokenizer_count != 1 || spec->pretokenizers->kind != TOK_PRETOK_BERT)
		lose(losses, "pre_tokenizer", "one with BERT's own pre-tokenizer");
}

static bool is_usual(const struct tok_added_token *token)
{
	static const char *const names[] = { "[UNK]", "[SEP]", "[PAD]", "[CLS]", "[MASK]" };
	if (!token->special || token->single_word || token->lstrip || token->rstrip)
		return false;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (tok_span_equal(token->content, tok_span_of(names[i])))
			return true;
	return false;
}

static void tell_added(const struct tok_spec *spec, struct vocab_losses *losses)
{
	for (size_t i = 0; i < spec->added_count; i++) {
		const struct tok_added_token *token = &spec->added[i];
		char name[8] = "";
		if (is_usual(token)) {
			memcpy(name, token->content.bytes, token->content.count);
			if (is_named(&spec->model, token->id, name))
				continue;
		}
		vocab_losses_add(losses,
				 "added_tokens: '%s' is none of the special tokens that a "
				 "vocab.txt is read with",
				 tok_show(token->content).text);
	}
}

/* [CLS] text [SEP] where both are tokens, else nothing. */
static void tell_posts(const struct tok_spec *spec, struct vocab_losses *losses)
{
	size_t around = 0;
	for (size_t i = 0; i < spec->model.entry_count; i++) {
		const struct tok_span text = spec->model.entries[i].text;
		around += tok_span_equal(text, tok_span_of("[CLS]")) ||
			  tok_span_equal(text, tok_span_of("[SEP]"));
	}
	const struct tok_post_step *step = spec->posts;
	if (around < 2 && spec->post_count == 0)
		return;
	if (around == 2 && spec->post_count == 1 && step->kind == TOK_POST_TEMPLATE &&
	    step->item_count == 3 && step->items[1].kind == TOK_TEMPLATE_TEXT &&
	    is_named(&spec->model, step->items[0].id, "[CLS]") &&
	    is_named(&spec->model, step->items[2].id, "[SEP]"))
		return;
	lose(losses, "post_processor",
	     around == 2 ? "one that puts text between [CLS] and [SEP]"
			 : "one that puts nothing around text");
}

static enum tok_status put_line(struct tok_buffer *out, struct tok_span text, struct tok_error *err)
{
	if (!tok_utf8_valid(text) || (text.count && memchr(text.bytes, '\n', text.count)) ||
	    (text.count && text.bytes[text.count - 1] == '\r'))
		return tok_fail(err, TOK_EARG, "model: the token '%s' is no line of text",
				tok_show(text).text);
	return tok_buffer_add(out, text.bytes, text.count) && tok_buffer_add_byte(out, '\n')
		   ? TOK_OK
		   : tok_fail_memory(err);
}

static enum tok_status put_lines(const struct tok_model_spec *model, struct tok_buffer *out,
				 struct tok_error *err)
{
	struct tok_arena scratch = { 0 };
	const struct tok_span **lines =
	    tok_arena_array(&scratch, model->entry_count, sizeof *lines);
	enum tok_status status = lines ? TOK_OK : tok_fail_memory(err);
	for (size_t i = 0; i < model->entry_count && status == TOK_OK; i++) {
		const tok_id id = model->entries[i].id;
		if (id >= model->entry_count || lines[id])
			status =
			    tok_fail(err, TOK_EARG,
				     "model: the ids must be 0 to %zu, the numbers of the lines",
				     model->entry_count - 1);
		else
			lines[id] = &model->entries[i].text;
	}
	for (size_t i = 0; i < model->entry_count && status == TOK_OK; i++)
		status = put_line(out, *lines[i], err);
	tok_arena_release(&scratch);
	return status;
}

enum tok_status vocab_write_wordpiece(const struct tok_spec *spec, struct tok_buffer *out,
				      struct vocab_losses *losses, struct tok_error *err)
{
	const enum tok_status status = check_model(&spec->model, err);
	if (status != TOK_OK)
		return status;
	tell_pipeline(spec, losses);
	tell_added(spec, losses);
	tell_posts(spec, losses);
	return put_lines(&spec->model, out, err);
}
