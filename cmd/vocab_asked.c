#include "cmd/vocab_asked.h"

#include <stdlib.h>

#include "cmd/cli.h"
#include "vocab/audit/describe.h"
#include "tok/pipe/encoder.h"
#include "tok/text/utf8.h"

/* ---- what was asked for ---------------------------------------------------------------------- */

enum tok_status vocab_asked_token(struct vocab_asked *asked, const struct tok_spec *spec,
				  struct tok_span text, struct tok_span gone, bool special,
				  struct tok_error *err)
{
	size_t at = 0;
	while (!tok_span_equal(spec->added[at].content, text))
		at++;
	if (!tok_grow(&asked->tokens, &asked->capacity, asked->count + 1, sizeof *asked->tokens))
		return tok_fail_memory(err);
	asked->tokens[asked->count++] = (struct vocab_asked_token){ .id = spec->added[at].id,
								    .gone = gone,
								    .special = special };
	return TOK_OK;
}

/* A later edit may have given it yet another name. */
static bool find_name(struct vocab_asked *asked, const struct tok_spec *spec,
		      struct vocab_asked_token *token)
{
	size_t at = 0;
	while (spec->added[at].id != token->id)
		at++;
	token->text = tok_arena_copy(&asked->arena, spec->added[at].content);
	return token->text.bytes != NULL;
}

static bool put_template(struct vocab_asked *asked, const struct tok_post_step *step)
{
	bool behind = false;
	asked->before = tok_arena_array(&asked->arena, step->item_count, sizeof *asked->before);
	asked->after = tok_arena_array(&asked->arena, step->item_count, sizeof *asked->after);
	if (!asked->before || !asked->after)
		return false;
	for (size_t i = 0; i < step->item_count; i++) {
		if (step->items[i].kind == TOK_TEMPLATE_TEXT)
			behind = true;
		else if (behind)
			asked->after[asked->after_count++] = step->items[i].id;
		else
			asked->before[asked->before_count++] = step->items[i].id;
	}
	return true;
}

enum tok_status vocab_asked_finish(struct vocab_asked *asked, const struct tok_spec *spec,
				   bool has_template, struct tok_error *err)
{
	bool ok = true;
	for (size_t i = 0; i < asked->count && ok; i++)
		ok = find_name(asked, spec, &asked->tokens[i]);
	asked->has_template = has_template;
	for (size_t i = 0; has_template && i < spec->post_count && ok; i++)
		if (spec->posts[i].kind == TOK_POST_TEMPLATE)
			ok = put_template(asked, &spec->posts[i]);
	return ok ? TOK_OK : tok_fail_memory(err);
}

void vocab_asked_release(struct vocab_asked *asked)
{
	free(asked->tokens);
	tok_arena_release(&asked->arena);
	*asked = (struct vocab_asked){ 0 };
}

/* ---- names ----------------------------------------------------------------------------------- */

/* Does ordinary text that spells the token become it? */
static enum tok_status is_made(struct tok_encoder *encoder, struct tok_span text, tok_id id,
			       bool *out, struct tok_error *err)
{
	static const struct tok_encode_options ordinary = { .special_text = TOK_SPECIAL_ORDINARY };
	struct tok_encoding ids = { 0 };
	const enum tok_status status = tok_encode(encoder, text, &ordinary, &ids, err);
	*out = false;
	for (size_t i = 0; status == TOK_OK && i < ids.count; i++)
		*out |= ids.ids[i] == id;
	return status == TOK_ETEXT ? TOK_OK : status;
}

static bool put_probe(struct vocab_asked_names *names, const char *front, struct tok_span text,
		      const char *behind)
{
	const size_t before = strlen(front), after = strlen(behind);
	uint8_t *bytes = tok_arena_array(&names->arena, before + text.count + after, 1);
	if (!bytes)
		return false;
	memcpy(bytes, front, before);
	memcpy(bytes + before, text.bytes, text.count);
	memcpy(bytes + before + text.count, behind, after);
	names->probes[names->probe_count++] =
	    (struct tok_span){ bytes, before + text.count + after };
	return true;
}

enum { MARKS = 3, PROBES = 4 }; /* of so many beginnings, each so often */

static bool put_probes(struct vocab_asked_names *names, struct tok_span text)
{
	bool ok = true;
	for (int i = 0; i < MARKS && text.count && ok; i++) {
		ok = put_probe(names, "", text, "") && put_probe(names, " ", text, " ") &&
		     put_probe(names, "a", text, "") && put_probe(names, "a", text, "a");
		text = tok_span_slice(text, tok_utf8_at(text, 0).length, text.count);
	}
	return ok;
}

static bool was_added(const struct tok_spec *spec, struct tok_span text)
{
	for (size_t i = 0; i < spec->added_count; i++)
		if (tok_span_equal(spec->added[i].content, text))
			return true;
	return false;
}

static enum tok_status put_names(const struct vocab_asked *asked, const struct tok_spec *spec,
				 struct tok_encoder *encoder, struct vocab_asked_names *out,
				 struct tok_error *err)
{
	for (size_t i = 0; i < asked->count; i++) {
		const struct vocab_asked_token *token = &asked->tokens[i];
		const bool renamed = token->gone.count > 0;
		const struct tok_span old = renamed ? token->gone : token->text;
		bool made = false;
		if (!renamed && !was_added(spec, old))
			continue;
		const enum tok_status status = is_made(encoder, old, token->id, &made, err);
		if (status != TOK_OK)
			return status;
		if (made) {
			out->made[out->made_count++] = old;
			out->made[out->made_count++] = token->text;
		}
		if (renamed && !put_probes(out, token->text))
			return tok_fail_memory(err);
	}
	return TOK_OK;
}

enum tok_status vocab_asked_names(const struct vocab_asked *asked,
				  const struct tok_tokenizer *source, struct vocab_asked_names *out,
				  struct tok_error *err)
{
	struct tok_encoder *encoder = tok_encoder_new(source);
	*out = (struct vocab_asked_names){ 0 };
	out->made = tok_arena_array(&out->arena, 2 * asked->count, sizeof *out->made);
	out->probes = tok_arena_array(&out->arena, (size_t)MARKS * PROBES * asked->count,
				      sizeof *out->probes);
	const enum tok_status status =
	    encoder && out->made && out->probes
		? put_names(asked, tok_tokenizer_spec(source), encoder, out, err)
		: tok_fail_memory(err);
	tok_encoder_free(encoder);
	return status;
}

void vocab_asked_names_release(struct vocab_asked_names *names)
{
	tok_arena_release(&names->arena);
	*names = (struct vocab_asked_names){ 0 };
}

/* ---- what there is --------------------------------------------------------------------------- */

static size_t check_token(const struct vocab_asked_token *token,
			  const struct tok_tokenizer *written, const char *path)
{
	char name[VOCAB_LINE], gone[VOCAB_LINE];
	vocab_describe_text(token->text, name);
	vocab_describe_text(token->gone, gone);
	if (tok_tokenizer_find(written, token->text) != token->id)
		cli_error("%s: %s is not the token %u there, as was asked for", path, name,
			  token->id);
	else if (token->special && !tok_tokenizer_is_special(written, token->id))
		cli_error("%s: %s is not special there, as was asked for", path, name);
	else if (token->gone.count && tok_tokenizer_find(written, token->gone) == token->id)
		cli_error("%s: %s is still the token %u there", path, gone, token->id);
	else
		return 0;
	return 1;
}

static bool is_laid(const struct vocab_asked *asked, const struct tok_encoding *plain,
		    const struct tok_encoding *whole)
{
	const size_t front = asked->before_count, back = asked->after_count;
	const size_t size = sizeof *plain->ids;
	if (whole->count != front + plain->count + back)
		return false;
	return (!front || memcmp(whole->ids, asked->before, front * size) == 0) &&
	       (!plain->count ||
		memcmp(whole->ids + front, plain->ids, plain->count * size) == 0) &&
	       (!back || memcmp(whole->ids + front + plain->count, asked->after, back * size) == 0);
}

/* Text that the tokenizer has no ids for tells nothing. */
static enum tok_status check_template(const struct vocab_asked *asked,
				      struct tok_encoder *encoders[2], bool *laid,
				      struct tok_error *err)
{
	static const char *const texts[] = { "", "a", "Hello, world!" };
	const struct tok_encode_options plainly = { 0 }, wholly = { .add_special = true };
	enum tok_status status = TOK_OK;
	*laid = true;
	for (size_t i = 0; i < sizeof texts / sizeof *texts && status == TOK_OK && *laid; i++) {
		const struct tok_span text = tok_span_of(texts[i]);
		struct tok_encoding plain, whole;
		status = tok_encode(encoders[0], text, &plainly, &plain, err);
		if (status == TOK_OK)
			status = tok_encode(encoders[1], text, &wholly, &whole, err);
		if (status == TOK_OK)
			*laid = is_laid(asked, &plain, &whole);
		else if (status == TOK_ETEXT)
			status = TOK_OK;
	}
	return status;
}

enum tok_status vocab_asked_check(const struct vocab_asked *asked,
				  const struct tok_tokenizer *written, const char *path,
				  size_t *lost, struct tok_error *err)
{
	*lost = 0;
	for (size_t i = 0; i < asked->count; i++)
		*lost += check_token(&asked->tokens[i], written, path);
	if (!asked->has_template)
		return TOK_OK;
	struct tok_encoder *encoders[2] = { tok_encoder_new(written), tok_encoder_new(written) };
	bool laid = true;
	const enum tok_status status = encoders[0] && encoders[1]
					   ? check_template(asked, encoders, &laid, err)
					   : tok_fail_memory(err);
	if (status == TOK_OK && !laid) {
		cli_error("%s: the template that was asked for is not laid around a text there",
			  path);
		++*lost;
	}
	tok_encoder_free(encoders[0]);
	tok_encoder_free(encoders[1]);
	return status;
}
