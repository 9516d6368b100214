/*
 * bytes_rules_internal.h - which texts may be drawn, for what tok bytes sample and tok bytes
 * ensemble draw: those that an automaton accepts, that a process allows, or all.
 *
 * What is forbidden is left out of the distribution of each symbol, and what was left of it is the
 * weight of the draw (tok/bytes/draw.h).  Weights multiplied along a text are properly weighted
 * whatever the distributions come from, be it one model or several.
 */
#ifndef CMD_BYTES_RULES_INTERNAL_H
#define CMD_BYTES_RULES_INTERNAL_H

#include "cmd/bytes_internal.h"
#include "tok/bytes/automaton.h"
#include "tok/bytes/draw.h"
#include "vocab/lm/constraint.h"

/* The same for all samples. */
struct bytes_rules {
	struct tok_buffer stop;              /* behind these bytes a sample ends; may be none */
	struct tok_automaton *automaton;     /* or NULL */
	struct vocab_constraint *constraint; /* or NULL */
};

/* Where one sample stands, and its weight. */
struct bytes_ruled {
	uint32_t state; /* of the automaton */
	double log_weight;
	double *shares; /* weights, symbol by symbol */
	size_t share_count, share_capacity;
};

/* What --dfa, --constraint and --stop-hex say.  What is wrong has been said when it is not CLI_OK;
 * then there is nothing to close. */
enum cli_exit bytes_rules_open(const struct bytes_options *options, struct bytes_rules *out);
void bytes_rules_close(struct bytes_rules *rules);

/* Is anything forbidden, so that samples have weights? */
bool bytes_rules_weigh(const struct bytes_rules *rules);

/* Questions that the process was asked so far. */
uint64_t bytes_rules_calls(const struct bytes_rules *rules);

/* Does a text end here? */
bool bytes_rules_stop(const struct bytes_rules *rules, const struct tok_buffer *text);

/* At the beginning of a sample: zeroed, or used before. */
void bytes_ruled_begin(struct bytes_ruled *ruled);
void bytes_ruled_release(struct bytes_ruled *ruled);

/* Draw what comes behind `text`, a sample so far, which is as before afterwards; TOK_MIX_SYMBOLS:
 * nothing is possible.  Changes `law`. */
TOK_MUST_USE enum tok_status bytes_rules_draw(const struct bytes_rules *rules,
					      struct bytes_ruled *ruled, struct tok_buffer *text,
					      struct tok_draw_law *law, struct tok_random *random,
					      size_t *symbol, struct tok_error *err);

/* "weight", "logW", "z", "accepted" and "calls", as far as there are rules; a comma before. */
void bytes_rules_put(const struct bytes_rules *rules, const struct bytes_ruled *ruled,
		     uint64_t calls);

/* The same of all `count` samples, whose weights sum to `weights`: "mean_weight" and "calls". */
void bytes_rules_put_all(const struct bytes_rules *rules, double weights, uint64_t count);

/* Says so where samples were written as bytes of which `dead` came to an end where nothing was
 * possible: CLI_NO. */
enum cli_exit bytes_rules_tell(uint64_t dead, uint64_t count);

#endif
