#include "cmd/bench_internal.h"

#include <inttypes.h>
#include <stdlib.h>

#include "tok/text/json_write.h"

struct spread {
	double median, least, most;
};

static int compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static struct spread spread_of(double *values, size_t count)
{
	qsort(values, count, sizeof *values, compare);
	const double upper = values[count / 2], lower = values[(count - 1) / 2];
	return (struct spread){ (upper + lower) / 2, values[0], values[count - 1] };
}

/* Processor seconds, and those on the clock. */
struct row {
	struct spread cpu, wall;
};

/* `scratch` holds as many numbers as there are runs. */
static struct row row_of(const struct bench_series *series, double *scratch)
{
	struct row row;
	for (size_t i = 0; i < series->count; i++)
		scratch[i] = series->times[i].cpu;
	row.cpu = spread_of(scratch, series->count);
	for (size_t i = 0; i < series->count; i++)
		scratch[i] = series->times[i].wall;
	row.wall = spread_of(scratch, series->count);
	return row;
}

/* How often faster than the one thread of the first row of its kind; 0: cannot be told. */
static double speedup_of(const struct bench_results *results, const struct bench_series *series,
			 const struct row *row, double *scratch)
{
	const struct bench_series *first = series;
	while (first > results->series && first[-1].scaling)
		first--;
	const struct row one = row_of(first, scratch);
	return row->wall.median > 0 ? one.wall.median / row->wall.median : 0;
}

static double per(uint64_t amount, double seconds)
{
	return seconds > 0 ? (double)amount / seconds : 0;
}

static bool has_rates(const struct bench_run *run, const struct bench_series *series,
		      const struct row *row)
{
	return series->rated && run->word->bytes(run) > 0 && row->cpu.median > 0 &&
	       row->wall.median > 0;
}

/* ---- for people ----------------------------------------------------------- */

static void print_head(const struct bench_run *run, const struct bench_results *results)
{
	const struct bench_texts *texts = &run->texts;
	printf("%-10s %s\n", "tokenizer",
	       run->opts->load.tokenizer ? run->opts->load.tokenizer
					 : CLI_BUILTIN_NAME ", built in");
	printf("%-10s %zu bytes, %zu document%s (%zu distinct) in %zu part%s\n", "texts",
	       texts->bytes.count, texts->documents, texts->documents == 1 ? "" : "s",
	       texts->distinct, texts->count, texts->count == 1 ? "" : "s");
	printf("%-10s %" PRIu64, "ids", run->tokens);
	if (run->tokens)
		printf(", %.3f bytes a token", (double)texts->bytes.count / (double)run->tokens);
	printf(", hash %016" PRIx64 " (%s)\n", run->ids_hash,
	       run->checked ? "as expected" : "not checked");
	if (run->documents)
		printf("%-10s %" PRIu64 " bytes, %s\n", "decoded", run->decoded,
		       run->lossless ? "equal to the texts" : "not equal to the texts");
	printf("%-10s %.1f MB at most, of the whole process with the texts in it\n", "memory",
	       (double)results->peak_bytes / 1e6);
	printf("%-10s %s\n", "splitter", run->splitter);
	if (run->kernel)
		printf("%-10s %s\n", "kernel", run->kernel);
	printf("%-10s %" PRIu64 ": median (least to most); MB are 1,000,000 bytes\n", "runs",
	       run->opts->runs);
}

static void print_times(const struct bench_series *series, const struct row *row)
{
	printf("%-21s %7zu %10.3f %10.3f %10.3f %10.3f %10.3f %10.3f\n", series->label,
	       series->threads, row->cpu.median * 1e3, row->cpu.least * 1e3, row->cpu.most * 1e3,
	       row->wall.median * 1e3, row->wall.least * 1e3, row->wall.most * 1e3);
}

/* `speedup` 0: none is shown. */
static void print_rates(const struct bench_run *run, const struct bench_series *series,
			const struct row *row, double speedup)
{
	const uint64_t bytes = run->word->bytes(run);
	printf("%-21s %7zu %10.1f %10.3f %10.2f %10.1f %10.2f", series->label, series->threads,
	       per(bytes, row->cpu.median) / 1e6, row->cpu.median * 1e9 / (double)bytes,
	       per(run->tokens, row->cpu.median) / 1e6, per(bytes, row->wall.median) / 1e6,
	       per(run->tokens, row->wall.median) / 1e6);
	if (speedup > 0)
		printf(" %8.2f", speedup);
	putchar('\n');
}

static void print_time_table(const struct bench_results *results, double *scratch)
{
	printf("\n%-21s %7s %10s %10s %10s %10s %10s %10s\n", "milliseconds", "threads",
	       "processor", "least", "most", "clock", "least", "most");
	for (size_t i = 0; i < results->count; i++) {
		const struct row row = row_of(&results->series[i], scratch);
		print_times(&results->series[i], &row);
	}
}

static void print_rate_table(const struct bench_run *run, const struct bench_results *results,
			     double *scratch)
{
	printf("\n%-21s %7s %32s %21s\n", "", "", "of processor time", "of the clock");
	printf("%-21s %7s %10s %10s %10s %10s %10s %8s\n", "rates", "threads", "MB/s", "ns/byte",
	       "Mtokens/s", "MB/s", "Mtokens/s", "speed-up");
	for (size_t i = 0; i < results->count; i++) {
		const struct bench_series *series = &results->series[i];
		const struct row row = row_of(series, scratch);
		if (has_rates(run, series, &row))
			print_rates(run, series, &row,
				    series->scaling ? speedup_of(results, series, &row, scratch)
						    : 0);
	}
}

enum cli_exit bench_report_text(const struct bench_run *run, const struct bench_results *results)
{
	double *scratch = calloc((size_t)run->opts->runs, sizeof *scratch);
	if (!scratch)
		return cli_error("out of memory");
	print_head(run, results);
	print_time_table(results, scratch);
	if (run->word->bytes(run) > 0)
		print_rate_table(run, results, scratch);
	free(scratch);
	return CLI_OK;
}

/* ---- for programs --------------------------------------------------------- */

static void put_string(const char *name, const char *value, bool *ok)
{
	struct tok_buffer text = { 0 };
	printf(",\"%s\":", name);
	if (!value)
		fputs("null", stdout);
	else if (tok_json_put_string(&text, tok_span_of(value)))
		fwrite(text.bytes, 1, text.count, stdout);
	else
		*ok = false;
	tok_buffer_release(&text);
}

static void put_head(const struct bench_run *run, const struct bench_results *results, bool *ok)
{
	const struct bench_texts *texts = &run->texts;
	printf("{\"schema\":\"tok.bench.1\",\"version\":\"%s\",\"word\":\"%s\"", TOK_VERSION,
	       run->word->name);
	put_string("tokenizer", run->opts->load.tokenizer, ok);
	put_string("kernels", getenv("TOK_KERNELS"), ok);
	put_string("splitter", run->splitter, ok);
	put_string("kernel", run->kernel, ok);
	printf(",\"runs\":%" PRIu64 ",\"documents\":%zu,\"distinct_documents\":%zu,\"parts\":%zu,"
	       "\"bytes\":%zu,\"tokens\":%" PRIu64 ",\"bytes_per_token\":",
	       run->opts->runs, texts->documents, texts->distinct, texts->count, texts->bytes.count,
	       run->tokens);
	if (run->tokens)
		printf("%.6f", (double)texts->bytes.count / (double)run->tokens);
	else
		fputs("null", stdout);
	printf(",\"ids_hash\":\"%016" PRIx64 "\",\"checked\":%s", run->ids_hash,
	       run->checked ? "true" : "false");
	if (run->documents)
		printf(",\"decoded_bytes\":%" PRIu64 ",\"lossless\":%s", run->decoded,
		       run->lossless ? "true" : "false");
	printf(",\"peak_memory_bytes\":%" PRIu64 ",\"measurements\":[", results->peak_bytes);
}

static void put_clock(const char *name, const struct spread *s, const struct bench_run *run,
		      bool rated)
{
	printf(",\"%s\":{\"seconds\":{\"median\":%.9f,\"min\":%.9f,\"max\":%.9f}", name, s->median,
	       s->least, s->most);
	if (rated) {
		const uint64_t bytes = run->word->bytes(run);
		printf(",\"mb_per_second\":%.6f,\"tokens_per_second\":%.3f,\"ns_per_byte\":%.6f",
		       per(bytes, s->median) / 1e6, per(run->tokens, s->median),
		       s->median * 1e9 / (double)bytes);
	}
	putchar('}');
}

static void put_row(const struct bench_run *run, const struct bench_results *results,
		    const struct bench_series *series, double *scratch)
{
	const struct row row = row_of(series, scratch);
	const bool rated = has_rates(run, series, &row);
	printf("{\"name\":\"%s\",\"threads\":%zu", series->name, series->threads);
	put_clock("cpu", &row.cpu, run, rated);
	put_clock("wall", &row.wall, run, rated);
	if (rated && series->scaling)
		printf(",\"speedup\":%.6f", speedup_of(results, series, &row, scratch));
	putchar('}');
}

enum cli_exit bench_report_json(const struct bench_run *run, const struct bench_results *results)
{
	bool ok = true;
	double *scratch = calloc((size_t)run->opts->runs, sizeof *scratch);
	if (!scratch)
		return cli_error("out of memory");
	put_head(run, results, &ok);
	for (size_t i = 0; i < results->count; i++) {
		if (i > 0)
			putchar(',');
		put_row(run, results, &results->series[i], scratch);
	}
	fputs("]}\n", stdout);
	free(scratch);
	return ok ? CLI_OK : cli_error("out of memory");
}
