#include "vocab/format/hf_write_internal.h"

#include <stdlib.h>

#include "tok/pipe/tokenizer.h"
#include "tok/text/utf8.h"
#include "tok/text/json.h"
#include "vocab/convert/named.h"

/* ---- as the file has them ----------------------------------------------------------- */

static size_t put_alphabet(struct tok_span raw, uint8_t *out)
{
	size_t count = 0;
	for (size_t i = 0; i < raw.count; i++)
		count += tok_utf8_put(tok_byte_to_char(raw.bytes[i]), out + count);
	return count;
}

/* Raw bytes become characters of one or two bytes. */
static void translate_entries(struct hf_writer *w)
{
	const struct tok_model_spec *model = &w->spec->model;
	size_t bytes = 0;
	for (size_t i = 0; i < model->entry_count; i++)
		bytes += 2 * model->entries[i].text.count;
	struct tok_vocab_entry *entries = hf_scratch(w, model->entry_count, sizeof *entries);
	uint8_t *room = hf_scratch(w, bytes, 1);
	if (!entries || !room)
		return;
	for (size_t i = 0; i < model->entry_count; i++) {
		const size_t count = put_alphabet(model->entries[i].text, room);
		entries[i] = model->entries[i];
		entries[i].text = (struct tok_span){ room, count };
		room += count;
	}
	w->tokens.entries = entries;
}

/* ---- sorted by id --------------------------------------------------------------- */

static size_t count_ids(const struct tok_spec *spec)
{
	size_t count = 0;
	for (size_t i = 0; i < spec->model.entry_count; i++)
		if (spec->model.entries[i].id >= count)
			count = (size_t)spec->model.entries[i].id + 1;
	return count;
}

static void sort_entries(struct hf_writer *w)
{
	const struct tok_model_spec *model = &w->spec->model;
	struct hf_tokens *tokens = &w->tokens;
	tokens->id_count = count_ids(w->spec);
	if (tokens->id_count > (size_t)TOK_ID_MAX + 1) {
		hf_refuse(w, "model: the id %zu is above %u", tokens->id_count - 1, TOK_ID_MAX);
		return;
	}
	tokens->by_id = hf_scratch(w, tokens->id_count, sizeof *tokens->by_id);
	for (size_t i = 0; i < model->entry_count && w->json.status == TOK_OK; i++) {
		const struct tok_vocab_entry *entry = &tokens->entries[i];
		if (tokens->by_id[entry->id])
			hf_refuse(w, "model: the id %u belongs to two tokens", entry->id);
		tokens->by_id[entry->id] = entry;
	}
}

static int compare_ids(const void *a, const void *b)
{
	const struct tok_added_token *const *x = a, *const *y = b;
	return ((*x)->id > (*y)->id) - ((*x)->id < (*y)->id);
}

static void sort_added(struct hf_writer *w)
{
	const struct tok_spec *spec = w->spec;
	struct hf_tokens *tokens = &w->tokens;
	tokens->added = hf_scratch(w, spec->added_count, sizeof *tokens->added);
	if (!tokens->added)
		return;
	for (size_t i = 0; i < spec->added_count; i++)
		tokens->added[i] = &spec->added[i];
	tokens->added_count = spec->added_count;
	qsort(tokens->added, tokens->added_count, sizeof *tokens->added, compare_ids);
}

/* ---- which ids will be found --------------------------------------------------- */

/* Is the token one of the model's, under the same id?  A token of the model that is
 * called the same has another id: there is no saying that. */
static bool is_entry(struct hf_writer *w, const struct tok_added_token *token,
		     const struct tok_strings *ids)
{
	const tok_id id = tok_strings_find(ids, token->content);
	if (id != TOK_NO_ID && id != token->id)
		hf_refuse(w, "added_tokens: the token '%s' has the ids %u and %u",
			  tok_show(token->content).text, id, token->id);
	return id != TOK_NO_ID;
}

/* Counting on begins at the number of the model's tokens, whatever their ids. */
static bool finds_ids(struct hf_writer *w, const struct tok_strings *ids)
{
	const struct hf_tokens *tokens = &w->tokens;
	size_t next = w->spec->model.entry_count;
	for (size_t i = 0; i < tokens->added_count && w->json.status == TOK_OK; i++) {
		if (!is_entry(w, tokens->added[i], ids) && tokens->added[i]->id != next++)
			return false;
	}
	return true;
}

/* Would the model make this token of text, if it were in its vocabulary?  Of a model that is no BPE
 * an entry needs a score too, or is a word. */
static bool would_match(struct hf_writer *w, struct tok_span content)
{
	const struct tok_spec *spec = w->spec;
	struct tok_error err;
	bool made = true;
	if (spec->model.kind == TOK_MODEL_BPE &&
	    vocab_name_is_made(spec, w->tokens.ignore_merges, content, &made, &err) != TOK_OK &&
	    w->json.status == TOK_OK)
		w->json.status = tok_fail_memory(w->json.err);
	return made;
}

/* Control tokens of a byte-level GGUF file.  A tokenizer.json has no such type: it needs none for
 * those that no text becomes. */
static void forget_control(struct hf_writer *w)
{
	struct hf_tokens *tokens = &w->tokens;
	bool *made = hf_scratch(w, tokens->id_count, sizeof *made);
	struct tok_vocab_entry *plain = hf_scratch(w, tokens->id_count, sizeof *plain);
	if (!made || !plain)
		return;
	for (size_t i = 0; i < tokens->merge_count; i++)
		if (tokens->merges[i].result < tokens->id_count)
			made[tokens->merges[i].result] = true;
	for (size_t id = 0; id < tokens->id_count; id++) {
		const struct tok_vocab_entry *entry = tokens->by_id[id];
		if (!entry || entry->type != TOK_PIECE_CONTROL || made[id] ||
		    would_match(w, entry->text))
			continue;
		plain[id] = *entry;
		plain[id].type = TOK_PIECE_NORMAL;
		tokens->by_id[id] = &plain[id];
	}
}

static void add_to_vocab(struct hf_writer *w, const struct tok_strings *ids)
{
	struct hf_tokens *tokens = &w->tokens;
	const size_t added_ids =
	    tokens->added_count ? (size_t)tokens->added[tokens->added_count - 1]->id + 1 : 0;
	const size_t count = added_ids > tokens->id_count ? added_ids : tokens->id_count;
	const struct tok_vocab_entry **by_id = hf_scratch(w, count, sizeof *by_id);
	struct tok_vocab_entry *more = hf_scratch(w, tokens->added_count, sizeof *more);
	if (!by_id || !more)
		return;
	memcpy(by_id, tokens->by_id, tokens->id_count * sizeof *by_id);
	for (size_t i = 0; i < tokens->added_count && w->json.status == TOK_OK; i++) {
		const struct tok_added_token *token = tokens->added[i];
		if (is_entry(w, token, ids))
			continue;
		if (by_id[token->id] || would_match(w, token->content))
			hf_refuse(w, "added_tokens: the token '%s' cannot keep its id %u",
				  tok_show(token->content).text, token->id);
		more[i] = (struct tok_vocab_entry){ .text = token->content, .id = token->id };
		by_id[token->id] = &more[i];
	}
	tokens->by_id = by_id;
	tokens->id_count = count;
	tokens->added_to_vocab = true;
}

void hf_collect_tokens(struct hf_writer *w)
{
	const struct tok_model_spec *model = &w->spec->model;
	struct tok_strings ids;
	w->tokens.entries = model->entries;
	if (w->spec->raw_vocabulary)
		translate_entries(w);
	sort_entries(w);
	sort_added(w);
	if (w->json.status != TOK_OK)
		return;
	if (!tok_strings_init(&ids, &w->scratch, model->entry_count)) {
		w->json.status = tok_fail_memory(w->json.err);
		return;
	}
	for (size_t i = 0; i < model->entry_count; i++)
		if (!tok_strings_add(&ids, w->tokens.entries[i].text, w->tokens.entries[i].id))
			hf_refuse(w, "model: the token '%s' has two ids",
				  tok_show(w->tokens.entries[i].text).text);
	if (!finds_ids(w, &ids))
		add_to_vocab(w, &ids);
	forget_control(w);
}

void hf_write_added(struct hf_writer *w)
{
	pretty_open(&w->json, '[');
	for (size_t i = 0; i < w->tokens.added_count; i++) {
		const struct tok_added_token *token = w->tokens.added[i];
		pretty_open(&w->json, '{');
		pretty_key(&w->json, "id");
		pretty_whole(&w->json, token->id);
		hf_put_text(w, "content", token->content);
		hf_put_bool(w, "single_word", token->single_word);
		hf_put_bool(w, "lstrip", token->lstrip);
		hf_put_bool(w, "rstrip", token->rstrip);
		hf_put_bool(w, "normalized", token->normalized);
		hf_put_bool(w, "special", token->special);
		pretty_close(&w->json, '}');
	}
	pretty_close(&w->json, ']');
}
