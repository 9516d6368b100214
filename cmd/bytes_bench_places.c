/*
 * bytes_bench_places.c - how often a beam comes to an end (F).
 *
 * A place is a row of tokens and the bytes of one that is not whole yet.  The rule of genlm-bytes
 * moves all places by a byte, keeps the K heaviest, and then adds those where a token has just
 * ended.  Once none of the K goes on with the byte that comes it has nothing left; its authors
 * know of it (genlm-bytes, issue 1).  Written here from that description, beside this program's
 * own beam, which keeps room for what begins anew.
 */
#include <math.h>
#include <stdlib.h>

#include "cmd/bytes_bench_internal.h"

enum { WINDOW = 200, BEAM_MOST = 8, PLACES_MOST = 64, IDS_MOST = WINDOW + 1 };

struct place {
	tok_id ids[IDS_MOST];
	size_t count;
	double log_p;  /* of the ids */
	uint32_t node; /* where the bytes behind them lead to */
	double weight; /* log_p, and of all tokens that go on from the node */
	size_t row;    /* which of the beam's; NO_ROW: not asked for yet */
};
#define NO_ROW SIZE_MAX

struct row {
	double *log_p, *masses;
	bool used;
};

struct beam {
	const struct bytes_side *side;
	size_t k;
	struct place places[PLACES_MOST], moved[BEAM_MOST];
	size_t count, moved_count;
	struct row rows[2 * BEAM_MOST];
	struct tok_buffer context;
};

/* ---- rows ------------------------------------------------------------------------- */

static enum tok_status get_row(struct beam *beam, struct place *place, struct tok_error *err)
{
	struct tok_lm *lm = beam->side->lm;
	const struct tok_lm_info *info = lm->info;
	struct tok_row_masses other;
	size_t free_row = 0;
	while (beam->rows[free_row].used)
		free_row++;
	struct row *row = &beam->rows[free_row];
	beam->context.count = 0;
	if (!tok_buffer_add(&beam->context, info->start, info->start_count * sizeof(tok_id)) ||
	    !tok_buffer_add(&beam->context, place->ids, place->count * sizeof(tok_id)))
		return tok_fail_memory(err);
	const struct tok_lm_request request = { (const tok_id *)(const void *)beam->context.bytes,
						info->start_count + place->count };
	struct tok_lm_row out = { .log_p = row->log_p };
	const enum tok_status status = lm->rows(lm, &request, 1, &out, err);
	if (status != TOK_OK)
		return status;
	tok_byte_tokens_masses(beam->side->tokens, row->log_p, row->masses, &other);
	row->used = true;
	place->row = free_row;
	return TOK_OK;
}

static enum tok_status make_rows(struct beam *beam, struct tok_error *err)
{
	const uint32_t nodes = tok_byte_tokens_node_count(beam->side->tokens);
	for (size_t i = 0; i < 2 * beam->k; i++) {
		struct row *row = &beam->rows[i];
		row->log_p = calloc(beam->side->lm->info->size, sizeof *row->log_p);
		row->masses = calloc(nodes, sizeof *row->masses);
		if (!row->log_p || !row->masses)
			return tok_fail_memory(err);
	}
	return TOK_OK;
}

static void release(struct beam *beam)
{
	for (size_t i = 0; i < 2 * beam->k; i++) {
		free(beam->rows[i].log_p);
		free(beam->rows[i].masses);
	}
	tok_buffer_release(&beam->context);
	free(beam);
}

/* ---- a byte ------------------------------------------------------------------------- */

/* What is moved stands heaviest first, and only k of them. */
static void keep(struct beam *beam, const struct place *place)
{
	size_t i = beam->moved_count;
	while (i > 0 && beam->moved[i - 1].weight < place->weight)
		i--;
	if (i == beam->k)
		return;
	beam->moved_count += beam->moved_count < beam->k;
	memmove(beam->moved + i + 1, beam->moved + i,
		(beam->moved_count - i - 1) * sizeof *beam->moved);
	beam->moved[i] = *place;
}

static void free_rows(struct beam *beam)
{
	for (size_t i = 0; i < 2 * beam->k; i++)
		beam->rows[i].used = false;
	for (size_t i = 0; i < beam->moved_count; i++)
		beam->rows[beam->moved[i].row].used = true;
}

/* One that begins anew is not asked for a row where k others weigh more than it can. */
static enum tok_status move(struct beam *beam, struct place *place, uint8_t byte,
			    struct tok_error *err)
{
	const bool full = beam->moved_count == beam->k;
	if (full && place->log_p <= beam->moved[beam->k - 1].weight)
		return TOK_OK;
	const uint32_t node = tok_byte_tokens_child(beam->side->tokens, place->node, byte);
	if (!node)
		return TOK_OK;
	if (place->row == NO_ROW) {
		free_rows(beam);
		for (size_t i = 0; i < beam->count; i++) /* and of those not looked at yet */
			if (beam->places[i].row != NO_ROW)
				beam->rows[beam->places[i].row].used = true;
		const enum tok_status status = get_row(beam, place, err);
		if (status != TOK_OK)
			return status;
	}
	place->node = node;
	place->weight = place->log_p + log(beam->rows[place->row].masses[node]);
	if (place->weight > -INFINITY)
		keep(beam, place);
	place->row = NO_ROW; /* if it was kept, it is the copy's now */
	return TOK_OK;
}

/* A token ends at the node of `from`: the next begins. */
static void begin_anew(struct beam *beam, const struct place *from)
{
	const tok_id *ids;
	const size_t count = tok_byte_tokens_ends(beam->side->tokens, from->node, &ids);
	for (size_t i = 0; i < count && beam->count < PLACES_MOST; i++) {
		struct place *place = &beam->places[beam->count++];
		*place = *from;
		place->ids[place->count++] = ids[i];
		place->log_p += beam->rows[from->row].log_p[ids[i]];
		place->weight = place->log_p;
		place->node = 0;
		place->row = NO_ROW;
	}
}

static enum tok_status push(struct beam *beam, uint8_t byte, struct tok_error *err)
{
	beam->moved_count = 0;
	for (size_t i = 0; i < beam->count; i++) {
		const enum tok_status status = move(beam, &beam->places[i], byte, err);
		if (status != TOK_OK)
			return status;
	}
	free_rows(beam);
	beam->count = beam->moved_count;
	memcpy(beam->places, beam->moved, beam->moved_count * sizeof *beam->moved);
	for (size_t i = 0; i < beam->moved_count; i++)
		begin_anew(beam, &beam->moved[i]);
	return TOK_OK;
}

/* ---- windows -------------------------------------------------------------------------- */

static struct tok_span window_at(const struct bytes_bench *b, size_t cut)
{
	const struct tok_span before = bench_before(b, cut);
	const size_t rest =
	    (size_t)((const uint8_t *)b->models.text + b->models.length - before.bytes);
	return (struct tok_span){ before.bytes, rest < WINDOW ? rest : WINDOW };
}

/* *ended: after how many bytes nothing was left; all of them if that did not happen. */
static enum tok_status run_places(const struct bytes_side *side, size_t k, struct tok_span text,
				  size_t *ended, struct tok_error *err)
{
	struct beam *beam = calloc(1, sizeof *beam);
	if (!beam)
		return tok_fail_memory(err);
	beam->side = side;
	beam->k = k;
	beam->count = 1;
	beam->places[0].row = NO_ROW;
	enum tok_status status = make_rows(beam, err);
	*ended = 0;
	while (status == TOK_OK && *ended < text.count && beam->count > 0) {
		status = push(beam, text.bytes[*ended], err);
		*ended += beam->count > 0;
	}
	release(beam);
	return status;
}

static enum tok_status run_beam(const struct bytes_bench *b, size_t which, size_t k,
				struct tok_span text, size_t *ended, struct tok_error *err)
{
	struct tok_machine *machine;
	enum tok_status status = bench_machine(b, which, TOK_BYTES_ALL, k, &machine, err);
	if (status != TOK_OK)
		return status;
	status = tok_machine_push(machine, text, err);
	*ended = tok_machine_length(machine);
	tok_machine_free(machine);
	return status == TOK_ELIMIT ? TOK_OK : status;
}

static enum tok_status ends_of(struct bytes_bench *b, size_t which, size_t k, struct tok_error *err)
{
	const struct bytes_side *side = &b->models.sides[which];
	size_t places = 0, beams = 0, bytes = 0;
	enum tok_status status = TOK_OK;
	for (size_t i = 0; i < b->options->random && status == TOK_OK; i++) {
		const struct tok_span text = window_at(b, bench_cut(b, i));
		size_t ended = 0, beam_ended = 0;
		status = run_places(side, k, text, &ended, err);
		if (status == TOK_OK)
			status = run_beam(b, which, k, text, &beam_ended, err);
		places += ended < text.count;
		beams += beam_ended < text.count;
		bytes += text.count;
	}
	if (status != TOK_OK)
		return status;
	bench_text(b, side->lm_name);
	bench_count(b, k);
	bench_count(b, b->options->random);
	bench_count(b, bytes);
	bench_count(b, places);
	bench_count(b, beams);
	return TOK_OK;
}

enum tok_status bench_places(struct bytes_bench *b, struct tok_error *err)
{
	static const char *const columns[] = { "model",       "K",        "texts", "bytes",
					       "ends_places", "ends_tok", NULL };
	enum tok_status status = TOK_OK;
	bench_table(b, 'F', "texts at which a beam of K came to an end", columns);
	for (size_t i = 0; i < b->models.count; i++)
		for (size_t k = 1; k <= BEAM_MOST && status == TOK_OK; k *= 2)
			if (!b->models.sides[i].lm->info->top)
				status = ends_of(b, i, k, err);
	return status;
}
