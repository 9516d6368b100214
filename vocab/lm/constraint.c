/* constraint.c - a question, a line; an answer, a line. */
#include "vocab/lm/constraint.h"

#include <stdlib.h>

#include "tok/text/json.h"
#include "vocab/lm/process_internal.h"

enum { TIMEOUT_MS = 60000, FIRST_TIMES = 10, LINE = 64 };

struct vocab_constraint {
	struct lm_process *process;
	struct tok_buffer question;
	uint64_t timeout_ms, calls;
};

enum tok_status vocab_constraint_open(const char *name, uint64_t timeout_ms,
				      struct vocab_constraint **out, struct tok_error *err)
{
	static const char kind[] = "exec:";
	if (strncmp(name, kind, sizeof kind - 1) != 0)
		return tok_fail(err, TOK_EARG, "a constraint is exec:PROGRAM ARGS, not '%s'", name);
	struct vocab_constraint *c = calloc(1, sizeof *c);
	if (!c)
		return tok_fail_memory(err);
	c->timeout_ms = timeout_ms ? timeout_ms : TIMEOUT_MS;
	const enum tok_status status = lm_process_start(name + sizeof kind - 1, &c->process, err);
	if (status != TOK_OK) {
		free(c);
		return status;
	}
	*out = c;
	return TOK_OK;
}

void vocab_constraint_free(struct vocab_constraint *c)
{
	if (!c)
		return;
	lm_process_end(c->process);
	tok_buffer_release(&c->question);
	free(c);
}

static bool write_question(struct vocab_constraint *c, struct tok_span text, bool ends)
{
	static const char digits[] = "0123456789abcdef";
	tok_buffer_clear(&c->question);
	if (text.count > (SIZE_MAX - 2) / 2 ||
	    !tok_buffer_reserve(&c->question, 2 * text.count + 2))
		return false;
	uint8_t *at = c->question.bytes;
	for (size_t i = 0; i < text.count; i++) {
		*at++ = (uint8_t)digits[text.bytes[i] >> 4];
		*at++ = (uint8_t)digits[text.bytes[i] & 15];
	}
	if (ends)
		*at++ = '.';
	*at++ = '\n';
	c->question.count = (size_t)(at - c->question.bytes);
	return true;
}

/* Whoever does not keep to 0 and 1 may be lines behind: nothing that it says can be believed. */
static enum tok_status read_answer(struct vocab_constraint *c, struct tok_span line, bool *may,
				   struct tok_error *err)
{
	struct tok_error lie = { 0 };
	if (line.count == 1 && (line.bytes[0] == '0' || line.bytes[0] == '1')) {
		*may = line.bytes[0] == '1';
		return TOK_OK;
	}
	tok_fail(&lie, TOK_EFORMAT, "the constraint answered '%s', which is neither 0 nor 1",
		 tok_show(line).text);
	lm_process_give_up(c->process, &lie);
	return tok_fail(err, lie.status, "%s", lie.message);
}

enum tok_status vocab_constraint_ask(struct vocab_constraint *c, struct tok_span text, bool ends,
				     bool *may, struct tok_error *err)
{
	struct tok_span line;
	if (!write_question(c, text, ends))
		return tok_fail_memory(err);
	/* Starting takes longer than answering. */
	const bool slow = c->calls++ == 0 && c->timeout_ms <= UINT64_MAX / FIRST_TIMES;
	lm_process_clock(c->process, slow ? c->timeout_ms * FIRST_TIMES : c->timeout_ms);
	lm_process_say(c->process, tok_buffer_span(&c->question));
	const enum tok_status status = lm_process_line(c->process, LINE, &line, err);
	if (status != TOK_OK)
		return tok_fail_in(err, status, "the constraint");
	return read_answer(c, line, may, err);
}

uint64_t vocab_constraint_calls(const struct vocab_constraint *c)
{
	return c->calls;
}
