#include "tok/base/cpu.h"

#include <stdint.h>
#include <string.h>

static const char *const names[TOK_KERNEL_COUNT] = {
	[TOK_KERNEL_SCALAR] = "scalar",          [TOK_KERNEL_AVX2] = "avx2",
	[TOK_KERNEL_AVX512] = "avx512",          [TOK_KERNEL_NEON] = "neon",
	[TOK_KERNEL_AVX512_BF16] = "avx512bf16", [TOK_KERNEL_AMX] = "amx",
};

const char *tok_kernel_name(enum tok_kernel kernel)
{
	return names[kernel];
}

#if defined(__x86_64__)

#include <cpuid.h>
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

/* Bits of the XCR0 register: whose registers a switch of tasks keeps. */
enum { XCR0_AVX = 0x06, XCR0_AVX512 = 0xE6, XCR0_AMX = 0x60000 };

/* Bits of CPUID for which <cpuid.h> has no name everywhere: leaf 7, part 1, EAX; leaf 7, EDX. */
enum { HAS_AVX512_BF16 = 1 << 5 };
enum { HAS_AMX_BF16 = 1 << 22, HAS_AMX_TILE = 1 << 24, HAS_AMX_INT8 = 1 << 25 };

struct leaf {
	uint32_t eax, ebx, ecx, edx;
};

static struct leaf ask_part(uint32_t number, uint32_t part)
{
	struct leaf l = { 0 };
	__get_cpuid_count(number, part, &l.eax, &l.ebx, &l.ecx, &l.edx);
	return l;
}

static struct leaf ask(uint32_t number)
{
	return ask_part(number, 0);
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

static bool multiplies_avx2(void)
{
	return runs_avx2() && has(ask(1).ecx, bit_FMA | bit_F16C);
}

static bool multiplies_avx512(void)
{
	return runs_avx512() && multiplies_avx2() && has(ask(7).ebx, bit_AVX512DQ) &&
	       has(ask(7).ecx, bit_AVX512VNNI);
}

static bool runs_avx512_bf16(void)
{
	return multiplies_avx512() && ask(7).eax >= 1 && has(ask_part(7, 1).eax, HAS_AVX512_BF16);
}

#if defined(__linux__)
/* A process has to ask for the tiles' registers before it uses them; would it get them? */
static bool is_tile_data_permitted(void)
{
	enum { ARCH_GET_XCOMP_SUPP = 0x1021, XFEATURE_XTILEDATA = 18 };
	unsigned long features = 0;
	return syscall(SYS_arch_prctl, ARCH_GET_XCOMP_SUPP, &features) == 0 &&
	       (features >> XFEATURE_XTILEDATA & 1);
}
#else
static bool is_tile_data_permitted(void)
{
	return true;
}
#endif

static bool runs_amx(void)
{
	return runs_avx512_bf16() && has(read_xcr0(), XCR0_AMX) &&
	       has(ask(7).edx, HAS_AMX_TILE | HAS_AMX_BF16 | HAS_AMX_INT8) &&
	       is_tile_data_permitted();
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
	case TOK_KERNEL_AVX512_BF16:
		return runs_avx512_bf16();
	case TOK_KERNEL_AMX:
		return runs_amx();
	case TOK_KERNEL_NEON:
	case TOK_KERNEL_COUNT:
		return false;
	}
	return false;
}

bool tok_kernel_multiplies(enum tok_kernel kernel)
{
	if (kernel == TOK_KERNEL_AVX2)
		return multiplies_avx2();
	if (kernel == TOK_KERNEL_AVX512)
		return multiplies_avx512();
	return tok_kernel_runs(kernel);
}

#elif defined(__aarch64__) /* where NEON is part of the architecture */

bool tok_kernel_runs(enum tok_kernel kernel)
{
	return kernel == TOK_KERNEL_SCALAR || kernel == TOK_KERNEL_NEON;
}

bool tok_kernel_multiplies(enum tok_kernel kernel)
{
	return tok_kernel_runs(kernel);
}

#else

bool tok_kernel_runs(enum tok_kernel kernel)
{
	return kernel == TOK_KERNEL_SCALAR;
}

bool tok_kernel_multiplies(enum tok_kernel kernel)
{
	return tok_kernel_runs(kernel);
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
			"there are no kernels '%s': they are scalar, avx2, avx512, neon, "
			"avx512bf16 and amx",
			name);
}
