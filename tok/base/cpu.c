#include "tok/base/cpu.h"

#include <stdint.h>
#include <string.h>

static const char *const names[TOK_KERNEL_COUNT] = { "scalar", "avx2", "avx512", "neon" };

const char *tok_kernel_name(enum tok_kernel kernel)
{
	return names[kernel];
}

#if defined(__x86_64__)

#include <cpuid.h>

/* Bits of the XCR0 register: whose registers a switch of tasks keeps. */
enum { XCR0_AVX = 0x06, XCR0_AVX512 = 0xE6 };

struct leaf {
	uint32_t eax, ebx, ecx, edx;
};

static struct leaf ask(uint32_t number)
{
	struct leaf l = { 0 };
	__get_cpuid_count(number, 0, &l.eax, &l.ebx, &l.ecx, &l.edx);
	return l;
}

static bool has(uint32_t value, uint32_t bits)
{
	return (value & bits) == bits;
}

static uint32_t read_xcr0(void)
{
	uint32_t low, high;
	if (!has(ask(1).ecx, bit_OSXSAVE))
		return 0;
	__asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	return low;
}

static bool runs_avx2(void)
{
	return has(read_xcr0(), XCR0_AVX) && has(ask(1).ecx, bit_POPCNT) &&
	       has(ask(7).ebx, bit_AVX2 | bit_BMI | bit_BMI2) &&
	       has(ask(0x80000001u).ecx, bit_LZCNT);
}

static bool runs_avx512(void)
{
	const struct leaf seven = ask(7);
	return runs_avx2() && has(read_xcr0(), XCR0_AVX512) &&
	       has(seven.ebx, bit_AVX512F | bit_AVX512BW | bit_AVX512VL) &&
	       has(seven.ecx, bit_AVX512VBMI | bit_AVX512VBMI2);
}

bool tok_kernel_runs(enum tok_kernel kernel)
{
	switch (kernel) {
	case TOK_KERNEL_SCALAR:
		return true;
	case TOK_KERNEL_AVX2:
		return runs_avx2();
	case TOK_KERNEL_AVX512:
		return runs_avx512();
	case TOK_KERNEL_NEON:
	case TOK_KERNEL_COUNT:
		return false;
	}
	return false;
}

#elif defined(__aarch64__) /* where NEON is part of the architecture */

bool tok_kernel_runs(enum tok_kernel kernel)
{
	return kernel == TOK_KERNEL_SCALAR || kernel == TOK_KERNEL_NEON;
}

#else

bool tok_kernel_runs(enum tok_kernel kernel)
{
	return kernel == TOK_KERNEL_SCALAR;
}

#endif

enum tok_kernel tok_kernel_best(void)
{
	static const enum tok_kernel best_first[] = { TOK_KERNEL_AVX512, TOK_KERNEL_AVX2,
						      TOK_KERNEL_NEON };
	for (size_t i = 0; i < sizeof best_first / sizeof *best_first; i++)
		if (tok_kernel_runs(best_first[i]))
			return best_first[i];
	return TOK_KERNEL_SCALAR;
}

enum tok_status tok_kernel_choose(const char *name, enum tok_kernel *out, struct tok_error *err)
{
	if (!name) {
		*out = tok_kernel_best();
		return TOK_OK;
	}
	for (int i = 0; i < TOK_KERNEL_COUNT; i++) {
		if (strcmp(name, names[i]) != 0)
			continue;
		if (!tok_kernel_runs((enum tok_kernel)i))
			return tok_fail(err, TOK_EARG, "this machine does not run the kernels '%s'",
					name);
		*out = (enum tok_kernel)i;
		return TOK_OK;
	}
	return tok_fail(err, TOK_EARG,
			"there are no kernels '%s': they are scalar, avx2, avx512 and neon", name);
}
