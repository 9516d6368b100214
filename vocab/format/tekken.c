#include "vocab/format/format_internal.h"
#include "vocab/format/ranks_internal.h"

#include <stdio.h>

#include "tok/pipe/tokenizer.h"

/* The special tokens come first, the ranks of bytes behind them. */
struct sizes {
	size_t ids;      /* of all */
	size_t specials; /* how many of them are special */
};

/* No real file has more than a thousand. */
enum { MOST_SPECIALS = 65536 };

static struct sizes read_sizes(struct hf_reader *r, const struct tok_json *config)
{
	struct sizes sizes = {
		.ids = hf_whole(r, hf_need(r, config, "default_vocab_size"), TOK_ID_MAX),
		.specials =
		    hf_whole(r, hf_need(r, config, "default_num_special_tokens"), MOST_SPECIALS),
	};
	if (r->status == TOK_OK && sizes.ids < sizes.specials)
		r->status = tok_json_fail(r->doc, config, r->err,
					  "default_vocab_size must count the special tokens too");
	return sizes;
}

/* ---- special tokens ---------------------------------------------------------- */

/* Files up to version 7 need not list theirs: it is always these. */
static const char *const unlisted[] = {
	"<unk>",
	"<s>",
	"</s>",
	"[INST]",
	"[/INST]",
	"[AVAILABLE_TOOLS]",
	"[/AVAILABLE_TOOLS]",
	"[TOOL_RESULTS]",
	"[/TOOL_RESULTS]",
	"[TOOL_CALLS]",
	"[IMG]",
	"<pad>",
	"[IMG_BREAK]",
	"[IMG_END]",
	"[PREFIX]",
	"[MIDDLE]",
	"[SUFFIX]",
	"[SYSTEM_PROMPT]",
	"[/SYSTEM_PROMPT]",
	"[TOOL_CONTENT]",
};
enum { UNLISTED = sizeof unlisted / sizeof unlisted[0] };

static void read_special(struct hf_reader *r, const struct tok_json *item,
			 struct tok_added_token *tokens, size_t count)
{
	if (!hf_is_object(r, item, "a special token"))
		return;
	const struct tok_json *rank = hf_need(r, item, "rank");
	const struct tok_json *name = hf_need(r, item, "token_str");
	const size_t place = count ? hf_whole(r, rank, count - 1) : 0;
	const struct tok_span content = hf_text(r, name);
	if (r->status != TOK_OK)
		return;
	if (tokens[place].content.bytes)
		r->status =
		    tok_json_fail(r->doc, rank, r->err, "the rank %zu is there twice", place);
	else if (content.count == 0)
		r->status = tok_json_fail(r->doc, name, r->err, "a special token needs a name");
	tokens[place].content = content;
}

static void name_listed(struct hf_reader *r, const struct tok_json *list,
			struct tok_added_token *tokens, size_t count)
{
	const size_t listed = hf_items(r, list);
	if (r->status == TOK_OK && listed > count)
		r->status =
		    tok_json_fail(r->doc, list, r->err, "%zu special tokens where config says %zu",
				  listed, count);
	if (r->status != TOK_OK)
		return;
	const struct tok_json *item = list + 1;
	for (size_t i = 0; i < listed && r->status == TOK_OK; i++, item = tok_json_next(item))
		read_special(r, item, tokens, count);
}

/* Ranks without a name are called <SPECIAL_n>. */
static void name_rest(struct hf_reader *r, struct tok_added_token *tokens, size_t count)
{
	struct tok_strings seen;
	if (!tok_strings_init(&seen, &r->scratch, count)) {
		r->status = tok_fail_memory(r->err);
		return;
	}
	for (size_t i = 0; i < count && r->status == TOK_OK; i++) {
		struct tok_added_token *token = &tokens[i];
		char name[32];
		if (!token->content.bytes) {
			snprintf(name, sizeof name, "<SPECIAL_%zu>", i);
			token->content = tok_arena_copy(&r->out->arena, tok_span_of(name));
		}
		if (!token->content.bytes)
			r->status = tok_fail_memory(r->err);
		else if (!tok_strings_add(&seen, token->content, (tok_id)i))
			r->status =
			    tok_fail(r->err, TOK_EFORMAT, "at special_tokens: '%s' is there twice",
				     tok_show(token->content).text);
		token->id = (tok_id)i;
		token->special = true;
	}
}

static void read_specials(struct hf_reader *r, const struct tok_json *list, size_t count)
{
	struct tok_added_token *tokens = hf_array(r, count, sizeof *tokens);
	if (!tokens)
		return;
	if (list)
		name_listed(r, list, tokens, count);
	for (size_t i = 0; !list && i < UNLISTED && i < count; i++)
		tokens[i].content = tok_span_of(unlisted[i]);
	if (r->status == TOK_OK)
		name_rest(r, tokens, count);
	r->out->added = tokens;
	r->out->added_count = count;
}

/* <s> in front, where there is one. */
static void make_template(struct hf_reader *r)
{
	for (size_t i = 0; i < r->out->added_count && r->status == TOK_OK; i++) {
		const struct tok_added_token *token = &r->out->added[i];
		if (!tok_span_equal(token->content, tok_span_of("<s>")))
			continue;
		struct tok_template_item *items = hf_array(r, 2, sizeof *items);
		struct tok_post_step *step = hf_array(r, 1, sizeof *step);
		if (!items || !step)
			return;
		items[0].kind = TOK_TEMPLATE_TOKEN;
		items[0].id = token->id;
		items[0].content = token->content;
		items[1].kind = TOK_TEMPLATE_TEXT;
		step->kind = TOK_POST_TEMPLATE;
		step->items = items;
		step->item_count = 2;
		r->out->posts = step;
		r->out->post_count = 1;
		return;
	}
}

/* ---- ranks ------------------------------------------------------------------- */

static void read_entry(struct hf_reader *r, const struct tok_json *item, size_t rank, tok_id first,
		       struct tok_vocab_entry *entry)
{
	if (!hf_is_object(r, item, "an entry"))
		return;
	const struct tok_json *named = hf_need(r, item, "rank");
	const struct tok_json *bytes = hf_need(r, item, "token_bytes");
	if (hf_whole(r, named, TOK_ID_MAX) != rank && r->status == TOK_OK)
		r->status = tok_json_fail(r->doc, named, r->err,
					  "ranks must come in order: this must be %zu", rank);
	entry->text = hf_base64(r, bytes);
	entry->id = (tok_id)rank + first;
	if (r->status == TOK_OK && entry->text.count == 0)
		r->status = tok_json_fail(r->doc, bytes, r->err, "a token needs bytes");
}

/* The file may hold more ranks than the tokenizer has: the last are not used. */
static void read_ranks(struct hf_reader *r, const struct tok_json *list, size_t count, tok_id first)
{
	const size_t listed = hf_items(r, list);
	if (r->status == TOK_OK && listed < count)
		r->status = tok_json_fail(r->doc, list, r->err,
					  "%zu tokens where config asks for %zu", listed, count);
	struct tok_vocab_entry *entries = hf_array(r, count, sizeof *entries);
	if (!entries)
		return;
	const struct tok_json *item = list + 1;
	for (size_t i = 0; i < count && r->status == TOK_OK; i++, item = tok_json_next(item))
		read_entry(r, item, i, first, &entries[i]);
	r->out->model.entries = entries;
	r->out->model.entry_count = count;
}

static void read_packed(struct hf_reader *r, const struct tok_json *value, size_t count,
			tok_id first)
{
	ranks_read_packed(r, value, first);
	if (r->status == TOK_OK && r->out->model.entry_count < count)
		r->status =
		    tok_json_fail(r->doc, value, r->err, "%zu tokens where config asks for %zu",
				  r->out->model.entry_count, count);
	for (size_t i = 0; i < count && r->status == TOK_OK; i++)
		if (r->out->model.entries[i].id != i + first)
			r->status = tok_json_fail(r->doc, value, r->err,
						  "ranks must come in order, from 0 on");
	r->out->model.entry_count = count;
}

void ranks_read_tekken(struct hf_reader *r)
{
	const struct tok_json *root = r->doc->values;
	const struct tok_json *config = hf_need(r, root, "config");
	if (!config || !hf_is_object(r, config, "config"))
		return;
	const struct sizes sizes = read_sizes(r, config);
	const struct tok_span pattern = hf_text(r, hf_need(r, config, "pattern"));
	const size_t count = sizes.ids - sizes.specials;
	const struct tok_json *packed = tok_json_get(root, "bpe_ranks");
	if (r->status != TOK_OK)
		return;
	if (packed)
		read_packed(r, packed, count, (tok_id)sizes.specials);
	else
		read_ranks(r, hf_need(r, root, "vocab"), count, (tok_id)sizes.specials);
	read_specials(r, hf_find(root, "special_tokens"), sizes.specials);
	make_template(r);
	ranks_finish(r, pattern);
}

enum tok_status vocab_read_tekken(struct tok_span file, struct tok_spec *out, struct tok_error *err)
{
	struct tok_json_document doc = { 0 };
	struct hf_reader r = { .doc = &doc, .out = out, .err = err };

	out->format = tok_span_of(VOCAB_FORMAT_TEKKEN);
	r.status = tok_json_read(&doc, file, err);
	if (r.status == TOK_OK && hf_is_object(&r, doc.values, "a tokenizer"))
		ranks_read_tekken(&r);
	tok_arena_release(&r.scratch);
	tok_json_release(&doc);
	return r.status;
}
