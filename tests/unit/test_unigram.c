/* Unigram against a plain Viterbi over the whole text: cuts, remembered words,
 * windows and sums of scores must not change a token.  Vocabularies are drawn so
 * that many paths are equally good, or differ by less than rounding does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <math.h>

#include "tok/model/model.h"
#include "tok/text/utf8.h"

static uint32_t draw(uint64_t *state, uint32_t below)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)((*state >> 33) % below);
}

/* ---- the definition ---- */

enum { TOKEN_BYTES = 24 }; /* no token has more */

struct step {
	double score;
	size_t start;
	size_t entry; /* SIZE_MAX: unknown */
	bool reached;
};

struct definition {
	const struct tok_model_spec *spec;
	struct tok_span text;
	struct step *steps;
	struct tok_tokens tokens;
	bool fails;
};

static bool is_single(const struct definition *d)
{
	return d->spec->as.unigram.single_precision;
}

static bool matches_text(const struct tok_vocab_entry *e)
{
	return e->type == TOK_PIECE_NORMAL || e->type == TOK_PIECE_USER_DEFINED;
}

static double score_of(const struct definition *d, size_t entry)
{
	const struct tok_vocab_entry *e = &d->spec->entries[entry];
	if (!is_single(d))
		return e->score;
	return e->type == TOK_PIECE_USER_DEFINED ? (float)(0.1 * ((double)e->text.count - 1.0))
						 : (float)e->score;
}

static double score_unknown(const struct definition *d)
{
	double least = is_single(d) ? 3.402823466e38 : INFINITY;
	for (size_t i = 0; i < d->spec->entry_count; i++) {
		const struct tok_vocab_entry *e = &d->spec->entries[i];
		if ((!is_single(d) || e->type == TOK_PIECE_NORMAL) && e->score < least)
			least = e->score;
	}
	return is_single(d) ? (double)((float)least - 10.0f) : least - 10.0;
}

static bool offer(struct definition *d, size_t from, size_t to, double score, size_t entry)
{
	const double before = d->steps[from].score;
	const double sum = is_single(d) ? (double)((float)score + (float)before) : score + before;
	if (d->steps[to].reached && !(sum > d->steps[to].score))
		return false;
	d->steps[to] = (struct step){ sum, from, entry, true };
	return true;
}

/* SentencePiece: a sum over 100000 is taken off all that is open. */
static void rebase(struct definition *d, size_t at)
{
	const float offset = (float)d->steps[at].score;
	for (size_t i = at + 1; i <= d->text.count; i++) {
		if (d->steps[i].reached)
			d->steps[i].score = (double)((float)d->steps[i].score - offset);
	}
	d->steps[at].score = 0.0;
}

static void extend(struct definition *d, size_t at, double unknown)
{
	const size_t length = tok_utf8_at(d->text, at).length;
	size_t matches[TOKEN_BYTES + 1] = { 0 }; /* by size: 1 + the entry */
	bool has_single = false;
	for (size_t i = 0; i < d->spec->entry_count; i++) {
		const struct tok_span token = d->spec->entries[i].text;
		if (matches_text(&d->spec->entries[i]) && token.count <= d->text.count - at &&
		    token.bytes[0] == d->text.bytes[at] &&
		    memcmp(token.bytes, d->text.bytes + at, token.count) == 0)
			matches[token.count] = i + 1;
	}
	for (size_t size = 1; size <= TOKEN_BYTES; size++) {
		if (!matches[size])
			continue;
		offer(d, at, at + size, score_of(d, matches[size] - 1), matches[size] - 1);
		has_single = has_single || size == length;
	}
	if (!has_single && offer(d, at, at + length, unknown, SIZE_MAX) &&
	    d->spec->unk == TOK_NO_ID && !is_single(d))
		d->fails = true;
}

static void put(struct definition *d, tok_id id, size_t begin, size_t end)
{
	const struct tok_range range = { (uint32_t)begin, (uint32_t)end };
	if (id == TOK_NO_ID)
		d->fails = true;
	assert_true(tok_tokens_add(&d->tokens, id, range));
}

static void put_unknown(struct definition *d, size_t begin, size_t end)
{
	const struct tok_model_spec *spec = d->spec;
	const struct tok_span run = tok_span_slice(d->text, begin, end);
	bool spelled = spec->byte_fallback;
	for (size_t i = 0; i < run.count; i++)
		spelled = spelled && spec->byte_ids[run.bytes[i]] != TOK_NO_ID;
	for (size_t i = 0; i < spec->entry_count && !is_single(d); i++) {
		const struct tok_vocab_entry *e = &spec->entries[i];
		if (matches_text(e) && e->text.count == run.count &&
		    memcmp(e->text.bytes, run.bytes, run.count) == 0) {
			put(d, e->id, begin, end);
			return;
		}
	}
	if (!spelled) {
		put(d, spec->unk, begin, end);
		return;
	}
	for (size_t i = begin; i < end; i++)
		put(d, spec->byte_ids[d->text.bytes[i]], begin,
		    is_single(d) && i + 1 < end ? begin : end);
}

static void encode_by_definition(struct definition *d)
{
	const size_t size = d->text.count;
	const double unknown = score_unknown(d);
	d->steps = calloc(size + 1, sizeof *d->steps);
	d->tokens.count = 0;
	d->fails = false;
	for (size_t at = 0; at < size; at += tok_utf8_at(d->text, at).length) {
		if (is_single(d) && fabs(d->steps[at].score) > 100000.0)
			rebase(d, at);
		extend(d, at, unknown);
	}
	/* Turn the path round, then write it. */
	size_t *ends = calloc(size + 1, sizeof *ends);
	for (size_t end = size; end > 0; end = d->steps[end].start)
		ends[d->steps[end].start] = end;
	const bool fuses =
	    d->spec->as.unigram.fuse_unk && !(is_single(d) && d->spec->byte_fallback);
	for (size_t at = 0, end; at < size; at = end) {
		end = ends[at];
		size_t entry = d->steps[end].entry;
		if (entry != SIZE_MAX && d->spec->entries[entry].id != d->spec->unk) {
			put(d, d->spec->entries[entry].id, at, end);
			continue;
		}
		while (fuses && end < size) {
			entry = d->steps[ends[end]].entry;
			if (entry != SIZE_MAX && d->spec->entries[entry].id != d->spec->unk)
				break;
			end = ends[end];
		}
		put_unknown(d, at, end);
	}
	free(ends);
	free(d->steps);
}

/* ---- vocabularies and texts ---- */

static const char *const letters[] = {
	"\xE2\x96\x81",     "a",    "b",    "c",    " ", "\xC3\xA9", "\xE6\x97\xA5",
	"\xF0\x9F\x98\x80", "\xFF", "\xE2", "\x96", "",
};
enum { LETTERS = sizeof letters / sizeof *letters, ENTRIES = 400 };

enum flavour { PLAIN, TIES, ZEROS, NEAR_TIES, STEEP, ENDLESS, FLAVOURS };

struct drawn {
	uint8_t bytes[ENTRIES][TOKEN_BYTES];
	struct tok_vocab_entry entries[ENTRIES];
	struct tok_model_spec spec;
	uint32_t width; /* of the letters in use */
};

static size_t put_letter(uint8_t *out, uint32_t letter)
{
	const size_t size = letter == LETTERS - 1 ? 1 : strlen(letters[letter]); /* NUL */
	memcpy(out, letters[letter], size);
	return size;
}

static double draw_score(uint64_t *seed, enum flavour flavour, size_t characters)
{
	const double length = (double)characters;
	switch (flavour) {
	case PLAIN:
		return -0.001 * draw(seed, 15000);
	case TIES:
		return -length;
	case ZEROS:
		return 0.0;
	case NEAR_TIES:
		/* Sums over the same text differ by little: at some sum rounding decides. */
		return -10.0 * length - ldexp(draw(seed, 8), -(int)draw(seed, 24));
	case STEEP:
		/* Some are clear, some differ by less than a unit of a great sum. */
		return -300.0 * length -
		       (draw(seed, 2) ? draw(seed, 3) * 0.004 : 5.0 + draw(seed, 20));
	case ENDLESS:
		return draw(seed, 40) ? -length : -INFINITY;
	case FLAVOURS:
		break;
	}
	return 0.0;
}

static void add_entry(struct drawn *v, size_t size, enum tok_piece_type type, double score)
{
	struct tok_model_spec *spec = &v->spec;
	const struct tok_span text = { v->bytes[spec->entry_count], size };
	for (size_t i = 0; i < spec->entry_count; i++) {
		if (v->entries[i].text.count == size &&
		    memcmp(v->entries[i].text.bytes, text.bytes, size) == 0)
			return;
	}
	v->entries[spec->entry_count] =
	    (struct tok_vocab_entry){ text, 2 * (tok_id)spec->entry_count + 5, type, score };
	spec->entry_count++;
}

static void draw_vocabulary(struct drawn *v, uint64_t *seed, enum flavour flavour)
{
	struct tok_model_spec *spec = &v->spec;
	memset(v, 0, sizeof *v);
	spec->kind = TOK_MODEL_UNIGRAM;
	spec->entries = v->entries;
	spec->as.unigram.single_precision = draw(seed, 3) != 0;
	spec->as.unigram.fuse_unk = draw(seed, 2);
	v->width = 2 + draw(seed, draw(seed, 2) ? 3 : LETTERS - 1);
	const uint32_t inner = draw(seed, 2); /* the first letter only begins tokens */

	/* The unknown token, which text may match where it is a normal one. */
	v->bytes[0][0] = 'b';
	add_entry(v, 1, draw(seed, 2) ? TOK_PIECE_UNKNOWN : TOK_PIECE_NORMAL, -3.0);
	spec->unk = draw(seed, 8) ? v->entries[0].id : TOK_NO_ID;
	for (uint32_t i = 0; i < v->width; i++) {
		if (draw(seed, 6))
			add_entry(v, put_letter(v->bytes[spec->entry_count], i), TOK_PIECE_NORMAL,
				  draw_score(seed, flavour, 1));
	}
	for (uint32_t i = draw(seed, 100); i > 0; i--) {
		uint8_t *bytes = v->bytes[spec->entry_count];
		const uint32_t characters = 1 + draw(seed, 5);
		size_t size = 0;
		for (uint32_t k = 0; k < characters; k++)
			size +=
			    put_letter(bytes + size, k == 0 ? draw(seed, v->width)
							    : inner + draw(seed, v->width - inner));
		if (draw(seed, 20) == 0 && size > 1)
			size--; /* ends inside a character */
		add_entry(v, size, draw(seed, 20) ? TOK_PIECE_NORMAL : TOK_PIECE_USER_DEFINED,
			  draw_score(seed, flavour, characters));
	}
	memset(spec->byte_ids, 0xFF, sizeof spec->byte_ids);
	spec->byte_fallback = draw(seed, 3) == 0;
	for (uint32_t b = 0; spec->byte_fallback && b < 256; b++) {
		uint8_t *bytes = v->bytes[spec->entry_count];
		snprintf((char *)bytes, TOKEN_BYTES, "<0x%02X>", b);
		spec->byte_ids[b] = 2 * (tok_id)spec->entry_count + 5;
		add_entry(v, 6, TOK_PIECE_BYTE, 0.0);
	}
}

/* Words from a small store, so that many are met again, and some new ones. */
static size_t draw_text(struct drawn *v, uint64_t *seed, uint8_t *out, size_t size)
{
	uint8_t words[16][40];
	size_t sizes[16] = { 0 };
	size_t at = 0;
	for (size_t i = 0; i < 16; i++) {
		for (uint32_t k = 1 + draw(seed, 8); k > 0; k--)
			sizes[i] += put_letter(words[i] + sizes[i], draw(seed, v->width));
	}
	while (at + 40 < size) {
		const uint32_t word = draw(seed, 16);
		if (draw(seed, 8) == 0) {
			at += put_letter(out + at, draw(seed, v->width));
			continue;
		}
		memcpy(out + at, words[word], sizes[word]);
		at += sizes[word];
	}
	return at;
}

/* ---- laws ---- */

static size_t check_text(struct definition *d, int number, const struct tok_model *model,
			 struct tok_model_scratch *scratch, struct tok_tokens *found)
{
	struct tok_error err = { 0 };
	encode_by_definition(d);
	for (int pass = 0; pass < 2; pass++) {
		found->count = 0;
		const struct tok_range all = { 0, (uint32_t)d->text.count };
		const enum tok_status status =
		    tok_model_encode(model, scratch, d->text, all, found, &err);
		if (d->fails) {
			assert_int_equal(status, TOK_ETEXT);
			assert_int_equal(found->count, 0);
			continue;
		}
		assert_int_equal(status, TOK_OK);
		for (size_t i = 0; i < d->tokens.count && i < found->count; i++) {
			const struct tok_range a = d->tokens.ranges[i], b = found->ranges[i];
			if (d->tokens.ids[i] != found->ids[i] || a.begin != b.begin ||
			    a.end != b.end)
				fail_msg("vocabulary %d, pass %d, token %zu: expected %u at %u-%u, "
					 "found %u at "
					 "%u-%u",
					 number, pass, i, d->tokens.ids[i], a.begin, a.end,
					 found->ids[i], b.begin, b.end);
		}
		assert_int_equal(found->count, d->tokens.count);
	}
	return d->fails;
}

/* The model again, over an image of itself that *block holds. */
static struct tok_model *reopen(struct tok_model *model, void **block)
{
	struct tok_image_writer writer = { 0 };
	struct tok_image image;
	struct tok_span bytes;
	struct tok_model *opened = NULL;
	struct tok_error err = { 0 };
	tok_model_save(model, &writer);
	assert_true(tok_image_finish(&writer, &bytes));
	*block = aligned_alloc(64, (bytes.count + 63) / 64 * 64);
	memcpy(*block, bytes.bytes, bytes.count);
	bytes.bytes = *block;
	assert_int_equal(tok_image_open(bytes, &image, &err), TOK_OK);
	if (tok_model_open(&image, &opened, &err) != TOK_OK)
		fail_msg("%s", err.message);
	tok_image_writer_release(&writer);
	tok_model_free(model);
	return opened;
}

static void check_flavour(enum flavour flavour, int vocabularies, size_t text_bytes)
{
	struct drawn *v = malloc(sizeof *v);
	uint8_t *text = malloc(text_bytes);
	struct tok_model_scratch *scratch = tok_model_scratch_new();
	struct tok_tokens found = { .ranged = true };
	struct definition d = { .tokens.ranged = true };
	uint64_t seed = 1 + (uint64_t)flavour;
	size_t failed = 0;
	for (int i = 0; i < vocabularies; i++) {
		draw_vocabulary(v, &seed, flavour);
		d.text = (struct tok_span){ text, draw_text(v, &seed, text, text_bytes) };
		/* The same vocabulary in other arithmetic, and with another unknown token. */
		for (int change = 0; change < 3; change++) {
			if (change == 1)
				v->spec.as.unigram.single_precision ^= true;
			if (change == 2)
				v->spec.unk = v->entries[v->spec.entry_count / 2].id;
			struct tok_model *model = NULL;
			struct tok_error err = { 0 };
			if (tok_model_new(&v->spec, &model, &err) != TOK_OK)
				fail_msg("%s", err.message);
			void *block = NULL;
			if (i % 2)
				model = reopen(model, &block);
			d.spec = &v->spec;
			failed += check_text(&d, i, model, scratch, &found);
			tok_model_free(model);
			free(block);
		}
	}
	assert_true(failed < (size_t)vocabularies);
	tok_tokens_release(&found);
	tok_tokens_release(&d.tokens);
	tok_model_scratch_free(scratch);
	free(text);
	free(v);
}

static void test_equals_definition(void **state)
{
	(void)state;
	for (enum flavour f = PLAIN; f < FLAVOURS; f++)
		check_flavour(f, 120, 700);
}

/* Longer than any window, with sums that pass the place where zero is moved. */
static void test_long_texts_equal_definition(void **state)
{
	(void)state;
	for (enum flavour f = PLAIN; f < FLAVOURS; f++)
		check_flavour(f, 10, 15000);
}

/* Every path is as good as another, and none is decided before the text ends:
 * single letters cost 1, pairs 2. */
static void test_undecided_text_equals_definition(void **state)
{
	(void)state;
	static struct tok_vocab_entry entries[] = {
		{ { (const uint8_t *)"<unk>", 5 }, 0, TOK_PIECE_UNKNOWN, 0.0 },
		{ { (const uint8_t *)"aa", 2 }, 1, TOK_PIECE_NORMAL, -1.0 },
		{ { (const uint8_t *)"aaaaaaaaaaaaa", 13 }, 2, TOK_PIECE_NORMAL, -6.25 },
	};
	struct tok_model_spec spec = {
		.kind = TOK_MODEL_UNIGRAM, .entries = entries, .entry_count = 3, .unk = 0
	};
	static uint8_t text[30001];
	memset(text, 'a', sizeof text);
	memset(spec.byte_ids, 0xFF, sizeof spec.byte_ids);
	for (int single = 0; single < 2; single++) {
		spec.as.unigram.single_precision = single;
		struct tok_model *model = NULL;
		assert_int_equal(tok_model_new(&spec, &model, NULL), TOK_OK);
		struct tok_model_scratch *scratch = tok_model_scratch_new();
		struct tok_tokens found = { .ranged = true };
		struct definition d = { .spec = &spec, .tokens.ranged = true };
		for (size_t less = 0; less < 3; less++) {
			d.text = (struct tok_span){ text, sizeof text - less };
			check_text(&d, single, model, scratch, &found);
		}
		tok_tokens_release(&found);
		tok_tokens_release(&d.tokens);
		tok_model_scratch_free(scratch);
		tok_model_free(model);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_equals_definition),
		cmocka_unit_test(test_long_texts_equal_definition),
		cmocka_unit_test(test_undecided_text_equals_definition),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
