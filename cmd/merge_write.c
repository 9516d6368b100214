/* merge_write.c - what a batch became, as lines of JSON. */
#include <stdlib.h>

#include "cmd/cli_digits.h"
#include "cmd/merge_internal.h"
#include "tok/text/normalize.h"
#include "tok/text/utf8.h"
#include "vocab/format/json_write.h"

void merge_lines_release(struct merge_lines *lines)
{
	free(lines->news);
	tok_buffer_release(&lines->names);
	tok_buffer_release(&lines->text);
}

/* ---- pieces of a line ------------------------------------------------------- */

static bool put(struct tok_buffer *out, const char *text)
{
	return tok_buffer_add(out, text, strlen(text));
}

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
	return put(out, before) && put_number(out, number);
}

static bool put_numbers(struct tok_buffer *out, const uint32_t *numbers, size_t count)
{
	bool ok = true;
	for (size_t i = 0; ok && i < count; i++)
		ok = (i == 0 || tok_buffer_add_byte(out, ',')) && put_number(out, numbers[i]);
	return ok;
}

/* ---- texts of tokens -------------------------------------------------------- */

/* Bytes in the byte-level alphabet. */
static bool put_raised(struct tok_buffer *out, struct tok_span bytes)
{
	uint8_t character[4];
	bool ok = true;
	for (size_t i = 0; ok && i < bytes.count; i++)
		ok = tok_buffer_add(out, character,
				    tok_utf8_put(tok_byte_to_char(bytes.bytes[i]), character));
	return ok;
}

/* As files of this kind write tokens. */
static bool put_new_text(struct merge_lines *l, struct tok_span text, struct tok_buffer *out)
{
	if (!tok_tokenizer_spec(l->tokenizer)->raw_vocabulary)
		return vocab_json_put_string(out, text);
	tok_buffer_clear(&l->text);
	return put_raised(&l->text, text) && vocab_json_put_string(out, tok_buffer_span(&l->text));
}

static bool put_any_text(struct merge_lines *l, const struct tok_merged_batch *merged, tok_id id,
			 struct tok_buffer *out)
{
	const size_t base = tok_tokenizer_size(l->tokenizer);
	if (id < base)
		return vocab_json_put_string(out, tok_tokenizer_token(l->tokenizer, id));
	return put_new_text(l, merged->tokens[id - base].text, out);
}

static bool put_hex(struct tok_buffer *out, struct tok_span bytes)
{
	static const char digits[] = "0123456789abcdef";
	bool ok = true;
	for (size_t i = 0; ok && i < bytes.count; i++)
		ok = tok_buffer_add_byte(out, (uint8_t)digits[bytes.bytes[i] >> 4]) &&
		     tok_buffer_add_byte(out, (uint8_t)digits[bytes.bytes[i] & 15]);
	return ok;
}

/* ---- the vocabulary of a batch ---------------------------------------------- */

/* Of a row of merges each makes a token, most of which are gone in the end: those that
 * documents have are told, and have ids without holes. */
static bool find_new(struct merge_lines *l, const struct tok_merged_batch *merged)
{
	const size_t base = tok_tokenizer_size(l->tokenizer);
	const size_t count = merged->offsets[merged->count];
	if (!tok_grow(&l->news, &l->capacity, merged->token_count, sizeof *l->news))
		return false;
	for (size_t i = 0; i < merged->token_count; i++)
		l->news[i] = (struct merge_new){ 0 };
	for (size_t i = merged->step_count; i-- > 0;)
		if (merged->steps[i].result >= base)
			l->news[merged->steps[i].result - base].step = i;
	for (size_t i = 0, at = 0; i < count; at += merged->parts[i++]) {
		if (merged->ids[i] < base || l->news[merged->ids[i] - base].occurs)
			continue;
		struct merge_new *new = &l->news[merged->ids[i] - base];
		new->occurs = true;
		new->begin = at;
		new->parts = merged->parts[i];
	}
	l->occurring = 0;
	for (size_t i = 0; i < merged->token_count; i++)
		if (l->news[i].occurs)
			l->news[i].id = (tok_id)(base + l->occurring++);
	return true;
}

static bool make_names(struct merge_lines *l, const struct tok_merged_batch *merged)
{
	bool ok = true;
	tok_buffer_clear(&l->names);
	for (size_t i = 0; ok && i < merged->token_count; i++) {
		struct merge_new *new = &l->news[i];
		new->name_begin = l->names.count;
		ok = !new->occurs || put_new_text(l, merged->tokens[i].text, &l->names);
		new->name_end = l->names.count;
	}
	return ok;
}

static bool put_name(const struct merge_lines *l, const struct merge_new *new,
		     struct tok_buffer *out)
{
	const struct tok_span names = tok_buffer_span(&l->names);
	return tok_buffer_add(out, names.bytes + new->name_begin, new->name_end - new->name_begin);
}

static bool put_new(const struct merge_lines *l, const struct merge_new *new,
		    const struct merge_batch *batch, const struct tok_merged_batch *merged,
		    struct tok_span text, struct tok_buffer *out)
{
	const bool is_text =
	    tok_tokenizer_spec(l->tokenizer)->raw_vocabulary || tok_utf8_valid(text);
	bool ok =
	    put_field(out, "{\"id\":", new->id) && put(out, ",\"text\":") && put_name(l, new, out);
	if (ok && !is_text)
		ok = put(out, ",\"bytes\":\"") && put_hex(out, text) && put(out, "\"");
	return ok && put(out, ",\"parts\":[") &&
	       put_numbers(out, batch->ids + new->begin, new->parts) &&
	       put_field(out, "],\"merge\":", new->step + 1) &&
	       put_field(out, ",\"count\":", merged->steps[new->step].count) && put(out, "}");
}

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
		  put(out, ",\"tokens\":[");
	bool first = true;
	for (size_t i = 0; ok && i < merged->token_count; i++) {
		if (!l->news[i].occurs)
			continue;
		ok = (first || put(out, ",")) &&
		     put_new(l, &l->news[i], batch, merged, merged->tokens[i].text, out);
		first = false;
	}
	return ok && put(out, "]}\n");
}

/* ---- documents -------------------------------------------------------------- */

static bool put_id(const struct merge_lines *l, tok_id id, struct tok_buffer *out)
{
	const size_t base = tok_tokenizer_size(l->tokenizer);
	return put_number(out, id < base ? id : l->news[id - base].id);
}

static bool put_token(const struct merge_lines *l, tok_id id, struct tok_buffer *out)
{
	const size_t base = tok_tokenizer_size(l->tokenizer);
	if (id < base)
		return vocab_json_put_string(out, tok_tokenizer_token(l->tokenizer, id));
	return put_name(l, &l->news[id - base], out);
}

static bool put_document(const struct merge_lines *l, const struct tok_merged_batch *merged,
			 size_t at, struct tok_buffer *out)
{
	const size_t begin = merged->offsets[at], end = merged->offsets[at + 1];
	const bool as_ids = l->opts->ids;
	bool ok = put(out, as_ids ? "{\"ids\":[" : "{\"tokens\":[");
	for (size_t i = begin; ok && i < end; i++)
		ok = (i == begin || tok_buffer_add_byte(out, ',')) &&
		     (as_ids ? put_id(l, merged->ids[i], out) : put_token(l, merged->ids[i], out));
	if (ok && l->opts->parts)
		ok = put(out, "],\"parts\":[") &&
		     put_numbers(out, merged->parts + begin, end - begin);
	return ok && put(out, "]}\n");
}

/* ---- merges ----------------------------------------------------------------- */

static bool put_step(struct merge_lines *l, uint64_t number, const struct tok_merged_batch *merged,
		     size_t at, struct tok_buffer *out)
{
	const struct tok_merge_step *step = &merged->steps[at];
	return put_field(out, "{\"batch\":", number) && put_field(out, ",\"merge\":", at + 1) &&
	       put(out, ",\"left\":") && put_any_text(l, merged, step->left, out) &&
	       put(out, ",\"right\":") && put_any_text(l, merged, step->right, out) &&
	       put_field(out, ",\"count\":", step->count) &&
	       put_field(out, ",\"ids\":", step->length) && put(out, "}\n");
}

bool merge_put_batch(struct merge_lines *l, uint64_t number, const struct merge_batch *batch,
		     const struct tok_merged_batch *merged, struct tok_buffer *out)
{
	bool ok = find_new(l, merged);
	if (!ok || l->opts->curve >= 0)
		return ok;
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
