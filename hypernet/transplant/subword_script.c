/* subword_script.c - the median length of the old rows of each script. */
#include "hypernet/transplant/subword_internal.h"

#include <math.h>
#include <stdlib.h>
#include <unicode/uscript.h>

#include "hypernet/ann/rows.h"
#include "tok/text/utf8.h"

/* USCRIPT_COMMON where no character has one of its own. */
static int32_t script_of(struct tok_span text)
{
	for (size_t at = 0; at < text.count;) {
		const struct tok_char next = tok_utf8_at(text, at);
		UErrorCode code = U_ZERO_ERROR;
		const UScriptCode script = next.code <= 0x10FFFF
					       ? uscript_getScript((UChar32)next.code, &code)
					       : USCRIPT_COMMON;
		if (U_SUCCESS(code) && script > USCRIPT_INHERITED && script != USCRIPT_UNKNOWN)
			return (int32_t)script;
		at += next.length;
	}
	return USCRIPT_COMMON;
}

static int by_script(const void *a, const void *b)
{
	const struct script_median *x = a, *y = b;
	if (x->script != y->script)
		return x->script < y->script ? -1 : 1;
	return (x->length > y->length) - (x->length < y->length);
}

static int by_length(const void *a, const void *b)
{
	const struct script_median *x = a, *y = b;
	return (x->length > y->length) - (x->length < y->length);
}

/* Of `count` > 0 in order. */
static double median(const struct script_median *sorted, size_t count)
{
	return (sorted[(count - 1) / 2].length + sorted[count / 2].length) / 2;
}

static double length_of(const float *row, size_t width)
{
	double sum = 0;
	for (size_t i = 0; i < width; i++)
		sum += (double)row[i] * (double)row[i];
	return sqrt(sum);
}

/* The texts' rows that are no padding. */
static enum tok_status measure(const struct hyper_vocab *source, const struct hyper_rows_view *rows,
			       struct script_median *out, size_t *count, struct tok_error *err)
{
	float *room = malloc(rows->width * sizeof *room);
	const size_t ids = source->count < rows->count ? source->count : rows->count;
	enum tok_status status = room ? TOK_OK : tok_fail_memory(err);
	*count = 0;
	for (size_t id = 0; id < ids && status == TOK_OK; id++) {
		const float *row = NULL;
		if (source->kinds[id] != HYPER_TOKEN_TEXT)
			continue;
		status = hyper_rows_read(rows, id, 1, room, &row, err);
		const double length = status == TOK_OK ? length_of(row, rows->width) : 0;
		if (length > 0 && isfinite(length))
			out[(*count)++] =
			    (struct script_median){ script_of(source->bytes[id]), length };
	}
	free(room);
	return status;
}

enum tok_status script_medians_make(const struct hyper_vocab *source,
				    const struct hyper_rows_view *rows, struct script_medians *out,
				    struct tok_error *err)
{
	struct script_medians medians = { .list =
					      malloc((source->count + 1) * sizeof *medians.list) };
	size_t count = 0;
	if (!medians.list)
		return tok_fail_memory(err);
	const enum tok_status status = measure(source, rows, medians.list, &count, err);
	if (status != TOK_OK) {
		free(medians.list);
		return status;
	}
	if (count) {
		qsort(medians.list, count, sizeof *medians.list, by_length);
		medians.all = median(medians.list, count);
		qsort(medians.list, count, sizeof *medians.list, by_script);
	}
	for (size_t begin = 0, end; begin < count; begin = end) {
		for (end = begin + 1; end < count; end++)
			if (medians.list[end].script != medians.list[begin].script)
				break;
		medians.list[medians.count++] =
		    (struct script_median){ medians.list[begin].script,
					    median(medians.list + begin, end - begin) };
	}
	*out = medians;
	return TOK_OK;
}

void script_medians_release(struct script_medians *medians)
{
	free(medians->list);
	*medians = (struct script_medians){ 0 };
}

double script_medians_of(const struct script_medians *medians, struct tok_span text)
{
	const int32_t script = script_of(text);
	for (size_t i = 0; i < medians->count; i++)
		if (medians->list[i].script == script)
			return medians->list[i].length;
	return medians->all;
}
