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

/* Best first.  CMakeLists.txt says which files are for this architecture. */
static const struct hyper_kernel *const tables[] = { &scalar };

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
