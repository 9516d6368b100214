/*
 * test_provider.c - models that processes compute and that keep their word, and our own side of
 * the talk.
 *
 *	test_provider --rows MODEL MILLISECONDS [TOKENIZER [RECORD]]
 *
 * prints the row of each line of ids, for scripts; without a tokenizer ids are bytes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "provider_laws.h"
#include "vocab/format/read.h"

enum { LARGE = TOY_SIZE_MAX };

static void honest_providers_are_believed(void **state)
{
	static const struct {
		const char *form, *mode;
		size_t top, batch;
		double within;
	} rows[] = {
		{ "frames", "honest", 0, 64, 1e-6 }, { "frames", "f64", 0, 64, 0 },
		{ "frames", "logits", 0, 64, 1e-5 }, { "frames", "single", 0, 1, 1e-6 },
		{ "frames", "top", 2, 64, 1e-6 },    { "frames", "top-f64", 2, 64, 1e-15 },
		{ "frames", "slow", 0, 64, 1e-6 },   { "frames", "tokens", 0, 64, 1e-6 },
		{ "json", "honest", 0, 64, 1e-15 },  { "json", "single", 0, 1, 1e-15 },
		{ "json", "top", 2, 64, 1e-15 },     { "json", "slow", 0, 64, 1e-15 },
		{ "json", "tokens", 0, 64, 1e-15 },
	};
	(void)state;
	struct tok_tokenizer *bytes = bytes_new();
	const size_t files = open_files();
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct tok_lm *lm;
		struct tok_error err = { 0 };
		print_message("%s %s\n", rows[i].form, rows[i].mode);
		assert_int_equal(open_liar_of(bytes, rows[i].form, rows[i].mode, NULL, &lm, &err),
				 TOK_OK);
		assert_string_equal(lm->info->name, "liar");
		assert_int_equal(lm->info->size, 5);
		assert_int_equal(lm->info->start_count, 1);
		assert_int_equal(lm->info->start[0], 0);
		assert_int_equal(lm->info->eos_count, 1);
		assert_int_equal(lm->info->eos[0], 4);
		assert_int_equal(lm->info->max_context, 100);
		assert_int_equal(lm->info->top, rows[i].top);
		assert_int_equal(lm->info->batch, rows[i].batch);
		assert_true(lm->info->deterministic);
		if (rows[i].top > 0)
			check_best(lm, rows[i].within);
		else
			check_full(lm, rows[i].within);
		lm->free(lm);
		assert_no_children();
	}
	assert_int_equal(open_files(), files);
	tok_tokenizer_free(bytes);
}

static void lines_may_come_in_any_order(void **state)
{
	struct tok_lm *lm;
	struct tok_error err = { 0 };
	struct tok_lm_request requests[CONTEXTS];
	struct tok_lm_row rows[CONTEXTS];
	double got[CONTEXTS][8], want[8];
	(void)state;
	assert_int_equal(open_liar("json", "reversed", NULL, &lm, &err), TOK_OK);
	list_requests(requests);
	for (size_t i = 0; i < CONTEXTS; i++)
		rows[i] = (struct tok_lm_row){ .log_p = got[i] };
	assert_int_equal(lm->rows(lm, requests, CONTEXTS, rows, &err), TOK_OK);
	for (size_t i = 0; i < CONTEXTS; i++) {
		toy_row(lm->info, requests[i].ids, requests[i].count, want);
		for (size_t id = 0; id < 5; id++)
			assert_true(fabs(got[i][id] - want[id]) < 1e-15);
	}
	lm->free(lm);
}

/* Questions and answers are both larger than what pipes hold, and each line is answered while the
 * next ones are still being written: whoever does not read and write at once waits for ever. */
static void neither_side_blocks_the_other(void **state)
{
	enum { COUNT = 12, IDS = 60000 };
	static const char *const forms[] = { "json", "frames" };
	tok_id *ids = calloc(IDS, sizeof *ids);
	double *numbers = calloc((size_t)COUNT * LARGE, sizeof *numbers);
	double *want = calloc(LARGE, sizeof *want);
	(void)state;
	assert_true(ids && numbers && want);
	for (size_t k = 0; k < IDS; k++)
		ids[k] = (tok_id)(k * 7 % LARGE);
	for (size_t f = 0; f < 2; f++) {
		struct tok_lm *lm;
		struct tok_error err = { 0 };
		struct tok_lm_request requests[COUNT];
		struct tok_lm_row rows[COUNT];
		assert_int_equal(open_liar(forms[f], "large", NULL, &lm, &err), TOK_OK);
		for (size_t i = 0; i < COUNT; i++) {
			requests[i] = (struct tok_lm_request){ ids, IDS - i };
			rows[i] = (struct tok_lm_row){ .log_p = numbers + i * LARGE };
		}
		assert_int_equal(lm->rows(lm, requests, COUNT, rows, &err), TOK_OK);
		for (size_t i = 0; i < COUNT; i++) {
			toy_row(lm->info, ids, IDS - i, want);
			for (size_t id = 0; id < LARGE; id++)
				assert_true(fabs(rows[i].log_p[id] - want[id]) < 1e-5);
		}
		lm->free(lm);
	}
	free(ids);
	free(numbers);
	free(want);
}

static void start_ids_are_replaced(void **state)
{
	static const tok_id ids[] = { 1, 2 }, wrong[] = { 5 };
	struct vocab_lm_options options = { .bos_given = true, .bos = ids, .bos_count = 2 };
	struct tok_lm *lm;
	struct tok_error err = { 0 };
	(void)state;
	assert_int_equal(open_liar("frames", "honest", &options, &lm, &err), TOK_OK);
	assert_int_equal(lm->info->start_count, 2);
	assert_memory_equal(lm->info->start, ids, sizeof ids);
	lm->free(lm);
	options.bos_count = 0;
	assert_int_equal(open_liar("frames", "honest", &options, &lm, &err), TOK_OK);
	assert_int_equal(lm->info->start_count, 0);
	lm->free(lm);
	options.bos = wrong;
	options.bos_count = 1;
	assert_int_equal(open_liar("frames", "honest", &options, &lm, &err), TOK_EARG);
	assert_no_children();
}

static void contexts_are_looked_at_before_they_are_sent(void **state)
{
	tok_id ids[101] = { 0 };
	double row[8];
	struct tok_lm *lm;
	struct tok_error err = { 0 };
	(void)state;
	assert_int_equal(open_liar("frames", "honest", NULL, &lm, &err), TOK_OK);
	assert_int_equal(ask_one(lm, ids, 101, row, &err), TOK_ELIMIT);
	assert_non_null(strstr(err.message, "takes 100"));
	ids[3] = 5;
	assert_int_equal(ask_one(lm, ids, 10, row, &err), TOK_EARG);
	ids[3] = 4;
	assert_int_equal(ask_one(lm, ids, 100, row, &err), TOK_OK);
	lm->free(lm);
}

/* ---- commands ---- */

static void commands_become_words(void **state)
{
	static const struct {
		const char *name;
		enum tok_status status;
		const char *message;
	} rows[] = {
		{ "exec:", TOK_EARG, "there is no command" },
		{ "exec:  \t ", TOK_EARG, "there is no command" },
		{ "exec:a 'b", TOK_EARG, "has no end" },
		{ "exec:a \"b\\\"", TOK_EARG, "has no end" },
		{ "exec:/no/such/program x", TOK_EIO, "'/no/such/program'" },
		{ "exec:\"/no/such pro\"gram\\ 'a\\b' x", TOK_EIO, "'/no/such program a\\b'" },
		{ "exec:''", TOK_EIO, "''" },
		{ "nonsense", TOK_EARG, "no such kind" },
		{ "execute:true", TOK_EARG, "no such kind" },
		{ "exec:true; echo", TOK_EIO, "'true;'" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct tok_lm *lm;
		struct tok_error err = { 0 };
		assert_int_equal(vocab_lm_open(rows[i].name, NULL, NULL, &lm, &err),
				 rows[i].status);
		assert_non_null(strstr(err.message, rows[i].message));
		assert_no_children();
	}
}

/* ---- our own side ---- */

static void what_is_served_is_the_model_bit_for_bit(void **state)
{
	(void)state;
	struct tok_tokenizer *bytes = bytes_new();
	for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
		char name[64];
		struct tok_lm *lm;
		double row[8];
		struct tok_error err = { 0 };
		snprintf(name, sizeof name, "exec:/proc/self/exe --serve %s", modes[i]);
		assert_int_equal(vocab_lm_open(name, bytes, NULL, &lm, &err), TOK_OK);
		check_mode(modes[i], lm);
		const tok_id last[] = { 1, 3 };
		struct tok_lm_top best[2];
		const struct tok_lm_request request = { last, 2 };
		struct tok_lm_row out = { .log_p = row, .best = best };
		assert_int_equal(lm->rows(lm, &request, 1, &out, &err), TOK_EIO);
		assert_non_null(strstr(err.message, "nothing comes after 3"));
		check_mode(modes[i], lm);
		lm->free(lm);
		assert_no_children();
	}
	tok_tokenizer_free(bytes);
}

/* What reaches a server that is no question ends it with an error, not with a crash. */
static void servers_are_not_fooled(void **state)
{
	static const struct {
		const char *name;
		size_t count;
		uint8_t bytes[64];
		enum tok_status status;
		uint8_t answered; /* the status of the first frame that comes back; 255: none */
	} rows[] = {
		{ "nothing", 0, { 0 }, TOK_OK, 255 },
		{ "half a header", 5, { 0 }, TOK_EFORMAT, 255 },
		{ "no operation", 12, { 0 }, TOK_EFORMAT, 255 },
		{ "half a question", 13, { 8, 0, 0, 0, 1 }, TOK_EFORMAT, 255 },
		{ "too long", 12, { 0, 0, 0, 255, 1 }, TOK_EFORMAT, 255 },
		{ "no contexts", 16, { 4, 0, 0, 0, 1 }, TOK_OK, 0 },
		{ "an empty payload", 12, { 0, 0, 0, 0, 1 }, TOK_OK, 1 },
		{ "contexts that are not there",
		  16,
		  { 4, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255 },
		  TOK_OK,
		  1 },
		{ "ids that are not there",
		  20,
		  { 8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 255, 255, 255, 255 },
		  TOK_OK,
		  1 },
		{ "an id that is none",
		  24,
		  { 12, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 5 },
		  TOK_OK,
		  1 },
		{ "more than a batch", 36, { 24, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 5 }, TOK_OK, 1 },
		{ "an empty context", 20, { 8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1 }, TOK_OK, 0 },
		{ "what nobody knows", 12, { 0, 0, 0, 0, 2 }, TOK_OK, 1 },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		int in[2], out[2];
		uint8_t got[4096];
		struct toy_lm toy;
		struct tok_error err = { 0 };
		print_message("%s\n", rows[i].name);
		toy_init(&toy, info_of("full"));
		assert_int_equal(pipe(in) | pipe(out), 0);
		assert_int_equal(write(in[1], rows[i].bytes, rows[i].count), rows[i].count);
		close(in[1]);
		assert_int_equal(vocab_lm_serve(&toy.base, NULL, in[0], out[1], &err),
				 rows[i].status);
		close(out[1]);
		const ssize_t n = read(out[0], got, sizeof got);
		assert_true(n > 0);
		const uint8_t *end = memchr(got, '\n', (size_t)n);
		assert_non_null(end);
		if (rows[i].answered == 255)
			assert_ptr_equal(end + 1, got + n);
		else
			assert_int_equal(end[1 + 5], rows[i].answered);
		close(in[0]);
		close(out[0]);
	}
}

/* ---- for tests/conformance/providers.py ---- */

static size_t read_line_of_ids(char *line, tok_id *ids, size_t room)
{
	size_t count = 0;
	for (char *end; count < room; count++, line = end) {
		ids[count] = (tok_id)strtoul(line, &end, 10);
		if (end == line)
			break;
	}
	return count;
}

static void print_row(const struct tok_lm_info *info, const struct tok_lm_row *row)
{
	if (info->top == 0) {
		for (size_t i = 0; i < info->size; i++)
			printf("%.17g%c", row->log_p[i], i + 1 < info->size ? ' ' : '\n');
		return;
	}
	for (size_t i = 0; i < row->best_count; i++)
		printf("%u:%.17g ", row->best[i].id, row->best[i].log_p);
	printf("rest:%.17g\n", row->log_rest);
}

static enum tok_status print_rows(struct tok_lm *lm, struct tok_error *err)
{
	static char line[1 << 16];
	static tok_id ids[1 << 14];
	enum tok_status status = TOK_OK;
	struct tok_lm_row row = {
		.log_p = calloc(lm->info->size, sizeof *row.log_p),
		.best = calloc(lm->info->top + 1, sizeof *row.best),
	};
	assert_true(row.log_p && row.best);
	while (status == TOK_OK && fgets(line, sizeof line, stdin)) {
		const size_t count = read_line_of_ids(line, ids, 1 << 14);
		const struct tok_lm_request request = { ids, count };
		status = lm->rows(lm, &request, 1, &row, err);
		if (status == TOK_OK)
			print_row(lm->info, &row);
	}
	free(row.log_p);
	free(row.best);
	return status;
}

static void print_info(const struct tok_lm_info *info)
{
	printf("%s %zu %zu start", info->name, info->size, info->max_context);
	for (size_t i = 0; i < info->start_count; i++)
		printf(" %u", info->start[i]);
	printf(" eos");
	for (size_t i = 0; i < info->eos_count; i++)
		printf(" %u", info->eos[i]);
	printf("\n");
}

static enum tok_status read_tokenizer(const char *path, struct tok_tokenizer **out,
				      struct tok_error *err)
{
	struct tok_spec spec = { 0 };
	if (!path)
		return tok_tokenizer_bytes(out, err);
	enum tok_status status = vocab_read_path(path, NULL, &spec, err);
	if (status == TOK_OK)
		status = tok_tokenizer_new(&spec, out, err);
	tok_spec_release(&spec);
	return status;
}

static int print_model(const char *name, const char *milliseconds, const char *tokenizer_path,
		       const char *record)
{
	const struct vocab_lm_options options = { .record = record,
						  .key = getenv("PROVIDER_KEY"),
						  .timeout_ms = strtoul(milliseconds, NULL, 10) };
	struct tok_tokenizer *tokenizer = NULL;
	struct tok_lm *lm;
	struct tok_error err = { 0 };
	enum tok_status status = read_tokenizer(tokenizer_path, &tokenizer, &err);
	if (status == TOK_OK)
		status = vocab_lm_open(name, tokenizer, &options, &lm, &err);
	if (status == TOK_OK) {
		print_info(lm->info);
		status = print_rows(lm, &err);
		lm->free(lm);
	}
	tok_tokenizer_free(tokenizer);
	if (status != TOK_OK)
		fprintf(stderr, "%s\n", err.message);
	return status == TOK_OK ? 0 : 4;
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(honest_providers_are_believed),
		cmocka_unit_test(lines_may_come_in_any_order),
		cmocka_unit_test(neither_side_blocks_the_other),
		cmocka_unit_test(start_ids_are_replaced),
		cmocka_unit_test(contexts_are_looked_at_before_they_are_sent),
		cmocka_unit_test(commands_become_words),
		cmocka_unit_test(what_is_served_is_the_model_bit_for_bit),
		cmocka_unit_test(servers_are_not_fooled),
	};
	int code;
	if (provider_serve(argc, argv, &code))
		return code;
	if (argc >= 4 && strcmp(argv[1], "--rows") == 0)
		return print_model(argv[2], argv[3], argc > 4 ? argv[4] : NULL,
				   argc > 5 ? argv[5] : NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
