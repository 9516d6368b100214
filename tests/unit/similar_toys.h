/*
 * similar_toys.h - a small transplantation, made up: tokens, matches, features, pieces.
 *
 *	struct toy toy;
 *	toy_init(&toy, 40, 60, 20);     // old tokens, new ones, of which so many are shared
 *	status = hyper_similar(&toy.job, ...);
 *
 * Included by one source file of a test, behind cmocka.h.
 */
#ifndef TESTS_UNIT_SIMILAR_TOYS_H
#define TESTS_UNIT_SIMILAR_TOYS_H

#include <stdio.h>

#include "hypernet/transplant/similar.h"
#include "tok/base/random.h"

enum { TOY_TOKENS = 2048, TOY_WIDTH = 9, TOY_PIECES = 3 };

struct toy {
	char names[2][TOY_TOKENS][16];
	struct tok_span bytes[2][TOY_TOKENS];
	uint8_t kinds[2][TOY_TOKENS], classes[TOY_TOKENS];
	tok_id sources[TOY_TOKENS], wanted[TOY_TOKENS], piece_ids[TOY_TOKENS * TOY_PIECES];
	uint32_t piece_lengths[TOY_TOKENS * TOY_PIECES];
	uint64_t piece_ends[TOY_TOKENS];
	float rows[2][TOY_TOKENS][TOY_WIDTH];
	struct hyper_vocab source, target;
	struct hyper_matches matches;
	struct hyper_features features;
	struct hyper_pieces pieces;
	struct hyper_similar_job job;
};

/* New token i below `shared` is old token 2 i; the others are wanted. */
static inline void toy_init(struct toy *t, size_t sources, size_t targets, size_t shared)
{
	struct tok_random random = tok_random_of(3, 1);
	memset(t, 0, sizeof *t);
	for (size_t side = 0; side < 2; side++)
		for (size_t i = 0; i < TOY_TOKENS; i++) {
			const bool old = side == 1 && i < shared;
			snprintf(t->names[side][i], sizeof t->names[side][i], "%s%zu",
				 side && !old ? "new" : "old", old ? 2 * i : i);
			t->bytes[side][i] = tok_span_of(t->names[side][i]);
			t->kinds[side][i] = HYPER_TOKEN_TEXT;
			for (size_t d = 0; d < TOY_WIDTH; d++)
				t->rows[side][i][d] = (float)tok_random_real(&random) - .3F;
		}
	for (size_t i = 0; i < targets; i++) {
		t->sources[i] = i < shared ? (tok_id)(2 * i) : TOK_NO_ID;
		t->classes[i] = i < shared ? HYPER_MATCH_EXACT : HYPER_MATCH_NEW;
		if (i >= shared)
			t->wanted[i - shared] = (tok_id)i;
	}
	for (size_t i = 0; i < targets - shared; i++) {
		for (size_t p = 0; p < TOY_PIECES; p++) {
			t->piece_ids[i * TOY_PIECES + p] =
			    (tok_id)tok_random_below(&random, sources);
			t->piece_lengths[i * TOY_PIECES + p] = 1 + (uint32_t)p;
		}
		t->piece_ends[i] = (i + 1) * TOY_PIECES;
	}
	t->source = (struct hyper_vocab){ t->bytes[0], t->kinds[0], sources, { 0 }, NULL };
	t->target = (struct hyper_vocab){ t->bytes[1], t->kinds[1], targets, { 0 }, NULL };
	t->matches =
	    (struct hyper_matches){ .source = t->sources, .classes = t->classes, .count = targets };
	t->features = (struct hyper_features){ .source = **t->rows,
					       .target = *t->rows[1],
					       .source_count = sources,
					       .target_count = targets,
					       .width = TOY_WIDTH,
					       .parts = 1 };
	t->pieces = (struct hyper_pieces){ .ids = t->piece_ids,
					   .ends = t->piece_ends,
					   .lengths = t->piece_lengths,
					   .count = targets - shared };
	t->job = (struct hyper_similar_job){
		.source = &t->source,
		.target = &t->target,
		.matches = &t->matches,
		.wanted = t->wanted,
		.count = targets - shared,
		.pieces = &t->pieces,
		.features = &t->features,
		.source_rows = sources,
		.threads = 1,
	};
}

static const struct hyper_similar_options toy_options[] = {
	[HYPER_SIMILAR_LOCAL] = { .temperature = .3 },
	[HYPER_SIMILAR_GLOBAL] = { .temperature = .3, .k = 3 },
	[HYPER_SIMILAR_HYBRID] = { .temperature = .3, .k = 3, .weight = .3 },
	[HYPER_SIMILAR_FOCUS] = { .temperature = 1 },
	[HYPER_SIMILAR_WECHSEL] = { .temperature = .1, .k = 10 },
	[HYPER_SIMILAR_CLP] = { 0 },
	[HYPER_SIMILAR_KNN] = { .k = 4, .knn = HYPER_KNN_BARYCENTRIC },
};

#endif
