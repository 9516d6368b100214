/*
 * scan_families_internal.h - all families, and the table of a kernel.
 */
#ifndef TOK_PRETOK_SCAN_FAMILIES_INTERNAL_H
#define TOK_PRETOK_SCAN_FAMILIES_INTERNAL_H

#include "tok/pretok/scan_ends_internal.h"
#include "tok/pretok/scan_family_cased_internal.h"
#include "tok/pretok/scan_family_deepseek_internal.h"
#include "tok/pretok/scan_family_letters_internal.h"
#include "tok/pretok/scan_kernel_internal.h"

static const struct scan_family scan_gpt2 = { &tok_scan_gpt2, LETTERS_MASK_COUNT, scan_keep_letters,
					      scan_starts_gpt2, scan_inside_letters };
static const struct scan_family scan_cl100k = { &tok_scan_cl100k, LETTERS_MASK_COUNT,
						scan_keep_letters, scan_starts_cl100k,
						scan_inside_letters };

static const struct scan_family scan_cl100k_trailing = { &tok_scan_cl100k_trailing,
							 LETTERS_MASK_COUNT, scan_keep_letters,
							 scan_starts_cl100k_trailing,
							 scan_inside_letters };
static const struct scan_family scan_qwen = { &tok_scan_qwen, LETTERS_MASK_COUNT, scan_keep_letters,
					      scan_starts_qwen, scan_inside_letters };
static const struct scan_family scan_o200k = { &tok_scan_o200k, CASED_MASK_COUNT, scan_keep_o200k,
					       scan_starts_o200k, scan_inside_cased };
static const struct scan_family scan_tekken = { &tok_scan_tekken, TEKKEN_MASK_COUNT,
						scan_keep_tekken, scan_starts_tekken,
						scan_inside_cased };
static const struct scan_family scan_deepseek = { &tok_scan_deepseek_steps, DEEPSEEK_MASK_COUNT,
						  scan_keep_deepseek, scan_starts_deepseek,
						  scan_inside_deepseek };

#define SCAN_ENDS(family, classify, flatten)                                                       \
	static size_t ends_##family(struct tok_span text, size_t from, uint32_t *ends,             \
				    size_t capacity)                                               \
	{                                                                                          \
		return scan_ends(&scan_##family, classify, flatten, text, from, ends, capacity);   \
	}

/* Define `table`, what a kernel is to the others. */
#define SCAN_KERNEL(table, classify, flatten)                                                      \
	SCAN_ENDS(gpt2, classify, flatten)                                                         \
	SCAN_ENDS(cl100k, classify, flatten)                                                       \
	SCAN_ENDS(cl100k_trailing, classify, flatten)                                              \
	SCAN_ENDS(qwen, classify, flatten)                                                         \
	SCAN_ENDS(o200k, classify, flatten)                                                        \
	SCAN_ENDS(tekken, classify, flatten)                                                       \
	SCAN_ENDS(deepseek, classify, flatten)                                                     \
	tok_scan_ends *const table[TOK_SCAN_FAMILY_COUNT] = {                                      \
		[TOK_SCAN_GPT2] = ends_gpt2,                                                       \
		[TOK_SCAN_CL100K] = ends_cl100k,                                                   \
		[TOK_SCAN_CL100K_TRAILING] = ends_cl100k_trailing,                                 \
		[TOK_SCAN_QWEN] = ends_qwen,                                                       \
		[TOK_SCAN_O200K] = ends_o200k,                                                     \
		[TOK_SCAN_TEKKEN] = ends_tekken,                                                   \
		[TOK_SCAN_DEEPSEEK] = ends_deepseek,                                               \
	};

#endif
