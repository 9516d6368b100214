/* ARPA's text: \data\ with counts, a section an order, \end\. */
#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "tok/base/buffer.h"
#include "vocab/lm/arpa_read_internal.h"

struct lines {
	struct tok_span rest;
	struct tok_span line;
	size_t number;
};

static bool is_blank(uint8_t byte)
{
	return byte == ' ' || byte == '\t' || byte == '\r';
}

/* The next line without blanks at its ends; false at the end. */
static bool next_line(struct lines *lines)
{
	struct tok_span *rest = &lines->rest, *line = &lines->line;
	if (rest->count == 0)
		return false;
	const uint8_t *end = memchr(rest->bytes, '\n', rest->count);
	const size_t count = end ? (size_t)(end - rest->bytes) : rest->count;
	*line = tok_span_slice(*rest, 0, count);
	*rest = tok_span_slice(*rest, end ? count + 1 : count, rest->count);
	while (line->count && is_blank(line->bytes[line->count - 1]))
		line->count--;
	while (line->count && is_blank(line->bytes[0]))
		*line = tok_span_slice(*line, 1, line->count);
	lines->number++;
	return true;
}

static bool next_full_line(struct lines *lines)
{
	bool there = next_line(lines);
	while (there && lines->line.count == 0)
		there = next_line(lines);
	return there;
}

/* What is before the next blanks; empty at the end of the line. */
static struct tok_span next_field(struct tok_span *line)
{
	size_t count = 0, next;
	while (count < line->count && !is_blank(line->bytes[count]))
		count++;
	const struct tok_span field = tok_span_slice(*line, 0, count);
	for (next = count; next < line->count && is_blank(line->bytes[next]);)
		next++;
	*line = tok_span_slice(*line, next, line->count);
	return field;
}

/* With a point, whatever the program's locale has. */
static bool read_number(struct tok_span field, double *out)
{
	char text[64], *end;
	if (field.count == 0 || field.count >= sizeof text)
		return false;
	const locale_t plain = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);
	if (plain == (locale_t)0)
		return false;
	memcpy(text, field.bytes, field.count);
	text[field.count] = '\0';
	*out = strtod_l(text, &end, plain);
	freelocale(plain);
	return end == text + field.count && !isnan(*out);
}

/* A power of ten, at most 10^100; what is too small for a double is the least that it can hold, as
 * 0 is what is impossible. */
static bool read_power(struct tok_span field, double *out)
{
	double log;
	if (!read_number(field, &log) || log > 100)
		return false;
	*out = log > -INFINITY ? fmax(pow(10, log), DBL_TRUE_MIN) : 0.0;
	return true;
}

/* ---- sections ---------------------------------------------------------------------- */

struct parser {
	struct lines lines;
	const struct arpa_words *words;
	struct arpa_model *model;
	uint64_t declared[VOCAB_NGRAM_ORDER_MAX], read[VOCAB_NGRAM_ORDER_MAX];
	struct tok_error *err;
};

static enum tok_status refuse(struct parser *p, enum tok_status status, const char *what)
{
	return tok_fail(p->err, status, "line %zu: %s", p->lines.number, what);
}

static enum tok_status parse_counts(struct parser *p)
{
	bool there = next_full_line(&p->lines);
	while (there && !tok_span_equal(p->lines.line, tok_span_of("\\data\\")))
		there = next_full_line(&p->lines);
	if (!there)
		return tok_fail(p->err, TOK_EFORMAT, "this is no ARPA file: it has no \\data\\");
	while (next_full_line(&p->lines) && p->lines.line.bytes[0] != '\\') {
		char text[64];
		unsigned order;
		unsigned long long count;
		snprintf(text, sizeof text, "%.*s",
			 (int)(p->lines.line.count < 63 ? p->lines.line.count : 63),
			 (const char *)p->lines.line.bytes);
		if (sscanf(text, "ngram %u=%llu", &order, &count) != 2 ||
		    order != p->model->order + 1)
			return refuse(p, TOK_EFORMAT,
				      "'ngram ORDER=COUNT' was expected, orders rising from 1");
		if (order > VOCAB_NGRAM_ORDER_MAX)
			return refuse(p, TOK_ELIMIT, "models have orders up to 5");
		p->declared[p->model->order++] = count;
	}
	return p->model->order ? TOK_OK : refuse(p, TOK_EFORMAT, "there are no counts");
}

/* The words of an n-gram; *known false where <unk> is among them. */
static enum tok_status parse_words(struct parser *p, struct tok_span *line, unsigned order,
				   struct ngram_gram *out, bool *known)
{
	const uint32_t end = p->words->end;
	*out = (struct ngram_gram){ 0 };
	*known = true;
	for (unsigned i = 0; i < order; i++) {
		uint32_t symbol = 0;
		const struct tok_span word = next_field(line);
		if (word.count == 0)
			return refuse(p, TOK_EFORMAT, "there are fewer words than the order");
		const enum tok_status status = arpa_read_word(p->words, word, &symbol, p->err);
		if (status != TOK_OK)
			return tok_fail_in(p->err, status, "line %zu", p->lines.number);
		if (symbol == ARPA_UNK) {
			*known = false;
			continue;
		}
		if ((symbol == end + 1 && i > 0) || (symbol == end && i + 1 < order))
			return refuse(p, TOK_EFORMAT, "<s> comes first and </s> last in n-grams");
		*out = ngram_push(*out, symbol, p->model->bits);
	}
	return TOK_OK;
}

static enum tok_status parse_gram(struct parser *p, unsigned order)
{
	struct arpa_order *to = &p->model->orders[order - 1];
	struct tok_span line = p->lines.line;
	struct arpa_gram gram = { .gamma = 1 };
	bool known;
	if (!read_power(next_field(&line), &gram.p) || gram.p > 1 + 1e-6)
		return refuse(p, TOK_EFORMAT,
			      "an n-gram begins with a logarithm, which is not above 0");
	const enum tok_status status = parse_words(p, &line, order, &gram.gram, &known);
	if (status != TOK_OK)
		return status;
	if (line.count && (order == p->model->order || !read_power(next_field(&line), &gram.gamma)))
		return refuse(p, TOK_EFORMAT, "what follows the words is no back-off weight");
	if (line.count)
		return refuse(p, TOK_EFORMAT, "there are more words than the order");
	p->read[order - 1]++;
	if (!known) {
		p->model->unk += order == 1 ? gram.p : 0;
		return TOK_OK;
	}
	if (!tok_grow(&to->grams, &to->room, to->count + 1, sizeof *to->grams))
		return tok_fail_memory(p->err);
	to->grams[to->count++] = gram;
	return TOK_OK;
}

static enum tok_status parse_section(struct parser *p, unsigned order)
{
	char title[32];
	enum tok_status status = TOK_OK;
	snprintf(title, sizeof title, "\\%u-grams:", order);
	if (!tok_span_equal(p->lines.line, tok_span_of(title)))
		return tok_fail(p->err, TOK_EFORMAT, "line %zu: '%s' was expected", p->lines.number,
				title);
	bool there = next_full_line(&p->lines);
	while (there && p->lines.line.bytes[0] != '\\' && status == TOK_OK) {
		status = parse_gram(p, order);
		there = next_full_line(&p->lines);
	}
	if (status != TOK_OK)
		return status;
	if (!there)
		return tok_fail(p->err, TOK_EFORMAT, "the file ends before \\end\\");
	if (p->read[order - 1] != p->declared[order - 1])
		return tok_fail(p->err, TOK_EFORMAT,
				"there are %llu n-grams of order %u and %llu were promised",
				(unsigned long long)p->read[order - 1], order,
				(unsigned long long)p->declared[order - 1]);
	return TOK_OK;
}

/* ---- in order ----------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
	const struct ngram_gram x = ((const struct arpa_gram *)a)->gram;
	const struct ngram_gram y = ((const struct arpa_gram *)b)->gram;
	return ngram_is_less(y, x) - ngram_is_less(x, y);
}

static enum tok_status sort_order(struct arpa_order *order, unsigned number, struct tok_error *err)
{
	bool sorted = true;
	for (size_t i = 1; i < order->count && sorted; i++)
		sorted = compare(&order->grams[i - 1], &order->grams[i]) < 0;
	if (sorted)
		return TOK_OK;
	qsort(order->grams, order->count, sizeof *order->grams, compare);
	for (size_t i = 1; i < order->count; i++)
		if (compare(&order->grams[i - 1], &order->grams[i]) == 0)
			return tok_fail(err, TOK_EFORMAT, "an n-gram of order %u is there twice",
					number);
	return TOK_OK;
}

enum tok_status arpa_parse(struct tok_span text, const struct arpa_words *words,
			   struct arpa_model *out, struct tok_error *err)
{
	struct parser p = { .lines.rest = text, .words = words, .model = out, .err = err };
	out->end = words->end;
	for (out->bits = 1; (words->end + 1) >> out->bits;)
		out->bits++;
	enum tok_status status = parse_counts(&p);
	for (unsigned order = 1; order <= out->order && status == TOK_OK; order++)
		status = parse_section(&p, order);
	if (status == TOK_OK && !tok_span_equal(p.lines.line, tok_span_of("\\end\\")))
		status = refuse(&p, TOK_EFORMAT, "\\end\\ was expected");
	for (unsigned i = 0; i < out->order && status == TOK_OK; i++)
		status = sort_order(&out->orders[i], i + 1, err);
	return status;
}

void arpa_release(struct arpa_model *model)
{
	for (unsigned i = 0; i < VOCAB_NGRAM_ORDER_MAX; i++)
		free(model->orders[i].grams);
}

enum tok_status arpa_read(struct tok_span text, const struct vocab_arpa_options *options,
			  const struct tok_tokenizer *tokenizer, struct vocab_arpa_report *report,
			  struct ngram_file *out, struct tok_error *err)
{
	struct arpa_model model = { 0 };
	const struct arpa_words words = { tokenizer, (uint32_t)tok_tokenizer_size(tokenizer),
					  options->texts };
	*report = (struct vocab_arpa_report){ 0 };
	enum tok_status status = arpa_parse(text, &words, &model, err);
	if (status == TOK_OK)
		status = arpa_build(&model, options->spread_unk, tokenizer, report, out, err);
	arpa_release(&model);
	return status;
}

enum tok_status vocab_arpa_read(struct tok_span text, const struct vocab_arpa_options *options,
				const struct tok_tokenizer *tokenizer, const char *path,
				struct vocab_arpa_report *report, struct tok_error *err)
{
	struct ngram_file file;
	enum tok_status status = arpa_read(text, options, tokenizer, report, &file, err);
	if (status != TOK_OK)
		return status;
	status = ngram_file_save(path, &file, err);
	ngram_file_close(&file);
	return status;
}
