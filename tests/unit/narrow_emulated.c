/*
 * narrow_emulated.c - the laws of narrow products without cmocka, for machines that are only
 * emulated: see narrow_emulated.sh.  Exit 1 if a table breaks one, or if there is none but the
 * scalar one.
 */
#define CHECKED 1 /* fewer: an emulator is slow */
#include "tests/unit/narrow_laws.h"

int main(void)
{
	size_t wrong = 0, kernels = 0;
	for (size_t i = 0; i < hyper_kernel_count(); i++) {
		const struct hyper_kernel *kernel = hyper_kernel_at(i);
		if (!hyper_kernel_runs(kernel) || strcmp(hyper_kernel_name(kernel), "scalar") == 0)
			continue;
		kernels++;
		wrong += narrow_law_extremes(kernel) + narrow_law_rounding(kernel) +
			 narrow_law_modes(kernel);
		printf("%s compared\n", hyper_kernel_name(kernel));
	}
	return wrong != 0 || kernels == 0;
}
