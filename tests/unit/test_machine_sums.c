/* Sums over ranges of ranks, of all and of those that are valid, are what adding one by one gives.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tok/base/random.h"
#include "tok/bytes/machine_internal.h"

enum { RANKS = 700 };

struct sample {
	struct tok_sums sums;
	struct tok_mask *mask;
	uint64_t bits[RANKS / SUM_BLOCK + 1];
};

static void make(struct sample *s, struct tok_random *random, uint32_t first_word)
{
	*s = (struct sample){ .mask = calloc(1, sizeof *s->mask) };
	assert_non_null(s->mask);
	s->mask->first_word = first_word;
	s->mask->bits = s->bits;
	assert_true(tok_sums_init(&s->sums, RANKS));
	for (size_t i = 0; i < RANKS; i++)
		s->sums.p[i] = 1.0 + (double)tok_random_below(random, 1000);
	tok_sums_block(&s->sums, RANKS);
	/* Words that are full, empty and neither. */
	for (size_t i = 0; i < sizeof s->bits / sizeof s->bits[0]; i++) {
		const uint64_t some = tok_random_below(random, UINT64_MAX);
		s->bits[i] = i % 3 == 0 ? UINT64_MAX : i % 3 == 1 ? some : 0;
	}
}

static void ranges_are_sums(void **state)
{
	(void)state;
	struct tok_random random = tok_random_of(1, 1);
	for (uint32_t first_word = 0; first_word < 4; first_word++) {
		struct sample s;
		make(&s, &random, first_word);
		for (int times = 0; times < 3000; times++) {
			const uint32_t from = first_word * SUM_BLOCK;
			struct tok_range range;
			range.begin = from + (uint32_t)tok_random_below(&random, RANKS - from);
			range.end = range.begin +
				    (uint32_t)tok_random_below(&random, RANKS - range.begin + 1);
			double all = 0.0, valid = 0.0;
			size_t count = 0;
			for (uint32_t i = range.begin; i < range.end; i++) {
				const bool has = tok_mask_has(s.mask, i);
				assert_int_equal(has, s.bits[i / 64 - first_word] >> i % 64 & 1);
				all += s.sums.p[i];
				valid += has ? s.sums.p[i] : 0.0;
				count += has;
			}
			assert_true(tok_sums_range(&s.sums, range) == all); /* whole numbers */
			assert_true(tok_sums_masked(&s.sums, s.mask, range) == valid);
			assert_int_equal(tok_mask_count(s.mask, range), count);
			assert_int_equal(tok_mask_any(s.mask, range), count > 0);
			assert_int_equal(tok_mask_count(NULL, range), range.end - range.begin);
		}
		tok_sums_release(&s.sums);
		free(s.mask);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranges_are_sums),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
