/* transplant_lab_report.c - bits per byte, as a table and as JSON. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "cmd/transplant_lab.h"
#include "tok/text/json_write.h"

static double mean_of(const double *numbers, size_t count)
{
	double sum = 0;
	for (size_t i = 0; i < count; i++)
		sum += numbers[i];
	return sum / (double)count;
}

/* Of a sample: by count - 1. */
static double deviation_of(const double *numbers, size_t count)
{
	const double mean = mean_of(numbers, count);
	double sum = 0;
	for (size_t i = 0; i < count; i++)
		sum += (numbers[i] - mean) * (numbers[i] - mean);
	return count > 1 ? sqrt(sum / (double)(count - 1)) : 0;
}

static const char *last_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash && slash[1] ? slash + 1 : path;
}

/* ---- for people -------------------------------------------------------------------- */

static void tell_head(const struct lab_bench *bench)
{
	printf("A %zu tokens, of all texts; B %zu and S %zu tokens, of the last; S has tokens over "
	       "several words\n",
	       bench->tokenizers[LAB_SOURCE].tokens, bench->tokenizers[LAB_TARGET].tokens,
	       bench->tokenizers[LAB_SUPER].tokens);
	for (size_t i = 0; i < bench->text_count; i++) {
		printf("%s: %zu bytes to learn from, %zu held out;", bench->texts[i].path,
		       bench->texts[i].train.count, bench->texts[i].held.count);
		for (int t = 0; t < LAB_TOKENIZERS; t++)
			printf(" %s %.2f%s", transplant_lab_name((enum lab_tokenizer_name)t),
			       (double)bench->texts[i].held.count /
				   (double)bench->tokenizers[t].held[i].count,
			       t + 1 < LAB_TOKENIZERS ? "," : " bytes a token\n");
	}
}

/* Bits per byte of a stage, and their deviation; a column of both is so wide. */
enum { BITS_WIDE = 16, SHARE_WIDE = 9 };

static void tell_bits(const struct lab_bench *bench, const struct lab_row *row, size_t stage)
{
	const size_t seeds = (size_t)bench->options->seeds;
	for (size_t i = 0; i < bench->text_count; i++) {
		const double *bits = lab_cell(bench, row, LAB_BITS, stage, i);
		printf("  %7.3f %6.3f", mean_of(bits, seeds), deviation_of(bits, seeds));
	}
}

static void tell_row(const struct lab_bench *bench, const struct lab_row *row)
{
	const size_t seeds = (size_t)bench->options->seeds;
	printf("%-24s", row->name);
	tell_bits(bench, row, LAB_BEFORE);
	for (size_t i = 0; i < bench->text_count && row->shares; i++)
		printf("%*.2f", SHARE_WIDE,
		       100 * mean_of(lab_cell(bench, row, LAB_SHARE, LAB_BEFORE, i), seeds));
	if (row->probed)
		tell_bits(bench, row, LAB_AFTER);
	putchar('\n');
}

/* Two lines: what a column is, and of which text. */
static void tell_columns(const struct lab_bench *bench, const struct lab_table *table)
{
	const int texts = (int)bench->text_count;
	printf("\nA to %s: %zu tokens shared, %zu new\n%-24s%*s%*s%*s\n%-24s",
	       transplant_lab_name(table->target), table->shared, table->made, "",
	       BITS_WIDE * texts, "bits, spread", SHARE_WIDE * texts, "new, %", BITS_WIDE * texts,
	       "probed, spread", "");
	for (int i = 0; i < texts; i++)
		printf("  %14.14s", last_of(bench->texts[i].path));
	for (int i = 0; i < texts; i++)
		printf("  %7.7s", last_of(bench->texts[i].path));
	for (int i = 0; i < texts; i++)
		printf("  %14.14s", last_of(bench->texts[i].path));
	putchar('\n');
}

static void tell_table(const struct lab_bench *bench, const struct lab_table *table)
{
	tell_columns(bench, table);
	printf("%-24s%*s", "the text", BITS_WIDE * (int)bench->text_count, "");
	for (size_t i = 0; i < bench->text_count; i++)
		printf("%*.2f", SHARE_WIDE, 100 * table->made_shares[i]);
	putchar('\n');
	for (size_t r = 0; r < table->row_count; r++)
		tell_row(bench, &table->rows[r]);
}

void transplant_lab_tell(const struct lab_bench *bench, const struct lab_table *tables,
			 size_t count)
{
	tell_head(bench);
	for (size_t i = 0; i < count; i++)
		tell_table(bench, &tables[i]);
	printf("\nbits per byte, means and deviations of %" PRIu64 " seeds; probed: after %" PRIu64
	       " steps that trained rows alone;\nnew: how much of the text new tokens are, and how "
	       "probable a model has them\n",
	       bench->options->seeds, bench->options->probe);
	if (bench->tokenizers[LAB_SUPER].tokens)
		printf("tokens over several words need training: none of these is fit for use "
		       "as it is\n");
}

/* ---- for programs ------------------------------------------------------------------ */

static enum tok_status put_texts(const struct lab_bench *bench, struct tok_error *err)
{
	for (size_t i = 0; i < bench->text_count; i++) {
		const struct lab_text *text = &bench->texts[i];
		struct tok_buffer name = { 0 };
		if (!tok_json_put_string(&name, tok_span_of(text->path)))
			return tok_fail_memory(err);
		printf("%s{\"path\":%.*s,\"train_bytes\":%zu,\"held_bytes\":%zu,\"held_tokens\":[",
		       i ? "," : "", (int)name.count, (const char *)name.bytes, text->train.count,
		       text->held.count);
		for (int t = 0; t < LAB_TOKENIZERS; t++)
			printf("%s%zu", t ? "," : "", bench->tokenizers[t].held[i].count);
		printf("]}");
		tok_buffer_release(&name);
	}
	return TOK_OK;
}

/* ,"NAME":[...]: a list a text, a number a seed. */
static void put_numbers(const struct lab_bench *bench, const struct lab_row *row, const char *name,
			size_t number, size_t stage)
{
	printf(",\"%s\":[", name);
	for (size_t i = 0; i < bench->text_count; i++) {
		const double *cells = lab_cell(bench, row, number, stage, i);
		printf("%s[", i ? "," : "");
		for (size_t s = 0; s < bench->options->seeds; s++)
			printf("%s%.6f", s ? "," : "", cells[s]);
		putchar(']');
	}
	putchar(']');
}

static enum tok_status put_rows(const struct lab_bench *bench, const struct lab_table *table,
				struct tok_error *err)
{
	for (size_t r = 0; r < table->row_count; r++) {
		const struct lab_row *row = &table->rows[r];
		struct tok_buffer name = { 0 };
		if (!tok_json_put_string(&name, tok_span_of(row->name)))
			return tok_fail_memory(err);
		printf("%s{\"name\":%.*s", r ? "," : "", (int)name.count, (const char *)name.bytes);
		tok_buffer_release(&name);
		put_numbers(bench, row, "bits", LAB_BITS, LAB_BEFORE);
		if (row->shares)
			put_numbers(bench, row, "share", LAB_SHARE, LAB_BEFORE);
		if (row->probed) {
			put_numbers(bench, row, "probed", LAB_BITS, LAB_AFTER);
			put_numbers(bench, row, "probed_share", LAB_SHARE, LAB_AFTER);
		}
		putchar('}');
	}
	return TOK_OK;
}

enum tok_status transplant_lab_tell_json(const struct lab_bench *bench,
					 const struct lab_table *tables, size_t count,
					 struct tok_error *err)
{
	printf("{\"schema\":\"tok.transplant.lab.1\",\"kernel\":\"%s\",\"seeds\":%" PRIu64
	       ",\"probe\":%" PRIu64 ",\"tokens\":[%zu,%zu,%zu],\"texts\":[",
	       hyper_kernel_name(bench->kernel), bench->options->seeds, bench->options->probe,
	       bench->tokenizers[LAB_SOURCE].tokens, bench->tokenizers[LAB_TARGET].tokens,
	       bench->tokenizers[LAB_SUPER].tokens);
	enum tok_status status = put_texts(bench, err);
	printf("],\"targets\":[");
	for (size_t i = 0; i < count && status == TOK_OK; i++) {
		printf("%s{\"target\":\"%s\",\"shared\":%zu,\"new\":%zu,\"share\":[", i ? "," : "",
		       transplant_lab_name(tables[i].target), tables[i].shared, tables[i].made);
		for (size_t k = 0; k < bench->text_count; k++)
			printf("%s%.6f", k ? "," : "", tables[i].made_shares[k]);
		printf("],\"models\":[");
		status = put_rows(bench, &tables[i], err);
		printf("]}");
	}
	printf("]}\n");
	return status;
}
