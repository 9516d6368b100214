/*
 * validity_driver.c - which rows of tokens are valid, for scripts that compare it.
 *
 *	validity_driver TOKENIZER < ROWS
 *
 * Each line is a row of ids and becomes "ACCEPTED END": how many of them may stand there,
 * from the first on, and whether (1) or not (0) the text may end behind the last one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tok/bytes/validity.h"
#include "vocab/format/read.h"

static _Noreturn void fail(const char *message)
{
	fprintf(stderr, "validity_driver: %s\n", message);
	exit(2);
}

struct driver {
	struct tok_tokenizer *tokenizer;
	struct tok_byte_tokens *tokens;
	struct tok_validity *validity;
};

static void load(struct driver *d, const char *path)
{
	struct tok_spec spec = { 0 };
	struct tok_error err = { 0 };
	if (vocab_read_path(path, NULL, &spec, &err) != TOK_OK ||
	    tok_tokenizer_new(&spec, &d->tokenizer, &err) != TOK_OK)
		fail(err.message);
	tok_spec_release(&spec);
	const struct tok_lm_info info = { .name = "none",
					  .size = tok_tokenizer_size(d->tokenizer) };
	if (tok_byte_tokens_new(d->tokenizer, &info, &d->tokens, &err) != TOK_OK ||
	    tok_validity_new(d->tokenizer, d->tokens, &d->validity, &err) != TOK_OK)
		fail(err.message);
}

/* The token ends here, and *state is what is behind it. */
static bool accept(const struct driver *d, struct tok_valid_state *state, tok_id id)
{
	const struct tok_span text = tok_byte_tokens_text(d->tokens, id);
	struct tok_valid_state next;
	if (text.count == 0)
		return false;
	for (size_t i = 0; i < text.count; i++)
		if (!tok_validity_byte(d->validity, state, text.bytes[i]))
			return false;
	if (!tok_validity_token(d->validity, state, id, &next))
		return false;
	*state = next;
	return true;
}

static void answer(const struct driver *d, const char *line)
{
	struct tok_valid_state state = tok_validity_start(d->validity);
	size_t accepted = 0;
	bool alive = true;
	for (char *end; alive; line = end) {
		const unsigned long id = strtoul(line, &end, 10);
		if (end == line)
			break;
		alive = id < tok_tokenizer_size(d->tokenizer) && accept(d, &state, (tok_id)id);
		accepted += alive;
	}
	printf("%zu %d\n", accepted, alive && tok_validity_end(d->validity, &state));
}

int main(int argc, char **argv)
{
	struct driver d;
	char *line = NULL;
	size_t room = 0;
	if (argc != 2)
		fail("one tokenizer is wanted");
	load(&d, argv[1]);
	while (getline(&line, &room, stdin) > 0)
		answer(&d, line);
	free(line);
	tok_validity_free(d.validity);
	tok_byte_tokens_free(d.tokens);
	tok_tokenizer_free(d.tokenizer);
	return 0;
}
