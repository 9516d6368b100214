/*
 * kernels.c - which tables there are, what each consists of, and what of it runs here.
 */
#include "hypernet/kernel/narrow_internal.h"

#include "tok/base/cpu.h"

static bool runs_anywhere(void)
{
	return true;
}

static const struct hyper_kernel scalar = {
	.name = "scalar",
	.runs = runs_anywhere,
	.products = { [HYPER_MODE_F32] = &hyper_f32_scalar,
		      [HYPER_MODE_BF16X3] = &hyper_bf16x3_scalar,
		      [HYPER_MODE_BF16] = &hyper_bf16_scalar,
		      [HYPER_MODE_INT8] = &hyper_int8_scalar },
	.finish = hyper_finish_scalar,
	.attend = hyper_attend_scalar,
};

#if defined(__x86_64__)

static bool runs_avx2(void)
{
	return tok_kernel_multiplies(TOK_KERNEL_AVX2);
}

static bool runs_avx512(void)
{
	return tok_kernel_multiplies(TOK_KERNEL_AVX512);
}

static bool runs_avx512bf16(void)
{
	return tok_kernel_multiplies(TOK_KERNEL_AVX512_BF16);
}

static bool runs_amx(void)
{
	return tok_kernel_multiplies(TOK_KERNEL_AMX);
}

static const struct hyper_kernel avx2 = {
	.name = "avx2",
	.runs = runs_avx2,
	.products = { [HYPER_MODE_F32] = &hyper_f32_avx2,
		      [HYPER_MODE_BF16X3] = &hyper_f32_avx2,
		      [HYPER_MODE_BF16] = &hyper_bf16_avx2,
		      [HYPER_MODE_INT8] = &hyper_int8_avx2 },
	.finish = hyper_finish_avx2,
	.attend = hyper_attend_avx2,
};

static const struct hyper_kernel avx512 = {
	.name = "avx512",
	.runs = runs_avx512,
	.products = { [HYPER_MODE_F32] = &hyper_f32_avx512,
		      [HYPER_MODE_BF16X3] = &hyper_f32_avx512,
		      [HYPER_MODE_BF16] = &hyper_bf16_avx512,
		      [HYPER_MODE_INT8] = &hyper_int8_avx512 },
	.finish = hyper_finish_avx512,
	.attend = hyper_attend_avx512,
};

static const struct hyper_kernel avx512bf16 = {
	.name = "avx512bf16",
	.runs = runs_avx512bf16,
	.products = { [HYPER_MODE_F32] = &hyper_f32_avx512,
		      [HYPER_MODE_BF16X3] = &hyper_f32_avx512,
		      [HYPER_MODE_BF16] = &hyper_bf16_avx512bf16,
		      [HYPER_MODE_INT8] = &hyper_int8_avx512 },
	.finish = hyper_finish_avx512,
	.attend = hyper_attend_avx512,
};

static const struct hyper_kernel amx = {
	.name = "amx",
	.runs = runs_amx,
	.enter = hyper_enter_amx,
	.products = { [HYPER_MODE_F32] = &hyper_f32_avx512,
		      [HYPER_MODE_BF16X3] = &hyper_bf16x3_amx,
		      [HYPER_MODE_BF16] = &hyper_bf16_amx,
		      [HYPER_MODE_INT8] = &hyper_int8_amx },
	.finish = hyper_finish_avx512,
	.attend = hyper_attend_avx512,
};

/* Best first.  CMakeLists.txt says which files are for this architecture. */
static const struct hyper_kernel *const tables[] = { &amx, &avx512bf16, &avx512, &avx2, &scalar };

#elif defined(__aarch64__)

static bool runs_neon(void)
{
	return tok_kernel_multiplies(TOK_KERNEL_NEON);
}

static const struct hyper_kernel neon = {
	.name = "neon",
	.runs = runs_neon,
	.products = { [HYPER_MODE_F32] = &hyper_f32_neon,
		      [HYPER_MODE_BF16X3] = &hyper_f32_neon,
		      [HYPER_MODE_BF16] = &hyper_bf16_neon,
		      [HYPER_MODE_INT8] = &hyper_int8_neon },
	.finish = hyper_finish_neon,
	.attend = hyper_attend_neon,
};

static const struct hyper_kernel *const tables[] = { &neon, &scalar };

#else

static const struct hyper_kernel *const tables[] = { &scalar };

#endif

enum { TABLES = sizeof tables / sizeof *tables };

const char *hyper_kernel_name(const struct hyper_kernel *kernel)
{
	return kernel->name;
}

size_t hyper_kernel_count(void)
{
	return TABLES;
}

const struct hyper_kernel *hyper_kernel_at(size_t index)
{
	return tables[index];
}

bool hyper_kernel_runs(const struct hyper_kernel *kernel)
{
	return kernel->runs();
}

enum tok_status hyper_kernel_enter(const struct hyper_kernel *kernel, struct tok_error *err)
{
	return kernel->enter ? kernel->enter(err) : TOK_OK;
}

const struct hyper_product *hyper_product_of(const struct hyper_kernel *kernel,
					     enum hyper_mode mode)
{
	const struct hyper_product *own = kernel->products[mode];
	return own ? own : scalar.products[mode];
}

enum tok_status hyper_kernel_choose(const char *name, const struct hyper_kernel **out,
				    struct tok_error *err)
{
	enum tok_kernel known;
	if (name && tok_kernel_choose(name, &known, err) != TOK_OK)
		return TOK_EARG;
	for (size_t i = 0; i < TABLES; i++) {
		if (name ? strcmp(name, tables[i]->name) != 0 : !tables[i]->runs())
			continue;
		if (!tables[i]->runs())
			break;
		*out = tables[i];
		return TOK_OK;
	}
	return tok_fail(err, TOK_EARG, "this machine does not run the kernels '%s'", name);
}
