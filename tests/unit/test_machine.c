/* The byte machine against known fractions and laws. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/byte_toys.h"

/* ---- known fractions ------------------------------------------------------------- */

static void bigram_fractions(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		enum tok_bytes_semantics semantics;
		double p, a, b, end, leak; /* joint */
	} rows[] = {
		{ "", TOK_BYTES_ALL, 1, .6, .3, .1, 0 },
		{ "A", TOK_BYTES_ALL, 3. / 5, 9. / 25, 3. / 20, 9. / 100, 0 },
		{ "A", TOK_BYTES_VALID, 3. / 5, 3. / 10, 3. / 20, 9. / 100, 3. / 50 },
		{ "A", TOK_BYTES_VALID_RENORM, 3. / 5, 3. / 10, 3. / 16, 9. / 80, 0 },
		{ "AA", TOK_BYTES_ALL, 9. / 25, 93. / 500, 21. / 200, 69. / 1000, 0 },
		{ "AA", TOK_BYTES_VALID, 3. / 10, 3. / 20, 9. / 100, 3. / 50, 0 },
		{ "AA", TOK_BYTES_VALID_RENORM, 3. / 10, 3. / 20, 9. / 100, 3. / 50, 0 },
		{ "AAA", TOK_BYTES_ALL, 93. / 500, 603. / 5000, 81. / 2000, 249. / 10000, 0 },
		{ "AAA", TOK_BYTES_VALID, 3. / 20, 9. / 100, 3. / 100, 9. / 500, 3. / 250 },
		{ "AAA", TOK_BYTES_VALID_RENORM, 3. / 20, 9. / 100, 3. / 80, 9. / 400, 0 },
		{ "BA", TOK_BYTES_ALL, 9. / 50, 33. / 250, 3. / 100, 9. / 500, 0 },
		{ "BA", TOK_BYTES_VALID, 9. / 50, 3. / 25, 3. / 100, 9. / 500, 3. / 250 },
		{ "BA", TOK_BYTES_VALID_RENORM, 9. / 50, 3. / 25, 3. / 80, 9. / 400, 0 },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct toy_machine toy;
		toy_machine_bigram(&toy,
				   (struct tok_machine_options){ .semantics = rows[i].semantics });
		push_text(toy.m, rows[i].text);
		const struct tok_next_bytes next = next_of(toy.m);
		assert_true(next.exact);
		assert_near(exp(next.log_p), rows[i].p, 1e-14, rows[i].text);
		assert_near(next.joint['A'] * rows[i].p, rows[i].a, 1e-14, rows[i].text);
		assert_near(next.joint['B'] * rows[i].p, rows[i].b, 1e-14, rows[i].text);
		assert_near(next.end * rows[i].p, rows[i].end, 1e-14, rows[i].text);
		assert_near(next.leak * rows[i].p, rows[i].leak, 1e-14, rows[i].text);
		assert_near(next.low['A'], next.joint['A'], 0, rows[i].text);
		toy_machine_release(&toy);
	}
}

static void forty_letters(void **state)
{
	(void)state;
	struct toy_machine toy;
	toy_machine_bigram(&toy, (struct tok_machine_options){ 0 });
	for (size_t i = 0; i < 40; i++)
		push_text(toy.m, "A");
	const struct tok_next_bytes next = next_of(toy.m);
	assert_near(exp(next.log_p) * 1e10, 4.5437487515764538, 1e-13, "P");
	assert_near(next.joint['A'], 0.58353731980948742, 1e-13, "A");
	toy_machine_release(&toy);
}

/* Far below what a double can hold: 3/10 and then 1/5 each time. */
static void long_texts(void **state)
{
	(void)state;
	struct toy_machine toy;
	toy_machine_bigram(&toy, (struct tok_machine_options){ .history = 5000 });
	for (size_t n = 1; n <= 5000; n++) {
		push_text(toy.m, "B");
		if (n % 100 == 0)
			assert_near(next_of(toy.m).log_p, log(.3) + (double)(n - 1) * log(.2),
				    1e-13, "P");
	}
	assert_true(tok_machine_back(toy.m, 4990));
	assert_near(next_of(toy.m).log_p, log(.3) + 9 * log(.2), 1e-13, "P");
	toy_machine_release(&toy);
}

/* A perfect model of a Markov source on the tokens of the longest match. */
static const double perfect_rows[] = { 3. / 20, 2. / 5, 9. / 20, 0, /* nothing */
				       0,       1,      0,       0, /* A */
				       1. / 8,  1. / 2, 3. / 8,  0, /* B */
				       3. / 16, 1. / 4, 9. / 16, 0, /* AA */
				       0,       0,      0,       0 };

static void perfect_model(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		double p;
	} rows[] = { { "A", 3. / 5 },  { "AA", 9. / 20 },  { "AAA", 27. / 80 },
		     { "BA", 1. / 5 }, { "ABA", 3. / 40 }, { "AAAA", 81. / 320 } };
	for (int semantics = TOK_BYTES_ALL; semantics <= TOK_BYTES_VALID_RENORM; semantics++) {
		for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
			static const char *const texts[] = { "A", "B", "AA" };
			struct toy_machine toy = { .vocab = toy_vocab(texts, 3),
						   .lm = plain_table(4, perfect_rows) };
			toy_machine_make(&toy,
					 (struct tok_machine_options){
					     .semantics = (enum tok_bytes_semantics)semantics });
			push_text(toy.m, rows[i].text);
			const struct tok_next_bytes next = next_of(toy.m);
			assert_near(exp(next.log_p), rows[i].p, 1e-14, rows[i].text);
			assert_near(next.joint['A'], 3. / 4, 1e-14, rows[i].text);
			assert_near(next.leak, 0.0, 1e-14, rows[i].text);
			toy_machine_release(&toy);
		}
	}
}

/* What is as good as nothing beside another row of tokens may be all that is left later: x yz has
 * 1/4, xy z 1e-400, and only z goes on. */
static void what_was_nothing_is_all(void **state)
{
	(void)state;
	static const char *const texts[] = { "x", "xy", "yz", "z", "w" };
	static const double rows[] = { 1 - 1e-200, 1e-200, 0,  0,      0,  0,          /* nothing */
				       0,          0,      .5, 0,      0,  .5,         /* x */
				       0,          0,      0,  1e-200, 0,  1 - 1e-200, /* xy */
				       0,          0,      0,  0,      0,  1,          /* yz */
				       0,          0,      0,  0,      .5, .5,         /* z */
				       0,          0,      0,  0,      0,  1,          /* w */
				       0,          0,      0,  0,      0,  1 };
	struct toy_machine toy = { .vocab = toy_vocab(texts, 5), .lm = plain_table(6, rows) };
	toy_machine_make(&toy, (struct tok_machine_options){ 0 });
	push_text(toy.m, "xyz");
	assert_near(next_of(toy.m).log_p, log(.5), 1e-14, "P");
	push_text(toy.m, "w");
	assert_near(next_of(toy.m).log_p, -400 * log(10) + log(.5), 1e-14, "P");
	toy_machine_release(&toy);
}

/* ---- two vocabularies, one source --------------------------------------------------- */

/* P(B|A) = 1/4, P(A|B) = 1/2, P(A first) = 3/5. */
static double source_p(const uint8_t *text, size_t count)
{
	double p = 1.0;
	for (size_t i = 0; i < count; i++) {
		const double a = i == 0 ? .6 : text[i - 1] == 'A' ? .75 : .5;
		p *= text[i] == 'A' ? a : 1.0 - a;
	}
	return p;
}

/* That the tokens of an endless text begin with these. */
static double row_p(const struct plain_vocab *v, const tok_id *ids, size_t count)
{
	uint8_t text[PLAIN_TEXT * 4];
	tok_id found[PLAIN_TEXT * 4];
	size_t length = 0;
	double p = 0.0;
	for (size_t i = 0; i < count; i++) {
		memcpy(text + length, v->texts[ids[i]].bytes, v->texts[ids[i]].count);
		length += v->texts[ids[i]].count;
	}
	for (unsigned more = 0; more < 4; more++) {
		text[length] = more & 1 ? 'B' : 'A';
		text[length + 1] = more & 2 ? 'B' : 'A';
		const size_t n = plain_longest_match(v, (struct tok_span){ text, length + 2 },
						     found, PLAIN_TEXT * 4);
		if (n >= count && n != SIZE_MAX && memcmp(found, ids, count * sizeof *ids) == 0)
			p += source_p(text, length + 2);
	}
	return p;
}

static double source_row_p(const struct plain_lm *lm, const tok_id *ids, size_t count, tok_id id)
{
	tok_id longer[PLAIN_TEXT];
	const struct plain_vocab *v = lm->source;
	if (v->kinds[id] != TOK_BYTE_TEXT)
		return 0.0;
	memcpy(longer, ids, count * sizeof *ids);
	longer[count] = id;
	return row_p(v, longer, count + 1) / row_p(v, ids, count);
}

static void two_vocabularies_one_law(void **state)
{
	(void)state;
	static const char *const short_texts[] = { "A", "B", "AA" }, *const long_texts[] = {
		"A", "B", "AB", "BA", "AAB"
	};
	for (unsigned bits = 0; bits < 256; bits++) {
		for (size_t which = 0; which < 2; which++) {
			struct toy_machine toy = { .vocab = which ? toy_vocab(long_texts, 5)
								  : toy_vocab(short_texts, 3) };
			uint8_t text[9];
			toy.lm = plain_of(toy.vocab.count, 0);
			toy.lm.p = source_row_p;
			toy.lm.source = &toy.vocab;
			toy_machine_make(
			    &toy, (struct tok_machine_options){ .semantics = TOK_BYTES_VALID });
			for (size_t i = 0; i < 8; i++) {
				struct tok_error err = { 0 };
				text[i] = bits >> i & 1 ? 'B' : 'A';
				assert_int_equal(
				    tok_machine_push(toy.m, (struct tok_span){ text + i, 1 }, &err),
				    TOK_OK);
			}
			const struct tok_next_bytes next = next_of(toy.m);
			assert_near(exp(next.log_p) / source_p(text, 8), 1.0, 1e-12, "P");
			assert_near(next.joint['A'], text[7] == 'A' ? .75 : .5, 1e-12, "A");
			assert_near(next.leak, 0.0, 1e-12, "leak");
			toy_machine_release(&toy);
		}
	}
}

/* ---- going on, back and apart --------------------------------------------------------- */

static void assert_same(const struct tok_next_bytes *a, const struct tok_next_bytes *b)
{
	assert_near(a->log_p, b->log_p, 1e-13, "P");
	for (size_t i = 0; i < 256; i++)
		assert_near(a->joint[i], b->joint[i], 1e-13, "byte");
	assert_near(a->end, b->end, 1e-13, "end");
	assert_near(a->leak, b->leak, 1e-13, "leak");
}

static void chunks_back_and_forks(void **state)
{
	(void)state;
	static const char text[] = "ABAAABAAAABBAAABAAAAAAABABAABBBAAAAB";
	for (int semantics = TOK_BYTES_ALL; semantics <= TOK_BYTES_VALID_RENORM; semantics++) {
		const struct tok_machine_options options = {
			.semantics = (enum tok_bytes_semantics)semantics
		};
		struct toy_machine whole, parts;
		struct tok_machine *fork = NULL;
		struct tok_error err = { 0 };
		toy_machine_bigram(&whole, options);
		toy_machine_bigram(&parts, options);
		push_text(whole.m, text);
		const struct tok_next_bytes wanted = next_of(whole.m);
		for (size_t at = 0, n = 1; at < sizeof text - 1; at += n, n = 1 + n % 5) {
			const size_t end = at + n < sizeof text - 1 ? at + n : sizeof text - 1;
			const struct tok_span part = { (const uint8_t *)text + at, end - at };
			if (n % 2)
				next_of(parts.m);
			assert_int_equal(tok_machine_push(parts.m, part, &err), TOK_OK);
			assert_int_equal(tok_machine_length(parts.m), end);
		}
		struct tok_next_bytes got = next_of(parts.m);
		assert_same(&got, &wanted);

		assert_int_equal(tok_machine_fork(parts.m, &fork, &err), TOK_OK);
		push_text(fork, "BB");
		assert_true(tok_machine_back(fork, 20));
		push_text(fork, text + sizeof text - 1 - 18);
		got = next_of(parts.m);
		assert_same(&got, &wanted);
		got = next_of(fork);
		assert_same(&got, &wanted);
		tok_machine_free(parts.m);
		parts.m = fork;
		assert_false(tok_machine_back(fork, sizeof text));
		assert_true(tok_machine_back(fork, sizeof text - 1));
		assert_int_equal(tok_machine_length(fork), 0);
		push_text(fork, text);
		got = next_of(fork);
		assert_same(&got, &wanted);
		toy_machine_release(&parts);
		toy_machine_release(&whole);
	}
}

/* Texts shorter than n with their ends, and those of length n, are all that there is. */
static double sum_texts(struct tok_machine *m, size_t n)
{
	const struct tok_next_bytes next = next_of(m);
	double sum = exp(next.log_p) * next.end;
	if (n == 0)
		return exp(next.log_p);
	for (int c = 'A'; c <= 'B'; c++) {
		const char text[] = { (char)c, '\0' };
		push_text(m, text);
		sum += sum_texts(m, n - 1);
		assert_true(tok_machine_back(m, 1));
	}
	return sum;
}

static void texts_sum_to_one(void **state)
{
	(void)state;
	struct toy_machine toy;
	toy_machine_bigram(&toy, (struct tok_machine_options){ 0 });
	assert_near(sum_texts(toy.m, 8), 1.0, 1e-12, "all");
	toy_machine_release(&toy);
	toy_machine_bigram(&toy,
			   (struct tok_machine_options){ .semantics = TOK_BYTES_VALID_RENORM });
	assert_near(sum_texts(toy.m, 8), 1.0, 1e-12, "valid-renorm");
	toy_machine_release(&toy);
}

/* ---- covers ------------------------------------------------------------------------------ */

struct listed {
	size_t count, most;
	double shares, last;
	tok_id first[8];
	size_t first_count;
};

static bool list_cover(void *context, const struct tok_cover *cover)
{
	struct listed *l = context;
	assert_true(cover->log_p <= l->last);
	if (l->count == 0) {
		memcpy(l->first, cover->ids, cover->count * sizeof *cover->ids);
		l->first_count = cover->count;
	}
	l->last = cover->log_p;
	l->shares += cover->share;
	return ++l->count < l->most;
}

static void covers_of_equal_letters(void **state)
{
	(void)state;
	size_t fibonacci[] = { 1, 2 };
	for (size_t n = 1; n <= 12; n++) {
		struct toy_machine toy;
		struct listed l = { .most = SIZE_MAX };
		struct tok_error err = { 0 };
		size_t total = 0;
		toy_machine_bigram(&toy, (struct tok_machine_options){ 0 });
		for (size_t i = 0; i < n; i++)
			push_text(toy.m, "A");
		assert_int_equal(tok_machine_covers(toy.m, list_cover, &l, &total, &err), TOK_OK);
		assert_int_equal(total, fibonacci[1]);
		assert_int_equal(l.count, fibonacci[1]);
		assert_near(l.shares, 1.0, 1e-12, "shares");
		const size_t next = fibonacci[0] + fibonacci[1];
		fibonacci[0] = fibonacci[1];
		fibonacci[1] = next;
		toy_machine_release(&toy);
	}
}

static void covers_that_are_valid(void **state)
{
	(void)state;
	struct toy_machine toy;
	struct listed l = { .most = 1 };
	struct tok_error err = { 0 };
	size_t total = 0;
	toy_machine_bigram(&toy, (struct tok_machine_options){ .semantics = TOK_BYTES_VALID });
	assert_int_equal(tok_machine_covers(toy.m, list_cover, &l, &total, &err), TOK_OK);
	assert_int_equal(total, 1); /* of nothing: no token */
	assert_int_equal(l.first_count, 0);
	push_text(toy.m, "AAA");
	l = (struct listed){ .most = 1 };
	assert_int_equal(tok_machine_covers(toy.m, list_cover, &l, &total, &err), TOK_OK);
	assert_int_equal(total, 2); /* AA A, AA AA */
	assert_int_equal(l.count, 1);
	assert_near(l.last, log(.09), 1e-14, "AA AA");
	assert_int_equal(l.first[0], 2);
	assert_int_equal(l.first[1], 2);
	toy_machine_release(&toy);
}

/* ---- what cannot be ------------------------------------------------------------------------- */

static void zero_is_told_with_its_place(void **state)
{
	(void)state;
	struct toy_machine toy;
	struct tok_error err = { 0 };
	toy_machine_bigram(&toy, (struct tok_machine_options){ 0 });
	static const uint8_t text[] = { 'A', 'B', 0, 'A' };
	assert_int_equal(tok_machine_push(toy.m, (struct tok_span){ text, 4 }, &err), TOK_ETEXT);
	assert_non_null(strstr(err.message, "byte 2, 0x00"));
	assert_int_equal(tok_machine_length(toy.m), 2);
	const struct tok_next_bytes next = next_of(toy.m);
	assert_sums(&next, &toy.vocab, &toy.lm, TOK_BYTES_ALL, tok_span_of("AB"), 1e-13);
	assert_int_equal(tok_machine_push(toy.m, tok_span_of(""), &err), TOK_OK);
	toy_machine_release(&toy);
}

/* The model gives nothing to what the trie allows: found later than the byte where it was. */
static void zero_of_the_model(void **state)
{
	(void)state;
	static const double rows[] = { .5, .5, 0, 0, .5, .5, 0, 0, 1, 0,
				       0,  0,  0, 0, 0,  1,  0, 0, 0, 0 };
	static const char *const texts[] = { "A", "B", "CDE" };
	struct toy_machine toy = { .vocab = toy_vocab(texts, 3), .lm = plain_table(4, rows) };
	struct tok_error err = { 0 };
	toy_machine_make(&toy, (struct tok_machine_options){ 0 });
	assert_int_equal(tok_machine_push(toy.m, tok_span_of("ABBA"), &err), TOK_ETEXT);
	assert_non_null(strstr(err.message, "byte 2, 0x42"));
	assert_int_equal(tok_machine_length(toy.m), 2);
	assert_int_equal(tok_machine_push(toy.m, tok_span_of("AACDE"), &err), TOK_ETEXT);
	assert_non_null(strstr(err.message, "byte 4, 0x43"));
	assert_int_equal(tok_machine_length(toy.m), 4);
	toy_machine_release(&toy);
}

static void failures_of_the_model(void **state)
{
	(void)state;
	struct toy_machine toy;
	struct tok_error err = { 0 };
	struct tok_next_bytes next;
	static const char *const texts[] = { "AB", "ABAA" };
	toy_machine_bigram(&toy, (struct tok_machine_options){ 0 });
	for (size_t i = 0; i < 2; i++) { /* each ends with a context that was not asked for yet */
		push_text(toy.m, texts[i] + tok_machine_length(toy.m));
		toy.lm.fails_at = toy.lm.calls + 1;
		assert_int_equal(tok_machine_next(toy.m, &next, &err), TOK_EIO);
		toy.lm.fails_at = 0;
		next = next_of(toy.m);
		assert_sums(&next, &toy.vocab, &toy.lm, TOK_BYTES_ALL, tok_span_of(texts[i]),
			    1e-13);
	}
	toy_machine_release(&toy);

	static const double lies[] = { NAN, INFINITY, 3.0, -0.1 };
	for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
		toy_machine_bigram(&toy, (struct tok_machine_options){ 0 });
		toy.lm.lie = lies[i];
		assert_int_equal(tok_machine_next(toy.m, &next, &err), TOK_EFORMAT);
		toy.lm.lie = 0.0;
		next = next_of(toy.m);
		assert_near(next.joint['A'], .6, 1e-14, "A");
		toy_machine_release(&toy);
	}
}

static void refusals(void **state)
{
	(void)state;
	struct toy_machine toy;
	struct tok_error err = { 0 };
	struct tok_machine *m = NULL;
	struct tok_machine_options options = { 0 };
	toy_machine_bigram(&toy, options);
	toy.lm.info.size = 5;
	assert_int_equal(tok_machine_new(toy.tokens, NULL, &toy.lm.lm, &options, &m, &err),
			 TOK_EARG);
	toy.lm.info.size = 4;
	options.semantics = TOK_BYTES_VALID;
	assert_int_equal(tok_machine_new(toy.tokens, NULL, &toy.lm.lm, &options, &m, &err),
			 TOK_EARG);
	options.semantics = TOK_BYTES_VALID_RENORM;
	toy.lm.info.top = 2;
	assert_int_equal(tok_machine_new(toy.tokens, &toy.validity, &toy.lm.lm, &options, &m, &err),
			 TOK_EARG);
	options = (struct tok_machine_options){ .prune = 1.0 };
	assert_int_equal(tok_machine_new(toy.tokens, NULL, &toy.lm.lm, &options, &m, &err),
			 TOK_EARG);
	toy.lm.info.top = 0;
	toy.lm.info.markov_order = 0; /* heads multiply */
	options = (struct tok_machine_options){ .max_heads = 20 };
	assert_int_equal(tok_machine_new(toy.tokens, NULL, &toy.lm.lm, &options, &m, &err), TOK_OK);
	assert_int_equal(tok_machine_push(m, tok_span_of("AAAAAAAAAAAA"), &err), TOK_ELIMIT);
	assert_true(tok_machine_length(m) > 4);
	next_of(m);
	tok_machine_free(m);
	toy.lm.info.max_context = 3;
	options = (struct tok_machine_options){ 0 };
	assert_int_equal(tok_machine_new(toy.tokens, NULL, &toy.lm.lm, &options, &m, &err), TOK_OK);
	assert_int_equal(tok_machine_push(m, tok_span_of("BBBBBBBB"), &err), TOK_ELIMIT);
	tok_machine_free(m);
	toy_machine_release(&toy);
}

/* A space that stands in front of every text is not shown. */
static void hidden_front(void **state)
{
	(void)state;
	static const double rows[] = {
		.5, .25, .25, 0, .5, .5, 0, 0, .25, .5, .25, 0, .5, .5, 0, 0
	};
	static const char *const texts[] = { "A", " ", " A" };
	struct plain_vocab v = toy_vocab(texts, 3);
	struct plain_lm lm = plain_table(4, rows);
	struct tok_byte_tokens *tokens = NULL;
	struct tok_machine *m = NULL;
	struct tok_machine_options options = { 0 };
	struct tok_error err = { 0 };
	assert_int_equal(
	    tok_byte_tokens_of(v.texts, v.kinds, v.count, tok_span_of(" "), &tokens, &err), TOK_OK);
	assert_int_equal(tok_machine_new(tokens, NULL, plain_use(&lm), &options, &m, &err), TOK_OK);
	assert_int_equal(tok_machine_length(m), 0);
	struct tok_next_bytes next = next_of(m);
	assert_near(next.log_p, 0.0, 1e-14, "P");
	/* " " is 1/4 and " A" 1/4, behind the first "A" is 1/4. */
	assert_near(next.joint['A'], (.25 + .25 * .25) / .5, 1e-14, "A");
	push_text(m, "A");
	next = next_of(m);
	assert_near(exp(next.log_p), .625, 1e-14, "P");
	assert_true(tok_machine_back(m, 1));
	assert_false(tok_machine_back(m, 1));
	tok_machine_free(m);
	tok_byte_tokens_free(tokens);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bigram_fractions),
		cmocka_unit_test(forty_letters),
		cmocka_unit_test(long_texts),
		cmocka_unit_test(what_was_nothing_is_all),
		cmocka_unit_test(perfect_model),
		cmocka_unit_test(two_vocabularies_one_law),
		cmocka_unit_test(chunks_back_and_forks),
		cmocka_unit_test(texts_sum_to_one),
		cmocka_unit_test(covers_of_equal_letters),
		cmocka_unit_test(covers_that_are_valid),
		cmocka_unit_test(zero_is_told_with_its_place),
		cmocka_unit_test(zero_of_the_model),
		cmocka_unit_test(failures_of_the_model),
		cmocka_unit_test(refusals),
		cmocka_unit_test(hidden_front),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
