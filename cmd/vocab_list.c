/* vocab_list.c - tok vocab list and show: what the store has. */
#include <inttypes.h>
#include <time.h>

#include "cmd/cli_put.h"
#include "cmd/cli_store.h"
#include "cmd/cli_visible.h"
#include "cmd/vocab_internal.h"
#include "tok/text/json_write.h"

/* ---- for programs --------------------------------------------------------------------------- */

static void put_text(struct cli_put *p, const char *name, const char *text)
{
	cli_put(p, ",\"%s\":", name);
	if (text)
		p->lost |= !tok_json_put_string(p->out, tok_span_of(text));
	else
		cli_put(p, "null");
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
	cli_put(p, "]}");
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

static void put_labelled(struct cli_put *p, const char *label, const char *text)
{
	cli_put(p, "  %-8s ", label);
	vocab_put_note(p, text);
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
	cli_put(p, "%-*s  %-9s  %8s  %9s  %-16s  %s\n", (int)width, "name", "model", "ids", "kB",
		"added", "origin");
	for (size_t i = 0; i < list->count; i++) {
		const struct vocab_store_entry *e = &list->entries[i];
		uint64_t bytes = 0;
		for (size_t f = 0; f < e->file_count; f++)
			bytes += e->files[f].bytes;
		put_column(p, e->name, width);
		put_column(p, e->model, 9);
		cli_put(p, "%8" PRIu64 "  %9" PRIu64 "  ", e->ids, (bytes + 999) / 1000);
		put_time(p, e->added);
		cli_put(p, "  ");
		vocab_put_note(p, e->origin);
		cli_put(p, "\n");
	}
}

static void put_one(struct cli_put *p, const struct vocab_store_entry *e)
{
	vocab_put_note(p, e->name);
	cli_put(p, "\n");
	put_labelled(p, "model", e->model);
	cli_put(p, ", %" PRIu64 " ids\n", e->ids);
	for (size_t i = 0; i < e->file_count; i++) {
		put_labelled(p, "file", e->files[i].name);
		cli_put(p,
			", %" PRIu64 " bytes, %" PRIu64 " in the store\n"
			"  xxh128   %016" PRIx64 "%016" PRIx64 "\n",
			e->files[i].bytes, e->files[i].stored, e->files[i].hash.high,
			e->files[i].hash.low);
	}
	if (e->pattern) {
		put_labelled(p, "pattern", e->pattern);
		cli_put(p, "\n");
	}
	put_labelled(p, "origin", e->origin);
	if (e->licence) {
		cli_put(p, "\n");
		put_labelled(p, "licence", e->licence);
	}
	cli_put(p, "\n  added    ");
	put_time(p, e->added);
	cli_put(p, " UTC\n");
}

/* ---- words
 * --------------------------------------------------------------------------------------- */

/* No store is a store with nothing in it. */
static enum tok_status find(const char *name, struct vocab_store_list *list, struct tok_error *err)
{
	struct vocab_store *store;
	*list = (struct vocab_store_list){ 0 };
	enum tok_status status = cli_store_open(VOCAB_STORE_READ, &store, err);
	if (status != TOK_OK)
		return status;
	if (store)
		status = vocab_store_find(store, name, list, err);
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
