/*
 * scan_kernel_internal.h - the block scanners of each instruction set.
 */
#ifndef TOK_PRETOK_SCAN_KERNEL_INTERNAL_H
#define TOK_PRETOK_SCAN_KERNEL_INTERNAL_H

#include "tok/base/cpu.h"
#include "tok/base/span.h"

enum tok_scan_family {
	TOK_SCAN_GPT2,
	TOK_SCAN_CL100K,
	TOK_SCAN_CL100K_TRAILING,
	TOK_SCAN_QWEN,
	TOK_SCAN_O200K,
	TOK_SCAN_TEKKEN,
	TOK_SCAN_DEEPSEEK,
	TOK_SCAN_FAMILY_COUNT
};

/* As tok_pretokenizer_ends. */
typedef size_t tok_scan_ends(struct tok_span text, size_t from, uint32_t *ends, size_t capacity);

extern tok_scan_ends *const tok_scan_scalar[TOK_SCAN_FAMILY_COUNT];
extern tok_scan_ends *const tok_scan_avx2[TOK_SCAN_FAMILY_COUNT];
extern tok_scan_ends *const tok_scan_avx512[TOK_SCAN_FAMILY_COUNT];
extern tok_scan_ends *const tok_scan_neon[TOK_SCAN_FAMILY_COUNT];

/* The scanner of a kernel, of the scalar one where it was not built. */
tok_scan_ends *tok_scan_ends_of(enum tok_scan_family family, enum tok_kernel kernel);

#endif
