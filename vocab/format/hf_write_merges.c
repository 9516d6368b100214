/* hf_write_merges.c - the list of merges, also of a BPE that has none but ranks. */
#include "vocab/format/hf_write_internal.h"

#include <stdlib.h>

#include "vocab/format/unmerge_internal.h"

static int compare_results(const void *a, const void *b)
{
	const struct tok_merge *x = a, *y = b;
	return (x->result > y->result) - (x->result < y->result);
}

static bool has_all_bytes(const struct tok_strings *ids)
{
	for (unsigned i = 0; i < 256; i++) {
		const uint8_t byte = (uint8_t)i;
		if (tok_strings_find(ids, (struct tok_span){ &byte, 1 }) == TOK_NO_ID)
			return false;
	}
	return true;
}

/* A token that no merge makes is met only as a whole piece, where merges are ignored. */
static void find_merges(struct hf_writer *w, const struct tok_strings *ids)
{
	const struct tok_model_spec *model = &w->spec->model;
	struct tok_merge *merges = hf_scratch(w, model->entry_count, sizeof *merges);
	size_t count = 0, unmade = 0;
	if (!merges)
		return;
	for (size_t i = 0; i < model->entry_count; i++) {
		if (unmerge_find(ids, &model->entries[i], &merges[count]))
			count++;
		else
			unmade += model->entries[i].text.count > 1;
	}
	qsort(merges, count, sizeof *merges, compare_results);
	w->tokens.merges = merges;
	w->tokens.merge_count = count;
	w->tokens.ignore_merges = unmade && model->as.bpe.ignore_merges;
}

static void unmerge(struct hf_writer *w)
{
	const struct tok_model_spec *model = &w->spec->model;
	struct tok_strings ids;
	if (!tok_strings_init(&ids, &w->scratch, model->entry_count)) {
		w->json.status = tok_fail_memory(w->json.err);
		return;
	}
	for (size_t i = 0; i < model->entry_count; i++)
		tok_strings_put(&ids, model->entries[i].text, model->entries[i].id);
	if (has_all_bytes(&ids))
		find_merges(w, &ids);
	else
		hf_refuse(w, "model: ranks become merges only where each byte is a token");
}

void hf_collect_merges(struct hf_writer *w)
{
	const struct tok_model_spec *model = &w->spec->model;
	if (model->kind != TOK_MODEL_BPE)
		return;
	switch (model->as.bpe.order) {
	case TOK_BPE_MERGES:
		w->tokens.merges = model->as.bpe.merges;
		w->tokens.merge_count = model->as.bpe.merge_count;
		w->tokens.ignore_merges = model->as.bpe.ignore_merges;
		break;
	case TOK_BPE_RANKS:
		unmerge(w);
		break;
	case TOK_BPE_SCORES:
		hf_refuse(w, "model: a BPE needs a list of merges, not scores");
		break;
	}
}
