/*
 * vocab_asked.h - what tok vocab edit was asked for, and whether a file that was written has it.
 *
 *	struct vocab_asked asked = { 0 };
 *	status = vocab_asked_token(&asked, &spec, text, old_name, special, &err);   // after each
 *edit status = vocab_asked_finish(&asked, &spec, template_too, &err);            // after the last
 *	... write spec, read it back ...
 *	status = vocab_asked_names(&asked, source, &names, &err);                   // for
 *vocab_same.h status = vocab_asked_check(&asked, written, path, &lost, &err);
 *	vocab_asked_release(&asked);
 */
#ifndef CMD_VOCAB_ASKED_H
#define CMD_VOCAB_ASKED_H

#include "tok/pipe/tokenizer.h"

struct vocab_asked_token {
	struct tok_span text, gone; /* its name in the end; one that it has no more, or empty */
	tok_id id;
	bool special;
};

struct vocab_asked {
	struct tok_arena arena;
	struct vocab_asked_token *tokens;
	size_t count, capacity;
	bool has_template;
	tok_id *before, *after; /* what it lays around a text */
	size_t before_count, after_count;
};

/* The added token `text` of `spec` was asked for; `gone` is its old name, borrowed, or empty. */
TOK_MUST_USE enum tok_status vocab_asked_token(struct vocab_asked *asked,
					       const struct tok_spec *spec, struct tok_span text,
					       struct tok_span gone, bool special,
					       struct tok_error *err);

/* `spec` is as it will be written, and may go then. */
TOK_MUST_USE enum tok_status vocab_asked_finish(struct vocab_asked *asked,
						const struct tok_spec *spec, bool has_template,
						struct tok_error *err);

/* Says on standard error what `written`, read from `path`, has lost, and counts it in *lost. */
TOK_MUST_USE enum tok_status vocab_asked_check(const struct vocab_asked *asked,
					       const struct tok_tokenizer *written,
					       const char *path, size_t *lost,
					       struct tok_error *err);
void vocab_asked_release(struct vocab_asked *asked);

/* What the names of edited tokens mean for a comparison with the tokenizer as it was. */
struct vocab_asked_names {
	struct tok_arena arena;
	/* Old and new ones of renamed tokens that ordinary text became by their names, and of added
	 * ones that it became until they were special. */
	struct tok_span *made;
	struct tok_span *probes; /* new ones, alone, inside words, and without their first character
				  * or two: those may be marks */
	size_t made_count, probe_count;
};

TOK_MUST_USE enum tok_status vocab_asked_names(const struct vocab_asked *asked,
					       const struct tok_tokenizer *source,
					       struct vocab_asked_names *out,
					       struct tok_error *err);
void vocab_asked_names_release(struct vocab_asked_names *names);

#endif
