/*
 * pretok_tiles.c - pre-tokenizers whose pieces lie end to end: runs of ends.  And
 * which way a pre-tokenizer goes, for people.
 */
#include "tok/pretok/pretok_internal.h"
#include "tok/pretok/scan_kernel_internal.h"

static const struct {
	const struct tok_scan *scan;
	const char *path;
	enum tok_scan_family family;
} families[] = {
	{ &tok_scan_gpt2, "gpt2 (block scanner)", TOK_SCAN_GPT2 },
	{ &tok_scan_cl100k, "cl100k (block scanner)", TOK_SCAN_CL100K },
	{ &tok_scan_cl100k_trailing, "cl100k (block scanner)", TOK_SCAN_CL100K_TRAILING },
	{ &tok_scan_qwen, "qwen (block scanner)", TOK_SCAN_QWEN },
	{ &tok_scan_o200k, "o200k (block scanner)", TOK_SCAN_O200K },
	{ &tok_scan_tekken, "tekken (block scanner)", TOK_SCAN_TEKKEN },
	{ &tok_scan_deepseek_steps, "deepseek (block scanner)", TOK_SCAN_DEEPSEEK },
};
enum { FAMILY_COUNT = sizeof families / sizeof *families };

/* Is every match, and every gap, a piece? */
static bool isolates(const struct pretok_op *op)
{
	return op->kind == PRETOK_CUT_SCAN && op->behavior == TOK_ISOLATED;
}

/* Is every match a piece, where there are no gaps? */
static bool keeps_matches(const struct pretok_op *op)
{
	return op->kind == PRETOK_CUT_SCAN && op->scan->gapless &&
	       (op->behavior == TOK_ISOLATED || (op->behavior == TOK_REMOVED && op->invert));
}

/* The row of `families`, or FAMILY_COUNT. */
static size_t find_family(const struct tok_pretokenizer *p)
{
	static const struct tok_scan *const deepseek[] = { &tok_scan_number3, &tok_scan_han_kana,
							   &tok_scan_deepseek };
	const struct tok_scan *scan = NULL;
	if (p->count == 1 && keeps_matches(&p->ops[0]))
		scan = p->ops[0].scan;
	if (p->count == 3 && isolates(&p->ops[0]) && isolates(&p->ops[1]) && isolates(&p->ops[2]) &&
	    p->ops[0].scan == deepseek[0] && p->ops[1].scan == deepseek[1] &&
	    p->ops[2].scan == deepseek[2])
		scan = &tok_scan_deepseek_steps;
	for (size_t i = 0; scan && i < FAMILY_COUNT; i++)
		if (families[i].scan == scan)
			return i;
	return FAMILY_COUNT;
}

bool tok_pretokenizer_tiles(const struct tok_pretokenizer *pretokenizer)
{
	return find_family(pretokenizer) < FAMILY_COUNT;
}

size_t tok_pretokenizer_ends(const struct tok_pretokenizer *pretokenizer, enum tok_kernel kernel,
			     struct tok_span text, size_t from, uint32_t *ends, size_t capacity)
{
	const size_t family = find_family(pretokenizer);
	return tok_scan_ends_of(families[family].family, kernel)(text, from, ends, capacity);
}

static bool has_kind(const struct tok_pretokenizer *p, enum pretok_kind kind)
{
	for (size_t i = 0; i < p->count; i++)
		if (p->ops[i].kind == kind)
			return true;
	return false;
}

/* Is every cut one that pretok_cut_marked makes? */
static bool is_marked(const struct tok_pretokenizer *p)
{
	size_t cuts = 0;
	for (size_t i = 0; i<p->count; i += p->ops[i].passes> 0 ? p->ops[i].passes : 1) {
		const bool cut = p->ops[i].kind <= PRETOK_CUT_LAST;
		if (cut && p->ops[i].passes == 0)
			return false;
		cuts += cut;
	}
	return cuts > 0;
}

static bool is_bert(const struct tok_pretokenizer *p)
{
	return p->count == 2 && p->ops[0].passes == 2 && p->ops[0].which == PRETOK_SPACE &&
	       p->ops[1].which == PRETOK_PUNCTUATION;
}

bool tok_pretokenizer_uses_kernel(const struct tok_pretokenizer *pretokenizer)
{
	return tok_pretokenizer_tiles(pretokenizer) || is_marked(pretokenizer);
}

const char *tok_pretokenizer_path(const struct tok_pretokenizer *pretokenizer)
{
	const size_t family = find_family(pretokenizer);
	if (family < FAMILY_COUNT)
		return families[family].path;
	if (is_marked(pretokenizer))
		return is_bert(pretokenizer) ? "bert (block scanner)"
					     : "marked characters (block scanner)";
	if (has_kind(pretokenizer, PRETOK_CUT_REGEX))
		return "PCRE2";
	if (has_kind(pretokenizer, PRETOK_CUT_SCAN))
		return "scanner";
	if (has_kind(pretokenizer, PRETOK_CUT_CLASS) ||
	    has_kind(pretokenizer, PRETOK_CUT_SCRIPTS) || has_kind(pretokenizer, PRETOK_CUT_LENGTH))
		return "character by character";
	return "none: a text is one piece";
}
