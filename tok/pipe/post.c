/* post.c - what comes after the model: truncation, templates, offset trimming,
 * padding; as Hugging Face's TokenizerImpl::post_process orders them. */
#include "tok/pipe/encoder_internal.h"

#include <stdlib.h>

#include "tok/text/unicode.h"
#include "tok/text/utf8.h"

void tok_run_release(struct tok_run *run)
{
	tok_tokens_release(&run->tokens);
	free(run->names);
	*run = (struct tok_run){ 0 };
}

static bool append(struct tok_run *run, tok_id id, struct tok_range range, struct tok_span name,
		   bool named)
{
	if (!tok_tokens_add(&run->tokens, id, range))
		return false;
	if (!named)
		return true;
	if (!tok_grow(&run->names, &run->name_capacity, run->tokens.count, sizeof *run->names))
		return false;
	run->names[run->name_count++] = name;
	return true;
}

static bool append_run(struct tok_run *to, const struct tok_run *from, bool named)
{
	const struct tok_range none = { 0, 0 };
	for (size_t i = 0; i < from->tokens.count; i++)
		if (!append(to, from->tokens.ids[i],
			    from->tokens.ranged ? from->tokens.ranges[i] : none,
			    named ? from->names[i] : (struct tok_span){ NULL, 0 }, named))
			return false;
	return true;
}

static void begin_spare(struct tok_encoder *e)
{
	e->spare.tokens.count = 0;
	e->spare.tokens.ranged = e->run.tokens.ranged;
	e->spare.name_count = 0;
}

static void take_spare(struct tok_encoder *e)
{
	const struct tok_run old = e->run;
	e->run = e->spare;
	e->spare = old;
}

/* ---- templates ------------------------------------------------------------ */

static bool lay_template(struct tok_encoder *e, const struct tok_post_step *step)
{
	const bool named = e->named;
	const struct tok_range nowhere = { 0, 0 };

	begin_spare(e);
	for (size_t i = 0; i < step->item_count; i++) {
		const struct tok_template_item *item = &step->items[i];
		if (item->kind == TOK_TEMPLATE_TOKEN
			? !append(&e->spare, item->id, nowhere, item->content, named)
			: !append_run(&e->spare, &e->run, named))
			return false;
	}
	take_spare(e);
	return true;
}

static size_t count_template_tokens(const struct tok_spec *spec)
{
	size_t count = 0;
	for (size_t i = 0; i < spec->post_count; i++)
		for (size_t k = 0; k < spec->posts[i].item_count; k++)
			count += spec->posts[i].items[k].kind == TOK_TEMPLATE_TOKEN;
	return count;
}

/* ---- truncation and padding ----------------------------------------------- */

static void truncate_run(struct tok_encoder *e)
{
	const struct tok_spec *spec = &e->tokenizer->spec;
	const size_t added = e->options->add_special ? count_template_tokens(spec) : 0;
	const size_t most =
	    spec->truncation.max_length > added ? spec->truncation.max_length - added : 0;
	struct tok_run *run = &e->run;
	if (run->tokens.count <= most)
		return;

	const size_t first = spec->truncation.left ? run->tokens.count - most : 0;
	memmove(run->tokens.ids, run->tokens.ids + first, most * sizeof *run->tokens.ids);
	if (run->tokens.ranged)
		memmove(run->tokens.ranges, run->tokens.ranges + first,
			most * sizeof *run->tokens.ranges);
	run->tokens.count = most;
	if (e->named) {
		memmove(run->names, run->names + first, most * sizeof *run->names);
		run->name_count = most;
	}
}

static bool pad_run(struct tok_encoder *e)
{
	const struct tok_padding *padding = &e->tokenizer->spec.padding;
	const size_t have = e->run.tokens.count;
	const bool named = e->named;
	size_t want = padding->length ? padding->length : have;
	if (padding->multiple > 0 && want % padding->multiple)
		want += padding->multiple - want % padding->multiple;
	if (want <= have)
		return true;

	begin_spare(e);
	if (!padding->left && !append_run(&e->spare, &e->run, named))
		return false;
	for (size_t i = have; i < want; i++)
		if (!append(&e->spare, padding->id, (struct tok_range){ 0, 0 }, padding->token,
			    named))
			return false;
	if (padding->left && !append_run(&e->spare, &e->run, named))
		return false;
	take_spare(e);
	return true;
}

/* ---- trimming offsets ----------------------------------------------------- */

/* Hugging Face counts a leading or trailing character of the token's name when
 * it is a space or the byte-level alphabet's picture of one. */
static bool looks_blank(uint32_t code)
{
	return code == tok_byte_to_char(' ') || tok_unicode_space(code);
}

static size_t count_leading(struct tok_span name)
{
	size_t count = 0;
	for (size_t at = 0; at < name.count; count++) {
		const struct tok_char c = tok_utf8_at(name, at);
		if (!looks_blank(c.code))
			break;
		at += c.length;
	}
	return count;
}

static size_t count_trailing(struct tok_span name)
{
	size_t count = 0;
	for (size_t end = name.count; end > 0; count++) {
		const struct tok_char c = tok_utf8_before(name, end);
		if (!looks_blank(c.code))
			break;
		end -= c.length;
	}
	return count;
}

/* The first and the last border of the character that `at` is inside of; `at`
 * itself where it is a border. */
static struct tok_range character_around(struct tok_span text, size_t at)
{
	for (size_t back = 1; back <= 3 && back <= at && at < text.count; back++) {
		const size_t length = tok_utf8_at(text, at - back).length;
		if (length > back)
			return (struct tok_range){ (uint32_t)(at - back),
						   (uint32_t)(at - back + length) };
	}
	return (struct tok_range){ (uint32_t)at, (uint32_t)at };
}

/* Offsets move by whole characters of the original text, as in the reference,
 * which knows no parts of characters. */
static void trim_range(struct tok_range *range, struct tok_span text, size_t leading,
		       size_t trailing)
{
	const size_t whole_end = character_around(text, range->end).end;
	size_t begin = range->begin, end = range->end;
	if (leading > 0)
		begin = character_around(text, begin).begin;
	for (size_t i = 0; i < leading && begin < whole_end; i++)
		begin += tok_utf8_at(text, begin).length;
	if (begin > end)
		end = begin;

	size_t cut = whole_end, left = trailing;
	for (; left > 0 && cut > 0; left--)
		cut -= tok_utf8_before(text, cut).length;
	if (trailing > 0 && left == 0) /* else there are not so many characters: leave it */
		end = cut > begin ? cut : begin;
	*range = (struct tok_range){ (uint32_t)begin, (uint32_t)end };
}

static struct tok_span name_of(const struct tok_encoder *e, size_t i)
{
	const struct tok_span name = e->run.names[i];
	if (name.bytes)
		return name;
	uint32_t length;
	memcpy(&length, e->surfaces.bytes + name.count, sizeof length);
	return (struct tok_span){ e->surfaces.bytes + name.count + sizeof length, length };
}

static void trim_offsets(struct tok_encoder *e, struct tok_span text, bool add_prefix_space)
{
	for (size_t i = 0; i < e->run.tokens.count; i++) {
		struct tok_range *range = &e->run.tokens.ranges[i];
		const struct tok_span name = name_of(e, i);
		size_t leading = count_leading(name);
		if (leading == 1 && add_prefix_space && (i == 0 || range->begin == 0))
			leading = 0; /* we put it there */
		trim_range(range, text, leading, count_trailing(name));
	}
}

/* ---- in order ------------------------------------------------------------- */

enum tok_status tok_post_process(struct tok_encoder *e, struct tok_span text, struct tok_error *err)
{
	const struct tok_spec *spec = &e->tokenizer->spec;

	if (e->options->truncate && spec->truncation.enabled)
		truncate_run(e);
	for (size_t i = 0; i < spec->post_count; i++) {
		const struct tok_post_step *step = &spec->posts[i];
		switch (step->kind) {
		case TOK_POST_TEMPLATE:
			if (e->options->add_special && !lay_template(e, step))
				return tok_fail_memory(err);
			break;
		case TOK_POST_TRIM_OFFSETS:
			if (e->options->offsets)
				trim_offsets(e, text, step->add_prefix_space);
			break;
		}
	}
	if (e->options->truncate && spec->padding.enabled && !pad_run(e))
		return tok_fail_memory(err);
	return TOK_OK;
}
