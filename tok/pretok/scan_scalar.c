/*
 * scan_scalar.c - ends of pieces by the definitions, one piece at a time.
 */
#include "tok/pretok/scan_internal.h"
#include "tok/pretok/scan_kernel_internal.h"

static size_t find_ends(const struct tok_scan *scan, struct tok_span text, size_t from,
			uint32_t *ends, size_t capacity)
{
	size_t count = 0;
	struct tok_range match;
	while (count < capacity && scan->next(text, from, &match)) {
		ends[count++] = match.end;
		from = match.end;
	}
	return count;
}

#define SCALAR_ENDS(family)                                                                        \
	static size_t ends_##family(struct tok_span text, size_t from, uint32_t *ends,             \
				    size_t capacity)                                               \
	{                                                                                          \
		return find_ends(&tok_scan_##family, text, from, ends, capacity);                  \
	}

SCALAR_ENDS(gpt2)
SCALAR_ENDS(cl100k)
SCALAR_ENDS(cl100k_trailing)
SCALAR_ENDS(qwen)
SCALAR_ENDS(o200k)
SCALAR_ENDS(tekken)
SCALAR_ENDS(deepseek_steps)

tok_scan_ends *const tok_scan_scalar[TOK_SCAN_FAMILY_COUNT] = {
	[TOK_SCAN_GPT2] = ends_gpt2,
	[TOK_SCAN_CL100K] = ends_cl100k,
	[TOK_SCAN_CL100K_TRAILING] = ends_cl100k_trailing,
	[TOK_SCAN_QWEN] = ends_qwen,
	[TOK_SCAN_O200K] = ends_o200k,
	[TOK_SCAN_TEKKEN] = ends_tekken,
	[TOK_SCAN_DEEPSEEK] = ends_deepseek_steps,
};
