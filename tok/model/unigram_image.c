/* Unigram in an image. */
#include "tok/model/unigram_internal.h"

enum {
	FACTS = TOK_IMAGE_TAG('u', 'f', 'c', 't'),
	TOKENS = TOK_IMAGE_TAG('u', 't', 'o', 'k'),
	SCORES = TOK_IMAGE_TAG('u', 's', 'c', 'o'),
	BYTES = TOK_IMAGE_TAG('u', 'b', 'y', 't'),
	TRIE = TOK_IMAGE_TAG('u', 't', 'r', 'i'),
	NEAR = TOK_IMAGE_TAG('u', 'n', 'e', 'a'),
	JOINED = TOK_IMAGE_TAG('u', 'j', 'o', 'i'),
	PAGES = TOK_IMAGE_TAG('u', 'p', 'a', 'g'),
	HELD = TOK_IMAGE_TAG('u', 'h', 'l', 'd')
};

struct facts {
	double unknown_score, greatest;
	uint64_t fingerprint;
	uint32_t longest, unk_place, single_precision, fuse_unk;
};

void tok_unigram_save(const struct tok_model *model, struct tok_image_writer *w)
{
	const struct tok_unigram *u = model->unigram;
	const struct facts facts = {
		.unknown_score = u->unknown_score,
		.greatest = u->greatest,
		.fingerprint = u->fingerprint,
		.longest = u->longest,
		.unk_place = u->unk_place,
		.single_precision = u->single_precision,
		.fuse_unk = u->fuse_unk,
	};
	tok_image_put(w, FACTS, &facts, sizeof facts);
	tok_image_put(w, TOKENS, u->tokens, model->lexicon.count * sizeof *u->tokens);
	if (u->scores)
		tok_image_put(w, SCORES, u->scores, model->lexicon.count * sizeof *u->scores);
	tok_image_put(w, BYTES, u->bytes, sizeof u->bytes);
	tok_trie_save(&u->trie, TRIE, w);
	tok_borders_save(&u->cuts->borders, NEAR, JOINED, w);
	tok_image_put(w, PAGES, u->cuts->pages, sizeof u->cuts->pages);
	tok_image_put(w, HELD, u->cuts->held, u->cuts->page_count * (size_t)256);
}

static bool open_cuts(struct tok_unigram_cuts *cuts, const struct tok_image *image)
{
	size_t pages, held;
	const uint16_t *of_pages = tok_image_array(image, PAGES, sizeof *of_pages, &pages);
	cuts->held = tok_image_array(image, HELD, 1, &held);
	cuts->page_count = (uint16_t)(held / 256);
	if (pages != TOK_UNIGRAM_PAGES || held / 256 > UINT16_MAX ||
	    !tok_borders_open(&cuts->borders, image, NEAR, JOINED) || !cuts->borders.near)
		return false;
	memcpy(cuts->pages, of_pages, sizeof cuts->pages);
	for (size_t i = 0; i < pages; i++)
		if (cuts->pages[i] >= cuts->page_count)
			return false;
	return true;
}

/* Scores are kept apart where floats do not hold them. */
static bool open_scores(struct tok_unigram *u, const struct tok_image *image, size_t tokens)
{
	size_t count;
	const double *scores = tok_image_array(image, SCORES, sizeof *scores, &count);
	u->scores = u->single_precision ? NULL : scores;
	return u->single_precision || (scores && count == tokens);
}

static bool open_bytes(struct tok_unigram *u, const struct tok_image *image, size_t tokens)
{
	size_t count;
	const uint32_t *bytes = tok_image_array(image, BYTES, sizeof *bytes, &count);
	if (count != sizeof u->bytes / sizeof *u->bytes)
		return false;
	memcpy(u->bytes, bytes, sizeof u->bytes);
	for (size_t i = 0; i < count; i++)
		if (u->bytes[i] >= tokens && u->bytes[i] != TOK_NO_ID)
			return false;
	return true;
}

enum tok_status tok_unigram_open(struct tok_model *model, const struct tok_image *image,
				 bool *sound, struct tok_error *err)
{
	struct tok_unigram *u = tok_arena_array(&model->arena, 1, sizeof *u);
	struct tok_unigram_cuts *cuts = tok_arena_array(&model->arena, 1, sizeof *cuts);
	size_t count, tokens;
	if (!u || !cuts)
		return tok_fail_memory(err);
	model->unigram = u;
	u->cuts = cuts;
	u->tokens = tok_image_array(image, TOKENS, sizeof *u->tokens, &tokens);
	const struct facts *facts = tok_image_array(image, FACTS, sizeof *facts, &count);
	*sound = count == 1 && tokens == model->lexicon.count &&
		 (facts->unk_place < tokens || facts->unk_place == TOK_NO_ID) &&
		 tok_trie_open(&u->trie, image, TRIE, tokens) && u->trie.cells &&
		 open_cuts(cuts, image);
	if (!*sound)
		return TOK_OK;
	u->unknown_score = facts->unknown_score;
	u->greatest = facts->greatest;
	u->fingerprint = facts->fingerprint;
	u->longest = facts->longest;
	u->unk_place = facts->unk_place;
	u->single_precision = facts->single_precision != 0;
	*sound = open_scores(u, image, tokens) && open_bytes(u, image, tokens);
	u->fuse_unk = facts->fuse_unk != 0;
	return TOK_OK;
}
