/*
 * regex.c - patterns as the reference programs understand them, run by PCRE2.
 */
#include "tok/text/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>

#include "tok/text/regex_internal.h"

enum {
	MATCH_LIMIT = 10 * 1000 * 1000,
	HEAP_LIMIT_KIB = 512 * 1024,
	JIT_STACK_FIRST = 32 * 1024,
	JIT_STACK_MOST = 128 * 1024 * 1024 /* address space, used when it is needed */,
	PATTERN_MOST = 64 * 1024,
	WINDOW_FIRST = 512
};

struct tok_regex {
	pcre2_code *code;        /* NULL: a literal */
	bool compiled;           /* to machine code */
	struct tok_span literal; /* a copy behind the struct */
};

struct tok_regex_scratch {
	pcre2_match_context *context;
	pcre2_jit_stack *stack;
	pcre2_match_data *data;
};

/* ---- compiling ------------------------------------------------------------ */

static enum tok_status compile(struct tok_regex *regex, struct tok_span pattern,
			       enum tok_regex_dialect dialect, struct tok_error *err)
{
	struct tok_pattern p = {
		.text = pattern, .dialect = dialect, .unicode = tok_set_pcre2_unicode(), .err = err
	};
	enum tok_status status = tok_pattern_translate(&p);
	if (status != TOK_OK)
		goto done;

	pcre2_compile_context *context = pcre2_compile_context_create(NULL);
	int code;
	size_t at;
	uint32_t options = PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C;
	if (dialect == TOK_REGEX_RUST)
		options |= PCRE2_ALT_CIRCUMFLEX; /* '^' behind the last newline too */
	if (!context || pcre2_set_newline(context, PCRE2_NEWLINE_LF) != 0) {
		pcre2_compile_context_free(context);
		status = tok_fail_memory(err);
		goto done;
	}
	regex->code = pcre2_compile(p.out.count ? p.out.bytes : (PCRE2_SPTR) "", p.out.count,
				    options, &code, &at, context);
	pcre2_compile_context_free(context);
	if (!regex->code) {
		char why[120] = "";
		pcre2_get_error_message(code, (PCRE2_UCHAR *)why, sizeof why);
		p.at = p.text.count;
		status =
		    code == PCRE2_ERROR_NOMEMORY ? tok_fail_memory(err) : tok_pattern_fail(&p, why);
		goto done;
	}
	regex->compiled = pcre2_jit_compile(regex->code, PCRE2_JIT_COMPLETE) == 0;
done:
	tok_pattern_release(&p);
	return status;
}

enum tok_status tok_regex_new(struct tok_span pattern, enum tok_regex_dialect dialect,
			      struct tok_regex **out, struct tok_error *err)
{
	if (pattern.count > PATTERN_MOST)
		return tok_fail(err, TOK_ELIMIT, "a pattern of %zu bytes is too long: at most %d",
				pattern.count, PATTERN_MOST);
	struct tok_regex *regex = calloc(1, sizeof *regex + pattern.count);
	if (!regex)
		return tok_fail_memory(err);
	if (dialect == TOK_REGEX_LITERAL) {
		if (pattern.count)
			memcpy(regex + 1, pattern.bytes, pattern.count);
		regex->literal = (struct tok_span){ (const uint8_t *)(regex + 1), pattern.count };
	} else {
		const enum tok_status status = compile(regex, pattern, dialect, err);
		if (status != TOK_OK) {
			free(regex);
			return status;
		}
	}
	*out = regex;
	return TOK_OK;
}

void tok_regex_free(struct tok_regex *regex)
{
	if (!regex)
		return;
	pcre2_code_free(regex->code);
	free(regex);
}

/* ---- matching ------------------------------------------------------------- */

struct tok_regex_scratch *tok_regex_scratch_new(void)
{
	struct tok_regex_scratch *scratch = calloc(1, sizeof *scratch);
	if (!scratch)
		return NULL;
	scratch->context = pcre2_match_context_create(NULL);
	scratch->stack = pcre2_jit_stack_create(JIT_STACK_FIRST, JIT_STACK_MOST, NULL);
	scratch->data = pcre2_match_data_create(1, NULL);
	if (!scratch->context || !scratch->data) {
		tok_regex_scratch_free(scratch);
		return NULL;
	}
	pcre2_set_match_limit(scratch->context, MATCH_LIMIT);
	pcre2_set_heap_limit(scratch->context, HEAP_LIMIT_KIB);
	if (scratch->stack)
		pcre2_jit_stack_assign(scratch->context, NULL, scratch->stack);
	return scratch;
}

void tok_regex_scratch_free(struct tok_regex_scratch *scratch)
{
	if (!scratch)
		return;
	pcre2_match_data_free(scratch->data);
	pcre2_jit_stack_free(scratch->stack);
	pcre2_match_context_free(scratch->context);
	free(scratch);
}

static bool find_literal(struct tok_span literal, struct tok_span text, size_t from,
			 struct tok_range *out)
{
	size_t at = from;
	if (literal.count > 0) {
		const uint8_t *hit =
		    from < text.count
			? memmem(text.bytes + from, text.count - from, literal.bytes, literal.count)
			: NULL;
		if (!hit)
			return false;
		at = (size_t)(hit - text.bytes);
	}
	*out = (struct tok_range){ (uint32_t)at, (uint32_t)(at + literal.count) };
	return true;
}

/* PCRE2's interpreter first looks whether all of the text is UTF-8, which for
 * match after match would take the square of its length: it is shown a window,
 * a larger one where the match may depend on what is behind it. */
static int interpret(const struct tok_regex *regex, struct tok_regex_scratch *scratch,
		     struct tok_span text, size_t from)
{
	for (size_t window = WINDOW_FIRST;; window *= 2) {
		const bool whole = window >= text.count - from;
		size_t end = whole ? text.count : from + window;
		for (int i = 0; i < 3 && end < text.count && (text.bytes[end] & 0xC0) == 0x80; i++)
			end++;
		const int rc = pcre2_match(regex->code, text.bytes, end, from,
					   PCRE2_NO_JIT | (whole ? 0 : PCRE2_PARTIAL_HARD),
					   scratch->data, scratch->context);
		if (whole || (rc != PCRE2_ERROR_NOMATCH && rc != PCRE2_ERROR_PARTIAL))
			return rc;
	}
}

static int match(const struct tok_regex *regex, struct tok_regex_scratch *scratch,
		 struct tok_span text, size_t from)
{
	if (regex->compiled) {
		const int rc = pcre2_match(regex->code, text.bytes, text.count, from, 0,
					   scratch->data, scratch->context);
		if (rc != PCRE2_ERROR_JIT_STACKLIMIT)
			return rc;
	}
	return interpret(regex, scratch, text, from);
}

enum tok_status tok_regex_find(const struct tok_regex *regex, struct tok_regex_scratch *scratch,
			       struct tok_span text, size_t from, bool *found,
			       struct tok_range *out, struct tok_error *err)
{
	*found = false;
	if (from > text.count)
		return TOK_OK;
	if (!regex->code) {
		*found = find_literal(regex->literal, text, from, out);
		return TOK_OK;
	}

	if (text.count == 0)
		text.bytes = (const uint8_t *)"";
	const int rc = match(regex, scratch, text, from);
	if (rc == PCRE2_ERROR_NOMATCH)
		return TOK_OK;
	if (rc == PCRE2_ERROR_NOMEMORY)
		return tok_fail_memory(err);
	if (rc < 0) {
		char why[120] = "";
		pcre2_get_error_message(rc, (PCRE2_UCHAR *)why, sizeof why);
		return tok_fail(err, TOK_ELIMIT, "a pattern gave up at byte %zu: %s", from, why);
	}
	const size_t *ends = pcre2_get_ovector_pointer(scratch->data);
	*found = true;
	*out = (struct tok_range){ (uint32_t)ends[0], (uint32_t)ends[1] };
	return TOK_OK;
}
