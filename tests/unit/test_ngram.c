/*
 * test_ngram.c - models of tokens: rows against the definition, sums, parts, runs on disk,
 * and files that were damaged.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <sys/mman.h>

#include "ngram_files.h"
#include "plain_ngram.h"
#include "vocab/lm/ngram_build_internal.h"

static struct tok_tokenizer *bytes_tokenizer;

static int make_tokenizer(void **state)
{
	struct tok_error err = { 0 };
	(void)state;
	return tok_tokenizer_bytes(&bytes_tokenizer, &err) != TOK_OK;
}

static int free_tokenizer(void **state)
{
	(void)state;
	tok_tokenizer_free(bytes_tokenizer);
	return 0;
}

enum { IDS = 256, ROW = IDS + 1 };

static uint32_t draw(uint64_t *chance, uint32_t below)
{
	*chance = *chance * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)((*chance >> 33) % below);
}

/* ---- small models -------------------------------------------------------------------- */

static struct plain_corpus make_corpus(uint64_t seed, unsigned order)
{
	struct plain_corpus c = { .order = order, .uniform = IDS };
	uint64_t chance = seed;
	c.kinds = 1 + draw(&chance, 4);
	c.count = draw(&chance, PLAIN_DOCUMENTS + 1);
	for (size_t d = 0; d < c.count; d++) {
		const size_t length = draw(&chance, PLAIN_LENGTH - 1);
		c.symbols[d][0] = c.kinds + 1;
		for (size_t i = 1; i <= length; i++)
			c.symbols[d][i] = draw(&chance, c.kinds) * draw(&chance, 2);
		c.symbols[d][length + 1] = c.kinds;
		c.lengths[d] = length + 2;
	}
	return c;
}

static void train(const struct vocab_ngram_options *options, struct documents documents,
		  const char *path)
{
	struct tok_error err = { 0 };
	if (vocab_ngram_train(options, bytes_tokenizer, next_document, &documents, NULL, path,
			      &err) != TOK_OK)
		fail_msg("%s", err.message);
}

static void train_corpus(const struct plain_corpus *c, bool keep_counts, const char *path)
{
	const struct vocab_ngram_options options = { .order = c->order,
						     .keep_counts = keep_counts,
						     .spill_folder = "/tmp" };
	tok_id ids[PLAIN_DOCUMENTS * PLAIN_LENGTH];
	size_t lengths[PLAIN_DOCUMENTS], at = 0;
	for (size_t d = 0; d < c->count; d++) {
		lengths[d] = c->lengths[d] - 2;
		memcpy(ids + at, c->symbols[d] + 1, lengths[d] * sizeof *ids);
		at += lengths[d];
	}
	train(&options, (struct documents){ ids, lengths, c->count, 0 }, path);
}

static struct tok_lm *open_model(const char *path)
{
	struct tok_error err = { 0 };
	struct tok_lm *lm = NULL;
	if (vocab_ngram_open(path, bytes_tokenizer, &lm, &err) != TOK_OK)
		fail_msg("%s", err.message);
	return lm;
}

static void get_row(struct tok_lm *lm, const tok_id *ids, size_t count, double *row)
{
	struct tok_error err = { 0 };
	const struct tok_lm_request request = { ids, count };
	struct tok_lm_row out = { .log_p = row };
	if (lm->rows(lm, &request, 1, &out, &err) != TOK_OK)
		fail_msg("%s", err.message);
}

static double sum_of(const double *row)
{
	double sum = 0;
	for (size_t i = 0; i < ROW; i++)
		sum += exp(row[i]);
	return sum;
}

/* A context and each kind of token behind it. */
static void check_row(const struct plain_corpus *c, struct tok_lm *lm, const tok_id *context,
		      size_t count)
{
	uint32_t symbols[8];
	double row[ROW];
	size_t length = 0;
	get_row(lm, context, count, row);
	assert_true(fabs(sum_of(row) - 1) < 1e-12);
	if (count < c->order - 1)
		symbols[length++] = c->kinds + 1;
	for (size_t i = count < c->order - 1 ? 0 : count - (c->order - 1); i < count; i++)
		symbols[length++] = context[i];
	for (uint32_t symbol = 0; symbol <= c->kinds; symbol++) {
		symbols[length] = symbol;
		const double wanted = plain_probability(c, symbols, length + 1);
		const double got = exp(row[symbol == c->kinds ? IDS : symbol]);
		if (fabs(got - wanted) > 1e-13)
			fail_msg("order %u, %zu ids, symbol %u: %.17g is not %.17g", c->order,
				 count, symbol, got, wanted);
	}
}

static void rows_are_the_definitions(void **state)
{
	char path[64];
	(void)state;
	make_name(path);
	for (unsigned order = 1; order <= VOCAB_NGRAM_ORDER_MAX; order++)
		for (uint64_t seed = 0; seed < 15; seed++) {
			const struct plain_corpus c = make_corpus(100 * order + seed, order);
			uint64_t chance = seed;
			train_corpus(&c, seed % 2, path);
			struct tok_lm *lm = open_model(path);
			for (size_t i = 0; i < 12; i++) {
				tok_id context[6];
				for (size_t k = 0; k < 6; k++)
					context[k] = draw(&chance, c.kinds);
				check_row(&c, lm, context, i % 7);
			}
			lm->free(lm);
		}
	forget_file(path);
}

/* Counts of counts that give discounts. */
static void discounts_come_from_counts(void **state)
{
	double d[3];
	(void)state;
	assert_false(ngram_discounts((const uint64_t[]){ 8, 4, 2, 1 }, d));
	assert_true(fabs(d[0] - .5) < 1e-15);
	assert_true(fabs(d[1] - 1.25) < 1e-15);
	assert_true(fabs(d[2] - 2) < 1e-15);
	assert_true(ngram_discounts((const uint64_t[]){ 8, 4, 2, 0 }, d));
	assert_true(d[0] == .5 && d[1] == 1 && d[2] == 1.5);
	assert_true(ngram_discounts((const uint64_t[]){ 8, 1, 9, 1 }, d));
}

static void parts_are_rows(void **state)
{
	char path[64];
	(void)state;
	make_name(path);
	for (uint64_t seed = 0; seed < 10; seed++) {
		const struct plain_corpus c = make_corpus(seed, 1 + (unsigned)(seed % 5));
		const tok_id context[] = { 0, 0, 1, 0, 2 };
		const size_t count = seed % 6;
		double row[ROW], sums[ROW];
		struct tok_error err = { 0 };
		struct tok_lm_parts parts;
		train_corpus(&c, false, path);
		struct tok_lm *lm = open_model(path);
		const struct tok_lm_request request = { context, count };
		assert_int_equal(lm->parts(lm, &request, &parts, &err), TOK_OK);
		get_row(lm, context, count, row);
		for (size_t id = 0; id < ROW; id++)
			sums[id] = parts.scale * parts.base[id];
		for (size_t i = 0; i < parts.count; i++)
			for (size_t k = 0; k < parts.parts[i].count; k++)
				sums[parts.parts[i].ids[k]] +=
				    parts.parts[i].scale * parts.parts[i].add[k];
		for (size_t id = 0; id < ROW; id++)
			assert_true(fabs(sums[id] - exp(row[id])) < 1e-14);
		lm->free(lm);
	}
	forget_file(path);
}

/* Of two ids, an end and a beginning: behind 0 0 0 back-off leaves so little that doubles have but
 * its first digits, and behind the last 0 far more than nothing again. */
static void a_scale_grows_again(void **state)
{
	enum { SYMBOLS = 4, NODES = 1 };
	static const uint32_t zero[] = { 0 };
	static const uint64_t first[] = { 0, 1, 1, 1, 1 };
	static const double ones[] = { .5, .25, .25, 0 }, none[] = { 0 },
			    gammas[][SYMBOLS] = { { 1e60, 1, 1, 1 }, { 1e-150 }, { 1e-170 } };
	struct ngram_file file = { .map = MAP_FAILED };
	struct tok_error err = { 0 };
	struct tok_lm *lm = NULL;
	struct tok_lm_parts parts;
	double row[SYMBOLS];
	(void)state;
	file.header = (struct ngram_header){ .order = 4, .ids = 2 };
	file.tables = (struct ngram_tables){ .header = &file.header, .end = 2, .begin = 3 };
	for (size_t i = 0; i < 4; i++)
		file.tables.levels[i] = (struct ngram_level){
			.count = i ? NODES : SYMBOLS,
			.ids = zero,
			.add = i ? none : ones,
			.gamma = i < 3 ? gammas[i] : NULL,
			.first = first,
		};
	assert_int_equal(ngram_lm_new(&file, NULL, 0, &lm, &err), TOK_OK);
	const tok_id ids[] = { 0, 0, 0 };
	const struct tok_lm_request request = { ids, 3 };
	struct tok_lm_row out = { .log_p = row };
	assert_int_equal(lm->rows(lm, &request, 1, &out, &err), TOK_OK);
	assert_int_equal(lm->parts(lm, &request, &parts, &err), TOK_OK);
	assert_true(fabs(parts.scale / 1e-260 - 1) < 1e-12);
	for (tok_id id = 0; id < 3; id++) {
		const double wanted = log(ones[id]) - 260 * log(10);
		assert_true(fabs(row[id] - wanted) < 1e-11);
		assert_true(fabs(tok_lm_parts_log_p(&parts, id).log_p - wanted) < 1e-11);
	}
	lm->free(lm);
}

/* ---- larger ones --------------------------------------------------------------------- */

enum { MANY = 200000 };

static struct tok_buffer train_many(unsigned order, uint64_t memory)
{
	static tok_id ids[MANY];
	static size_t lengths[MANY];
	const struct vocab_ngram_options options = {
		.order = order, .keep_counts = true, .memory_bytes = memory, .spill_folder = "/tmp"
	};
	uint64_t chance = 9;
	size_t count = 0;
	char path[64];
	for (size_t i = 0; i < MANY; i++)
		ids[i] = draw(&chance, 1 + draw(&chance, IDS));
	for (size_t at = 0; at < MANY; at += lengths[count++]) {
		lengths[count] = draw(&chance, 40);
		if (lengths[count] > MANY - at)
			lengths[count] = MANY - at;
	}
	make_name(path);
	train(&options, (struct documents){ ids, lengths, count, 0 }, path);
	struct tok_buffer bytes = file_bytes(path);
	forget_file(path);
	return bytes;
}

struct context {
	tok_id ids[8];
	size_t count;
};

/* Rows behind two contexts, and behind all that one more id makes of them. */
static void assert_same_future(struct tok_lm *lm, struct context a, struct context b, size_t deeper)
{
	double x[ROW], y[ROW];
	get_row(lm, a.ids, a.count, x);
	get_row(lm, b.ids, b.count, y);
	assert_memory_equal(x, y, sizeof x);
	a.count++;
	b.count++;
	for (tok_id id = 0; deeper > 0 && id < 5; id++) {
		a.ids[a.count - 1] = b.ids[b.count - 1] = id;
		assert_same_future(lm, a, b, deeper - 1);
	}
}

static struct context draw_context(uint64_t *chance, size_t count)
{
	struct context c = { .count = count };
	for (size_t i = 0; i < count; i++)
		c.ids[i] = draw(chance, 5);
	return c;
}

static size_t spare_of(struct tok_lm *lm, const struct context *c)
{
	const struct tok_lm_request request = { c->ids, c->count };
	struct tok_lm_parts parts = { 0 };
	struct tok_error err = { 0 };
	assert_int_equal(lm->parts(lm, &request, &parts, &err), TOK_OK);
	return parts.spare;
}

/* Contexts that spare as many ids and end with the same others, also where a text begins. */
static void spare_ids_change_nothing(void **state)
{
	char path[64];
	size_t compared = 0, beginnings = 0;
	(void)state;
	make_name(path);
	for (uint64_t seed = 0; seed < 60; seed++) {
		const struct plain_corpus c = make_corpus(seed, 2 + (unsigned)(seed % 3));
		const size_t most = c.order - 1;
		uint64_t chance = seed;
		train_corpus(&c, false, path);
		struct tok_lm *lm = open_model(path);
		for (size_t i = 0; i < 200; i++) {
			const struct context a = draw_context(&chance, draw(&chance, c.order));
			struct context b = draw_context(&chance, most);
			const size_t spare = spare_of(lm, &a), kept = most - spare;
			assert_true(spare <= most);
			if (spare == 0 || kept > a.count)
				continue;
			memcpy(b.ids + spare, a.ids + a.count - kept, kept * sizeof a.ids[0]);
			if (spare_of(lm, &b) != spare)
				continue;
			assert_same_future(lm, a, b, c.order - 2);
			compared++;
			beginnings += a.count < most;
		}
		lm->free(lm);
	}
	forget_file(path);
	assert_true(compared > 1000 && beginnings > 100);
}

static void runs_change_nothing(void **state)
{
	(void)state;
	for (unsigned order = 1; order <= VOCAB_NGRAM_ORDER_MAX; order++) {
		struct tok_buffer one = train_many(order, 0), many = train_many(order, 1);
		assert_true(tok_span_equal(tok_buffer_span(&one), tok_buffer_span(&many)));
		tok_buffer_release(&one);
		tok_buffer_release(&many);
	}
}

static void info_tells_what_was_counted(void **state)
{
	const struct vocab_ngram_options options = { .order = 2, .spill_folder = "/tmp" };
	const tok_id ids[] = { 7, 8, 7, 8, 9 };
	const size_t lengths[] = { 4, 1 };
	struct vocab_ngram_info info;
	struct tok_error err = { 0 };
	char path[64];
	(void)state;
	make_name(path);
	train(&options, (struct documents){ ids, lengths, 2, 0 }, path);
	assert_int_equal(vocab_ngram_info(path, &info, &err), TOK_OK);
	assert_int_equal(info.order, 2);
	assert_int_equal(info.size, ROW);
	assert_int_equal(info.documents, 2);
	assert_int_equal(info.tokens, 5);
	assert_int_equal(info.ngrams[0], 4); /* 7, 8, 9, the end */
	assert_int_equal(info.ngrams[1], 6); /* ^7 78 87 8$ ^9 9$ */
	assert_true(info.fallback[0] && info.fallback[1] && !info.has_counts);
	forget_file(path);
}

/* ---- what is refused -------------------------------------------------------------------- */

static void what_cannot_be_trained_is_told(void **state)
{
	const tok_id ids[] = { 1, IDS };
	const size_t length = 2;
	struct vocab_ngram_options options = { .order = 2, .spill_folder = "/tmp" };
	struct documents documents = { ids, &length, 1, 0 };
	struct tok_error err = { 0 };
	char path[64];
	(void)state;
	make_name(path);
	assert_int_equal(vocab_ngram_train(&options, bytes_tokenizer, next_document, &documents,
					   NULL, path, &err),
			 TOK_EARG);
	assert_non_null(strstr(err.message, "id 256"));
	for (options.order = 0; options.order <= 6; options.order += 6)
		assert_int_equal(vocab_ngram_train(&options, bytes_tokenizer, next_document,
						   &documents, NULL, path, &err),
				 TOK_EARG);
	options = (struct vocab_ngram_options){ .order = 1, .spill_folder = "/nowhere/at/all" };
	assert_int_equal(vocab_ngram_train(&options, bytes_tokenizer, next_document, &documents,
					   NULL, path, &err),
			 TOK_EIO);
	assert_int_equal(access(path, F_OK), -1);
	forget_file(path);
}

static void contexts_have_ids_of_the_model(void **state)
{
	const struct plain_corpus c = make_corpus(3, 3);
	const tok_id end = IDS;
	const struct tok_lm_request request = { &end, 1 };
	struct tok_lm_row out = { .log_p = (double[ROW]){ 0 } };
	struct tok_error err = { 0 };
	char path[64];
	(void)state;
	make_name(path);
	train_corpus(&c, false, path);
	struct tok_lm *lm = open_model(path);
	assert_int_equal(lm->rows(lm, &request, 1, &out, &err), TOK_EARG);
	lm->free(lm);
	forget_file(path);
}

static enum tok_status try_open(const char *path, struct tok_error *err)
{
	struct tok_lm *lm = NULL;
	const enum tok_status status = vocab_ngram_open(path, bytes_tokenizer, &lm, err);
	if (status == TOK_OK)
		lm->free(lm);
	return status;
}

/* Writing all of the file each time would have the disk wait. */
static void poke(const char *path, size_t at, int byte)
{
	FILE *file = fopen(path, "r+b");
	assert_non_null(file);
	assert_int_equal(fseek(file, (long)at, SEEK_SET), 0);
	assert_int_equal(fputc(byte, file), byte);
	assert_int_equal(fclose(file), 0);
}

static void damage_is_told(void **state)
{
	const struct plain_corpus c = make_corpus(12, 3);
	struct tok_error err = { 0 };
	char path[64];
	(void)state;
	make_name(path);
	train_corpus(&c, true, path);
	struct tok_buffer bytes = file_bytes(path);
	for (size_t at = 0; at < bytes.count; at++) {
		poke(path, at, bytes.bytes[at] ^ 1 << at % 8);
		if (try_open(path, &err) != TOK_EFORMAT)
			fail_msg("byte %zu makes no difference", at);
		poke(path, at, bytes.bytes[at]);
	}
	assert_int_equal(try_open(path, &err), TOK_OK);
	for (size_t count = bytes.count; count-- > 0; count -= count / 400) {
		assert_int_equal(truncate(path, (off_t)count), 0);
		if (try_open(path, &err) != TOK_EFORMAT)
			fail_msg("%zu of %zu bytes are taken", count, bytes.count);
	}
	assert_true(tok_buffer_add_byte(&bytes, 0));
	put_file(path, tok_buffer_span(&bytes));
	assert_int_equal(try_open(path, &err), TOK_EFORMAT);
	assert_non_null(strstr(err.message, path));
	tok_buffer_release(&bytes);
	forget_file(path);
	assert_int_equal(try_open("/nowhere/at/all", &err), TOK_EIO);
	assert_int_equal(try_open("/tmp", &err), TOK_EIO);
}

/* Numbers that lead out of the tables, under a checksum that is right. */
static void wild_numbers_do_no_harm(void **state)
{
	enum { NODES = 5 };
	uint32_t ids[NODES];
	double add[IDS + 2], gamma[IDS + 2], row[ROW];
	uint64_t firsts[3][IDS + 3], chance = 4;
	struct ngram_header header = { .order = 3, .ids = IDS, .nodes = { IDS + 2, NODES, NODES } };
	struct tok_span tables[VOCAB_NGRAM_ORDER_MAX][NGRAM_PARTS] = { 0 };
	struct tok_error err = { 0 };
	char path[64];
	(void)state;
	make_name(path);
	ngram_hash_tokens(bytes_tokenizer, header.tokenizer);
	for (size_t round = 0; round < 16; round++) {
		/* Ids in disorder are met; anything else that is wild is found. */
		const size_t wild = round % 4;
		for (size_t i = 0; i < NODES; i++)
			ids[i] = draw(&chance, 3) ? draw(&chance, 3) : UINT32_MAX;
		for (size_t i = 0; i < IDS + 2; i++) {
			add[i] = wild == 1 && i == 2 ? NAN : -1;
			gamma[i] = wild == 2 && i == 2 ? INFINITY : 1e300;
		}
		for (size_t level = 0; level < 3; level++) {
			const size_t count = (size_t)header.nodes[level];
			uint64_t *first = firsts[level];
			for (size_t i = 0; i <= count; i++)
				first[i] = i * NODES / count;
			if (wild == 3)
				first[2] = draw(&chance, 2) ? UINT64_MAX : 2 * NODES;
			tables[level][NGRAM_IDS] = (struct tok_span){ (void *)ids, 4 * count };
			tables[level][NGRAM_ADD] = (struct tok_span){ (void *)add, 8 * count };
			tables[level][NGRAM_GAMMA] = (struct tok_span){ (void *)gamma, 8 * count };
			tables[level][NGRAM_FIRST] =
			    (struct tok_span){ (void *)first, 8 * count + 8 };
		}
		assert_int_equal(ngram_file_write(path, &header, tables, &err), TOK_OK);
		if (wild > 0) {
			struct tok_lm *none = NULL;
			assert_int_equal(vocab_ngram_open(path, bytes_tokenizer, &none, &err),
					 TOK_EFORMAT);
			assert_non_null(strstr(err.message, "make no sense"));
			continue;
		}
		struct tok_lm *lm = open_model(path);
		for (tok_id id = 0; id < 4; id++)
			get_row(lm, (const tok_id[]){ id, id / 2 }, id % 3, row);
		lm->free(lm);
	}
	forget_file(path);
}

/* ---- stopping ------------------------------------------------------------------------ */

static void stop_at_once(void *context, const char *stage, uint64_t done, uint64_t total)
{
	struct vocab_train_control *control = context;
	(void)stage;
	(void)done;
	(void)total;
	atomic_store(&control->stop, true);
}

static void what_is_stopped_is_a_model(void **state)
{
	const tok_id ids[] = { 1, 2, 3, 4 };
	const size_t lengths[] = { 2, 2 };
	const struct vocab_ngram_options options = { .order = 2, .spill_folder = "/tmp" };
	struct documents documents = { ids, lengths, 2, 0 };
	struct vocab_train_control control = { .progress = stop_at_once };
	struct vocab_ngram_info info;
	struct tok_error err = { 0 };
	char path[64];
	(void)state;
	make_name(path);
	control.context = &control;
	assert_int_equal(vocab_ngram_train(&options, bytes_tokenizer, next_document, &documents,
					   &control, path, &err),
			 TOK_OK);
	assert_true(control.stopped);
	assert_int_equal(vocab_ngram_info(path, &info, &err), TOK_OK);
	assert_int_equal(info.documents, 1);
	forget_file(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_the_definitions),
		cmocka_unit_test(discounts_come_from_counts),
		cmocka_unit_test(parts_are_rows),
		cmocka_unit_test(a_scale_grows_again),
		cmocka_unit_test(spare_ids_change_nothing),
		cmocka_unit_test(runs_change_nothing),
		cmocka_unit_test(info_tells_what_was_counted),
		cmocka_unit_test(what_cannot_be_trained_is_told),
		cmocka_unit_test(contexts_have_ids_of_the_model),
		cmocka_unit_test(damage_is_told),
		cmocka_unit_test(wild_numbers_do_no_harm),
		cmocka_unit_test(what_is_stopped_is_a_model),
	};
	return cmocka_run_group_tests(tests, make_tokenizer, free_tokenizer);
}
