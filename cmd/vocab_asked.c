#include "cmd/vocab_asked.h"

#include <stdlib.h>

#include "cmd/cli.h"
#include "vocab/audit/describe.h"
#include "tok/pipe/encoder.h"

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
