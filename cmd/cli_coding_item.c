/* cli_coding_item.c - documents of a work to a block of ids. */
#include <stdlib.h>

#include "cmd/cli_coding_internal.h"

/* A whole document up to this size is made ready as one; a longer one as a part. */
enum { SMALL_DOCUMENT = 1 << 20 };

/* A block that holds this much takes no further document: templates, padding and copies
 * can make very much of little text, and of an empty document no bytes at all. */
enum { BLOCK_SIZE = 1 << 23, BLOCK_DOCUMENTS = 1 << 17 };

_Static_assert(CLI_WORK_REGIONS <= INT32_MAX, "cli_block_end.region has 31 bits");

void *cli_coding_begin(void *context)
{
	struct cli_coding *run = context;
	struct cli_coding_worker *w = calloc(1, sizeof *w);
	if (!w)
		return NULL;
	w->run = run;
	w->coder = run->coder->begin(run->context);
	if (w->coder)
		return w;
	free(w);
	return NULL;
}

void cli_coding_end(void *worker)
{
	struct cli_coding_worker *w = worker;
	w->run->coder->end(w->coder);
	tok_json_release(&w->json);
	free(w);
}

/* At most `limit` ids. */
static enum tok_status make_ids(struct cli_coding_worker *w, struct cli_piece *piece,
				uint64_t limit, struct cli_made *out, struct tok_error *err)
{
	const char *field = w->run->source.split->jsonl;
	enum tok_status status = TOK_OK;
	if (field)
		status = cli_json_text(&w->json, piece->text, field, &piece->text, err);
	if (status == TOK_OK)
		status = w->run->coder->encode(w->coder, piece, out, err);
	if (status == TOK_OK && out->encoding.count > limit)
		out->encoding.count = (size_t)limit;
	return status;
}

/* The `at`-th of a block. */
static bool keep_tally(struct cli_coding_item *item, size_t at, const struct cli_tally *tally)
{
	if (!tok_grow(&item->tallies, &item->tally_capacity, at + 1, sizeof *item->tallies))
		return false;
	item->tallies[at] = *tally;
	return true;
}

/* A copy of a document to the item's block. */
static enum tok_status encode_document(struct cli_coding_worker *w, struct cli_coding_item *item,
				       struct cli_piece *piece, uint64_t room,
				       struct tok_error *err)
{
	const struct cli_coding *run = w->run;
	const uint64_t limit = room < run->max_tokens ? room : run->max_tokens;
	struct cli_made made;
	enum tok_status status =
	    cli_documents_check(run->source.split, &run->source.cut, piece->text, err);
	if (status == TOK_OK)
		status = make_ids(w, piece, limit, &made, err);
	if (status != TOK_OK)
		return status;
	struct cli_shape shape = *run->shape;
	if (made.encoding.count == room)
		shape.eod = TOK_NO_ID; /* there is no room for it */
	if (run->coder->tallies && !keep_tally(item, item->block.count, &made.tally))
		return tok_fail_memory(err);
	return cli_block_document(&item->block, &shape, &made.encoding) ? TOK_OK
									: tok_fail_memory(err);
}

static bool is_full(const struct cli_block *block, uint64_t room)
{
	return block->ids >= room || block->bytes.count >= BLOCK_SIZE ||
	       block->count >= BLOCK_DOCUMENTS;
}

/* Documents of a region until there is no room for more. */
static enum tok_status encode_documents(struct cli_coding_worker *w, struct cli_coding_item *item,
					const struct cli_coding_terms *terms, struct tok_error *err)
{
	struct cli_coding_spot at = item->next;
	const struct cli_region *region = &item->work.regions[at.region];
	const struct tok_span all = cli_work_text(&item->work, at.region);
	struct cli_block *block = &item->block;
	struct cli_piece piece = { .document = region->number + at.document - terms->skipped,
				   .copy = at.copy };
	bool done;
	do {
		struct tok_span rest = tok_span_slice(all, at.byte, all.count);
		piece.text = rest;
		if (region->several)
			piece.text = cli_split_next(w->run->source.split, &rest);
		else
			rest.count = 0;
		item->next = at;
		const enum tok_status status =
		    encode_document(w, item, &piece, terms->room - block->ids, err);
		if (status != TOK_OK)
			return status;
		struct cli_block_end *end = &block->ends[block->count - 1];
		end->region = (uint32_t)at.region & INT32_MAX;
		end->text =
		    (uint32_t)(rest.count ? all.count - rest.count : region->end - region->bytes);
		piece.again = piece.copy + 1 < w->run->copies;
		end->more = piece.again;
		done = !piece.again && rest.count == 0;
		if (piece.again) {
			at.copy = ++piece.copy;
		} else {
			at.byte = all.count - rest.count;
			at.copy = piece.copy = 0;
			at.document++;
			piece.document++;
		}
	} while (!done && !is_full(block, terms->room));
	item->next = done ? (struct cli_coding_spot){ .region = at.region + 1 } : at;
	return TOK_OK;
}

static enum tok_status encode_part(struct cli_coding_worker *w, struct cli_coding_item *item,
				   uint64_t limit, const struct cli_coding_terms *terms,
				   struct tok_error *err)
{
	const size_t at = item->next.region;
	const struct cli_region *region = &item->work.regions[at];
	struct cli_piece piece = {
		.text = cli_work_text(&item->work, at),
		.continues = !region->first,
		.before = region->before,
		.document = region->number - terms->skipped,
	};
	struct cli_made made = { 0 };
	enum tok_status status = TOK_OK;
	if (limit > 0 && (region->first || piece.text.count > 0))
		status = make_ids(w, &piece, limit, &made, err);
	if (status != TOK_OK)
		return w->run->source.ids ? status : cli_region_fail(region, status, err);
	if (w->run->coder->tallies && !keep_tally(item, item->block.count, &made.tally))
		return tok_fail_memory(err);
	if (!cli_block_part(&item->block, w->run->shape, &made.encoding, region->base))
		return tok_fail_memory(err);
	item->next = (struct cli_coding_spot){ .region = at + 1 };
	return TOK_OK;
}

/* Is a region made ready as whole documents? */
static bool is_whole(const struct cli_coding *run, const struct cli_region *region)
{
	return region->several || (region->first && region->last &&
				   (region->count <= SMALL_DOCUMENT || run->copies > 1));
}

void cli_coding_encode(struct cli_coding_worker *w, struct cli_coding_item *item,
		       struct cli_coding_spot from, struct cli_coding_terms terms)
{
	struct cli_block *block = &item->block;
	enum tok_status status = TOK_OK;
	cli_block_clear(block);
	item->error = (struct tok_error){ 0 };
	item->skipped = terms.skipped;
	item->next = from;
	while (status == TOK_OK && item->next.region < item->work.region_count &&
	       !is_full(block, terms.room)) {
		const struct cli_region *region = &item->work.regions[item->next.region];
		const uint64_t room = terms.room - block->ids;
		if (is_whole(w->run, region))
			status = encode_documents(w, item, &terms, &item->error);
		else
			status = encode_part(w, item, terms.part < room ? terms.part : room, &terms,
					     &item->error);
	}
}
