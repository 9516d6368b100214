#include "cmd/cli_id_documents.h"

#include <inttypes.h>
#include <stdio.h>

/* More than this is for one long document, and not kept. */
enum { LARGE_MEMORY = 1 << 23 };

enum tok_status cli_id_documents_open(struct cli_id_documents *d, const char *path, int wake,
				      struct tok_error *err)
{
	tok_buffer_clear(&d->kept);
	d->given = 0;
	d->inside = false;
	const enum tok_status status = cli_ids_open(&d->ids, path, d->format, err);
	if (status == TOK_OK)
		cli_id_documents_input(d)->wake = wake;
	return status;
}

void cli_id_documents_close(struct cli_id_documents *documents)
{
	cli_ids_close(&documents->ids);
}

void cli_id_documents_release(struct cli_id_documents *documents)
{
	tok_buffer_release(&documents->kept);
}

static void drop_given(struct cli_id_documents *d)
{
	d->kept.count -= d->given;
	if (d->given && d->kept.count)
		memmove(d->kept.bytes, d->kept.bytes + d->given, d->kept.count);
	d->given = 0;
}

static enum tok_status refuse_length(const struct cli_id_documents *d, uint64_t number,
				     struct tok_error *err)
{
	char line[40] = "";
	if (cli_ids_has_lines(d->format))
		snprintf(line, sizeof line, " line %" PRIu64 ":", number);
	return tok_fail(err, TOK_ELIMIT,
			"'%s':%s it is longer than %" PRIu64 " ids: --max-ids allows more%s",
			d->ids.lines.input.name, line, d->limit_ids,
			d->may_chunk ? ", a smaller --chunk takes it in parts" : "");
}

/* So many bytes of what is kept go out. */
static enum tok_status give(struct cli_id_documents *d, size_t bytes, bool last,
			    struct cli_part *out, struct tok_error *err)
{
	if (!tok_buffer_reserve(&d->kept, 1))
		return tok_fail_memory(err); /* of an empty document, too, .bytes is not NULL */
	*out = (struct cli_part){
		.text = { d->kept.bytes, bytes },
		.first = !d->inside,
		.last = last,
	};
	d->given = bytes;
	d->inside = !last;
	return TOK_OK;
}

enum tok_status cli_id_documents_next(struct cli_id_documents *d, struct cli_part *out,
				      struct tok_error *err)
{
	const bool in_parts = d->chunk_ids > 0 && d->chunk_ids <= d->limit_ids;
	*out = (struct cli_part){ 0 };
	drop_given(d);
	if (d->kept.count == 0 && d->kept.capacity > LARGE_MEMORY)
		tok_buffer_release(&d->kept);
	for (;;) {
		struct cli_id_part part;
		const enum tok_status status = cli_ids_next(&d->ids, &part, err);
		if (status != TOK_OK || part.none)
			return status;
		if (!tok_buffer_add(&d->kept, part.ids, part.count * sizeof *part.ids))
			return tok_fail_memory(err);
		const uint64_t count = d->kept.count / sizeof(tok_id);
		if (part.last && (in_parts || count <= d->limit_ids))
			return give(d, d->kept.count, true, out, err);
		if (in_parts && count >= d->chunk_ids) {
			const uint64_t whole = count - count % d->chunk_ids;
			return give(d, (size_t)whole * sizeof(tok_id), false, out, err);
		}
		if (count > d->limit_ids)
			return refuse_length(d, part.number, err);
		if (cli_id_documents_input(d)->woken)
			return TOK_OK;
	}
}
