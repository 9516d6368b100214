/* merge_write.c - what a batch became, as lines of JSON. */
#include <stdlib.h>

#include "cmd/cli_digits.h"
#include "cmd/cli_hex.h"
#include "cmd/cli_put.h"
#include "cmd/merge_internal.h"
#include "tok/text/normalize.h"
#include "tok/text/utf8.h"
#include "tok/text/json_write.h"

void merge_lines_release(struct merge_lines *lines)
{
	free(lines->spans);
	tok_buffer_release(&lines->names);
	tok_buffer_release(&lines->text);
}

/* ---- pieces of a line ------------------------------------------------------- */

static bool put_number(struct tok_buffer *out, uint64_t number)
{
	char digits[2 * CLI_DIGITS_MAX];
	if (number > UINT32_MAX) {
		const int count =
		    snprintf(digits, sizeof digits, "%llu", (unsigned long long)number);
		return tok_buffer_add(out, digits, (size_t)count);
	}
	const char *end = cli_put_digits(digits, (uint32_t)number);
	return tok_buffer_add(out, digits, (size_t)(end - digits));
}

static bool put_field(struct tok_buffer *out, const char *before, uint64_t number)
{
	return cli_put_text(out, before) && put_number(out, number);
}

static bool put_numbers(struct tok_buffer *out, const uint32_t *numbers, size_t count)
{
	bool ok = true;
	for (size_t i = 0; ok && i < count; i++)
		ok = (i == 0 || tok_buffer_add_byte(out, ',')) && put_number(out, numbers[i]);
	return ok;
}

/* ---- texts of tokens -------------------------------------------------------- */

/* As files of this kind write tokens. */
static bool put_new_text(struct merge_lines *l, struct tok_span text, struct tok_buffer *out)
{
	if (!tok_tokenizer_spec(l->tokenizer)->raw_vocabulary)
		return tok_json_put_string(out, text);
	tok_buffer_clear(&l->text);
	return tok_put_alphabet(&l->text, text) &&
	       tok_json_put_string(out, tok_buffer_span(&l->text));
}

/* A token of a merge: a long one, which the merges of a row would repeat again and again, as
 * the number of the merge that made it. */
static bool put_side(struct merge_lines *l, const struct tok_merged_batch *merged, tok_id id,
		     struct tok_buffer *out)
{
	const size_t base = tok_tokenizer_size(l->tokenizer);
	if (id < base)
		return tok_json_put_string(out, tok_tokenizer_token(l->tokenizer, id));
	const struct tok_dynamic_token *token = &merged->tokens[id - base];
	return token->text.count > MERGE_TEXT_MOST ? put_number(out, token->step + 1)
						   : put_new_text(l, token->text, out);
}

/* ---- the vocabulary of a batch ---------------------------------------------- */

static bool make_names(struct merge_lines *l, const struct tok_merged_batch *merged)
{
	bool ok = tok_grow(&l->spans, &l->capacity, merged->used_count, sizeof *l->spans);
	tok_buffer_clear(&l->names);
	for (size_t i = 0; ok && i < merged->token_count; i++) {
		const struct tok_dynamic_token *token = &merged->tokens[i];
		const size_t begin = l->names.count;
		if (!token->parts)
			continue;
		ok = put_new_text(l, token->text, &l->names);
		l->spans[token->number] = (struct merge_name){ begin, l->names.count };
	}
	return ok;
}

static bool put_name(const struct merge_lines *l, const struct tok_dynamic_token *token,
		     struct tok_buffer *out)
{
	const struct merge_name *name = &l->spans[token->number];
	return tok_buffer_add(out, l->names.bytes + name->begin, name->end - name->begin);
}

static bool put_new(const struct merge_lines *l, const struct tok_merged_batch *merged,
		    const struct tok_dynamic_token *token, struct tok_buffer *out)
{
	const size_t base = tok_tokenizer_size(l->tokenizer);
	const bool is_text =
	    tok_tokenizer_spec(l->tokenizer)->raw_vocabulary || tok_utf8_valid(token->text);
	bool ok = put_field(out, "{\"id\":", base + token->number) &&
		  cli_put_text(out, ",\"text\":") && put_name(l, token, out);
	if (ok && !is_text)
		ok = cli_put_text(out, ",\"bytes\":\"") && cli_put_hex(out, token->text) &&
		     cli_put_text(out, "\"");
	ok = ok && cli_put_text(out, ",\"parts\":[") &&
	     put_numbers(out, token->parts, token->part_count) && cli_put_text(out, "]");
	if (ok && l->rows)
		ok = put_field(out, ",\"row\":", l->rows[token->number]);
	return ok && put_field(out, ",\"merge\":", token->step + 1) &&
	       put_field(out, ",\"count\":", merged->steps[token->step].count) &&
	       cli_put_text(out, "}");
}

/* Of a row of merges each makes a token, most of which are gone in the end: those that
 * documents have are told, and have ids without holes. */
static bool put_vocabulary(const struct merge_lines *l, uint64_t number,
			   const struct merge_batch *batch, const struct tok_merged_batch *merged,
			   struct tok_buffer *out)
{
	bool ok = put_field(out, "{\"schema\":\"tok.merge.1\",\"batch\":", number) &&
		  put_field(out, ",\"documents\":", merged->count) &&
		  put_field(out, ",\"ids\":", batch->count) &&
		  put_field(out, ",\"merged\":", merged->offsets[merged->count]) &&
		  put_field(out, ",\"merges\":", merged->step_count) &&
		  put_field(out, ",\"base\":", tok_tokenizer_size(l->tokenizer)) &&
		  cli_put_text(out, ",\"tokens\":[");
	bool first = true;
	for (size_t i = 0; ok && i < merged->token_count; i++) {
		if (!merged->tokens[i].parts)
			continue;
		ok = (first || cli_put_text(out, ",")) &&
		     put_new(l, merged, &merged->tokens[i], out);
		first = false;
	}
	return ok && cli_put_text(out, "]}\n");
}

/* ---- documents -------------------------------------------------------------- */

static bool put_id(const struct merge_lines *l, const struct tok_merged_batch *merged, tok_id id,
		   struct tok_buffer *out)
{
	const size_t base = tok_tokenizer_size(l->tokenizer);
	return put_number(out, id < base ? id : base + merged->tokens[id - base].number);
}

static bool put_token(const struct merge_lines *l, const struct tok_merged_batch *merged, tok_id id,
		      struct tok_buffer *out)
{
	const size_t base = tok_tokenizer_size(l->tokenizer);
	if (id < base)
		return tok_json_put_string(out, tok_tokenizer_token(l->tokenizer, id));
	return put_name(l, &merged->tokens[id - base], out);
}

static bool put_document(const struct merge_lines *l, const struct tok_merged_batch *merged,
			 size_t at, struct tok_buffer *out)
{
	const size_t begin = merged->offsets[at], end = merged->offsets[at + 1];
	const bool as_ids = l->opts->ids;
	bool ok = cli_put_text(out, as_ids ? "{\"ids\":[" : "{\"tokens\":[");
	for (size_t i = begin; ok && i < end; i++)
		ok = (i == begin || tok_buffer_add_byte(out, ',')) &&
		     (as_ids ? put_id(l, merged, merged->ids[i], out)
			     : put_token(l, merged, merged->ids[i], out));
	if (ok && l->opts->parts)
		ok = cli_put_text(out, "],\"parts\":[") &&
		     put_numbers(out, merged->parts + begin, end - begin);
	return ok && cli_put_text(out, "]}\n");
}

/* ---- merges ----------------------------------------------------------------- */

static bool put_step(struct merge_lines *l, uint64_t number, const struct tok_merged_batch *merged,
		     size_t at, struct tok_buffer *out)
{
	const struct tok_merge_step *step = &merged->steps[at];
	return put_field(out, "{\"batch\":", number) && put_field(out, ",\"merge\":", at + 1) &&
	       cli_put_text(out, ",\"left\":") && put_side(l, merged, step->left, out) &&
	       cli_put_text(out, ",\"right\":") && put_side(l, merged, step->right, out) &&
	       put_field(out, ",\"count\":", step->count) &&
	       put_field(out, ",\"ids\":", step->length) && cli_put_text(out, "}\n");
}

bool merge_put_batch(struct merge_lines *l, uint64_t number, const struct merge_batch *batch,
		     const struct tok_merged_batch *merged, struct tok_buffer *out)
{
	bool ok = true;
	if (l->opts->curve >= 0)
		return true;
	for (size_t i = 0; ok && l->opts->steps && i < merged->step_count; i++)
		ok = put_step(l, number, merged, i, out);
	if (l->opts->steps)
		return ok;
	ok = make_names(l, merged);
	if (ok && l->opts->ids)
		ok = put_vocabulary(l, number, batch, merged, out);
	for (size_t i = 0; ok && i < merged->count; i++)
		ok = put_document(l, merged, i, out);
	return ok;
}
