/* merge_curve.c - how many ids are left after each merge, over all batches. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "cmd/merge_internal.h"

const unsigned merge_curve_percents[6] = { 10, 25, 50, 75, 90, 100 };

bool merge_curve_add(struct merge_curve_data *c, size_t before, const size_t *lengths, size_t count)
{
	if (!tok_grow(&c->saved, &c->capacity, count, sizeof *c->saved))
		return false;
	for (; c->count < count; c->count++)
		c->saved[c->count] = 0;
	c->ids += before;
	c->shortest += count ? lengths[count - 1] : before;
	for (size_t i = 0; i < count; before = lengths[i++])
		c->saved[i] += before - lengths[i];
	return true;
}

size_t merge_curve_reach(const struct merge_curve_data *c, unsigned percent)
{
	const double wanted = (double)(c->ids - c->shortest) * percent / 100;
	uint64_t saved = 0;
	size_t merges = 0;
	while (merges < c->count && (double)saved < wanted)
		saved += c->saved[merges++];
	return merges;
}

static enum tok_status put_line(struct cli_output *out, struct tok_error *err, const char *fmt, ...)
    TOK_PRINTF(3, 4);

static enum tok_status put_line(struct cli_output *out, struct tok_error *err, const char *fmt, ...)
{
	char text[256];
	va_list ap;
	va_start(ap, fmt);
	const int count = vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	return cli_output_add(out, text, (size_t)count, err);
}

/* A row for no merge and for each: how many ids are left, in all and a document, and how
 * much of the way to the shortest that is. */
static enum tok_status write_tsv(const struct merge_curve_data *c, struct cli_output *out,
				 struct tok_error *err)
{
	const double range = (double)(c->ids - c->shortest);
	const double documents = c->documents ? (double)c->documents : 1;
	uint64_t left = c->ids;
	enum tok_status status = put_line(out, err, "merges\tids\tmean\tpercent\n");
	for (size_t m = 0; status == TOK_OK && m <= c->count; m++) {
		left -= m ? c->saved[m - 1] : 0;
		status = put_line(out, err, "%zu\t%" PRIu64 "\t%.4f\t%.2f\n", m, left,
				  (double)left / documents,
				  range > 0 ? 100 * (double)(c->ids - left) / range : 0);
	}
	return status;
}

static enum tok_status write_json(const struct merge_curve_data *c, struct cli_output *out,
				  struct tok_error *err)
{
	uint64_t left = c->ids;
	enum tok_status status = put_line(out, err,
					  "{\"schema\":\"tok.merge.curve.1\",\"documents\":%" PRIu64
					  ",\"batches\":%" PRIu64 ",\"ids\":%" PRIu64
					  ",\"shortest\":%" PRIu64 ",\"reach\":[",
					  c->documents, c->batches, c->ids, c->shortest);
	for (size_t i = 0; status == TOK_OK && i < 6; i++)
		status = put_line(out, err, "%s{\"percent\":%u,\"merges\":%zu}", i ? "," : "",
				  merge_curve_percents[i],
				  merge_curve_reach(c, merge_curve_percents[i]));
	if (status == TOK_OK)
		status = put_line(out, err, "],\"lengths\":[");
	for (size_t m = 0; status == TOK_OK && m <= c->count; m++) {
		left -= m ? c->saved[m - 1] : 0;
		status = put_line(out, err, "%s%" PRIu64, m ? "," : "", left);
	}
	return status == TOK_OK ? put_line(out, err, "]}\n") : status;
}

enum tok_status merge_curve_write(const struct merge_curve_data *curve, enum merge_curve form,
				  struct cli_output *out, struct tok_error *err)
{
	switch (form) {
	case MERGE_CURVE_TSV:
		return write_tsv(curve, out, err);
	case MERGE_CURVE_JSON:
		return write_json(curve, out, err);
	}
	return TOK_OK;
}
