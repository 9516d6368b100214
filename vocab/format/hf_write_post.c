#include "vocab/format/hf_write_internal.h"

#include <stdlib.h>

#include "tok/text/json.h"

/* ---- templates ------------------------------------------------------------------ */

static void put_piece(struct hf_writer *w, const char *kind, struct tok_span id, unsigned type)
{
	pretty_open(&w->json, '{');
	pretty_key(&w->json, kind);
	pretty_open(&w->json, '{');
	hf_put_text(w, "id", id);
	pretty_key(&w->json, "type_id");
	pretty_whole(&w->json, type);
	pretty_close(&w->json, '}');
	pretty_close(&w->json, '}');
}

static void put_item(struct hf_writer *w, const struct tok_template_item *item, const char *text,
		     unsigned type)
{
	if (item->kind == TOK_TEMPLATE_TEXT)
		put_piece(w, "Sequence", tok_span_of(text), type);
	else
		put_piece(w, "SpecialToken", item->content, type);
}

static void put_single(struct hf_writer *w, const struct tok_post_step *step)
{
	pretty_key(&w->json, "single");
	pretty_open(&w->json, '[');
	for (size_t i = 0; i < step->item_count; i++)
		put_item(w, &step->items[i], "A", step->items[i].type);
	pretty_close(&w->json, ']');
}

/* A specification says nothing of two texts, the file must: as in BERT a token behind
 * the first text parts them, else the tokens before the text come again. */
static void put_pair(struct hf_writer *w, const struct tok_post_step *step)
{
	size_t text = 0;
	while (text < step->item_count && step->items[text].kind != TOK_TEMPLATE_TEXT)
		text++;
	const bool parted = text + 1 < step->item_count;
	pretty_key(&w->json, "pair");
	pretty_open(&w->json, '[');
	for (size_t i = 0; i < step->item_count; i++)
		put_item(w, &step->items[i], "A", step->items[i].type);
	for (size_t i = parted ? text : 0; i < step->item_count; i++)
		put_item(w, &step->items[i], "B", 1);
	if (text == step->item_count) { /* a template that leaves the text out */
		put_piece(w, "Sequence", tok_span_of("A"), 0);
		put_piece(w, "Sequence", tok_span_of("B"), 1);
	}
	pretty_close(&w->json, ']');
}

static int compare_items(const void *a, const void *b)
{
	const struct tok_template_item *const *x = a, *const *y = b;
	const struct tok_span left = (*x)->content, right = (*y)->content;
	const size_t common = left.count < right.count ? left.count : right.count;
	const int order = common ? memcmp(left.bytes, right.bytes, common) : 0;
	if (order != 0)
		return order;
	return (left.count > right.count) - (left.count < right.count);
}

static void put_special(struct hf_writer *w, const struct tok_template_item *item)
{
	pretty_key_text(&w->json, item->content);
	pretty_open(&w->json, '{');
	hf_put_text(w, "id", item->content);
	pretty_key(&w->json, "ids");
	pretty_open(&w->json, '[');
	pretty_whole(&w->json, item->id);
	pretty_close(&w->json, ']');
	pretty_key(&w->json, "tokens");
	pretty_open(&w->json, '[');
	pretty_text(&w->json, item->content);
	pretty_close(&w->json, ']');
	pretty_close(&w->json, '}');
}

/* Every token once, sorted by name. */
static void put_specials(struct hf_writer *w, const struct tok_post_step *step)
{
	const struct tok_template_item **items = hf_scratch(w, step->item_count, sizeof *items);
	size_t count = 0;
	if (!items)
		return;
	for (size_t i = 0; i < step->item_count; i++)
		if (step->items[i].kind == TOK_TEMPLATE_TOKEN)
			items[count++] = &step->items[i];
	qsort(items, count, sizeof *items, compare_items);

	pretty_key(&w->json, "special_tokens");
	pretty_open(&w->json, '{');
	for (size_t i = 0; i < count; i++) {
		if (i == 0 || compare_items(&items[i - 1], &items[i]) != 0)
			put_special(w, items[i]);
		else if (items[i - 1]->id != items[i]->id)
			hf_refuse(w, "the token '%s' stands for the ids %u and %u",
				  tok_show(items[i]->content).text, items[i - 1]->id, items[i]->id);
	}
	pretty_close(&w->json, '}');
}

/* ---- steps ------------------------------------------------------------------------ */

static void write_step(struct hf_writer *w, const struct tok_post_step *step)
{
	pretty_open(&w->json, '{');
	switch (step->kind) {
	case TOK_POST_TRIM_OFFSETS:
		hf_put_word(w, "type", "ByteLevel");
		hf_put_byte_level(w, step->add_prefix_space, true);
		break;
	case TOK_POST_TEMPLATE:
		hf_put_word(w, "type", "TemplateProcessing");
		put_single(w, step);
		put_pair(w, step);
		put_specials(w, step);
		break;
	}
	pretty_close(&w->json, '}');
}

void hf_write_posts(struct hf_writer *w)
{
	const struct tok_spec *spec = w->spec;
	if (spec->post_count == 0) {
		pretty_null(&w->json);
		return;
	}
	if (spec->post_count == 1) {
		write_step(w, spec->posts);
		return;
	}
	pretty_open(&w->json, '{');
	hf_put_word(w, "type", "Sequence");
	pretty_key(&w->json, "processors");
	pretty_open(&w->json, '[');
	for (size_t i = 0; i < spec->post_count; i++)
		write_step(w, &spec->posts[i]);
	pretty_close(&w->json, ']');
	pretty_close(&w->json, '}');
}
