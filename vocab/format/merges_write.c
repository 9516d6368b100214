/*
 * merges_write.c - vocab.json and merges.txt, as GPT-2 and its kin have them.
 *
 * The two say which tokens there are and how they are merged. All else its reader takes for granted
 * (vocab_merges.c): bytes in the byte-level alphabet, GPT-2's pattern, special tokens by their
 * usual names, and <s> and </s> around a text where there is a <mask>.
 */
#include "vocab/format/hf_write_internal.h"
#include "vocab/format/write_internal.h"

#include <stdio.h>

#include "tok/text/json.h"
#include "tok/text/json_write.h"

static const char *const usual_names[] = { "<|startoftext|>", "<|endoftext|>", "<s>",   "</s>",
					   "<pad>",           "<unk>",         "<mask>" };

struct merges_writer {
	struct hf_writer hf;
	struct vocab_losses *losses;
};

/* ---- what stands around the model -------------------------------------------------------- */

static bool is_usual(struct tok_span name)
{
	for (size_t i = 0; i < sizeof usual_names / sizeof usual_names[0]; i++)
		if (tok_span_equal(name, tok_span_of(usual_names[i])))
			return true;
	return false;
}

static const struct tok_added_token *find_added(const struct tok_spec *spec, struct tok_span name)
{
	for (size_t i = 0; i < spec->added_count; i++)
		if (tok_span_equal(spec->added[i].content, name))
			return &spec->added[i];
	return NULL;
}

static void tell_added(struct merges_writer *m)
{
	const struct tok_spec *spec = m->hf.spec;
	const struct tok_added_token *first = NULL;
	size_t count = 0;
	for (size_t i = 0; i < spec->added_count; i++) {
		const struct tok_added_token *token = &spec->added[i];
		if (is_usual(token->content) && token->special && !token->single_word &&
		    !token->lstrip && !token->rstrip && !token->normalized)
			continue;
		first = first ? first : token;
		count++;
	}
	if (first)
		vocab_losses_add(m->losses,
				 "added_tokens: %zu are tokens like others there, as '%s'", count,
				 tok_show(first->content).text);
	for (size_t i = 0; i < spec->model.entry_count; i++) {
		const struct tok_span text = m->hf.tokens.entries[i].text;
		if (is_usual(text) && !find_added(spec, text))
			vocab_losses_add(m->losses, "added_tokens: '%s' is a special token there",
					 tok_show(text).text);
	}
}

/* By GPT-2's pattern, however it is spelled, into the byte-level alphabet. */
static bool splits_as_gpt2(const struct tok_spec *spec, struct tok_error *err)
{
	enum { MOST = 2 };
	struct tok_pretok_step steps[MOST];
	const size_t count = spec->pretokenizer_count;
	struct tok_pretokenizer *pretokenizer = NULL;
	if (count == 0 || count > MOST)
		return false;
	memcpy(steps, spec->pretokenizers, count * sizeof *steps);
	struct tok_pretok_step *last = &steps[count - 1];
	const bool level = last->kind == TOK_PRETOK_BYTE_LEVEL;
	if (level ? last->as.byte_level.add_prefix_space : !spec->raw_vocabulary)
		return false;
	if (level)
		last->as.byte_level.raw = true; /* who knows bytes is known by its path */
	if (tok_pretokenizer_new(steps, count, &pretokenizer, err) != TOK_OK)
		return false;
	const struct tok_span path = tok_span_of(tok_pretokenizer_path(pretokenizer));
	const bool is_gpt2 = tok_span_starts(path, tok_span_of("gpt2"));
	tok_pretokenizer_free(pretokenizer);
	return is_gpt2;
}

static bool is_token(const struct tok_template_item *item, const char *name)
{
	return item->kind == TOK_TEMPLATE_TOKEN && tok_span_equal(item->content, tok_span_of(name));
}

/* The template that its reader makes. */
static bool has_usual_template(const struct tok_spec *spec)
{
	const bool around = find_added(spec, tok_span_of("<mask>")) &&
			    find_added(spec, tok_span_of("<s>")) &&
			    find_added(spec, tok_span_of("</s>"));
	const struct tok_post_step *found = NULL;
	for (size_t i = 0; i < spec->post_count; i++)
		if (spec->posts[i].kind == TOK_POST_TEMPLATE)
			found = &spec->posts[i];
	if (!found || !around)
		return !found && !around;
	return found->item_count == 3 && is_token(&found->items[0], "<s>") &&
	       found->items[1].kind == TOK_TEMPLATE_TEXT && is_token(&found->items[2], "</s>");
}

static enum tok_status tell_around(struct merges_writer *m)
{
	const struct tok_spec *spec = m->hf.spec;
	const struct tok_model_spec *model = &spec->model;
	if (spec->normalizer_count)
		vocab_losses_add(m->losses, "normalizer: text is taken as it is");
	if (!splits_as_gpt2(spec, m->hf.json.err))
		vocab_losses_add(m->losses, "pre_tokenizer: text is split as GPT-2 does");
	if (!has_usual_template(spec))
		vocab_losses_add(m->losses, "post_processor: <s> and </s> are put around a text if "
					    "there is a <mask>, and else nothing");
	if (m->hf.tokens.ignore_merges)
		vocab_losses_add(m->losses,
				 "model: a piece that is a token is merged all the same");
	if (model->unk != TOK_NO_ID || model->byte_fallback)
		vocab_losses_add(m->losses, "model: there is no unknown token");
	tell_added(m);
	return m->losses->out_of_memory ? tok_fail_memory(m->hf.json.err) : TOK_OK;
}

/* ---- the files ------------------------------------------------------------------------------- */

static bool put_token(struct tok_buffer *out, struct tok_span text, tok_id id, bool first)
{
	char number[16];
	const int length = snprintf(number, sizeof number, ": %u", id);
	return (first || tok_buffer_add(out, ", ", 2)) && tok_json_put_string(out, text) &&
	       tok_buffer_add(out, number, (size_t)length);
}

/* Added tokens that are none of the model's have ids of their own. */
static bool put_vocab(const struct merges_writer *m, struct tok_buffer *out)
{
	const struct hf_tokens *tokens = &m->hf.tokens;
	bool fits = tok_buffer_add_byte(out, '{');
	bool first = true;
	size_t next = 0;
	for (size_t id = 0; id < tokens->id_count && fits; id++) {
		if (tokens->by_id[id]) {
			fits = put_token(out, tokens->by_id[id]->text, (tok_id)id, first);
			first = false;
		}
	}
	for (; next < tokens->added_count && fits; next++) {
		const struct tok_added_token *added = tokens->added[next];
		if (added->id < tokens->id_count && tokens->by_id[added->id])
			continue;
		fits = put_token(out, added->content, added->id, first);
		first = false;
	}
	return fits && tok_buffer_add(out, "}\n", 2);
}

static bool put_part(struct tok_buffer *out, struct tok_span text, char behind)
{
	return tok_buffer_add(out, text.bytes, text.count) &&
	       tok_buffer_add_byte(out, (uint8_t)behind);
}

static struct tok_span text_of(const struct hf_tokens *tokens, tok_id id)
{
	const struct tok_vocab_entry *entry = id < tokens->id_count ? tokens->by_id[id] : NULL;
	return entry ? entry->text : tok_span_of("");
}

static enum tok_status put_merges(const struct merges_writer *m, struct tok_buffer *out)
{
	static const char head[] = "#version: 0.2\n";
	const struct hf_tokens *tokens = &m->hf.tokens;
	bool fits = tok_buffer_add(out, head, sizeof head - 1);
	for (size_t i = 0; i < tokens->merge_count && fits; i++) {
		const struct tok_span left = text_of(tokens, tokens->merges[i].left);
		const struct tok_span right = text_of(tokens, tokens->merges[i].right);
		for (size_t k = 0; k < left.count + right.count; k++) {
			const uint8_t byte =
			    k < left.count ? left.bytes[k] : right.bytes[k - left.count];
			if (byte == ' ' || byte == '\n' || byte == '\r')
				return tok_fail(
				    m->hf.json.err, TOK_EARG,
				    "model: merge %zu is of '%s', which is no word of a "
				    "line",
				    i + 1, tok_show(left).text);
		}
		fits = put_part(out, left, ' ') && put_part(out, right, '\n');
	}
	return fits ? TOK_OK : tok_fail_memory(m->hf.json.err);
}

static enum tok_status check_model(const struct tok_spec *spec, struct tok_error *err)
{
	const struct tok_model_spec *model = &spec->model;
	if (model->kind != TOK_MODEL_BPE || model->as.bpe.order == TOK_BPE_SCORES ||
	    model->as.bpe.prefix.count || model->as.bpe.suffix.count)
		return tok_fail(err, TOK_EARG,
				"model: vocab.json and merges.txt are of a BPE of bytes, without "
				"marks for the beginning or end of words");
	return TOK_OK;
}

enum tok_status vocab_write_merges(const struct tok_spec *spec, struct tok_buffer *vocab,
				   struct tok_buffer *merges, struct vocab_losses *losses,
				   struct tok_error *err)
{
	struct merges_writer m = { .hf = { .json = { .err = err }, .spec = spec },
				   .losses = losses };
	enum tok_status status = check_model(spec, err);
	if (status == TOK_OK) {
		hf_collect_merges(&m.hf);
		hf_collect_tokens(&m.hf);
		status = m.hf.json.status;
	}
	if (status == TOK_OK)
		status = tell_around(&m);
	if (status == TOK_OK && !put_vocab(&m, vocab))
		status = tok_fail_memory(err);
	if (status == TOK_OK)
		status = put_merges(&m, merges);
	tok_arena_release(&m.hf.scratch);
	return status;
}
