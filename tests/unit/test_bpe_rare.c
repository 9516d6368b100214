/*
 * Walks where something rare decides: ties, places from which a walk goes far back,
 * merges that meet at the last step of both spines.  Each vocabulary is small enough
 * for all texts of its letters up to a length, and all pairs of its tokens.
 */
#include "tests/unit/bpe_bench.h"

enum { GROUP = 300, REPEATED = 240 };

/* ---- vocabularies ---- */

static void add_token(struct plain *p, const char *text, size_t count)
{
	const uint32_t place = (uint32_t)p->spec.entry_count++;
	memcpy(p->bytes[place], text, count);
	p->entries[place] = (struct tok_vocab_entry){ .text = { p->bytes[place], count },
						      .id = place,
						      .type = TOK_PIECE_NORMAL,
						      .score = -1.0 - place };
}

static void add_merge(struct plain *p, const char *text, size_t count)
{
	const size_t left = (size_t)((const char *)memchr(text, '+', count) - text);
	uint8_t joined[PLAIN_TEXT];
	memcpy(joined, text, left);
	memcpy(joined + left, text + left + 1, count - left - 1);
	if (plain_find(p, joined, count - 1) == TOK_NO_ID)
		add_token(p, (const char *)joined, count - 1);
	uint16_t *join = p->joins[p->spec.as.bpe.merge_count++];
	join[0] = (uint16_t)plain_find(p, joined, left);
	join[1] = (uint16_t)plain_find(p, joined + left, count - left - 1);
	join[2] = (uint16_t)plain_find(p, joined, count - 1);
}

/* Tokens with spaces between them, in their order; merges are "left+right". */
static void set_vocabulary(struct plain *p, enum tok_bpe_order order, const char *words)
{
	memset(&p->spec, 0, sizeof p->spec);
	p->spec.kind = TOK_MODEL_BPE;
	p->spec.unk = TOK_NO_ID;
	memset(p->spec.byte_ids, 0xFF, sizeof p->spec.byte_ids);
	p->spec.as.bpe.order = order;
	p->spec.as.bpe.prefix = p->spec.as.bpe.suffix = tok_span_of("");
	for (const char *word = words; *word; word += strspn(word, " ")) {
		const size_t count = strcspn(word, " ");
		if (memchr(word, '+', count))
			add_merge(p, word, count);
		else
			add_token(p, word, count);
		word += count;
	}
}

static void open_vocabulary(struct bench *b)
{
	plain_seal(b->plain);
	b->model = compile(b->plain);
	b->scratch = tok_model_scratch_new();
	assert_non_null(b->scratch);
	assert_non_null(b->model->bpe->walk.spines);
}

/* ---- what merging makes of a text, and what walking does ---- */

/* Places, by the definition; whole texts are not looked up. */
static size_t merge_plainly(struct plain *p, struct tok_span text, struct plain_symbol *s)
{
	size_t count = 0;
	if (p->spec.as.bpe.order == TOK_BPE_MERGES)
		assert_true(plain_start_merges(p, text, s, &count));
	else
		plain_start_texts(p, text, s, &count);
	count = plain_merge(p, text.bytes, s, count);
	for (size_t i = 0; i < count; i++)
		if (p->spec.as.bpe.order != TOK_BPE_MERGES)
			s[i].entry = plain_find(p, text.bytes + s[i].begin, s[i].end - s[i].begin);
	return count;
}

static bool is_born(const struct bench *b, uint32_t place)
{
	return b->model->bpe->walk.spines[place].birth != TOK_BIRTH_NEVER;
}

static void check_walk(struct bench *b, struct tok_bpe_scratch *scratch, struct tok_span text)
{
	static struct plain_symbol want[PLAIN_TOKENS];
	const size_t count = merge_plainly(b->plain, text, want);
	bool all_born = true;
	for (size_t i = 0; i < count; i++)
		all_born = all_born && is_born(b, want[i].entry);
	assert_true(tok_grow(&scratch->symbols, &scratch->symbol_capacity, text.count,
			     sizeof *scratch->symbols));
	assert_true(tok_grow(&scratch->lengths, &scratch->length_capacity, text.count,
			     sizeof *scratch->lengths));
	const enum tok_walk_result result = tok_bpe_walk(b->model, scratch, text);
	bool same = result == (all_born ? TOK_WALK_DONE : TOK_WALK_LOST);
	same = same && (!all_born || scratch->count == count);
	for (size_t i = 0; same && all_born && i < count; i++)
		same = scratch->symbols[i] == want[i].entry;
	if (!same)
		fail_msg("vocabulary %zu: the walk of '%.*s' ends with %d, %zu tokens for %zu",
			 b->number, (int)text.count, (const char *)text.bytes, (int)result,
			 scratch->count, count);
}

/* A token's own text, and that of each two. */
static void check_pairs(struct bench *b)
{
	static struct plain_symbol s[PLAIN_TOKENS];
	const struct plain *p = b->plain;
	for (uint32_t i = 0; i < p->spec.entry_count; i++) {
		const struct tok_span left = p->entries[i].text;
		if (!is_born(b, i))
			continue;
		if (merge_plainly(b->plain, left, s) != 1 || s[0].entry != i)
			fail_msg("vocabulary %zu: token %u is not what its text is", b->number, i);
		for (uint32_t j = 0; j < p->spec.entry_count; j++) {
			const struct tok_span right = p->entries[j].text;
			uint8_t both[2 * PLAIN_TEXT];
			if (!is_born(b, j))
				continue;
			memcpy(both, left.bytes, left.count);
			memcpy(both + left.count, right.bytes, right.count);
			const size_t count = merge_plainly(
			    b->plain, (struct tok_span){ both, left.count + right.count }, s);
			const bool want = count == 2 && s[0].entry == i && s[1].entry == j;
			if (tok_bpe_adjoins(b->model->bpe, i, j) != want)
				fail_msg("vocabulary %zu: tokens %u and %u adjoin: %d", b->number,
					 i, j, want);
		}
	}
}

/* ---- all texts ---- */

/* Text `number` of `count` letters. */
static void spell(uint8_t *out, const char *letters, size_t count, size_t number)
{
	const size_t base = strlen(letters);
	for (size_t i = 0; i < count; i++, number /= base)
		out[i] = (uint8_t)letters[number % base];
}

static size_t count_texts(const char *letters, size_t count)
{
	size_t texts = 1;
	for (size_t i = 0; i < count; i++)
		texts *= strlen(letters);
	return texts;
}

/* Some texts of one length as the pieces of a run. */
static void check_group(struct bench *b, const char *letters, size_t length, size_t first,
			size_t last)
{
	for (size_t i = first; i < last; i++) {
		spell(b->room + (i - first) * length, letters, length, i);
		b->ends[i - first] = (uint32_t)((i - first + 1) * length);
	}
	const struct tok_span text = { b->room, (last - first) * length };
	assert_true(encode_plainly(b, text, last - first));
	for (int pass = 0; pass < 2; pass++) { /* the second finds them in the memo */
		b->found.count = 0;
		assert_int_equal(tok_model_encode_run(b->model, b->scratch, text, 0, b->ends,
						      last - first, &b->found, NULL),
				 TOK_OK);
		check(b, "run", text, &b->found);
	}
}

static void check_texts(struct bench *b, const char *letters, size_t longest)
{
	struct tok_bpe_scratch *scratch = tok_bpe_scratch_new();
	assert_non_null(scratch);
	assert_true(tok_bpe_claim(b->model->bpe, scratch));
	for (size_t length = 1; length <= longest; length++) {
		const size_t texts = count_texts(letters, length);
		for (size_t i = 0; i < texts; i++) {
			uint8_t text[REPEATED];
			spell(text, letters, length, i);
			check_walk(b, scratch, (struct tok_span){ text, length });
			if (length > 7 && texts > 1)
				continue;
			for (size_t at = length; at < sizeof text; at++)
				text[at] = text[at - length];
			check_walk(b, scratch, (struct tok_span){ text, sizeof text });
		}
		for (size_t i = 0; i < texts; i += GROUP)
			check_group(b, letters, length, i, i + GROUP < texts ? i + GROUP : texts);
	}
	tok_bpe_scratch_free(scratch);
}

/* ---- rows ---- */

static const struct row {
	const char *what;
	enum tok_bpe_order order;
	uint32_t tie;    /* of scores: so many in order are equal */
	uint32_t unborn; /* tokens that get no birth */
	size_t longest;
	const char *letters, *words;
} rows[] = {
	{ "runs that double", TOK_BPE_RANKS, 1, 0, 60, "a", "a aa aaaa aaaaaaaa aaa" },
	{ "runs one longer each", TOK_BPE_RANKS, 1, 0, 60, "a", "a aa aaa aaaa aaaaa aaaaaaa" },
	{ "runs that end in another", TOK_BPE_RANKS, 1, 0, 11, "ab", "a b aa aaa ab aab aaab" },
	{ "one token, two pairs of one rank", TOK_BPE_RANKS, 1, 0, 11, "ab",
	  "a b ab ba aba bab abab baba ababa" },
	{ "a dead place met again", TOK_BPE_RANKS, 1, 0, 11, "ab", "a b bb bbb bbbb bba" },
	{ "back by two", TOK_BPE_RANKS, 1, 0, 11, "ab", "a b ba bba bab" },
	{ "back by three", TOK_BPE_RANKS, 1, 0, 11, "ab", "a b ab aab aabaab abaab" },
	{ "back by three, to dead places", TOK_BPE_RANKS, 1, 0, 11, "ab",
	  "a b bb bbb abbb aabbb ba" },
	{ "back by four", TOK_BPE_RANKS, 1, 0, 11, "ab", "a b ab aab aaab baab bbaab abb" },
	{ "back by four, to dead places", TOK_BPE_RANKS, 1, 0, 12, "ab",
	  "a b bb abb babb abbabb abbabbb babbb abbbabbb aabb" },
	{ "three letters", TOK_BPE_RANKS, 1, 0, 8, "abc",
	  "a b c ac acb bc abc acbabc cacb acbc cacbacb" },
	{ "one token, two merges", TOK_BPE_MERGES, 1, 0, 11, "ab",
	  "a b a+a aa+a a+aa aa+aa b+a ba+a b+aa" },
	{ "the later merge makes it", TOK_BPE_MERGES, 1, 0, 11, "ab",
	  "a b aa aaa a+aa a+a aa+aa b+aa a+b ab+a aa+a" },
	/* A token of two merges is none of rising ranks here. */
	{ "all scores equal", TOK_BPE_SCORES, 100, 4, 11, "ab", "a b ab ba aa aba bab aab abba" },
	{ "two scores equal each", TOK_BPE_SCORES, 2, 0, 11, "ab",
	  "a b ab ba bb abb aab bba abba baab" },
	{ "three scores equal each", TOK_BPE_SCORES, 3, 0, 8, "abc",
	  "a b c ab bc ca abc bca cab abca cc bcc" },
};

static void test_rows(void **state)
{
	(void)state;
	struct bench *b = new_bench();
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		b->number = i;
		set_vocabulary(b->plain, rows[i].order, rows[i].words);
		for (uint32_t k = 0; k < b->plain->spec.entry_count; k++)
			b->plain->entries[k].score = -1.0 - k / rows[i].tie;
		open_vocabulary(b);
		uint32_t unborn = 0;
		for (uint32_t k = 0; k < b->plain->spec.entry_count; k++)
			unborn += !is_born(b, k);
		if (unborn != rows[i].unborn)
			fail_msg("%s: %u tokens without a birth", rows[i].what, unborn);
		check_pairs(b);
		check_texts(b, rows[i].letters, rows[i].longest);
		close_bench(b);
	}
	free_bench(b);
}

/* ---- meetings: all orders of merges around one border ---- */

static const char *const around[] = { "bc", "abc", "de", "def", "cd", "bcde" };
enum { AROUND = sizeof around / sizeof *around };

/* Order `number` of all. */
static void order_around(size_t number, size_t order[AROUND])
{
	for (size_t i = 0; i < AROUND; i++) {
		const size_t at = number % (i + 1);
		number /= i + 1;
		memmove(order + at + 1, order + at, (i - at) * sizeof *order);
		order[at] = i;
	}
}

static void check_around(struct bench *b)
{
	static const char all[] = "abcdefabcdef";
	struct tok_bpe_scratch *scratch = tok_bpe_scratch_new();
	assert_non_null(scratch);
	assert_true(tok_bpe_claim(b->model->bpe, scratch));
	for (size_t from = 0; from < 6; from++)
		for (size_t to = from + 1; to < sizeof all; to++)
			check_walk(b, scratch,
				   (struct tok_span){ (const uint8_t *)all + from, to - from });
	tok_bpe_scratch_free(scratch);
	check_pairs(b);
}

static void test_meetings(void **state)
{
	(void)state;
	struct bench *b = new_bench();
	for (size_t number = 0; number < 720; number++) {
		size_t order[AROUND];
		char words[64] = "a b c d e f";
		order_around(number, order);
		for (size_t i = 0; i < AROUND; i++) {
			strcat(words, " ");
			strcat(words, around[order[i]]);
		}
		b->number = number;
		set_vocabulary(b->plain, TOK_BPE_RANKS, words);
		open_vocabulary(b);
		check_around(b);
		close_bench(b);
	}
	free_bench(b);
}

/* The same with scores of three values, so that many are equal. */
static void test_meetings_of_equals(void **state)
{
	(void)state;
	struct bench *b = new_bench();
	for (size_t number = 0; number < 729; number++) {
		b->number = number;
		set_vocabulary(b->plain, TOK_BPE_SCORES, "a b c d e f bc abc de def cd bcde");
		size_t rest = number;
		for (size_t i = 0; i < AROUND; i++, rest /= 3)
			b->plain->entries[6 + i].score = -1.0 - (double)(rest % 3);
		open_vocabulary(b);
		check_around(b);
		close_bench(b);
	}
	free_bench(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_meetings),
		cmocka_unit_test(test_meetings_of_equals),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
