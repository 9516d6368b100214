/*
 * tekken_write.c - Mistral's tekken.json: the ranks that a .tiktoken has, with the expression and
 * special tokens, whose ids come first.
 *
 * Its own program takes the first 256 ranks for the bytes in their order.
 */
#include "vocab/format/write_internal.h"

#include "tok/text/json.h"
#include "tok/text/json_write.h"
#include "vocab/format/base64.h"
#include "vocab/format/patterns_internal.h"
#include "vocab/format/pretty_internal.h"

struct tekken_writer {
	struct pretty_writer json;
	const struct tok_spec *spec;
	struct vocab_losses *losses;
	struct tok_buffer lines; /* of the .tiktoken: base64, space, id */
	size_t ranks;
	size_t specials;
	struct tok_arena scratch;
};

/* ---- lines -------------------------------------------------------------------------------- */

/* The next of them, and its id; false behind the last. */
static bool next_line(struct tok_span *rest, struct tok_span *base64, size_t *id)
{
	size_t at = 0;
	if (rest->count == 0)
		return false;
	while (rest->bytes[at] != ' ')
		at++;
	*base64 = tok_span_slice(*rest, 0, at);
	*id = 0;
	for (at++; rest->bytes[at] != '\n'; at++)
		*id = 10 * *id + (size_t)(rest->bytes[at] - '0');
	*rest = tok_span_slice(*rest, at + 1, rest->count);
	return true;
}

static bool is_byte(struct tok_span base64, size_t byte)
{
	const uint8_t value = (uint8_t)byte;
	uint8_t text[8];
	const size_t length = vocab_base64_length(1);
	vocab_base64_encode((struct tok_span){ &value, 1 }, text);
	return tok_span_equal(base64, (struct tok_span){ text, length });
}

static enum tok_status check_lines(struct tekken_writer *t)
{
	struct tok_span rest = tok_buffer_span(&t->lines), base64;
	size_t id;
	for (; next_line(&rest, &base64, &id); t->ranks++) {
		if (t->ranks == 0)
			t->specials = id;
		if (id != t->specials + t->ranks)
			return tok_fail(t->json.err, TOK_EARG,
					"model: the id %zu is missing: a tekken.json counts on "
					"without holes",
					t->specials + t->ranks);
		if (t->ranks < 256 && !is_byte(base64, t->ranks))
			return tok_fail(t->json.err, TOK_EARG,
					"model: the id %zu is not that of the byte 0x%02X: a "
					"tekken.json has the bytes first, in their order",
					id, (unsigned)t->ranks);
	}
	return TOK_OK;
}

/* ---- special tokens ------------------------------------------------------------------------- */

/* Those behind the ranks are left out. */
static void tell_specials(struct tekken_writer *t)
{
	const struct tok_spec *spec = t->spec;
	size_t first = 0;
	for (size_t i = 0; i < spec->added_count; i++) {
		if (spec->added[i].id < t->specials)
			first++;
		else
			vocab_losses_add(t->losses,
					 "added_tokens: '%s' has the id %u: special tokens come "
					 "first in a tekken.json",
					 tok_show(spec->added[i].content).text, spec->added[i].id);
	}
	if (first < t->specials)
		vocab_losses_add(t->losses,
				 "added_tokens: %zu ids that are none are special tokens there",
				 t->specials - first);
}

static void tell_template(struct tekken_writer *t)
{
	const struct tok_spec *spec = t->spec;
	const struct tok_post_step *step = spec->posts;
	bool begins = false;
	for (size_t i = 0; i < spec->added_count; i++)
		begins |= tok_span_equal(spec->added[i].content, tok_span_of("<s>"));
	const bool has_one = spec->post_count == 1 && step->kind == TOK_POST_TEMPLATE &&
			     step->item_count == 2 && step->items[0].kind == TOK_TEMPLATE_TOKEN &&
			     tok_span_equal(step->items[0].content, tok_span_of("<s>"));
	if (begins ? !has_one : spec->post_count != 0)
		vocab_losses_add(t->losses, "post_processor: <s> is put before a text if there is "
					    "one, and else nothing");
}

static struct tok_span find_pattern(const struct tok_spec *spec)
{
	for (size_t i = 0; i < spec->pretokenizer_count; i++)
		if (spec->pretokenizers[i].kind == TOK_PRETOK_SPLIT)
			return spec->pretokenizers[i].as.split.pattern;
	return tok_span_of(tok_pretok_pattern("gpt2")); /* ByteLevel's own */
}

static bool is_foreign(const struct tok_pretok_step *step)
{
	return step->kind == TOK_PRETOK_SPLIT && step->as.split.dialect == TOK_REGEX_ONIGURUMA &&
	       !tok_span_equal(vocab_pattern_in_oniguruma(step->as.split.pattern),
			       step->as.split.pattern);
}

/* Expressions are in Rust's dialect there. */
static void tell_pattern(struct tekken_writer *t)
{
	const struct tok_spec *spec = t->spec;
	for (size_t i = 0; i < spec->pretokenizer_count; i++)
		if (is_foreign(&spec->pretokenizers[i]))
			vocab_losses_add(
			    t->losses,
			    "pre_tokenizer: the expression '%s' may mean something else "
			    "in Rust's dialect",
			    tok_show(find_pattern(spec)).text);
}

/* ---- the file ---------------------------------------------------------------------------------
 */

static void put_whole(struct tekken_writer *t, const char *key, size_t value)
{
	pretty_key(&t->json, key);
	pretty_whole(&t->json, value);
}

static void put_config(struct tekken_writer *t)
{
	pretty_key(&t->json, "config");
	pretty_open(&t->json, '{');
	pretty_key(&t->json, "pattern");
	pretty_text(&t->json, find_pattern(t->spec));
	put_whole(t, "num_vocab_tokens", t->ranks);
	put_whole(t, "default_vocab_size", t->specials + t->ranks);
	put_whole(t, "default_num_special_tokens", t->specials);
	pretty_key(&t->json, "version");
	pretty_text(&t->json, tok_span_of("v3"));
	pretty_close(&t->json, '}');
}

static void put_ranks(struct tekken_writer *t)
{
	struct tok_span rest = tok_buffer_span(&t->lines), base64;
	size_t id;
	pretty_key(&t->json, "vocab");
	pretty_open(&t->json, '[');
	while (next_line(&rest, &base64, &id)) {
		pretty_open(&t->json, '{');
		put_whole(t, "rank", id - t->specials);
		pretty_key(&t->json, "token_bytes");
		pretty_text(&t->json, base64);
		pretty_key(&t->json, "token_str");
		pretty_null(&t->json);
		pretty_close(&t->json, '}');
	}
	pretty_close(&t->json, ']');
}

/* By id; a hole has the name that its reader gives one. */
static void put_specials(struct tekken_writer *t)
{
	const struct tok_added_token **by_id =
	    tok_arena_array(&t->scratch, t->specials, sizeof *by_id);
	if (!by_id) {
		t->json.status = tok_fail_memory(t->json.err);
		return;
	}
	for (size_t i = 0; i < t->spec->added_count; i++)
		if (t->spec->added[i].id < t->specials)
			by_id[t->spec->added[i].id] = &t->spec->added[i];
	pretty_key(&t->json, "special_tokens");
	pretty_open(&t->json, '[');
	for (size_t id = 0; id < t->specials; id++) {
		if (!by_id[id])
			continue;
		pretty_open(&t->json, '{');
		put_whole(t, "rank", id);
		pretty_key(&t->json, "token_str");
		pretty_text(&t->json, by_id[id]->content);
		pretty_key(&t->json, "is_control");
		pretty_bool(&t->json, true);
		pretty_close(&t->json, '}');
	}
	pretty_close(&t->json, ']');
}

enum tok_status vocab_write_tekken(const struct tok_spec *spec, struct tok_buffer *out,
				   struct vocab_losses *losses, struct tok_error *err)
{
	struct tekken_writer t = { .json = { .out = out, .err = err },
				   .spec = spec,
				   .losses = losses };
	enum tok_status status = vocab_write_tiktoken(spec, &t.lines, losses, err);
	if (status == TOK_OK)
		status = check_lines(&t);
	if (status == TOK_OK) {
		tell_pattern(&t);
		tell_specials(&t);
		tell_template(&t);
		pretty_open(&t.json, '{');
		put_config(&t);
		put_ranks(&t);
		put_specials(&t);
		pretty_close(&t.json, '}');
		status = t.json.status;
	}
	tok_buffer_release(&t.lines);
	tok_arena_release(&t.scratch);
	return status;
}
