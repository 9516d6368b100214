#include "vocab/audit/morphology.h"

#include <math.h>
#include <stdlib.h>

#include "tok/text/utf8.h"
#include "vocab/audit/cuts.h"

struct vocab_morphology_work {
	struct vocab_audit_cutter *cutter;
	uint64_t rows, bad, single, scored, found, cuts;
	double by_chance; /* expected finds of cuts put at random */
};

enum tok_status vocab_morphology_new(const struct tok_tokenizer *tokenizer,
				     struct vocab_morphology_work **out, struct tok_error *err)
{
	struct vocab_morphology_work *work = calloc(1, sizeof *work);
	if (!work)
		return tok_fail_memory(err);
	const enum tok_status status = vocab_audit_cutter_new(tokenizer, &work->cutter, err);
	if (status == TOK_OK)
		*out = work;
	else
		vocab_morphology_free(work);
	return status;
}

void vocab_morphology_free(struct vocab_morphology_work *work)
{
	if (work)
		vocab_audit_cutter_free(work->cutter);
	free(work);
}

static bool makes_up(struct tok_span word, struct tok_span first, struct tok_span rest)
{
	return first.count && rest.count && first.count + rest.count == word.count &&
	       memcmp(word.bytes, first.bytes, first.count) == 0 &&
	       memcmp(word.bytes + first.count, rest.bytes, rest.count) == 0;
}

static size_t count_cuts(const uint8_t *cuts, size_t count)
{
	size_t total = 0;
	for (size_t i = 1; i < count; i++)
		total += cuts[i];
	return total;
}

/* How likely it is that one of as many cuts as lie between characters is at one given place between
 * characters, all places alike. */
static double find_by_chance(struct tok_span word, const uint8_t *cuts)
{
	size_t places = 0, used = 0;
	for (size_t at = tok_utf8_at(word, 0).length; at < word.count;
	     at += tok_utf8_at(word, at).length) {
		places++;
		used += cuts[at];
	}
	return places ? (double)used / (double)places : 0;
}

enum tok_status vocab_morphology_word(struct vocab_morphology_work *work, struct tok_span word,
				      struct tok_span first, struct tok_span rest,
				      struct tok_error *err)
{
	const uint8_t *cuts;
	if (!makes_up(word, first, rest)) {
		work->rows++;
		work->bad++;
		return TOK_OK;
	}
	const enum tok_status status = vocab_audit_cuts(work->cutter, word, &cuts, err);
	if (status != TOK_OK)
		return status;
	const size_t count = count_cuts(cuts, word.count);
	work->rows++;
	work->single += count == 0;
	work->scored += count != 0;
	work->cuts += count;
	work->found += cuts[first.count];
	work->by_chance += find_by_chance(word, cuts);
	return TOK_OK;
}

static double ratio(double part, uint64_t whole)
{
	return whole ? part / (double)whole : NAN;
}

void vocab_morphology_measure(const struct vocab_morphology_work *work,
			      struct vocab_morphology *out)
{
	const double found = (double)work->found;
	*out = (struct vocab_morphology){
		.rows = work->rows,
		.bad = work->bad,
		.single = work->single,
		.scored = work->scored,
		.found = work->found,
		.cuts = work->cuts,
		.recall = ratio(found, work->scored),
		.recall_all = ratio(found, work->scored + work->single),
		.precision = ratio(found, work->cuts),
		.f1 = ratio(2 * found, work->cuts + work->scored),
		.random_recall = ratio(work->by_chance, work->scored),
		.random_precision = ratio(work->by_chance, work->cuts),
		.random_f1 = ratio(2 * work->by_chance, work->cuts + work->scored),
	};
}
