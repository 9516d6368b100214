#include "vocab/format/hf_internal.h"

static struct tok_post_step *add_step(struct hf_reader *r, struct hf_list *steps,
				      enum tok_post_kind kind)
{
	struct tok_post_step *step = hf_list_add(r, steps, sizeof *step);
	if (step)
		step->kind = kind;
	return step;
}

static void add_trim(struct hf_reader *r, struct hf_list *steps, bool trim, bool prefix_space)
{
	struct tok_post_step *step = trim ? add_step(r, steps, TOK_POST_TRIM_OFFSETS) : NULL;
	if (step)
		step->add_prefix_space = prefix_space;
}

static void read_byte_level(struct hf_reader *r, const struct tok_json *object,
			    struct hf_list *steps)
{
	const struct tok_json *use_regex = tok_json_get(object, "use_regex");
	const bool prefix_space = hf_bool(r, hf_need(r, object, "add_prefix_space"));
	const bool trim = hf_bool(r, hf_need(r, object, "trim_offsets"));
	if (use_regex)
		hf_bool(r, use_regex);
	add_trim(r, steps, trim, prefix_space);
}

/* ---- BertProcessing and RobertaProcessing ---------------------------------- */

/* ["[SEP]", 102] */
static void read_named_id(struct hf_reader *r, const struct tok_json *value,
			  struct tok_template_item *item)
{
	if (hf_items(r, value) != 2) {
		if (r->status == TOK_OK)
			r->status =
			    tok_json_fail(r->doc, value, r->err, "this must be a token and its id");
		return;
	}
	item->kind = TOK_TEMPLATE_TOKEN;
	item->content = hf_text(r, value + 1);
	item->id = hf_id(r, tok_json_next(value + 1));
}

/* Files of RobertaProcessing that lack a field are read as BertProcessing. */
static void read_cls_sep(struct hf_reader *r, const struct tok_json *object, struct hf_list *steps)
{
	const struct tok_json *trim = hf_find(object, "trim_offsets");
	const struct tok_json *prefix_space = hf_find(object, "add_prefix_space");
	if (trim && prefix_space) {
		const bool with_space = hf_bool(r, prefix_space);
		add_trim(r, steps, hf_bool(r, trim), with_space);
	}
	struct tok_template_item *items = hf_array(r, 3, sizeof *items);
	struct tok_post_step *step = add_step(r, steps, TOK_POST_TEMPLATE);
	if (!items || !step)
		return;
	read_named_id(r, hf_need(r, object, "cls"), &items[0]);
	items[1].kind = TOK_TEMPLATE_TEXT;
	read_named_id(r, hf_need(r, object, "sep"), &items[2]);
	step->items = items;
	step->item_count = 3;
}

/* ---- TemplateProcessing ---------------------------------------------------- */

/* Real templates have a handful of tokens; without a limit a small file could
 * ask for an endless one. */
enum { MOST_ITEMS = 65536 };

static void add_special(struct hf_reader *r, const struct tok_json *token, uint32_t type,
			struct hf_list *items)
{
	if (!hf_is_object(r, token, "a special token"))
		return;
	const struct tok_json *ids = hf_need(r, token, "ids");
	const struct tok_json *tokens = hf_need(r, token, "tokens");
	const size_t count = hf_items(r, ids);
	if (hf_items(r, tokens) != count && r->status == TOK_OK)
		r->status = tok_json_fail(r->doc, token, r->err,
					  "'ids' and 'tokens' must be of the same length");
	if (r->status == TOK_OK && items->count + count > MOST_ITEMS)
		r->status =
		    tok_fail(r->err, TOK_ELIMIT, "a template may have up to %d tokens", MOST_ITEMS);
	if (r->status != TOK_OK)
		return;
	const struct tok_json *id = ids + 1, *text = tokens + 1;
	for (size_t i = 0; i < count && r->status == TOK_OK; i++) {
		struct tok_template_item *item = hf_list_add(r, items, sizeof *item);
		if (item) {
			item->kind = TOK_TEMPLATE_TOKEN;
			item->id = hf_id(r, id++);
			item->content = hf_text(r, text++);
			item->type = type;
		}
	}
}

/* The members of "special_tokens": place of the value by name. */
struct specials {
	const struct tok_json *object;
	struct tok_strings by_name;
};

static bool index_specials(struct hf_reader *r, const struct tok_json *object, struct specials *out)
{
	if (!hf_is_object(r, object, "this"))
		return false;
	out->object = object;
	if (!tok_strings_init(&out->by_name, &r->scratch, object->count)) {
		r->status = tok_fail_memory(r->err);
		return false;
	}
	const struct tok_json *key = object + 1;
	for (size_t i = 0; i < object->count; i++, key = tok_json_next(key + 1))
		tok_strings_put(&out->by_name, tok_json_text(key), (uint32_t)(key + 1 - object));
	return true;
}

/* {"Sequence": {"id": "A", ...}} or {"SpecialToken": {"id": "[CLS]", ...}} */
struct piece {
	const struct tok_json *id;
	bool is_text;
	size_t sequence; /* 0 for A, 1 for B */
	uint32_t type;
};

static struct piece read_piece(struct hf_reader *r, const struct tok_json *value)
{
	static const char *const sequences[] = { "A", "B" };
	const struct tok_json *text = tok_json_get(value, "Sequence");
	const struct tok_json *special = tok_json_get(value, "SpecialToken");
	struct piece piece = { .is_text = text != NULL };
	if (value->kind != TOK_JSON_OBJECT || value->count != 1 || (!text && !special)) {
		r->status = tok_json_fail(r->doc, value, r->err,
					  "this must be {\"Sequence\": ...} or "
					  "{\"SpecialToken\": ...}");
		return piece;
	}
	const struct tok_json *body = text ? text : special;
	if (!hf_is_object(r, body, "this"))
		return piece;
	piece.id = hf_need(r, body, "id");
	piece.type = (uint32_t)hf_whole(r, hf_need(r, body, "type_id"), UINT32_MAX);
	if (text)
		piece.sequence = hf_word(r, piece.id, sequences, 2);
	else if (r->status == TOK_OK && piece.id->kind != TOK_JSON_STRING)
		hf_expected(r, piece.id, "this", "a string");
	return piece;
}

static void add_piece(struct hf_reader *r, struct piece piece, const struct specials *specials,
		      struct hf_list *items)
{
	if (piece.is_text) {
		struct tok_template_item *item = hf_list_add(r, items, sizeof *item);
		if (item) {
			item->kind = TOK_TEMPLATE_TEXT;
			item->type = piece.type;
		}
		if (item && piece.sequence != 0)
			r->status = tok_json_fail(r->doc, piece.id, r->err,
						  "a template for one text has sequence 'A' only");
		return;
	}
	const struct tok_span name = tok_json_text(piece.id);
	const uint32_t place = tok_strings_find(&specials->by_name, name);
	if (place != TOK_NO_ID)
		add_special(r, specials->object + place, piece.type, items);
	else
		r->status = tok_json_fail(r->doc, piece.id, r->err, "'special_tokens' has no '%s'",
					  tok_show(name).text);
}

/* The template for two texts is of no use here, but has to be one. */
static void check_pair(struct hf_reader *r, const struct tok_json *value)
{
	const size_t count = hf_items(r, value);
	const struct tok_json *piece = count ? value + 1 : NULL;
	for (size_t i = 0; i < count && r->status == TOK_OK; i++, piece = tok_json_next(piece))
		read_piece(r, piece);
}

static void read_template(struct hf_reader *r, const struct tok_json *object, struct hf_list *steps)
{
	const struct tok_json *single = hf_need(r, object, "single");
	const struct tok_json *object_of_specials = hf_need(r, object, "special_tokens");
	struct specials specials;
	check_pair(r, hf_need(r, object, "pair"));
	const size_t count = hf_items(r, single);
	struct tok_post_step *step = add_step(r, steps, TOK_POST_TEMPLATE);
	if (!step || !index_specials(r, object_of_specials, &specials))
		return;

	struct hf_list items = { 0 };
	const struct tok_json *value = single + 1;
	if (count > MOST_ITEMS)
		r->status =
		    tok_fail(r->err, TOK_ELIMIT, "a template may have up to %d tokens", MOST_ITEMS);
	for (size_t i = 0; i < count && r->status == TOK_OK; i++, value = tok_json_next(value)) {
		const struct piece piece = read_piece(r, value);
		if (r->status == TOK_OK)
			add_piece(r, piece, &specials, &items);
	}
	step->items = items.items;
	step->item_count = items.count;
}

/* ---- which one ------------------------------------------------------------- */

static const struct {
	const char *name;
	void (*read)(struct hf_reader *r, const struct tok_json *object, struct hf_list *steps);
} types[] = {
	{ "ByteLevel", read_byte_level },
	{ "BertProcessing", read_cls_sep },
	{ "RobertaProcessing", read_cls_sep },
	{ "TemplateProcessing", read_template },
};

static const struct hf_guess guesses[] = {
	{ "BertProcessing", { "sep", "cls" } },
	{ "TemplateProcessing", { "single", "pair", "special_tokens" } },
};

static void read_into(struct hf_reader *r, const struct tok_json *object, struct hf_list *steps)
{
	const struct tok_span type =
	    hf_type(r, object, "a post-processor", guesses, sizeof guesses / sizeof guesses[0]);
	if (r->status != TOK_OK)
		return;
	if (tok_span_equal(type, tok_span_of("Sequence"))) {
		hf_each(r, hf_need(r, object, "processors"), read_into, steps);
		return;
	}
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
		if (tok_span_equal(type, tok_span_of(types[i].name))) {
			types[i].read(r, object, steps);
			return;
		}
	}
	r->status = tok_json_fail(r->doc, object, r->err, "there is no post-processor '%s'",
				  tok_show(type).text);
}

void hf_read_processor(struct hf_reader *r, const struct tok_json *value)
{
	struct hf_list list = { 0 };
	read_into(r, value, &list);
	r->out->posts = list.items;
	r->out->post_count = list.count;
}
