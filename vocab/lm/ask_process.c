/* ask_process.c - a process that is asked in lines of JSON. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "tok/text/json_write.h"
#include "vocab/lm/ask_internal.h"
#include "vocab/lm/process_internal.h"

struct open_question {
	uint64_t id;
	double begun;
};

struct process_ask {
	struct vocab_ask base;
	struct lm_process *process;
	uint64_t timeout_ms;
	struct tok_buffer behind; /* each question's end */
	struct tok_buffer saying;
	struct open_question open[VOCAB_ASK_MOST];
	size_t count;
	struct tok_json_document doc;
};

/* It has nothing to answer, or this long for the next one. */
static void restart_clock(struct process_ask *a)
{
	lm_process_clock(a->process, a->count > 0 ? a->timeout_ms : UINT64_MAX);
}

/* What was not written yet goes to the front. */
static bool put_line(struct process_ask *a, uint64_t id, struct tok_span prompt)
{
	const struct tok_span unsaid = lm_process_unsaid(a->process);
	char head[48];
	if (unsaid.count > 0)
		memmove(a->saying.bytes, unsaid.bytes, unsaid.count);
	a->saying.count = unsaid.count;
	const int n = snprintf(head, sizeof head, "{\"id\":%" PRIu64 ",\"prompt\":", id);
	const bool ok = tok_buffer_add(&a->saying, head, (size_t)n) &&
			tok_json_put_string(&a->saying, prompt) &&
			tok_buffer_add(&a->saying, a->behind.bytes, a->behind.count);
	if (!ok)
		a->saying.count = unsaid.count;
	lm_process_say(a->process, tok_buffer_span(&a->saying));
	return ok;
}

static enum tok_status put(struct vocab_ask *ask, uint64_t id, struct tok_span prompt,
			   struct tok_error *err)
{
	struct process_ask *a = (struct process_ask *)ask;
	if (!put_line(a, id, prompt))
		return tok_fail_memory(err);
	a->open[a->count++] = (struct open_question){ id, lm_ask_now() };
	if (a->count == 1)
		restart_clock(a);
	return TOK_OK;
}

static enum tok_status read_answer(const struct tok_json *answer, struct tok_span line,
				   struct vocab_said *out, struct tok_error *err)
{
	const struct tok_json *output = tok_json_get(answer, "output");
	const struct tok_json *trouble = tok_json_get(answer, "error");
	if (trouble && trouble->kind == TOK_JSON_STRING) {
		out->outcome = VOCAB_ASK_REFUSED;
		out->raw = line;
		tok_fail(&out->trouble, TOK_EIO, "it says: '%s'",
			 tok_show(tok_json_text(trouble)).text);
		return TOK_OK;
	}
	if (!output || output->kind != TOK_JSON_STRING)
		return tok_fail(err, TOK_EFORMAT, "an answer without an 'output' that is a string");
	out->outcome = VOCAB_ASK_ANSWER;
	out->output = tok_json_text(output);
	out->finish = lm_ask_text(answer, "finish");
	lm_ask_usage(answer, out);
	return TOK_OK;
}

/* Writers for whom each number is a real one say 1.0. */
static bool read_id(const struct tok_json *id, uint64_t *out)
{
	static const double exact = 0x1p53;
	if (id && id->kind == TOK_JSON_UNSIGNED) {
		*out = id->as.whole;
		return true;
	}
	if (!id || id->kind != TOK_JSON_DOUBLE || id->as.real < 0 || id->as.real >= exact)
		return false;
	*out = (uint64_t)id->as.real;
	return (double)*out == id->as.real;
}

static enum tok_status take_answer(struct process_ask *a, struct tok_span line,
				   struct vocab_said *out, struct tok_error *err)
{
	const enum tok_status status = tok_json_read(&a->doc, line, err);
	if (status != TOK_OK)
		return status == TOK_ENOMEM ? status
					    : tok_fail(err, TOK_EFORMAT, "no line of JSON: '%s'",
						       tok_show(line).text);
	uint64_t id;
	if (!read_id(tok_json_get(a->doc.values, "id"), &id))
		return tok_fail(err, TOK_EFORMAT,
				"an answer without an 'id' that is a whole number");
	size_t at = 0;
	while (at < a->count && a->open[at].id != id)
		at++;
	if (at == a->count)
		return tok_fail(err, TOK_EFORMAT,
				"an answer to question %" PRIu64 ", which is not open", id);
	*out = (struct vocab_said){ .id = id, .seconds = lm_ask_now() - a->open[at].begun };
	a->open[at] = a->open[--a->count];
	restart_clock(a);
	return read_answer(a->doc.values, line, out, err);
}

/* The last line of a process that is gone, as *err tells, may be an answer, and only lack a
 * newline. */
static enum tok_status take_rest(struct process_ask *a, bool *got, struct vocab_said *out,
				 struct tok_error *err)
{
	const struct tok_span rest = lm_process_rest(a->process);
	struct tok_error trouble = { 0 };
	const enum tok_status status =
	    rest.count > 0 ? take_answer(a, rest, out, &trouble) : TOK_EFORMAT;
	*got = status == TOK_OK;
	if (status == TOK_ENOMEM)
		return tok_fail_memory(err);
	return *got ? TOK_OK : TOK_EIO;
}

static enum tok_status get(struct vocab_ask *ask, uint64_t wait_ms, bool *got,
			   struct vocab_said *out, struct tok_error *err)
{
	struct process_ask *a = (struct process_ask *)ask;
	struct tok_span line;
	enum tok_status status =
	    lm_process_try_line(a->process, VOCAB_ASK_ANSWER_BYTES, wait_ms, got, &line, err);
	if (status == TOK_EIO)
		return take_rest(a, got, out, err);
	if (status != TOK_OK || !*got)
		return status;
	status = take_answer(a, line, out, err);
	*got = status == TOK_OK;
	if (status == TOK_EFORMAT)
		lm_process_give_up(a->process, err);
	return status;
}

static void free_process(struct vocab_ask *ask)
{
	struct process_ask *a = (struct process_ask *)ask;
	lm_process_end(a->process);
	tok_buffer_release(&a->behind);
	tok_buffer_release(&a->saying);
	tok_json_release(&a->doc);
	free(a);
}

static bool make_end(struct process_ask *a, const char *system)
{
	static const char name[] = ",\"system\":";
	if (system && (!tok_buffer_add(&a->behind, name, sizeof name - 1) ||
		       !tok_json_put_string(&a->behind, tok_span_of(system))))
		return false;
	return tok_buffer_add(&a->behind, "}\n", 2);
}

enum tok_status vocab_ask_process(const char *command, const struct vocab_ask_options *options,
				  struct vocab_ask **out, struct tok_error *err)
{
	struct process_ask *a = calloc(1, sizeof *a);
	if (!a)
		return tok_fail_memory(err);
	a->base = (struct vocab_ask){ put, get, free_process };
	a->timeout_ms = options->timeout_ms ? options->timeout_ms : LM_ASK_TIMEOUT_MS;
	enum tok_status status = make_end(a, options->system) ? TOK_OK : tok_fail_memory(err);
	if (status == TOK_OK)
		status = lm_process_start(command, &a->process, err);
	if (status != TOK_OK) {
		free_process(&a->base);
		return status;
	}
	restart_clock(a);
	*out = &a->base;
	return TOK_OK;
}
