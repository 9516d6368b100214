/*
 * What BPE's valid rows are where nothing looks ahead: at each place of a text one row ends, a row
 * is valid exactly if its text is encoded as it, exactly if each two neighbours are, and so are its
 * beginnings.  And where these fail: pieces that are tokens, and patterns that look ahead.  Rows
 * that were chosen.
 */
#include "tests/unit/validity_rows.h"

enum { TEXTS = 4 + 16 + 64 + 256 };

struct count {
	struct trial *trial;
	struct tok_encoder *encoder;
	uint8_t rows[TEXTS]; /* that end there, by text */
	uint8_t most;
	size_t valid, broken_trips, broken_pairs;
	tok_id row[ROW_BYTES];
	size_t length;
	uint8_t text[ROW_BYTES];
	size_t bytes;
};

/* Texts as numbers: shorter ones first. */
static size_t number_of(const struct count *c)
{
	size_t number = 0;
	for (size_t i = 0; i < c->bytes; i++) {
		size_t letter = 0;
		while (c->trial->toy->of[letter]->bytes[0] != c->text[i])
			letter++;
		number = number * LETTERS + letter + 1;
	}
	return number - 1;
}

/* Is the text of these tokens encoded as them? */
static bool makes_the_trip(struct count *c, const tok_id *ids, size_t count)
{
	const struct tok_encode_options options = { .add_special = false };
	uint8_t bytes[ROW_BYTES];
	struct tok_encoding r;
	size_t n = 0;
	for (size_t i = 0; i < count; i++) {
		const struct tok_span text = tok_byte_tokens_text(c->trial->tokens, ids[i]);
		memcpy(bytes + n, text.bytes, text.count);
		n += text.count;
	}
	assert_int_equal(tok_encode(c->encoder, (struct tok_span){ bytes, n }, &options, &r, NULL),
			 TOK_OK);
	return r.count == count && memcmp(r.ids, ids, count * sizeof *ids) == 0;
}

static bool pairs_make_the_trip(struct count *c)
{
	bool all = makes_the_trip(c, c->row, 1);
	for (size_t i = 1; all && i < c->length; i++)
		all = makes_the_trip(c, c->row + i, 1) && makes_the_trip(c, c->row + i - 1, 2);
	return all;
}

static void look_at_row(struct count *c, bool valid)
{
	const bool trip = makes_the_trip(c, c->row, c->length);
	c->broken_trips += trip != valid;
	c->broken_pairs += pairs_make_the_trip(c) != valid;
	if (!valid)
		return;
	c->valid++;
	const uint8_t rows = ++c->rows[number_of(c)];
	c->most = rows > c->most ? rows : c->most;
}

/* Every row, also behind one that is not valid: `alive` says whether the row so far is. */
static void try_rows(struct count *c, const struct tok_valid_state *state, bool alive)
{
	for (tok_id id = 0; id < c->trial->toy->count; id++) {
		const struct tok_span text = tok_byte_tokens_text(c->trial->tokens, id);
		struct tok_valid_state next = *state, behind = *state;
		bool valid = alive;
		if (c->bytes + text.count > ROW_BYTES)
			continue;
		memcpy(c->text + c->bytes, text.bytes, text.count);
		for (size_t i = 0; valid && i < text.count; i++)
			valid = tok_validity_byte(c->trial->validity, &next, text.bytes[i]);
		valid = valid && tok_validity_token(c->trial->validity, &next, id, &behind);
		c->row[c->length++] = id;
		c->bytes += text.count;
		look_at_row(c, valid);
		try_rows(c, &behind, valid);
		c->bytes -= text.count;
		c->length--;
	}
}

static struct count count_rows(const char *pattern, const char *letters, bool ignore_merges)
{
	struct count all = { .most = 0 };
	for (int i = 0; i < 30; i++) {
		const struct pipe pipe = { .patterns = { pattern }, .letters = letters };
		struct toy toy;
		struct trial t = { .toy = &toy };
		draw_toy(&toy, BYTES, &pipe, ignore_merges);
		open_trial(&t);
		struct count c = { .trial = &t, .encoder = t.encoder };
		const struct tok_valid_state start = tok_validity_start(t.validity);
		try_rows(&c, &start, true);
		all.most = c.most > all.most ? c.most : all.most;
		all.valid += c.valid;
		all.broken_trips += c.broken_trips;
		all.broken_pairs += c.broken_pairs;
		close_trial(&t);
	}
	print_message(
	    "%zu rows, at most %u a text; %zu otherwise than their trip, %zu than pairs\n",
	    all.valid, all.most, all.broken_trips, all.broken_pairs);
	return all;
}

static void pairs_tell_where_nothing_looks_ahead(void **state)
{
	(void)state;
	const struct count c = count_rows(NULL, NULL, false);
	assert_int_equal(c.valid, 30 * TEXTS);
	assert_int_equal(c.most, 1);
	assert_int_equal(c.broken_trips, 0);
	assert_int_equal(c.broken_pairs, 0);
}

/* A piece that is a token is that token, merged or not; behind which the piece may go on. */
static void pieces_that_are_tokens_break_pairs(void **state)
{
	(void)state;
	const struct count c = count_rows(NULL, NULL, true);
	assert_int_equal(c.most, 2);
	assert_true(c.broken_trips > 0 && c.broken_pairs > 0);
}

static void patterns_that_look_ahead_break_trips(void **state)
{
	(void)state;
	const struct count c = count_rows(tok_pretok_pattern("cl100k"), "1a \n", false);
	assert_true(c.most > 1);
	assert_true(c.broken_trips > 0 && c.broken_pairs > 0);
}

/* ---- rows that were chosen ------------------------------------------------------------ */

/* How many tokens of a row are accepted, and whether the text may end behind them. */
static size_t accept(const struct trial *t, const tok_id *row, size_t count, bool *end)
{
	struct tok_valid_state at = tok_validity_start(t->validity), next;
	for (size_t i = 0; i < count; i++, at = next) {
		const struct tok_span text = tok_byte_tokens_text(t->tokens, row[i]);
		for (size_t k = 0; k < text.count; k++)
			if (!tok_validity_byte(t->validity, &at, text.bytes[k]))
				return i;
		if (!tok_validity_token(t->validity, &at, row[i], &next))
			return i;
	}
	*end = tok_validity_end(t->validity, &at);
	return count;
}

/* "a  1" is encoded as [a][ ][ ][1], but "a  " as [a][  ]. */
static void a_beginning_need_not_make_the_trip(void **state)
{
	const struct pipe pipe = { .patterns = { tok_pretok_pattern("cl100k") } };
	const struct toy toy = { .of = { find_letter('a'), find_letter(' '), find_letter('1'),
					 find_letter('B') },
				 .texts = { "0", "1", "2", "3", "11" },
				 .merges = { { 1, 1 } },
				 .count = 5,
				 .merge_count = 1,
				 .letters = LETTERS,
				 .pipe = &pipe };
	const tok_id row[] = { 0, 1, 1, 2 }, one[] = { 0, 4 };
	struct trial t = { .toy = &toy };
	bool end = true;
	(void)state;
	open_trial(&t);
	struct count c = { .trial = &t, .encoder = t.encoder };
	assert_true(makes_the_trip(&c, row, 4));
	assert_true(makes_the_trip(&c, one, 2));
	assert_false(makes_the_trip(&c, row, 3));
	assert_int_equal(accept(&t, row, 3, &end), 3);
	assert_false(end);
	assert_int_equal(accept(&t, row, 4, &end), 4);
	assert_true(end);
	close_trial(&t);
}

/* Behind [a'] only "re" may come; then the piece is the token [a're]. */
static void a_contraction_may_be_a_token(void **state)
{
	const struct pipe pipe = { .patterns = { tok_pretok_pattern("o200k") } };
	struct toy toy = { .of = { find_letter('a'), find_letter('\''), find_letter('r'),
				   find_letter('e') },
			   .texts = { "0", "1", "2", "3", "01", "0123" },
			   .merges = { { 0, 1 } },
			   .merge_count = 1,
			   .letters = LETTERS,
			   .ignore_merges = true,
			   .pipe = &pipe };
	const tok_id row[] = { 4, 2 };
	(void)state;
	for (size_t count = 5; count <= 6; count++) {
		struct trial t = { .toy = &toy };
		bool end;
		toy.count = count;
		open_trial(&t);
		assert_int_equal(accept(&t, row, 2, &end), count == 5 ? 2 : 1);
		close_trial(&t);
	}
}

/* Three digits behind another one are a piece, and that is the token [111]: a row of others can
 * neither end there nor go on. */
static void a_group_of_digits_may_be_a_token(void **state)
{
	const struct pipe pipe = { .patterns = { "\\p{N}+", "(?=(\\d{3})+(?!\\d))" } };
	struct toy toy = { .of = { find_letter('1'), find_letter('3'), find_letter('a'),
				   find_letter('B') },
			   .texts = { "0", "1", "2", "3", "10", "100", "000" },
			   .merges = { { 1, 0 }, { 4, 0 } },
			   .merge_count = 2,
			   .letters = LETTERS,
			   .ignore_merges = true,
			   .pipe = &pipe };
	const tok_id row[] = { 1, 0, 0, 0 };
	(void)state;
	for (size_t count = 6; count <= 7; count++) {
		struct trial t = { .toy = &toy };
		bool end;
		toy.count = count;
		open_trial(&t);
		assert_int_equal(accept(&t, row, 4, &end), count == 6 ? 4 : 3);
		close_trial(&t);
	}
}

/* In "aaab" three matches are open, of which the second to last ends when "B" comes. */
static void a_match_may_be_open_behind_others(void **state)
{
	const struct pipe pipe = { .added = true };
	const struct toy toy = { .of = { find_letter('a'), find_letter('B'), find_letter('1'),
					 find_letter('!') },
				 .texts = { "0", "1", "2", "3" },
				 .count = 4,
				 .letters = LETTERS,
				 .pipe = &pipe,
				 .added = { "00012", "01", "013" },
				 .added_count = ADDED };
	struct trial t = { .toy = &toy };
	bool end;
	(void)state;
	open_trial(&t);
	const struct tok_added_token *added = tok_tokenizer_spec(t.tokenizer)->added;
	const tok_id shorter[] = { 0, 0, added[1].id, 3 }, longer[] = { 0, 0, added[2].id, 3 };
	const tok_id longest[] = { added[0].id, 0 };
	assert_int_equal(accept(&t, shorter, 4, &end), 3);
	assert_int_equal(accept(&t, longer, 4, &end), 4);
	assert_int_equal(accept(&t, longest, 2, &end), 2);
	close_trial(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pairs_tell_where_nothing_looks_ahead),
		cmocka_unit_test(pieces_that_are_tokens_break_pairs),
		cmocka_unit_test(patterns_that_look_ahead_break_trips),
		cmocka_unit_test(a_beginning_need_not_make_the_trip),
		cmocka_unit_test(a_contraction_may_be_a_token),
		cmocka_unit_test(a_group_of_digits_may_be_a_token),
		cmocka_unit_test(a_match_may_be_open_behind_others),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
