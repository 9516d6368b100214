#include "vocab/format/hf_internal.h"

#include "tok/pipe/tokenizer.h"

/*
 * The ids in the file are not what counts: the reference adds the tokens one
 * after the other, and each gets the id that its content has already, or the
 * next one behind the model's vocabulary.  A later token with the same content
 * or the same id takes the place of an earlier one.
 */
struct additions {
	struct tok_added_token *tokens;
	size_t count;
	struct tok_strings by_content; /* to places in `tokens` */
	tok_id *place_of;              /* by id, for ids that have been given */
	size_t place_count;
	tok_id next_id;
};

static void read_token(struct hf_reader *r, const struct tok_json *object,
		       struct tok_added_token *token)
{
	if (!hf_is_object(r, object, "an added token"))
		return;
	hf_whole(r, hf_need(r, object, "id"), UINT32_MAX);
	*token = (struct tok_added_token){
		.content = hf_text(r, hf_need(r, object, "content")),
		.single_word = hf_bool(r, hf_need(r, object, "single_word")),
		.lstrip = hf_bool(r, hf_need(r, object, "lstrip")),
		.rstrip = hf_bool(r, hf_need(r, object, "rstrip")),
		.normalized = hf_bool(r, hf_need(r, object, "normalized")),
		.special = hf_bool(r, hf_need(r, object, "special")),
	};
}

static tok_id choose_id(struct hf_reader *r, struct additions *all, struct tok_span content,
			uint32_t earlier)
{
	if (earlier != TOK_NO_ID)
		return all->tokens[earlier].id;
	const tok_id known = hf_find_token(r, content);
	return known != TOK_NO_ID ? known : all->next_id++;
}

static void add_token(struct hf_reader *r, struct additions *all, struct tok_added_token token)
{
	const uint32_t earlier = tok_strings_find(&all->by_content, token.content);
	token.id = choose_id(r, all, token.content, earlier);
	if (token.id > TOK_ID_MAX) {
		r->status = tok_fail(r->err, TOK_ELIMIT, "more than %u tokens", TOK_ID_MAX);
		return;
	}
	/* What was special once stays so. */
	if (earlier != TOK_NO_ID && all->tokens[earlier].special)
		token.special = true;

	tok_id *place = &all->place_of[token.id];
	if (*place == TOK_NO_ID)
		*place = (tok_id)all->count++;
	all->tokens[*place] = token;
	tok_strings_put(&all->by_content, token.content, *place);
}

/* `most` tokens will come. */
static bool begin(struct hf_reader *r, struct additions *all, size_t most)
{
	const struct tok_model_spec *model = &r->out->model;
	tok_id top = 0;
	for (size_t i = 0; i < model->entry_count; i++)
		top = model->entries[i].id > top ? model->entries[i].id : top;
	all->next_id = (tok_id)model->entry_count;
	all->place_count = (top > model->entry_count ? top : model->entry_count) + most + 1;
	all->tokens = hf_array(r, most, sizeof *all->tokens);
	all->place_of = tok_arena_array(&r->scratch, all->place_count, sizeof *all->place_of);
	if (!all->tokens || !all->place_of ||
	    !tok_strings_init(&all->by_content, &r->scratch, most)) {
		r->status = tok_fail_memory(r->err);
		return false;
	}
	memset(all->place_of, 0xFF, all->place_count * sizeof *all->place_of);
	return true;
}

void hf_read_added(struct hf_reader *r, const struct tok_json *value)
{
	struct additions all = { 0 };
	const size_t most = hf_items(r, value);
	if (r->status != TOK_OK || !begin(r, &all, most))
		return;
	const struct tok_json *item = value + 1;
	for (size_t i = 0; i < most && r->status == TOK_OK; i++, item = tok_json_next(item)) {
		struct tok_added_token token = { 0 };
		read_token(r, item, &token);
		if (r->status == TOK_OK && token.content.count)
			add_token(r, &all, token);
	}
	r->out->added = all.tokens;
	r->out->added_count = all.count;
}
