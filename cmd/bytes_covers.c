/* bytes_covers.c - tok bytes covers: the rows of tokens that a text may be the beginning of. */
#include <math.h>

#include "cmd/bytes_internal.h"
#include "tok/text/utf8.h"

struct listing {
	const struct bytes_side *side;
	const struct tok_validity *validity; /* NULL: not known of this tokenizer */
	uint64_t limit, listed;
	double least, share; /* of a cover; of all that were listed */
	size_t written;      /* bytes of the last token that are in the text */
};

/* Does the tokenizer itself make such rows? */
static bool is_valid(const struct listing *l, const struct tok_cover *cover)
{
	struct tok_valid_state state = tok_validity_start(l->validity), next;
	for (size_t i = 0; i < cover->count; i++) {
		const struct tok_span text = tok_byte_tokens_text(l->side->tokens, cover->ids[i]);
		for (size_t k = 0; k < text.count; k++)
			if (!tok_validity_byte(l->validity, &state, text.bytes[k]))
				return false;
		if (!tok_validity_token(l->validity, &state, cover->ids[i], &next))
			return false;
		state = next;
	}
	return true;
}

static void put_ids(const struct tok_cover *cover)
{
	fputs(",\"ids\":[", stdout);
	for (size_t i = 0; i < cover->count; i++)
		printf("%s%u", i ? "," : "", cover->ids[i]);
	putchar(']');
}

/* In hex, and as text where each is UTF-8. */
static void put_tokens(const struct listing *l, const struct tok_cover *cover)
{
	bool is_text = true;
	for (int as_text = 0; as_text <= is_text; as_text++) {
		printf(",\"%s\":[", as_text ? "tokens" : "tokens_hex");
		for (size_t i = 0; i < cover->count; i++) {
			const struct tok_span text =
			    tok_byte_tokens_text(l->side->tokens, cover->ids[i]);
			is_text &= tok_utf8_valid(text);
			if (i)
				putchar(',');
			if (as_text)
				bytes_put_text(NULL, text.bytes, text.count, true);
			else
				bytes_put_hex(NULL, text.bytes, text.count, true);
		}
		putchar(']');
	}
}

/* It is one row of tokens: none of it goes to what is no text, or to other rows. */
static void put_certificate(const struct tok_cover *cover)
{
	const struct bytes_bounds bounds[] = {
		{ "lp", &cover->log_p_low, &cover->log_p_high, 0 },
		{ "share", &cover->share_low, &cover->share_high, 0 },
	};
	bytes_put_number("special", 0, false);
	bytes_put_number("leak", 0, false);
	bytes_put_bounds(cover->exact, bounds, 2);
}

static bool list_cover(void *context, const struct tok_cover *cover)
{
	struct listing *l = context;
	if (l->listed == l->limit || cover->share < l->least)
		return false;
	fputs("{\"type\":\"cover\"", stdout);
	put_ids(cover);
	put_tokens(l, cover);
	if (cover->count) {
		const struct tok_span last =
		    tok_byte_tokens_text(l->side->tokens, cover->ids[cover->count - 1]);
		bytes_put_hex("overshoot_hex", last.bytes + last.count - cover->overshoot,
			      cover->overshoot, false);
	}
	bytes_put_number("lp", cover->log_p, false);
	bytes_put_number("share", cover->share, false);
	if (l->validity)
		bytes_put_flag("valid", is_valid(l, cover), false);
	else
		fputs(",\"valid\":null", stdout);
	put_certificate(cover);
	puts("}");
	l->listed++;
	l->share += cover->share;
	return true;
}

static void put_total(const struct bytes_prompt *prompt, const struct listing *l,
		      const struct tok_next_bytes *next, size_t total)
{
	const struct tok_text_p text = { next->log_p, next->log_p_low, next->log_p_high,
					 next->exact };
	bytes_prompt_put("covers", prompt);
	bytes_put_count("listed", l->listed, false);
	bytes_put_number("share_listed", fmin(l->share, 1), false);
	if (total == SIZE_MAX)
		fputs(",\"count\":null", stdout);
	else
		bytes_put_count("count", total, false);
	bytes_put_log_p(&text);
	bytes_put_certificate(&text, next->special, next->leak);
	bytes_put_cost(prompt->machine);
	puts("}");
}

static enum tok_status list_all(struct bytes_prompt *prompt, struct listing *l,
				struct tok_error *err)
{
	struct tok_next_bytes next;
	size_t total = 0;
	enum tok_status status = tok_machine_next(prompt->machine, &next, err);
	if (status == TOK_OK)
		status = tok_machine_covers(prompt->machine, list_cover, l, &total, err);
	if (status == TOK_OK)
		put_total(prompt, l, &next, total);
	return status;
}

enum cli_exit bytes_covers(const void *options, int argc, char **argv)
{
	const struct bytes_options *o = options;
	struct tok_validity *validity = NULL;
	struct tok_error err = { 0 };
	struct bytes_prompt prompt;
	enum cli_exit result = bytes_prompt_open(o, argc, argv, 0, &prompt);
	if (result != CLI_OK)
		return result;
	struct listing listing = { .side = &prompt.side,
				   .validity = prompt.side.validity,
				   .limit = o->limit ? o->limit : UINT64_MAX,
				   .least = o->min_p };
	enum tok_status status = TOK_OK;
	if (!listing.validity) {
		status =
		    tok_validity_new(prompt.side.tokenizer, prompt.side.tokens, &validity, &err);
		listing.validity = status == TOK_OK ? validity : NULL;
		if (status == TOK_EARG)
			status = TOK_OK;
	}
	if (status == TOK_OK)
		status = list_all(&prompt, &listing, &err);
	if (status != TOK_OK)
		result = bytes_trouble(NULL, status, &err);
	tok_validity_free(validity);
	bytes_prompt_close(&prompt);
	return result;
}
