/*
 * transplant_report.h - what a transplant did, as files beside the new weights and on one screen.
 *
 *	transplant.json  all of it for programs, without anything that changes from run to run
 *	mapping.tsv      a line an id: its bytes, how its row came to be, and of what
 *	transplant.html  the same as pictures: transplant_page.c
 */
#ifndef CMD_TRANSPLANT_REPORT_H
#define CMD_TRANSPLANT_REPORT_H

#include "cmd/transplant_recipes.h"
#include "cmd/transplant_usage.h"

struct transplant_report {
	const struct transplant_case *c;
	const struct transplant_choice *choice;
	const struct transplant_recipes *recipes;
	const struct transplant_usage *usage; /* NULL: no text was given */
	struct tok_span notes;                /* of rewriting the configuration: lines */
	enum hyper_digits digits[2];
};

/* Each is added to `out`.  TOK_ENOMEM, and what reading rows fails with. */
TOK_MUST_USE enum tok_status transplant_report_json(const struct transplant_report *report,
						    struct tok_buffer *out, struct tok_error *err);
TOK_MUST_USE enum tok_status transplant_report_tsv(const struct transplant_report *report,
						   struct tok_buffer *out, struct tok_error *err);
TOK_MUST_USE enum tok_status transplant_report_page(const struct transplant_report *report,
						    struct tok_buffer *out, struct tok_error *err);

/* The options alone, as the members of an object.  Those of recipes that were read are theirs. */
TOK_MUST_USE enum tok_status transplant_report_options(const struct transplant_options *options,
						       const struct transplant_choice *choice,
						       const struct transplant_recipes *recipes,
						       struct tok_buffer *out,
						       struct tok_error *err);

/* Word `index` of "one|two|three"; none below 0.  And back: -1 where it is none of them. */
void transplant_word(const char *words, int index, char *out, size_t room);
int transplant_word_find(const char *words, const char *word);

/* On standard error. */
void transplant_report_tell(const struct transplant_report *report);

#endif
