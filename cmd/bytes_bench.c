/* bytes_bench.c - tok bytes bench: what exactness changes, and costs, on a text. */
#include <math.h>
#include <stdlib.h>

#include "cmd/bytes_bench_internal.h"

enum { BEAM_MOST = 4096 };

/* ---- tables -------------------------------------------------------------------- */

void bench_table(struct bytes_bench *b, char letter, const char *title, const char *const *columns)
{
	b->letter = letter;
	b->columns = columns;
	b->column = 0;
	if (b->options->json)
		return;
	printf("%s## %c: %s\n\n", b->any ? "\n" : "", letter, title);
	b->any = true;
	for (size_t i = 0; columns[i]; i++)
		printf("| %s ", columns[i]);
	puts("|");
	for (size_t i = 0; columns[i]; i++)
		fputs("|---", stdout);
	puts("|");
}

static void begin_cell(const struct bytes_bench *b)
{
	if (!b->options->json)
		fputs("| ", stdout);
	else if (b->column == 0)
		printf("{\"table\":\"%c\"", b->letter);
}

static void end_cell(struct bytes_bench *b)
{
	const bool last = !b->columns[++b->column];
	if (b->options->json)
		fputs(last ? "}\n" : "", stdout);
	else
		fputs(last ? " |\n" : " ", stdout);
	if (last)
		b->column = 0;
}

void bench_text(struct bytes_bench *b, const char *text)
{
	begin_cell(b);
	if (b->options->json)
		bytes_put_bytes(b->columns[b->column], text, strlen(text), false);
	else
		fputs(text, stdout);
	end_cell(b);
}

void bench_number(struct bytes_bench *b, double number)
{
	begin_cell(b);
	if (b->options->json)
		bytes_put_number(b->columns[b->column], number, false);
	else if (isfinite(number))
		printf("%.4g", number);
	else
		fputs(isnan(number) ? "-" : "infinite", stdout);
	end_cell(b);
}

void bench_count(struct bytes_bench *b, uint64_t count)
{
	begin_cell(b);
	if (b->options->json)
		bytes_put_count(b->columns[b->column], count, false);
	else
		printf("%llu", (unsigned long long)count);
	end_cell(b);
}

/* ---- texts ----------------------------------------------------------------------- */

enum { BEFORE_MOST = 512 };

struct tok_span bench_before(const struct bytes_bench *b, size_t cut)
{
	const uint8_t *text = (const uint8_t *)b->models.text;
	size_t begin = cut - 1;
	while (begin > 0 && cut - begin < BEFORE_MOST && text[begin - 1] != '\n')
		begin--;
	while (begin + 1 < cut && (text[begin] & 0xC0) == 0x80)
		begin++;
	return (struct tok_span){ text + begin, cut - begin };
}

size_t bench_cut(const struct bytes_bench *b, size_t i)
{
	struct tok_random random = tok_random_of(b->options->seed, i);
	const size_t length = b->models.length;
	return length < 2 ? length : 1 + (size_t)tok_random_below(&random, length - 1);
}

enum tok_status bench_machine(const struct bytes_bench *b, size_t which,
			      enum tok_bytes_semantics semantics, size_t beam,
			      struct tok_machine **out, struct tok_error *err)
{
	const struct bytes_side *side = &b->models.sides[which];
	struct tok_machine_options how = side->machine;
	*out = NULL;
	if (semantics == TOK_BYTES_ALL ? !side->lm->info->markov_order && !beam : !side->validity)
		return TOK_OK;
	if (semantics == TOK_BYTES_VALID_RENORM && side->lm->info->top)
		return TOK_OK;
	how.semantics = semantics;
	how.beam = beam;
	how.history = 1;
	return tok_machine_new(side->tokens, side->validity, side->lm, &how, out, err);
}

bool bench_needs_beam(const struct bytes_bench *b, size_t which, size_t i)
{
	return i < b->beam_count && !b->models.sides[which].lm->info->markov_order;
}

/* Numbers with commas. */
static enum cli_exit read_beams(struct bytes_bench *b)
{
	const char *at = b->options->beams;
	while (at) {
		char *end = NULL;
		const unsigned long long k = *at >= '0' && *at <= '9' ? strtoull(at, &end, 10) : 0;
		if (k == 0 || k > BEAM_MOST || (*end != ',' && *end != '\0') ||
		    b->beam_count == BENCH_BEAMS_MOST)
			return cli_usage("--beams takes up to %d numbers from 1 to %d with commas, "
					 "not '%s'",
					 BENCH_BEAMS_MOST, BEAM_MOST, b->options->beams);
		b->beams[b->beam_count++] = (size_t)k;
		at = *end ? end + 1 : NULL;
	}
	return CLI_OK;
}

/* ---- the word --------------------------------------------------------------------- */

static const struct {
	char letter;
	enum tok_status (*make)(struct bytes_bench *b, struct tok_error *err);
} tables[] = {
	{ 'A', bench_bias }, { 'B', bench_beam },  { 'C', bench_cost },
	{ 'D', bench_cuts }, { 'E', bench_mixes }, { 'F', bench_places },
};
enum { TABLES = sizeof tables / sizeof tables[0] };

/* Whose contexts are cut: what the other tables say is of these laws. */
static void tell_windows(struct bytes_bench *b)
{
	static const char *const columns[] = { "model", "ids", "stride", NULL };
	bool any = false;
	for (size_t i = 0; i < b->models.count; i++) {
		const struct tok_lm_info *info = b->models.sides[i].lm->info;
		if (info->window == 0)
			continue;
		if (!any)
			bench_table(b, 'W', "windows that longer contexts are cut to", columns);
		any = true;
		bench_text(b, b->models.sides[i].lm_name);
		bench_count(b, info->window);
		bench_count(b, info->stride);
	}
}

static enum tok_status make_tables(struct bytes_bench *b, struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	for (size_t i = 0; i < b->models.count && status == TOK_OK; i++) {
		b->encoders[i] = tok_encoder_new(b->models.sides[i].tokenizer);
		if (!b->encoders[i])
			status = tok_fail_memory(err);
	}
	if (status == TOK_OK)
		tell_windows(b);
	for (size_t i = 0; i < TABLES && status == TOK_OK; i++)
		if (!b->options->tables || strchr(b->options->tables, tables[i].letter))
			status = tables[i].make(b, err);
	return status;
}

enum cli_exit bytes_bench(const void *options, int argc, char **argv)
{
	struct bytes_bench b = { .options = options };
	struct tok_error err = { 0 };
	const char *wanted = b.options->tables;
	if (wanted && (!*wanted || wanted[strspn(wanted, "ABCDEF")]))
		return cli_usage("--tables takes letters of ABCDEF, not '%s'", wanted);
	if (b.options->beam || b.options->prune > 0)
		return cli_usage(
		    "bench has --beams, and beams of its own: no --beam and no --prune");
	enum cli_exit result = read_beams(&b);
	if (result == CLI_OK)
		result = bytes_several_open(b.options, argc, argv, &b.models);
	if (result != CLI_OK)
		return result;
	if (b.models.length == 0)
		result = cli_error("the text is empty: there is nothing to measure");
	else {
		const enum tok_status status = make_tables(&b, &err);
		if (status != TOK_OK)
			result = bytes_trouble(NULL, status, &err);
	}
	for (size_t i = 0; i < b.models.count; i++)
		tok_encoder_free(b.encoders[i]);
	bytes_several_close(&b.models);
	return result;
}
