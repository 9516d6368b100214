/*
 * scan_emulated.c - the laws of block scanners and of places without cmocka, for machines
 * that are only emulated: see emulated.sh.  Exit 1 if a kernel breaks one.
 */
#include "tests/unit/mark_laws.h"
#include "tests/unit/places_laws.h"

int main(int argc, char **argv)
{
	const size_t rounds = argc == 2 ? strtoul(argv[1], NULL, 10) : 1;
	size_t wrong = 0, kernels = 0;
	for (int i = TOK_KERNEL_SCALAR + 1; i < TOK_KERNEL_COUNT; i++) {
		if (!tok_kernel_runs((enum tok_kernel)i))
			continue;
		kernels++;
		wrong += law_all((enum tok_kernel)i, rounds);
		wrong += mark_law_all((enum tok_kernel)i, rounds);
		wrong += places_law_all((enum tok_kernel)i, rounds);
		printf("%s compared\n", tok_kernel_name((enum tok_kernel)i));
	}
	return wrong != 0 || kernels == 0;
}
