/* vocab_list.c - tok vocab list and show: what the store has. */
#include <inttypes.h>
#include <time.h>

#include "cmd/cli_put.h"
#include "cmd/cli_store.h"
#include "cmd/cli_visible.h"
#include "cmd/vocab_internal.h"
#include "tok/text/json_write.h"

enum { SCRIPTS_LISTED = 6 };

/* ---- for programs --------------------------------------------------------------------------- */

static void put_text(struct cli_put *p, const char *name, const char *text)
{
	cli_put(p, ",\"%s\":", name);
	if (text)
		p->lost |= !tok_json_put_string(p->out, tok_span_of(text));
	else
		cli_put(p, "null");
}

static void put_statistics(struct cli_put *p, const struct vocab_statistics *s)
{
	cli_put(p, ",\"statistics\":%s", s ? "{" : "null");
	if (!s)
		return;
	for (size_t i = 0; i < VOCAB_STATISTIC_BYTE_LEVEL; i++)
		cli_put(p, "%s\"%s\":%" PRIu64, i ? "," : "", vocab_statistics_names[i],
			s->numbers[i]);
	for (size_t i = VOCAB_STATISTIC_BYTE_LEVEL; i < VOCAB_STATISTICS; i++)
		cli_put(p, ",\"%s\":%s", vocab_statistics_names[i],
			s->numbers[i] ? "true" : "false");
	cli_put(p, ",\"mean_bytes\":%.4f", vocab_statistics_mean(s));
	put_text(p, "unknown", s->unknown);
	put_text(p, "normalizer", s->normalizer);
	put_text(p, "pre_tokenizer", s->pre_tokenizer);
	cli_put(p, ",\"scripts\":{");
	for (size_t i = 0; i < s->script_count; i++) {
		cli_put(p, "%s", i ? "," : "");
		p->lost |= !tok_json_put_string(p->out, tok_span_of(s->scripts[i].name));
		cli_put(p, ":%zu", s->scripts[i].tokens);
	}
	cli_put(p, "}}");
}

static void put_entry(struct cli_put *p, const struct vocab_store_entry *entry)
{
	cli_put(p, "{\"name\":");
	p->lost |= !tok_json_put_string(p->out, tok_span_of(entry->name));
	put_text(p, "model", entry->model);
	cli_put(p, ",\"ids\":%" PRIu64, entry->ids);
	put_text(p, "pattern", entry->pattern);
	put_text(p, "origin", entry->origin);
	put_text(p, "licence", entry->licence);
	cli_put(p, ",\"added\":%" PRId64 ",\"files\":[", entry->added);
	for (size_t i = 0; i < entry->file_count; i++) {
		const struct vocab_store_file *file = &entry->files[i];
		cli_put(p, "%s{\"name\":", i ? "," : "");
		p->lost |= !tok_json_put_string(p->out, tok_span_of(file->name));
		cli_put(p,
			",\"bytes\":%" PRIu64 ",\"stored\":%" PRIu64 ",\"xxh128\":\"%016" PRIx64
			"%016" PRIx64 "\"}",
			file->bytes, file->stored, file->hash.high, file->hash.low);
	}
	cli_put(p, "],\"image_bytes\":");
	if (entry->image_bytes)
		cli_put(p, "%" PRIu64, entry->image_bytes);
	else
		cli_put(p, "null");
	put_statistics(p, entry->statistics);
	cli_put(p, "}");
}

static void put_json(struct cli_put *p, const struct vocab_store_list *list)
{
	cli_put(p, "{\"schema\":\"tok.store.1\",\"vocabularies\":[");
	for (size_t i = 0; i < list->count; i++) {
		cli_put(p, "%s", i ? "," : "");
		put_entry(p, &list->entries[i]);
	}
	cli_put(p, "]}\n");
}

/* ---- for people -------------------------------------------------------------------------------
 */

void vocab_put_note(struct cli_put *p, const char *text)
{
	p->lost |= text && !cli_visible_line(tok_span_of(text), p->out);
}

static void put_label(struct cli_put *p, const char *label)
{
	cli_put(p, "  %-13s ", label);
}

static void put_labelled(struct cli_put *p, const char *label, const char *text)
{
	put_label(p, label);
	vocab_put_note(p, text);
}

/* A line, if there is anything to tell. */
static void put_line(struct cli_put *p, const char *label, const char *text)
{
	if (!text)
		return;
	put_labelled(p, label, text);
	cli_put(p, "\n");
}

/* "2026-01-31 12:00" in UTC. */
static void put_time(struct cli_put *p, int64_t seconds)
{
	const time_t time = (time_t)seconds;
	struct tm parts;
	char text[32] = "-";
	if (gmtime_r(&time, &parts))
		strftime(text, sizeof text, "%Y-%m-%d %H:%M", &parts);
	cli_put(p, "%s", text);
}

static void put_column(struct cli_put *p, const char *text, size_t width)
{
	const size_t begin = p->out->count;
	vocab_put_note(p, text);
	const size_t taken =
	    cli_visible_width((struct tok_span){ p->out->bytes + begin, p->out->count - begin });
	cli_put(p, "%*s", (int)(taken < width ? width - taken : 0) + 2, "");
}

static void put_lines(struct cli_put *p, const struct vocab_store_list *list)
{
	size_t width = strlen("name");
	for (size_t i = 0; i < list->count; i++)
		if (strlen(list->entries[i].name) > width)
			width = strlen(list->entries[i].name);
	cli_put(p, "%-*s  %-9s  %8s  %8s  %7s  %9s  %-16s  %s\n", (int)width, "name", "model",
		"ids", "merges", "B/token", "kB", "added", "origin");
	for (size_t i = 0; i < list->count; i++) {
		const struct vocab_store_entry *e = &list->entries[i];
		uint64_t bytes = 0;
		for (size_t f = 0; f < e->file_count; f++)
			bytes += e->files[f].bytes;
		put_column(p, e->name, width);
		put_column(p, e->model, 9);
		cli_put(p, "%8" PRIu64 "  ", e->ids);
		if (e->statistics)
			cli_put(p, "%8" PRIu64 "  %7.2f",
				e->statistics->numbers[VOCAB_STATISTIC_MERGES],
				vocab_statistics_mean(e->statistics));
		else
			cli_put(p, "%8s  %7s", "-", "-");
		cli_put(p, "  %9" PRIu64 "  ", (bytes + 999) / 1000);
		put_time(p, e->added);
		cli_put(p, "  ");
		vocab_put_note(p, e->origin);
		cli_put(p, "\n");
	}
}

static void put_scripts(struct cli_put *p, const struct vocab_statistics *s)
{
	const double all = (double)s->numbers[VOCAB_STATISTIC_TEXT_TOKENS];
	if (s->script_count == 0)
		return;
	put_label(p, "scripts");
	for (size_t i = 0; i < s->script_count && i < SCRIPTS_LISTED; i++)
		cli_put(p, "%s%s %.1f %%", i ? ", " : "", s->scripts[i].name,
			100 * (double)s->scripts[i].tokens / all);
	if (s->script_count > SCRIPTS_LISTED)
		cli_put(p, ", and %zu more", s->script_count - SCRIPTS_LISTED);
	cli_put(p, "\n");
}

static void put_numbers(struct cli_put *p, const struct vocab_statistics *s)
{
	const uint64_t *n = s->numbers;
	put_label(p, "tokens");
	cli_put(p,
		"%" PRIu64 ": %" PRIu64 " of text, %" PRIu64 " bytes, %" PRIu64 " special; %" PRIu64
		" added\n",
		n[VOCAB_STATISTIC_TOKENS], n[VOCAB_STATISTIC_TEXT_TOKENS],
		n[VOCAB_STATISTIC_BYTE_TOKENS], n[VOCAB_STATISTIC_SPECIAL_TOKENS],
		n[VOCAB_STATISTIC_ADDED_TOKENS]);
	if (n[VOCAB_STATISTIC_MERGES]) {
		put_label(p, "merges");
		cli_put(p, "%" PRIu64 "\n", n[VOCAB_STATISTIC_MERGES]);
	}
	put_label(p, "text");
	cli_put(p, "%.2f bytes a token, the longest has %" PRIu64 "\n", vocab_statistics_mean(s),
		n[VOCAB_STATISTIC_LONGEST_BYTES]);
	put_label(p, "bytes");
	cli_put(p, "%s, %" PRIu64 " of 256 are a token, %" PRIu64 " come back\n",
		n[VOCAB_STATISTIC_BYTE_LEVEL]      ? "level"
		: n[VOCAB_STATISTIC_BYTE_FALLBACK] ? "fallback"
						   : "neither level nor fallback",
		n[VOCAB_STATISTIC_BYTES_ALONE], n[VOCAB_STATISTIC_BYTES_RETURNED]);
}

static void put_all_statistics(struct cli_put *p, const struct vocab_statistics *s)
{
	put_numbers(p, s);
	put_scripts(p, s);
	put_line(p, "unknown", s->unknown);
	put_line(p, "normaliser", s->normalizer);
	put_line(p, "pre-tokenizer", s->pre_tokenizer);
}

static void put_one(struct cli_put *p, const struct vocab_store_entry *e)
{
	vocab_put_note(p, e->name);
	cli_put(p, "\n");
	put_labelled(p, "model", e->model);
	cli_put(p, ", %" PRIu64 " ids\n", e->ids);
	if (e->statistics)
		put_all_statistics(p, e->statistics);
	for (size_t i = 0; i < e->file_count; i++) {
		put_labelled(p, "file", e->files[i].name);
		cli_put(p, ", %" PRIu64 " bytes, %" PRIu64 " in the store\n", e->files[i].bytes,
			e->files[i].stored);
		put_label(p, "xxh128");
		cli_put(p, "%016" PRIx64 "%016" PRIx64 "\n", e->files[i].hash.high,
			e->files[i].hash.low);
	}
	if (e->image_bytes) {
		put_label(p, "image");
		cli_put(p, "%" PRIu64 " bytes\n", e->image_bytes);
	}
	put_line(p, "pattern", e->pattern);
	put_line(p, "origin", e->origin);
	put_line(p, "licence", e->licence);
	put_label(p, "added");
	put_time(p, e->added);
	cli_put(p, " UTC\n");
}

/* ---- words
 * --------------------------------------------------------------------------------------- */

/* To be changed where that can be, so that statistics which it has not yet are kept. */
static enum tok_status open_store(struct vocab_store **out, struct tok_error *err)
{
	const enum tok_status status = cli_store_open(VOCAB_STORE_CHANGE, out, err);
	return status == TOK_OK ? status : cli_store_open(VOCAB_STORE_READ, out, err);
}

/* No store is a store with nothing in it. */
static enum tok_status find(const char *name, struct vocab_store_list *list, struct tok_error *err)
{
	struct vocab_store *store;
	*list = (struct vocab_store_list){ 0 };
	enum tok_status status = open_store(&store, err);
	if (status != TOK_OK)
		return status;
	if (store)
		status = vocab_store_survey(store, name, list, err);
	vocab_store_close(store);
	return status;
}

enum cli_exit vocab_put_out(struct cli_put *p)
{
	const bool lost = p->lost;
	if (!lost)
		fwrite(p->out->bytes, 1, p->out->count, stdout);
	tok_buffer_release(p->out);
	return lost ? cli_error("out of memory") : CLI_OK;
}

enum cli_exit cli_vocab_list(const void *options, int argc, char **argv)
{
	const struct vocab_options *opts = options;
	struct vocab_store_list list;
	struct tok_buffer text = { 0 };
	struct cli_put p = { .out = &text };
	struct tok_error err = { 0 };
	(void)argv;
	if (argc != 0)
		return cli_usage("list takes no operands: show takes a name");
	const enum tok_status status = find(NULL, &list, &err);
	if (status == TOK_OK && opts->json)
		put_json(&p, &list);
	else if (status == TOK_OK)
		put_lines(&p, &list);
	vocab_store_list_release(&list);
	return status == TOK_OK ? vocab_put_out(&p) : cli_error("%s", err.message);
}

enum cli_exit cli_vocab_show(const void *options, int argc, char **argv)
{
	const struct vocab_options *opts = options;
	struct vocab_store_list list;
	struct tok_buffer text = { 0 };
	struct cli_put p = { .out = &text };
	struct tok_error err = { 0 };
	if (argc != 1)
		return cli_usage("show takes one name, not %d", argc);
	enum tok_status status = find(argv[0], &list, &err);
	if (status == TOK_OK && list.count == 0)
		status = tok_fail(&err, TOK_EARG, "there is no vocabulary called '%s'", argv[0]);
	if (status == TOK_OK && opts->json)
		put_json(&p, &list);
	else if (status == TOK_OK)
		put_one(&p, &list.entries[0]);
	vocab_store_list_release(&list);
	return status == TOK_OK ? vocab_put_out(&p) : cli_error("%s", err.message);
}
