/*
 * provider_driver.c - what the byte machine says with a model that others compute, for scripts.
 *
 *	provider_driver MODEL TOKENIZER < QUESTIONS
 *
 * A question is a line "all|valid|valid-renorm HEX"; its answer is a line of 260 numbers: the
 * logarithm of the text's probability, then the joint probabilities of 256 bytes, of the end, of
 * what is no text, and what leaks, each divided by the text's.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tok/bytes/machine.h"
#include "vocab/format/read.h"
#include "vocab/lm/provider.h"

enum { TEXT_MOST = 1024 };

struct driver {
	struct tok_tokenizer *tokenizer;
	struct tok_lm *lm;
	struct tok_byte_tokens *tokens;
	struct tok_validity *validity;
};

static _Noreturn void fail(const char *message)
{
	fprintf(stderr, "provider_driver: %s\n", message);
	exit(2);
}

static void must(enum tok_status status, const struct tok_error *err)
{
	if (status != TOK_OK)
		fail(err->message);
}

static void load(struct driver *d, const char *model, const char *path)
{
	struct tok_spec spec = { 0 };
	struct tok_error err = { 0 };
	must(vocab_read_path(path, NULL, &spec, &err), &err);
	must(tok_tokenizer_new(&spec, &d->tokenizer, &err), &err);
	tok_spec_release(&spec);
	must(vocab_lm_open(model, d->tokenizer, NULL, &d->lm, &err), &err);
	must(tok_byte_tokens_new(d->tokenizer, d->lm->info, &d->tokens, &err), &err);
	must(tok_validity_new(d->tokenizer, d->tokens, &d->validity, &err), &err);
}

static struct tok_machine *machine_new(const struct driver *d, const char *semantics)
{
	static const char *const names[] = { "all", "valid", "valid-renorm" };
	struct tok_machine_options options = { 0 };
	struct tok_machine *machine;
	struct tok_error err = { 0 };
	size_t which = 0;
	while (which < 3 && strcmp(semantics, names[which]) != 0)
		which++;
	if (which == 3)
		fail("there are no such semantics");
	options.semantics = (enum tok_bytes_semantics)which;
	must(tok_machine_new(d->tokens, which == TOK_BYTES_ALL ? NULL : d->validity, d->lm,
			     &options, &machine, &err),
	     &err);
	return machine;
}

static void answer(const struct driver *d, const char *semantics, struct tok_span text)
{
	struct tok_next_bytes next;
	struct tok_error err = { 0 };
	struct tok_machine *machine = machine_new(d, semantics);
	must(tok_machine_push(machine, text, &err), &err);
	must(tok_machine_next(machine, &next, &err), &err);
	if (!next.exact)
		fail("an answer is not exact");
	printf("%.17g", next.log_p);
	for (size_t b = 0; b < 256; b++)
		printf(" %.17g", next.joint[b]);
	printf(" %.17g %.17g %.17g\n", next.end, next.special, next.leak);
	tok_machine_free(machine);
}

int main(int argc, char **argv)
{
	struct driver d;
	char line[2 * TEXT_MOST + 32], semantics[16];
	if (argc != 3)
		fail("a model and a tokenizer are wanted");
	load(&d, argv[1], argv[2]);
	while (fgets(line, sizeof line, stdin)) {
		uint8_t text[TEXT_MOST];
		int used = 0;
		size_t count = 0;
		if (sscanf(line, "%15s %n", semantics, &used) != 1)
			fail("a question has no semantics");
		for (unsigned byte; sscanf(line + used, "%2x", &byte) == 1; used += 2)
			text[count++] = (uint8_t)byte;
		answer(&d, semantics, (struct tok_span){ text, count });
	}
	tok_validity_free(d.validity);
	tok_byte_tokens_free(d.tokens);
	d.lm->free(d.lm);
	tok_tokenizer_free(d.tokenizer);
	return 0;
}
