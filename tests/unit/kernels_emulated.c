/* kernels_emulated.c - the laws of hypernet's kernels without cmocka, for machines that are only
 * emulated: see emulated.sh.  Exit 1 if a kernel breaks one, or none but the scalar one runs. */
#define LAW_FEW 1
#include "tests/unit/kernel_laws.h"

int main(void)
{
	size_t wrong = 0, kernels = 0;
	for (size_t i = 0; i < hyper_kernel_count(); i++) {
		const struct hyper_kernel *kernel = hyper_kernel_at(i);
		if (!hyper_kernel_runs(kernel))
			continue;
		kernels++;
		wrong += law_kernel(kernel);
		printf("%s obeys\n", hyper_kernel_name(kernel));
	}
	return wrong != 0 || kernels < 2;
}
