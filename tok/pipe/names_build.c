/*
 * Names while they are made: spans of wherever the text is, made flat at the end.
 */
#include "tok/pipe/tokenizer_internal.h"

struct name {
	struct tok_span text, decode; /* .bytes NULL: a hole */
	uint32_t number;
	uint8_t flags;
};

struct names_builder {
	struct tok_tokenizer *t;
	struct tok_arena scratch;
	struct name *names;     /* by id */
	struct tok_span *texts; /* by number */
	tok_id *ids;            /* by number */
	size_t count;
};

static void add_text(struct names_builder *b, tok_id id, struct tok_span text)
{
	b->texts[b->count] = text;
	b->ids[b->count] = id;
	b->names[id].text = text;
	b->names[id].number = (uint32_t)b->count++;
}

static enum tok_status measure(struct names_builder *b, struct tok_error *err)
{
	const struct tok_spec *spec = &b->t->spec;
	const size_t most = spec->model.entry_count + spec->added_count;
	struct tok_names *names = &b->t->names;
	tok_id top = 0;
	for (size_t i = 0; i < spec->model.entry_count; i++)
		if (spec->model.entries[i].id > top)
			top = spec->model.entries[i].id;
	for (size_t i = 0; i < spec->added_count; i++)
		if (spec->added[i].id > top)
			top = spec->added[i].id;
	if (top > TOK_ID_MAX)
		return tok_fail(err, TOK_ELIMIT, "id %u is too large: ids go up to %u", top,
				TOK_ID_MAX);
	names->size = most ? (size_t)top + 1 : 0;
	b->names = tok_arena_array(&b->scratch, names->size, sizeof *b->names);
	b->texts = tok_arena_array(&b->scratch, most, sizeof *b->texts);
	b->ids = tok_arena_array(&b->t->arena, most, sizeof *b->ids);
	if (!b->names || !b->texts || !b->ids)
		return tok_fail_memory(err);
	for (size_t id = 0; id < names->size; id++)
		b->names[id].number = TOK_NO_ID;
	return TOK_OK;
}

static enum tok_status name_entries(struct names_builder *b, struct tok_error *err)
{
	const struct tok_spec *spec = &b->t->spec;
	for (size_t i = 0; i < spec->model.entry_count; i++) {
		const struct tok_vocab_entry *entry = &spec->model.entries[i];
		struct name *name = &b->names[entry->id];
		const bool special = entry->type == TOK_PIECE_CONTROL ||
				     (spec->sentencepiece && entry->type == TOK_PIECE_UNKNOWN);
		struct tok_span text = entry->text;
		if (spec->raw_vocabulary)
			text = tok_raise_bytes(text, &b->scratch);
		if (!text.bytes)
			return tok_fail_memory(err);
		add_text(b, entry->id, text);
		name->decode = spec->raw_vocabulary ? entry->text : text;
		name->flags = (uint8_t)((unsigned)entry->type | TOK_NAME_ENTRY |
					(special ? TOK_NAME_SPECIAL : 0u));
	}
	return TOK_OK;
}

/* Added tokens lie over the vocabulary: theirs is the id's text from then on.  A
 * later token with the same content or id replaces an earlier one. */
static enum tok_status name_added(struct names_builder *b, struct tok_error *err)
{
	const struct tok_spec *spec = &b->t->spec;
	for (size_t i = 0; i < spec->added_count; i++) {
		const struct tok_added_token *token = &spec->added[i];
		struct name *name = &b->names[token->id];
		if (token->content.count == 0)
			return tok_fail(err, TOK_EFORMAT, "added token %u is empty", token->id);
		add_text(b, token->id, token->content);
		name->decode = b->t->added_contents[i];
		name->flags = (uint8_t)((name->flags & ~TOK_NAME_SPECIAL) | TOK_NAME_ADDED |
					(token->special ? TOK_NAME_SPECIAL : 0));
	}
	return TOK_OK;
}

static enum tok_status index_texts(struct names_builder *b, struct tok_error *err)
{
	struct tok_names *names = &b->t->names;
	const enum tok_status status =
	    tok_texts_copy(&names->texts, &b->t->arena, b->texts, b->count, err);
	if (status != TOK_OK)
		return status;
	names->ids = b->ids;
	if (!tok_index_init(&names->by_text, &b->t->arena, b->count))
		return tok_fail_memory(err);
	for (uint32_t i = 0; i < b->count; i++) {
		enum { AHEAD = 12 };
		if (b->count - i > AHEAD)
			tok_index_expect(&names->by_text, tok_texts_at(&names->texts, i + AHEAD));
		tok_index_put(&names->by_text, &names->texts, i);
	}
	return TOK_OK;
}

/* Hugging Face asks whether the string that decoding starts from is a special
 * token's content: a special token that normalisation changes is not skipped. */
static void mark_skipped(struct names_builder *b)
{
	const struct tok_spec *spec = &b->t->spec;
	const uint8_t both = TOK_NAME_ADDED | TOK_NAME_SPECIAL;
	for (size_t id = 0; id < b->t->names.size; id++)
		if (b->names[id].flags & TOK_NAME_SPECIAL)
			b->names[id].flags |= TOK_NAME_SKIPPED;
	for (size_t i = 0; i < spec->added_count; i++) {
		struct name *name = &b->names[spec->added[i].id];
		if (tok_span_equal(name->decode, name->text))
			continue;
		const tok_id same = tok_names_find(&b->t->names, name->decode);
		name->flags &= (uint8_t)~TOK_NAME_SKIPPED;
		if (same != TOK_NO_ID && (b->names[same].flags & both) == both)
			name->flags |= TOK_NAME_SKIPPED;
	}
}

/* A lone ByteLevel decoder joins bytes that can be worked out here, once. */
static enum tok_status lower_decodes(struct names_builder *b, struct tok_error *err)
{
	const struct tok_spec *spec = &b->t->spec;
	if (!b->t->byte_decoder || spec->raw_vocabulary)
		return TOK_OK; /* an added token of a raw vocabulary is text */
	for (size_t id = 0; id < b->t->names.size; id++) {
		bool all;
		if (!b->names[id].text.bytes)
			continue;
		const struct tok_span bytes =
		    tok_lower_text(b->names[id].decode, &b->scratch, &all);
		if (!bytes.bytes)
			return tok_fail_memory(err);
		if (all)
			b->names[id].decode = bytes;
	}
	return TOK_OK;
}

static bool has_scores(const struct tok_model_spec *model)
{
	return model->kind == TOK_MODEL_UNIGRAM ||
	       (model->kind == TOK_MODEL_BPE && model->as.bpe.order == TOK_BPE_SCORES);
}

static enum tok_status flatten(struct names_builder *b, struct tok_error *err)
{
	struct tok_tokenizer *t = b->t;
	const struct tok_model_spec *model = &t->spec.model;
	const size_t size = t->names.size;
	struct tok_span *decodes = tok_arena_array(&b->scratch, size, sizeof *decodes);
	uint32_t *numbers = tok_arena_array(&t->arena, size, sizeof *numbers);
	uint8_t *flags = tok_arena_array(&t->arena, size, 1);
	double *scores =
	    has_scores(model) ? tok_arena_array(&t->arena, size, sizeof *scores) : NULL;
	if (!decodes || !numbers || !flags || (has_scores(model) && !scores))
		return tok_fail_memory(err);
	for (size_t id = 0; id < size; id++) {
		decodes[id] = b->names[id].decode;
		numbers[id] = b->names[id].number;
		flags[id] = b->names[id].flags;
	}
	for (size_t i = 0; scores && i < model->entry_count; i++)
		scores[model->entries[i].id] = model->entries[i].score;
	t->names.numbers = numbers;
	t->names.flags = flags;
	t->names.scores = scores;
	return tok_texts_copy(&t->names.decodes, &t->arena, decodes, size, err);
}

enum tok_status tok_names_build(struct tok_tokenizer *t, struct tok_error *err)
{
	struct names_builder b = { .t = t };
	enum tok_status status = measure(&b, err);
	if (status == TOK_OK)
		status = name_entries(&b, err);
	if (status == TOK_OK)
		status = name_added(&b, err);
	if (status == TOK_OK)
		status = index_texts(&b, err);
	if (status == TOK_OK) {
		mark_skipped(&b);
		status = lower_decodes(&b, err);
	}
	if (status == TOK_OK)
		status = flatten(&b, err);
	tok_arena_release(&b.scratch);
	return status;
}
