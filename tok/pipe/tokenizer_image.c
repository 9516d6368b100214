/* A tokenizer in an image. */
#include <stdlib.h>

#include "tok/pipe/spec_internal.h"
#include "tok/pipe/tokenizer_internal.h"

enum {
	FACTS = TOK_IMAGE_TAG('t', 'f', 'c', 't'),
	SPEC = TOK_IMAGE_TAG('t', 's', 'p', 'c'),
	ADDED_BYTES = TOK_IMAGE_TAG('t', 'a', 'b', 'y'),
	ADDED_STARTS = TOK_IMAGE_TAG('t', 'a', 's', 't'),
	ADDED_ORDER = TOK_IMAGE_TAG('t', 'a', 'o', 'r')
};

struct facts {
	uint32_t single_bytes, byte_model, byte_decoder;
};

static bool save_added(const struct tok_tokenizer *t, struct tok_image_writer *w)
{
	struct tok_arena scratch = { 0 };
	struct tok_texts contents;
	const bool ok = tok_texts_copy(&contents, &scratch, t->added_contents, t->spec.added_count,
				       NULL) == TOK_OK;
	if (ok)
		tok_texts_save(&contents, ADDED_BYTES, ADDED_STARTS, w);
	tok_arena_release(&scratch);
	return ok;
}

static bool save_order(const struct tok_tokenizer *t, struct tok_image_writer *w)
{
	const struct tok_added_set *const sets[] = { &t->added, &t->added_normalized };
	struct tok_buffer order = { 0 };
	bool ok = true;
	for (size_t s = 0; s < 2; s++)
		for (size_t i = 0; i < sets[s]->count && ok; i++) {
			const uint32_t index =
			    (uint32_t)(sets[s]->entries[i].token - t->spec.added);
			ok = tok_buffer_add(&order, &index, sizeof index);
		}
	if (ok)
		tok_image_put(w, ADDED_ORDER, order.bytes, order.count);
	tok_buffer_release(&order);
	return ok;
}

void tok_tokenizer_save(const struct tok_tokenizer *t, struct tok_image_writer *w)
{
	const struct facts facts = {
		.single_bytes = t->single_bytes,
		.byte_model = t->byte_model,
		.byte_decoder = t->byte_decoder,
	};
	struct tok_buffer spec = { 0 };
	tok_image_put(w, FACTS, &facts, sizeof facts);
	w->failed |= !tok_spec_save(&t->spec, &spec);
	tok_image_put(w, SPEC, spec.bytes, spec.count);
	tok_buffer_release(&spec);
	w->failed |= !save_added(t, w) || !save_order(t, w);
	tok_names_save(&t->names, w);
	tok_model_save(t->model, w);
}

static enum tok_status open_facts(struct tok_tokenizer *t, const struct tok_image *image,
				  struct tok_error *err)
{
	size_t count;
	const struct facts *facts = tok_image_array(image, FACTS, sizeof *facts, &count);
	if (count != 1)
		return tok_fail(err, TOK_EFORMAT, "the image is not of a tokenizer");
	t->single_bytes = facts->single_bytes != 0;
	t->byte_model = facts->byte_model != 0;
	t->byte_decoder = facts->byte_decoder != 0;
	return TOK_OK;
}

static enum tok_status open_spec(struct tok_tokenizer *t, const struct tok_image *image,
				 struct tok_error *err)
{
	size_t count;
	const uint8_t *bytes = tok_image_array(image, SPEC, 1, &count);
	return tok_spec_open(&t->spec, (struct tok_span){ bytes, count }, err);
}

static enum tok_status open_order(struct tok_tokenizer *t, const struct tok_image *image,
				  struct tok_error *err)
{
	t->added_order =
	    tok_image_array(image, ADDED_ORDER, sizeof *t->added_order, &t->added_order_count);
	bool fits = t->added_order_count <= t->spec.added_count;
	for (size_t i = 0; i < t->added_order_count && fits; i++)
		fits = t->added_order[i] < t->spec.added_count;
	return fits ? TOK_OK : tok_fail(err, TOK_EFORMAT, "the image's added tokens do not fit");
}

static enum tok_status open_added(struct tok_tokenizer *t, const struct tok_image *image,
				  struct tok_error *err)
{
	struct tok_texts contents;
	const size_t count = t->spec.added_count;
	t->added_contents = tok_arena_array(&t->arena, count, sizeof *t->added_contents);
	if (!t->added_contents)
		return tok_fail_memory(err);
	if (!tok_texts_open(&contents, image, ADDED_BYTES, ADDED_STARTS) || contents.count != count)
		return tok_fail(err, TOK_EFORMAT, "the image's added tokens do not fit");
	for (size_t i = 0; i < count; i++)
		t->added_contents[i] = tok_texts_at(&contents, i);
	return open_order(t, image, err);
}

static enum tok_status open_tables(struct tok_tokenizer *t, struct tok_span block, bool trusted,
				   struct tok_error *err)
{
	struct tok_image image;
	enum tok_status status = tok_image_open(block, &image, err);
	image.trusted = trusted;
	if (status == TOK_OK)
		status = open_facts(t, &image, err);
	if (status == TOK_OK)
		status = open_spec(t, &image, err);
	if (status == TOK_OK)
		status = open_added(t, &image, err);
	if (status == TOK_OK)
		status = tok_names_open(&t->names, &image, err);
	if (status == TOK_OK)
		status = tok_model_open(&image, &t->model, err);
	if (status == TOK_OK)
		status = tok_tokenizer_equip(t, err);
	return status;
}

enum tok_status tok_tokenizer_open(struct tok_span block, bool trusted,
				   void (*release)(void *owner), void *owner,
				   struct tok_tokenizer **out, struct tok_error *err)
{
	struct tok_tokenizer *t = calloc(1, sizeof *t);
	if (!t)
		return tok_fail_memory(err);
	const enum tok_status status = open_tables(t, block, trusted, err);
	if (status != TOK_OK) {
		tok_tokenizer_free(t);
		return status;
	}
	t->release_image = release;
	t->image_owner = owner;
	*out = t;
	return TOK_OK;
}
