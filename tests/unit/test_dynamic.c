/*
 * Dynamic merging is what its definition says, by chance; the published example; what may
 * not join; batches of a million ids.
 *
 *	test_dynamic --ask FILE BOUNDARY MERGES < IDS
 *
 * With --ask, sequences of ids are read, one a line, and steps and merged sequences are
 * written, as tests/conformance/dynamic.py wants them; FILE is a tokenizer, MERGES may be
 * "all".
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "tests/unit/checked.h"
#include "tests/unit/dynamic_laws.h"
#include "tests/unit/dynamic_steps.h"
#include "tok/base/buffer.h"
#include "tok/base/random.h"
#include "tok/pipe/encoder.h"

/* ---- the published example --------------------------------------------------- */

#define G "\xC4\xA0"

static const char *const example[2] = {
	"<s> " G "R ib on uc le op rote in " G "particles " G "reg ulate " G "m R NA " G
	"stability . </s>",
	"<s> " G "m R NA " G "stability " G "is " G "mod ulated " G "by " G
	"rib on uc le op rote in " G "factors . </s>",
};

/* A tokenizer that has the words of both lines; the first two are special. */
static struct tok_tokenizer *example_tokenizer(void)
{
	static char json[4096];
	char words[512];
	unsigned id = 2;
	size_t n = (size_t)snprintf(
	    json, sizeof json,
	    "{\"added_tokens\":[" MANY_ADDED(
		0, "<s>", false, false, false, false,
		true) "," MANY_ADDED(1, "</s>", false, false, false, false,
				     true) "],\"pre_tokenizer\":{\"type\":\"ByteLevel\",\"add_"
					   "prefix_space\":false,"
					   "\"trim_offsets\":true,\"use_regex\":true},\"model\":{"
					   "\"type\":\"BPE\","
					   "\"merges\":[],\"vocab\":{\"<s>\":0,\"</s>\":1");
	snprintf(words, sizeof words, "%s %s", example[0], example[1]);
	for (char *word = strtok(words, " "); word; word = strtok(NULL, " ")) {
		char entry[64];
		snprintf(entry, sizeof entry, ",\"%s\":", word);
		if (!strstr(json, entry + 1))
			n += (size_t)snprintf(json + n, sizeof json - n, "%s%u", entry, id++);
	}
	snprintf(json + n, sizeof json - n, "}}}");
	return read_tokenizer(json);
}

static struct tok_span text_of(const struct tok_tokenizer *t, const struct tok_merged_batch *r,
			       tok_id id)
{
	const size_t size = tok_tokenizer_size(t);
	return id < size ? tok_tokenizer_token(t, id) : r->tokens[id - size].text;
}

static void check_line(const struct tok_tokenizer *t, const struct tok_merged_batch *r, size_t row,
		       const char *want)
{
	char line[512] = "";
	for (size_t i = r->offsets[row]; i < r->offsets[row + 1]; i++) {
		const struct tok_span text = text_of(t, r, r->ids[i]);
		snprintf(line + strlen(line), sizeof line - strlen(line), "%s%.*s",
			 i > r->offsets[row] ? " " : "", (int)text.count, text.bytes);
	}
	assert_string_equal(line, want);
}

static void the_published_example(void **state)
{
	static const struct {
		const char *left, *right;
		size_t count;
	} steps[] = {
		{ "on", "uc", 2 },
		{ "onuc", "le", 2 },
		{ "onucle", "op", 2 },
		{ "onucleop", "rote", 2 },
		{ "onucleoprote", "in", 2 },
		{ G "m", "R", 2 },
		{ G "mR", "NA", 2 },
		{ G "R", "ib", 1 },
		{ G "Rib", "onucleoprotein", 1 },
		{ G "reg", "ulate", 1 },
	};
	struct tok_tokenizer *t = example_tokenizer();
	struct tok_boundary *b = new_boundary(t, TOK_BOUNDARY_PRETOKENS);
	struct tok_merger *m = tok_merger_new(t, b);
	tok_id ids[64];
	size_t offsets[3] = { 0 }, count = 0;
	(void)state;
	assert_non_null(m);
	for (size_t s = 0; s < 2; s++) {
		char line[256];
		snprintf(line, sizeof line, "%s", example[s]);
		for (char *word = strtok(line, " "); word; word = strtok(NULL, " "))
			ids[count++] = tok_tokenizer_find(t, tok_span_of(word));
		offsets[s + 1] = count;
	}
	assert_int_equal(count, 37);
	const struct tok_sequences batch = { ids, offsets, 2 };
	const struct tok_merged_batch r = merge_batch(m, 10, 0, &batch);
	assert_int_equal(r.step_count, 10);
	for (size_t i = 0; i < 10; i++) {
		const struct tok_span left = text_of(t, &r, r.steps[i].left);
		const struct tok_span right = text_of(t, &r, r.steps[i].right);
		assert_true(tok_span_equal(left, tok_span_of(steps[i].left)));
		assert_true(tok_span_equal(right, tok_span_of(steps[i].right)));
		assert_int_equal(r.steps[i].count, steps[i].count);
	}
	assert_int_equal(r.offsets[2], 20);
	check_line(t, &r, 0,
		   "<s> " G "Ribonucleoprotein " G "particles " G "regulate " G "mRNA " G
		   "stability . </s>");
	check_line(t, &r, 1,
		   "<s> " G "mRNA " G "stability " G "is " G "mod ulated " G "by " G
		   "rib onucleoprotein " G "factors . </s>");
	tok_merger_free(m);
	tok_boundary_free(b);
	tok_tokenizer_free(t);
}

/* ---- by chance ------------------------------------------------------------------ */

static struct many all;

struct batch {
	tok_id ids[PLAIN_IDS];
	size_t offsets[32];
	struct tok_sequences sequences;
};

static tok_id draw_id(struct tok_random *random, const struct tok_tokenizer *t)
{
	for (;;) {
		const tok_id id = (tok_id)tok_random_below(random, tok_tokenizer_size(t));
		if (tok_tokenizer_token(t, id).bytes)
			return id;
	}
}

/* Ids of texts, ids of any kind, and those of a few: runs, ties, and pairs that overlap. */
static void draw_batch(struct tok_random *random, const struct tok_tokenizer *t,
		       struct tok_encoder *e, struct batch *out)
{
	const uint64_t way = tok_random_below(random, 3);
	const size_t rows = tok_random_below(random, 7);
	tok_id few[3];
	size_t count = 0;
	for (size_t i = 0; i < 3; i++)
		few[i] = draw_id(random, t);
	out->offsets[0] = 0;
	for (size_t row = 0; row < rows; row++) {
		const size_t most = tok_random_below(random, 24);
		if (way == 0) {
			const struct tok_encode_options options = { .special_text =
									TOK_SPECIAL_MATCH };
			uint64_t seed = tok_random_next(random);
			uint8_t text[64];
			struct tok_encoding r = { 0 };
			struct tok_error err = { 0 };
			const size_t bytes = many_text(&seed, text, 16 + most);
			if (tok_encode(e, (struct tok_span){ text, bytes }, &options, &r, &err) ==
			    TOK_OK)
				for (size_t i = 0; i < r.count; i++)
					out->ids[count++] = r.ids[i];
		} else {
			for (size_t i = 0; i < most; i++)
				out->ids[count++] =
				    way == 1 && tok_random_below(random, 4) == 0
					? draw_id(random, t)
					: few[tok_random_below(random, way == 1 ? 3 : 2)];
		}
		out->offsets[row + 1] = count;
	}
	out->sequences = (struct tok_sequences){ out->ids, out->offsets, rows };
}

/* What new tokens say of themselves: the merge that made them, and where they stand first. */
static void check_tokens(const struct tok_merged_batch *r, size_t size,
			 const struct tok_sequences *batch)
{
	size_t used = 0;
	for (size_t i = 0; i < r->token_count; i++) {
		const struct tok_dynamic_token *token = &r->tokens[i];
		size_t step = 0, at = 0, place = 0;
		while (r->steps[step].result != size + i)
			step++;
		assert_int_equal(token->step, step);
		while (at < r->offsets[r->count] && r->ids[at] != size + i)
			place += r->parts[at++];
		assert_int_equal(token->number, used);
		if (at == r->offsets[r->count]) {
			assert_null(token->parts);
			continue;
		}
		assert_ptr_equal(token->parts, batch->ids + place);
		assert_int_equal(token->part_count, r->parts[at]);
		used++;
	}
	assert_int_equal(r->used_count, used);
}

/* What is merged is what the definition has after as many steps. */
static void check_same(const char *name, const struct plain *p, const struct tok_merged_batch *r,
		       const struct tok_sequences *batch)
{
	const size_t size = tok_tokenizer_size(p->tokenizer);
	if (r->step_count != p->step_count)
		fail_msg("%s: %zu merges, not %zu", name, r->step_count, p->step_count);
	for (size_t i = 0; i < r->step_count; i++)
		if (memcmp(&r->steps[i].left, &p->steps[i].left, 3 * sizeof(tok_id)) != 0 ||
		    r->steps[i].count != p->steps[i].count ||
		    r->steps[i].length != p->steps[i].length)
			fail_msg("%s: merge %zu is %u + %u = %u, %zu times, to %zu; not %u + %u = "
				 "%u, %zu times, to %zu",
				 name, i, r->steps[i].left, r->steps[i].right, r->steps[i].result,
				 r->steps[i].count, r->steps[i].length, p->steps[i].left,
				 p->steps[i].right, p->steps[i].result, p->steps[i].count,
				 p->steps[i].length);
	assert_int_equal(r->count, p->sequences);
	assert_int_equal(r->token_count, p->made_count);
	for (size_t s = 0; s <= r->count; s++)
		assert_int_equal(r->offsets[s], p->starts[s]);
	for (size_t i = 0; i < r->offsets[r->count]; i++) {
		assert_int_equal(r->ids[i], p->tokens[i].id);
		assert_int_equal(r->parts[i], p->parts[i]);
		if (r->ids[i] >= size)
			assert_true(tok_span_equal(r->tokens[r->ids[i] - size].text,
						   plain_span(&p->tokens[i])));
	}
	check_tokens(r, size, batch);
}

/* The fewest merges after which the way left is as short as asked for. */
static size_t fewest_for(const struct plain *p, size_t before, double percent)
{
	const size_t shortest = p->starts[p->sequences];
	size_t length = before, merges = 0;
	while (merges < p->step_count &&
	       100.0 * (double)(before - length) < percent * (double)(before - shortest))
		length = p->steps[merges++].length;
	return merges;
}

static void check_batch(const char *name, struct tok_merger *m, struct plain *p,
			struct tok_random *random, const struct tok_sequences *batch)
{
	static const double percents[] = { 1, 10, 33.3, 50, 90, 100 };
	const size_t before = batch->offsets[batch->count];
	size_t least[6];
	plain_load(p, batch);
	while (plain_merge(p))
		;
	struct tok_merged_batch r = merge_batch(m, TOK_MERGES_ALL, 0, batch);
	check_same(name, p, &r, batch);
	assert_int_equal(r.shortest, p->starts[p->sequences]);
	const size_t steps = p->step_count, shortest = r.shortest;
	for (size_t i = 0; i < 6; i++)
		least[i] = fewest_for(p, before, percents[i]);
	for (size_t i = 0; i < 4; i++) { /* stopped on the way */
		const size_t which = tok_random_below(random, 6);
		const size_t merges = i == 0   ? 0
				      : i == 1 ? least[which]
					       : tok_random_below(random, steps + 2);
		plain_load(p, batch);
		while (p->step_count < merges && plain_merge(p))
			;
		r = i == 1 ? merge_batch(m, 3, percents[which], batch)
			   : merge_batch(m, merges, 0, batch);
		check_same(name, p, &r, batch);
		assert_true(r.shortest == shortest ||
			    (i != 1 && merges <= steps && r.shortest == SIZE_MAX));
	}
}

static void merging_is_its_definition(void **state)
{
	enum { ROUNDS = CHECKED ? 12 : 40 };
	struct plain *p = malloc(sizeof *p);
	struct batch *batch = malloc(sizeof *batch);
	struct tok_random random = tok_random_of(5, 3);
	size_t steps = 0;
	(void)state;
	assert_true(p && batch);
	for (size_t i = 0; i < all.count; i++) {
		struct tok_encoder *e = tok_encoder_new(all.tokenizers[i]);
		plain_init(p, all.tokenizers[i]);
		assert_true(e && p->next);
		for (size_t kind = 0; kind < BOUNDARIES; kind++) {
			char name[128];
			struct tok_boundary *b = new_boundary(all.tokenizers[i], kind);
			struct tok_merger *m = tok_merger_new(all.tokenizers[i], b);
			assert_non_null(m);
			snprintf(name, sizeof name, "%s, %s", all.names[i], boundary_names[kind]);
			p->boundary = b;
			for (size_t round = 0; round < ROUNDS; round++) {
				draw_batch(&random, all.tokenizers[i], e, batch);
				check_batch(name, m, p, &random, &batch->sequences);
				steps += p->step_count;
			}
			tok_merger_free(m);
			tok_boundary_free(b);
		}
		free(p->next);
		tok_encoder_free(e);
	}
	assert_true(steps > 250 * ROUNDS); /* else nothing was compared */
	free(batch);
	free(p);
}

/* ---- what may not be --------------------------------------------------------------- */

static void text_does_not_become_special(void **state)
{
	static const char json[] = "{\"added_tokens\":[" MANY_ADDED(
	    4, "<s>", false, false, false, false,
	    true) "," MANY_ADDED(5, "s>s", false, false, false, false,
				 false) "],\"model\":{\"type\":\"BPE\",\"vocab\":{\"<\":0,\"s\":1,"
					"\">\":2,\"s>\":3},"
					"\"merges\":[]}}";
	static const tok_id ids[] = { 0, 3, 4, 4, 5, 1, 3, 1 };
	static const size_t offsets[] = { 0, 2, 4, 6, 8 };
	const struct tok_sequences batch = { ids, offsets, 4 };
	struct tok_tokenizer *t = read_tokenizer(json);
	struct tok_boundary *b = new_boundary(t, TOK_BOUNDARY_NONE);
	struct tok_merger *m = tok_merger_new(t, b);
	(void)state;
	const struct tok_merged_batch r = merge_batch(m, TOK_MERGES_ALL, 0, &batch);
	assert_int_equal(r.step_count, 2);
	assert_int_equal(r.ids[0], 6); /* "<s>", but not the special one */
	assert_int_equal(r.ids[1], 4);
	assert_int_equal(r.ids[2], 4);
	assert_int_equal(r.ids[3], 5);
	assert_int_equal(r.ids[4], 1);
	assert_int_equal(r.ids[5], 7); /* "s>s", but not the added one */
	assert_int_equal(r.offsets[4], 6);
	tok_merger_free(m);
	tok_boundary_free(b);
	tok_tokenizer_free(t);
}

static const char pieces[] =
    "{\"pre_tokenizer\":{\"type\":\"WhitespaceSplit\"},\"model\":{\"type\":\"WordPiece\","
    "\"unk_token\":\"?\",\"continuing_subword_prefix\":\"##\",\"max_input_chars_per_word\":"
    "99,\"vocab\":{\"?\":0,\"#\":1,\"###b\":2,\"a\":3,\"##\":4,\"##b\":5,\"###\":6}}}";
static const char ends[] =
    "{\"pre_tokenizer\":{\"type\":\"WhitespaceSplit\"},\"model\":{\"type\":\"BPE\","
    "\"end_of_word_suffix\":\"</w>\",\"merges\":[],\"vocab\":{\"a\":0,\"a<\":1,\"/w>\":2,"
    "\"b</w>\":3,\"</w>\":4}}}";
static const char bytes[] =
    "{\"pre_tokenizer\":{\"type\":\"Metaspace\",\"replacement\":\"\xE2\x96\x81\","
    "\"prepend_scheme\":\"never\"},\"model\":{\"type\":\"BPE\",\"byte_fallback\":true,"
    "\"merges\":[],\"vocab\":{\"a\":0,\"\xE2\x96\x81\":1,\"<0xE2>\":2,\"<0x96>\":3,"
    "\"<0x81>\":4}}}";

/* Rows of ids by hand, everything that may be joined; what the i-th row has then. */
static void check_rows(const char *json, const tok_id *ids, const size_t *offsets, size_t count,
		       const char *const *want)
{
	const struct tok_sequences batch = { ids, offsets, count };
	struct tok_tokenizer *t = read_tokenizer(json);
	struct tok_boundary *b = new_boundary(t, TOK_BOUNDARY_NONE);
	struct tok_merger *m = tok_merger_new(t, b);
	assert_non_null(m);
	const struct tok_merged_batch r = merge_batch(m, TOK_MERGES_ALL, 0, &batch);
	for (size_t i = 0; i < count; i++)
		check_line(t, &r, i, want[i]);
	tok_merger_free(m);
	tok_boundary_free(b);
	tok_tokenizer_free(t);
}

static void joining_makes_no_mark(void **state)
{
	(void)state;
	check_rows(pieces, (const tok_id[]){ 1, 2, 3, 2, 4, 5, 4, 3, 1, 6 },
		   (const size_t[]){ 0, 2, 4, 6, 8, 10 }, 5,
		   (const char *const[]){ "# ###b", "a#b", "## ##b", "## a", "# ###" });
	check_rows(ends, (const tok_id[]){ 1, 2, 0, 3, 0, 4 }, (const size_t[]){ 0, 2, 4, 6 }, 3,
		   (const char *const[]){ "a< /w>", "ab</w>", "a </w>" });
	check_rows(bytes, (const tok_id[]){ 2, 3, 4, 0, 2, 3, 1, 1, 4 },
		   (const size_t[]){ 0, 3, 6, 9 }, 3,
		   (const char *const[]){ "\xE2\x96 <0x81>", "a\xE2\x96",
					  "\xE2\x96\x81\xE2\x96\x81\x81" });
}

/* Marks are no text, and what stands for a space or a byte is one byte. */
static void lengths_are_those_of_the_text(void **state)
{
	static const char byte_level[] =
	    MANY_BYTE_LEVEL(MANY_ADDED(11, "<s>", false, false, false, false, true), "null", "");
	static const char holes[] = "{\"model\":{\"type\":\"WordLevel\",\"unk_token\":\"a\","
				    "\"vocab\":{\"a\":0,\"bc\":2}}}";
	static const struct {
		const char *json, *token;
		uint32_t length;
	} rows[] = {
		{ byte_level, G "a", 2 },     { byte_level, "<s>", 3 }, { pieces, "##b", 1 },
		{ pieces, "###b", 2 },        { pieces, "##", 2 },      { pieces, "?", 1 },
		{ ends, "b</w>", 1 },         { ends, "</w>", 4 },      { bytes, "a", 1 },
		{ bytes, "\xE2\x96\x81", 1 }, { bytes, "<0xE2>", 1 },   { holes, "bc", 2 },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct tok_tokenizer *t = read_tokenizer(rows[i].json);
		const tok_id id = tok_tokenizer_find(t, tok_span_of(rows[i].token));
		struct tok_error err = { 0 };
		uint32_t lengths[16];
		assert_true(id != TOK_NO_ID && tok_tokenizer_size(t) <= 16);
		assert_int_equal(tok_dynamic_lengths(t, lengths, &err), TOK_OK);
		if (lengths[id] != rows[i].length)
			fail_msg("'%s': %u", rows[i].token, lengths[id]);
		if (rows[i].json == holes)
			assert_int_equal(lengths[1], TOK_NO_LENGTH);
		tok_tokenizer_free(t);
	}
}

static void trouble_has_a_sentence(void **state)
{
	static const tok_id ids[] = { 1, 77777777 };
	static const size_t offsets[] = { 0, 1, 2 };
	static const double percents[] = { -1, 100.5, (double)NAN, (double)INFINITY };
	const struct tok_sequences batch = { ids, offsets, 2 }, empty = { NULL, offsets, 0 };
	const struct tok_tokenizer *t = many_find(&all, "bytes");
	struct tok_boundary *b = new_boundary(t, TOK_BOUNDARY_PRETOKENS);
	struct tok_merger *m = tok_merger_new(t, b);
	struct tok_merge_batch_options options = { .merges = 1 };
	struct tok_merged_batch out;
	struct tok_error err = { 0 };
	(void)state;
	assert_int_equal(tok_merge_batch(m, &options, &batch, &out, &err), TOK_ETEXT);
	assert_string_equal(err.message,
			    "sequence 1: id 77777777 at place 0 is none of the tokenizer's");
	for (size_t i = 0; i < 4; i++) {
		options.reduce_percent = percents[i];
		assert_int_equal(tok_merge_batch(m, &options, &batch, &out, &err), TOK_EARG);
	}
	const size_t many[] = { 0, TOK_MERGE_BATCH_MAX + 1 };
	const struct tok_sequences large = { ids, many, 1 };
	options.reduce_percent = 0;
	assert_int_equal(tok_merge_batch(m, &options, &large, &out, &err), TOK_ELIMIT);
	out = merge_batch(m, TOK_MERGES_ALL, 0, &empty);
	assert_int_equal(out.count, 0);
	assert_int_equal(out.shortest, 0);
	tok_merger_free(m);
	tok_boundary_free(b);
}

/* ---- much ------------------------------------------------------------------------------ */

/* A million ids, with every merge: who counts anew before each merge never ends. */
static void large_batches_end(void **state)
{
	enum { COUNT = 1 << (CHECKED ? 17 : 20), ROW = 64 };
	static const struct {
		size_t row;
		unsigned letters;
		size_t kind;
	} rows[] = {
		{ ROW, 26, TOK_BOUNDARY_PRETOKENS },  /* words by chance: many ties */
		{ COUNT, 1, TOK_BOUNDARY_NONE },      /* aaaa... */
		{ COUNT, 2, TOK_BOUNDARY_PRETOKENS }, /* one word without an end */
		{ 1, 3, TOK_BOUNDARY_NONE },
	};
	const struct tok_tokenizer *t = many_find(&all, "bytes");
	tok_id *ids = malloc(COUNT * sizeof *ids);
	size_t *offsets = malloc((COUNT + 1) * sizeof *offsets);
	struct tok_random random = tok_random_of(9, 9);
	(void)state;
	assert_true(ids && offsets);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct tok_sequences batch = { ids, offsets, COUNT / rows[i].row };
		struct tok_boundary *b = new_boundary(t, rows[i].kind);
		struct tok_merger *m = tok_merger_new(t, b);
		size_t parts = 0;
		for (size_t k = 0; k < COUNT; k++)
			ids[k] = (tok_id)('a' + tok_random_below(&random, rows[i].letters));
		for (size_t k = 0; k <= batch.count; k++)
			offsets[k] = k * rows[i].row;
		const struct tok_merged_batch r = merge_batch(m, TOK_MERGES_ALL, 0, &batch);
		for (size_t k = 0; k < r.offsets[r.count]; k++)
			parts += r.parts[k];
		assert_int_equal(parts, COUNT);
		assert_int_equal(r.shortest, r.offsets[r.count]);
		tok_merger_free(m);
		tok_boundary_free(b);
	}
	free(offsets);
	free(ids);
}

/* ---- asked by others --------------------------------------------------------------------- */

static size_t kind_of(const char *name)
{
	for (size_t kind = 0; kind < BOUNDARIES; kind++)
		if (strcmp(boundary_names[kind], name) == 0)
			return kind;
	fprintf(stderr, "no boundary '%s'\n", name);
	exit(2);
}

static void print_hex(struct tok_span text)
{
	for (size_t i = 0; i < text.count; i++)
		printf("%02x", text.bytes[i]);
}

/* Steps "left right result count length", tokens "= text in hexadecimal", sequences
 * "> id:parts ...". */
static void print_merged(const struct tok_merged_batch *r)
{
	for (size_t i = 0; i < r->step_count; i++)
		printf("%u %u %u %zu %zu\n", r->steps[i].left, r->steps[i].right,
		       r->steps[i].result, r->steps[i].count, r->steps[i].length);
	for (size_t i = 0; i < r->token_count; i++) {
		printf("= ");
		print_hex(r->tokens[i].text);
		printf("\n");
	}
	for (size_t s = 0; s < r->count; s++) {
		printf(">");
		for (size_t i = r->offsets[s]; i < r->offsets[s + 1]; i++)
			printf(" %u:%u", r->ids[i], r->parts[i]);
		printf("\n");
	}
}

static int answer(const char *path, const char *boundary, const char *merges)
{
	char *files[] = { strdup(path) }, *line = NULL;
	struct many one = many_of_files(files, 1);
	struct tok_boundary *b = new_boundary(one.tokenizers[0], kind_of(boundary));
	struct tok_merger *m = tok_merger_new(one.tokenizers[0], b);
	tok_id *ids = NULL;
	size_t *offsets = calloc(1, sizeof *offsets);
	size_t count = 0, rows = 0, ids_room = 0, offsets_room = offsets ? 1 : 0, line_room = 0;
	while (getline(&line, &line_room, stdin) > 0) {
		char *at = line, *end;
		for (;; at = end) {
			const unsigned long id = strtoul(at, &end, 10);
			if (end == at)
				break;
			if (!tok_grow(&ids, &ids_room, count + 1, sizeof *ids))
				abort();
			ids[count++] = (tok_id)id;
		}
		if (!tok_grow(&offsets, &offsets_room, rows + 2, sizeof *offsets))
			abort();
		offsets[++rows] = count;
	}
	const struct tok_sequences batch = { ids, offsets, rows };
	const size_t most =
	    strcmp(merges, "all") == 0 ? TOK_MERGES_ALL : (size_t)strtoull(merges, NULL, 10);
	const struct tok_merged_batch r = merge_batch(m, most, 0, &batch);
	print_merged(&r);
	tok_merger_free(m);
	tok_boundary_free(b);
	many_release(&one);
	free(files[0]);
	free(line);
	free(ids);
	free(offsets);
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_published_example),
		cmocka_unit_test(merging_is_its_definition),
		cmocka_unit_test(text_does_not_become_special),
		cmocka_unit_test(joining_makes_no_mark),
		cmocka_unit_test(lengths_are_those_of_the_text),
		cmocka_unit_test(trouble_has_a_sentence),
		cmocka_unit_test(large_batches_end),
	};
	if (argc == 5 && strcmp(argv[1], "--ask") == 0)
		return answer(argv[2], argv[3], argv[4]);
	all = many_new();
	const int result = cmocka_run_group_tests(tests, NULL, NULL);
	many_release(&all);
	return result;
}
