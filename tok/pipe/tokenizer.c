#include "tok/pipe/tokenizer_internal.h"

#include <stdlib.h>

/* ---- what is made anew for each process --------------------------------------- */

static enum tok_status make_pretokenizer(struct tok_tokenizer *t, struct tok_error *err)
{
	const size_t count = t->spec.pretokenizer_count;
	struct tok_pretok_step *steps = tok_arena_array(&t->arena, count, sizeof *steps);
	if (!steps)
		return tok_fail_memory(err);
	if (count)
		memcpy(steps, t->spec.pretokenizers, count * sizeof *steps);
	if (t->byte_model && count && steps[count - 1].kind == TOK_PRETOK_BYTE_LEVEL)
		steps[count - 1].as.byte_level.raw = true;
	return tok_pretokenizer_new(steps, count, &t->pretokenizer, err);
}

static enum tok_status make_decode_regexes(struct tok_tokenizer *t, struct tok_error *err)
{
	t->decode_regexes =
	    tok_arena_array(&t->arena, t->spec.decoder_count, sizeof(struct tok_regex *));
	if (!t->decode_regexes)
		return tok_fail_memory(err);
	t->decode_regex_count = t->spec.decoder_count;
	for (size_t i = 0; i < t->spec.decoder_count; i++) {
		const struct tok_decode_step *step = &t->spec.decoders[i];
		if (step->kind != TOK_DECODE_REPLACE || step->as.replace.pattern.count == 0)
			continue;
		const enum tok_status status = tok_regex_new(
		    step->as.replace.pattern, step->as.replace.dialect, &t->decode_regexes[i], err);
		if (status != TOK_OK)
			return status;
	}
	return TOK_OK;
}

/* Those normalised away are not looked for. */
static enum tok_status make_added_sets(struct tok_tokenizer *t, struct tok_error *err)
{
	const size_t count = t->spec.added_count;
	struct tok_added_entry *raw = tok_arena_array(&t->arena, count, sizeof *raw);
	struct tok_added_entry *normalized = tok_arena_array(&t->arena, count, sizeof *normalized);
	size_t raw_count = 0, normalized_count = 0;
	if (!raw || !normalized)
		return tok_fail_memory(err);
	for (size_t n = 0; n < (t->added_order ? t->added_order_count : count); n++) {
		const size_t i = t->added_order ? t->added_order[n] : n;
		const struct tok_added_entry entry = { t->added_contents[i], &t->spec.added[i] };
		if (entry.content.count == 0)
			continue;
		if (entry.token->normalized)
			normalized[normalized_count++] = entry;
		else
			raw[raw_count++] = entry;
	}
	tok_added_set_init(&t->added, raw, raw_count);
	tok_added_set_init(&t->added_normalized, normalized, normalized_count);
	return TOK_OK;
}

/* Padding is memory for every text. */
static enum tok_status check_padding(const struct tok_padding *padding, struct tok_error *err)
{
	if (padding->length > TOK_PADDING_MAX || padding->multiple > TOK_PADDING_MAX)
		return tok_fail(err, TOK_ELIMIT,
				"texts are padded to %zu tokens or a multiple of %zu: at most %zu "
				"are taken",
				padding->length, padding->multiple, TOK_PADDING_MAX);
	return TOK_OK;
}

/* Templates around templates: each may repeat what the one before made. */
static enum tok_status check_templates(const struct tok_spec *spec, struct tok_error *err)
{
	size_t copies = 1;
	for (size_t i = 0; i < spec->post_count; i++) {
		size_t texts = 0;
		for (size_t k = 0; k < spec->posts[i].item_count; k++)
			texts += spec->posts[i].items[k].kind == TOK_TEMPLATE_TEXT;
		if (texts > TOK_TEXT_COPIES_MAX / copies)
			return tok_fail(err, TOK_ELIMIT,
					"the templates repeat a text more than %d times",
					TOK_TEXT_COPIES_MAX);
		copies *= texts ? texts : 1;
	}
	return TOK_OK;
}

enum tok_status tok_tokenizer_equip(struct tok_tokenizer *t, struct tok_error *err)
{
	enum tok_status status = check_padding(&t->spec.padding, err);
	if (status == TOK_OK)
		status = check_templates(&t->spec, err);
	if (status == TOK_OK && !t->normalizer)
		status = tok_normalizer_new(t->spec.normalizers, t->spec.normalizer_count,
					    &t->normalizer, err);
	if (status == TOK_OK)
		status = make_pretokenizer(t, err);
	if (status == TOK_OK)
		status = make_decode_regexes(t, err);
	if (status == TOK_OK)
		status = make_added_sets(t, err);
	if (status != TOK_OK)
		return status;
	t->needs_origin = tok_pretokenizer_needs_origin(t->pretokenizer);
	t->tiles = !t->needs_origin && tok_pretokenizer_tiles(t->pretokenizer);
	t->kernel = tok_kernel_best();
	tok_cuts_init(t);
	return TOK_OK;
}

void tok_tokenizer_free(struct tok_tokenizer *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->decode_regex_count; i++)
		tok_regex_free(t->decode_regexes[i]);
	tok_normalizer_free(t->normalizer);
	tok_pretokenizer_free(t->pretokenizer);
	tok_model_free(t->model);
	tok_arena_release(&t->arena);
	tok_spec_release(&t->spec);
	if (t->release_image)
		t->release_image(t->image_owner);
	free(t);
}

enum tok_status tok_tokenizer_use_kernel(struct tok_tokenizer *t, const char *name,
					 struct tok_error *err)
{
	const enum tok_status status = tok_kernel_choose(name, &t->kernel, err);
	if (status == TOK_OK)
		tok_model_use_kernel(t->model, t->kernel);
	return status;
}

/* ---- questions ------------------------------------------------------------ */

size_t tok_tokenizer_size(const struct tok_tokenizer *t)
{
	return t->names.size;
}

struct tok_span tok_tokenizer_token(const struct tok_tokenizer *t, tok_id id)
{
	return tok_names_has(&t->names, id) ? tok_names_text(&t->names, id)
					    : (struct tok_span){ NULL, 0 };
}

tok_id tok_tokenizer_find(const struct tok_tokenizer *t, struct tok_span token)
{
	return tok_names_find(&t->names, token);
}

void tok_tokenizer_mark_shared(const struct tok_tokenizer *t, bool *shared)
{
	const struct tok_names *names = &t->names;
	for (size_t i = 0; i < names->texts.count; i++) {
		const struct tok_span text = tok_texts_at(&names->texts, i);
		const tok_id id = names->ids[i];
		if (!tok_span_equal(text, tok_names_text(names, id)) &&
		    tok_names_find(names, text) == id)
			shared[id] = true;
	}
}

bool tok_tokenizer_is_special(const struct tok_tokenizer *t, tok_id id)
{
	return tok_names_has(&t->names, id) && t->names.flags[id] & TOK_NAME_SPECIAL;
}

bool tok_tokenizer_entry(const struct tok_tokenizer *t, tok_id id, struct tok_vocab_entry *out)
{
	if (!tok_names_has(&t->names, id) || !(t->names.flags[id] & TOK_NAME_ENTRY))
		return false;
	const bool added = t->names.flags[id] & TOK_NAME_ADDED;
	*out = (struct tok_vocab_entry){
		.text = t->spec.raw_vocabulary && !added ? tok_texts_at(&t->names.decodes, id)
							 : tok_names_text(&t->names, id),
		.id = id,
		.type = (enum tok_piece_type)(t->names.flags[id] & TOK_NAME_TYPE),
		.score = t->names.scores ? t->names.scores[id] : 0.0,
	};
	return true;
}

struct tok_span tok_tokenizer_added_content(const struct tok_tokenizer *t, size_t index)
{
	return t->added_contents[index];
}

bool tok_tokenizer_takes_bytes(const struct tok_tokenizer *t)
{
	return t->byte_model;
}

const struct tok_model *tok_tokenizer_model(const struct tok_tokenizer *t)
{
	return t->model;
}

const struct tok_pretokenizer *tok_tokenizer_pretokenizer(const struct tok_tokenizer *t)
{
	return t->pretokenizer;
}

const char *tok_tokenizer_path(const struct tok_tokenizer *t)
{
	return tok_pretokenizer_path(t->pretokenizer);
}

enum tok_kernel tok_tokenizer_kernels(const struct tok_tokenizer *t)
{
	return t->kernel;
}

const char *tok_tokenizer_kernel(const struct tok_tokenizer *t)
{
	return tok_pretokenizer_uses_kernel(t->pretokenizer) ? tok_kernel_name(t->kernel) : NULL;
}

const struct tok_spec *tok_tokenizer_spec(const struct tok_tokenizer *t)
{
	return &t->spec;
}
