#include "vocab/convert/edit.h"

#include "tok/pipe/tokenizer.h"
#include "tok/text/unicode.h"
#include "tok/text/utf8.h"
#include "vocab/convert/named.h"
#include "vocab/convert/token_bytes.h"

/* ---- what there is ----------------------------------------------------------------------- */

static enum tok_status fail_token(struct tok_error *err, struct tok_span text, const char *why)
{
	return tok_fail(err, TOK_EARG, "'%.*s' %s", (int)(text.count < 100 ? text.count : 100),
			(const char *)text.bytes, why);
}

static const struct tok_added_token *find_added(const struct tok_spec *spec, struct tok_span text)
{
	for (size_t i = 0; i < spec->added_count; i++)
		if (tok_span_equal(spec->added[i].content, text))
			return &spec->added[i];
	return NULL;
}

static const struct tok_vocab_entry *find_entry(const struct tok_spec *spec, struct tok_span text)
{
	for (size_t i = 0; i < spec->model.entry_count; i++)
		if (tok_span_equal(spec->model.entries[i].text, text))
			return &spec->model.entries[i];
	return NULL;
}

static bool is_taken(const struct tok_spec *spec, tok_id id)
{
	for (size_t i = 0; i < spec->added_count; i++)
		if (spec->added[i].id == id)
			return true;
	for (size_t i = 0; i < spec->model.entry_count; i++)
		if (spec->model.entries[i].id == id)
			return true;
	return false;
}

static tok_id find_next_id(const struct tok_spec *spec)
{
	tok_id next = 0;
	for (size_t i = 0; i < spec->added_count; i++)
		if (spec->added[i].id >= next)
			next = spec->added[i].id + 1;
	for (size_t i = 0; i < spec->model.entry_count; i++)
		if (spec->model.entries[i].id >= next)
			next = spec->model.entries[i].id + 1;
	return next;
}

static bool is_blank(struct tok_span text)
{
	size_t at = 0;
	while (at < text.count) {
		const struct tok_char c = tok_utf8_at(text, at);
		if (!tok_unicode_space(c.code))
			return false;
		at += c.length;
	}
	return true;
}

/* ---- special tokens ------------------------------------------------------------------------ */

/* A copy of the list with room for one more. */
static struct tok_added_token *copy_added(struct tok_spec *spec)
{
	struct tok_added_token *copy =
	    tok_arena_array(&spec->arena, spec->added_count + 1, sizeof *copy);
	if (copy && spec->added_count)
		memcpy(copy, spec->added, spec->added_count * sizeof *copy);
	return copy;
}

static enum tok_status choose_id(const struct tok_spec *spec, struct tok_span text, tok_id *id,
				 struct tok_error *err)
{
	const struct tok_added_token *added = find_added(spec, text);
	const struct tok_vocab_entry *entry = added ? NULL : find_entry(spec, text);
	const tok_id has = added ? added->id : entry ? entry->id : TOK_NO_ID;
	if (has != TOK_NO_ID && *id != TOK_NO_ID && *id != has)
		return tok_fail(err, TOK_EARG, "'%.*s' is the token %u already",
				(int)(text.count < 100 ? text.count : 100),
				(const char *)text.bytes, has);
	if (has == TOK_NO_ID && *id != TOK_NO_ID && is_taken(spec, *id))
		return tok_fail(err, TOK_EARG, "another token has the id %u", *id);
	if (has != TOK_NO_ID)
		*id = has;
	else if (*id == TOK_NO_ID)
		*id = find_next_id(spec);
	if (*id > TOK_ID_MAX)
		return tok_fail(err, TOK_EARG,
				"no id is left behind the largest: ids are at most %u",
				(unsigned)TOK_ID_MAX);
	return TOK_OK;
}

enum tok_status vocab_edit_add_special(struct tok_spec *spec, struct tok_span text, tok_id id,
				       struct tok_error *err)
{
	if (is_blank(text))
		return tok_fail(err, TOK_EARG,
				"a special token needs a text that is not blank: ordinary text is "
				"full of blanks");
	const enum tok_status status = choose_id(spec, text, &id, err);
	if (status != TOK_OK)
		return status;
	struct tok_added_token *added = copy_added(spec);
	const struct tok_span content = tok_arena_copy(&spec->arena, text);
	if (!added || !content.bytes)
		return tok_fail_memory(err);
	const struct tok_added_token *old = find_added(spec, text);
	const size_t at = old ? (size_t)(old - spec->added) : spec->added_count;
	if (!old)
		added[at] = (struct tok_added_token){ .content = content, .id = id };
	added[at].special = true;
	spec->added = added;
	spec->added_count += !old;
	return TOK_OK;
}

/* ---- names ----------------------------------------------------------------------------------- */

/* Where templates and padding show it. */
static bool rename_shown(struct tok_spec *spec, tok_id id, struct tok_span to)
{
	struct tok_post_step *posts =
	    tok_arena_array(&spec->arena, spec->post_count, sizeof *posts);
	if (!posts)
		return false;
	for (size_t i = 0; i < spec->post_count; i++) {
		const struct tok_post_step *step = &spec->posts[i];
		posts[i] = *step;
		if (step->kind != TOK_POST_TEMPLATE)
			continue;
		struct tok_template_item *items =
		    tok_arena_array(&spec->arena, step->item_count, sizeof *items);
		if (!items)
			return false;
		for (size_t k = 0; k < step->item_count; k++) {
			items[k] = step->items[k];
			if (items[k].kind == TOK_TEMPLATE_TOKEN && items[k].id == id)
				items[k].content = to;
		}
		posts[i].items = items;
	}
	spec->posts = posts;
	if (spec->padding.enabled && spec->padding.id == id)
		spec->padding.token = to;
	return true;
}

/* Where decoders look for it, and where a SentencePiece model says what it is for. */
static bool rename_named(struct tok_spec *spec, struct tok_span from, struct tok_span to)
{
	struct tok_decode_step *steps =
	    tok_arena_array(&spec->arena, spec->decoder_count, sizeof *steps);
	if (!steps)
		return false;
	for (size_t i = 0; i < spec->decoder_count; i++) {
		struct tok_decode_step *step = &steps[i];
		*step = spec->decoders[i];
		if (step->kind != TOK_DECODE_CTC)
			continue;
		if (tok_span_equal(step->as.ctc.pad, from))
			step->as.ctc.pad = to;
		if (tok_span_equal(step->as.ctc.word_delimiter, from))
			step->as.ctc.word_delimiter = to;
	}
	spec->decoders = steps;
	struct tok_span *const roles[] = { &spec->bos_name, &spec->eos_name, &spec->pad_name };
	for (size_t i = 0; i < sizeof roles / sizeof *roles; i++)
		if (roles[i]->count && tok_span_equal(*roles[i], from))
			*roles[i] = to;
	return true;
}

static bool rename_entry(struct tok_spec *spec, tok_id id, struct tok_span to)
{
	const size_t count = spec->model.entry_count;
	struct tok_vocab_entry *entries = tok_arena_array(&spec->arena, count, sizeof *entries);
	if (!entries)
		return false;
	if (count)
		memcpy(entries, spec->model.entries, count * sizeof *entries);
	for (size_t i = 0; i < count; i++)
		if (entries[i].id == id)
			entries[i].text = to;
	spec->model.entries = entries;
	return true;
}

/* Is the text of this entry what the model goes by, when it makes it or others of text? */
static bool is_worked_with(const struct tok_spec *spec, const struct tok_vocab_entry *entry)
{
	const struct tok_model_spec *model = &spec->model;
	if (spec->sentencepiece)
		return entry->type != TOK_PIECE_CONTROL && entry->type != TOK_PIECE_UNKNOWN;
	for (size_t i = 0; model->byte_fallback && i < 256; i++)
		if (model->byte_ids[i] == entry->id)
			return true;
	if (model->kind != TOK_MODEL_BPE)
		return false;
	for (size_t i = 0; model->as.bpe.order == TOK_BPE_MERGES && i < model->as.bpe.merge_count;
	     i++) {
		const struct tok_merge *merge = &model->as.bpe.merges[i];
		if (merge->left == entry->id || merge->right == entry->id ||
		    merge->result == entry->id)
			return true;
	}
	return model->as.bpe.order != TOK_BPE_MERGES;
}

/* Has the name what only tokens have: a character for spaces, a mark of where in a word they are,
 * bytes in another alphabet?  Then other texts than those that spell it are it. */
static enum tok_status is_marked(const struct tok_spec *spec, struct tok_span name, bool *out,
				 struct tok_error *err)
{
	struct vocab_spelling spelling;
	const enum tok_status status = vocab_spelling_find(spec, &spelling, err);
	if (status != TOK_OK)
		return status;
	*out = spelling.plain || spelling.suffix.count ||
	       (spelling.prefix.count && tok_span_starts(name, spelling.prefix));
	for (size_t at = 0; at < name.count && !*out;) {
		const struct tok_char c = tok_utf8_at(name, at);
		*out = c.code == spelling.space && spelling.space;
		at += c.length;
	}
	return TOK_OK;
}

/* A token that is an entry of the model too must not come of other text by its new name.  Where it
 * came of text that spells the old one, as of a Unigram all do, it may of text that spells the new
 * one. */
static enum tok_status check_name(const struct tok_spec *spec, tok_id id, struct tok_span from,
				  struct tok_span to, struct tok_error *err)
{
	const bool ignore_merges =
	    spec->model.kind == TOK_MODEL_BPE && spec->model.as.bpe.ignore_merges;
	const struct tok_vocab_entry *entry = NULL;
	bool before = false, after = false, marked = false;
	for (size_t i = 0; i < spec->model.entry_count && !entry; i++)
		if (spec->model.entries[i].id == id)
			entry = &spec->model.entries[i];
	if (entry && is_worked_with(spec, entry))
		return fail_token(err, from,
				  "is a token that the model makes of text: its text cannot be "
				  "another");
	if (!entry || spec->sentencepiece)
		return TOK_OK;
	enum tok_status status = vocab_name_is_made(spec, ignore_merges, from, &before, err);
	if (status == TOK_OK)
		status = vocab_name_is_made(spec, ignore_merges, to, &after, err);
	if (status == TOK_OK && after)
		status = is_marked(spec, to, &marked, err);
	if (status == TOK_OK && after && (!before || marked))
		return fail_token(err, to,
				  "would be made of ordinary text: a name needs what no token can "
				  "hold, as <...> and [...] mostly do");
	return status;
}

enum tok_status vocab_edit_rename(struct tok_spec *spec, struct tok_span from, struct tok_span to,
				  struct tok_error *err)
{
	const struct tok_added_token *old = find_added(spec, from);
	if (!old)
		return fail_token(err, from,
				  "is no added token: only these have names that text does not "
				  "depend on");
	if (is_blank(to))
		return tok_fail(err, TOK_EARG,
				"a token needs a name that is not blank: ordinary text is full of "
				"blanks");
	if (find_added(spec, to) || find_entry(spec, to))
		return fail_token(err, to, "is a token already");
	const size_t at = (size_t)(old - spec->added);
	const tok_id id = old->id;
	const enum tok_status status = check_name(spec, id, from, to, err);
	if (status != TOK_OK)
		return status;
	struct tok_added_token *added = copy_added(spec);
	const struct tok_span name = tok_arena_copy(&spec->arena, to);
	struct tok_spec before = *spec;
	if (!added || !name.bytes || !rename_entry(spec, id, name) ||
	    !rename_shown(spec, id, name) || !rename_named(spec, from, name)) {
		before.arena = spec->arena;
		*spec = before;
		return tok_fail_memory(err);
	}
	added[at].content = name;
	spec->added = added;
	return TOK_OK;
}

/* ---- templates ----------------------------------------------------------------------------------
 */

static bool next_word(struct tok_span *rest, struct tok_span *word)
{
	size_t begin = 0, end;
	while (begin < rest->count && rest->bytes[begin] == ' ')
		begin++;
	for (end = begin; end < rest->count && rest->bytes[end] != ' ';)
		end++;
	*word = tok_span_slice(*rest, begin, end);
	*rest = tok_span_slice(*rest, end, rest->count);
	return word->count > 0;
}

static enum tok_status read_items(const struct tok_spec *spec, struct tok_span text,
				  struct tok_template_item *items, size_t *count,
				  struct tok_error *err)
{
	struct tok_span word;
	size_t texts = 0;
	*count = 0;
	while (next_word(&text, &word)) {
		struct tok_template_item *item = &items[(*count)++];
		if (tok_span_equal(word, tok_span_of("$A"))) {
			*item = (struct tok_template_item){ .kind = TOK_TEMPLATE_TEXT };
			texts++;
			continue;
		}
		const struct tok_added_token *added = find_added(spec, word);
		if (!added)
			return fail_token(err, word, "is neither $A nor an added token");
		*item = (struct tok_template_item){ .kind = TOK_TEMPLATE_TOKEN,
						    .id = added->id,
						    .content = added->content };
	}
	return texts == 1 ? TOK_OK
			  : tok_fail(err, TOK_EARG,
				     "a template has the text, $A, once, not %zu times", texts);
}

enum tok_status vocab_edit_set_template(struct tok_spec *spec, struct tok_span text,
					struct tok_error *err)
{
	struct tok_template_item *items =
	    tok_arena_array(&spec->arena, text.count + 1, sizeof *items);
	struct tok_post_step *posts =
	    tok_arena_array(&spec->arena, spec->post_count + 1, sizeof *posts);
	size_t count, kept = 0;
	if (!items || !posts)
		return tok_fail_memory(err);
	const enum tok_status status = read_items(spec, text, items, &count, err);
	if (status != TOK_OK)
		return status;
	for (size_t i = 0; i < spec->post_count; i++)
		if (spec->posts[i].kind != TOK_POST_TEMPLATE)
			posts[kept++] = spec->posts[i];
	if (count > 1)
		posts[kept++] = (struct tok_post_step){ .kind = TOK_POST_TEMPLATE,
							.items = items,
							.item_count = count };
	spec->posts = posts;
	spec->post_count = kept;
	return TOK_OK;
}
