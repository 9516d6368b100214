/* test_sentencepiece.c - models trained on the spot by the library, which then
 * said what is in them and what it makes of some strings; and damaged ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/fixture.h"
#include "tests/unit/pipeline.h"
#include "vocab/format/format_internal.h"
#include "vocab/format/protobuf_internal.h"

struct piece_row {
	const char *model;
	tok_id id;
	const char *text;
	double score;
	enum tok_piece_type type;
};

struct text_row {
	const char *model, *text;
	size_t count;
	const char *ids, *decoded;
};

#include "tests/unit/sentencepiece_table.inc"

enum { PIECES = sizeof piece_rows / sizeof piece_rows[0] };
enum { TEXTS = sizeof text_rows / sizeof text_rows[0] };

static struct tok_span read_model(const char *name)
{
	char file[64];
	snprintf(file, sizeof file, "%s.model", name);
	return fixture_read("spm", file);
}

static struct tok_spec read_spec(const char *name)
{
	struct tok_spec spec = { 0 };
	struct tok_error err = { 0 };
	const struct tok_span file = read_model(name);
	if (vocab_read_bytes(file, NULL, &spec, &err) != TOK_OK)
		fail_msg("%s: %s", name, err.message);
	free((void *)(uintptr_t)file.bytes);
	return spec;
}

static void pieces_are_those_of_the_library(void **state)
{
	(void)state;
	for (size_t i = 0; i < PIECES;) {
		const char *model = piece_rows[i].model;
		struct tok_spec spec = read_spec(model);
		for (; i < PIECES && strcmp(piece_rows[i].model, model) == 0; i++) {
			const struct piece_row *row = &piece_rows[i];
			assert_true(row->id < spec.model.entry_count);
			const struct tok_vocab_entry *entry = &spec.model.entries[row->id];
			assert_int_equal(entry->id, row->id);
			assert_true(tok_span_equal(entry->text, tok_span_of(row->text)));
			assert_true((float)entry->score == (float)row->score);
			assert_int_equal(entry->type, row->type);
		}
		assert_true(i == PIECES || piece_rows[i - 1].id + 1 == spec.model.entry_count);
		tok_spec_release(&spec);
	}
}

static void ids_and_text_are_those_of_the_library(void **state)
{
	(void)state;
	for (size_t i = 0; i < TEXTS;) {
		const char *model = text_rows[i].model;
		struct tok_spec spec = read_spec(model);
		struct pipeline p = pipeline_new(&spec);
		for (; i < TEXTS && strcmp(text_rows[i].model, model) == 0; i++) {
			const struct text_row *row = &text_rows[i];
			const struct tok_span text = { (const uint8_t *)row->text, row->count };
			pipeline_check(&p, model, text, row->ids, tok_span_of(row->decoded));
		}
		pipeline_release(&p);
	}
}

/* ---- small models, field by field -------------------------------------------- */

struct writer {
	uint8_t bytes[8192];
	size_t count;
};

static void put(struct writer *w, const void *bytes, size_t count)
{
	assert_true(w->count + count <= sizeof w->bytes);
	memcpy(w->bytes + w->count, bytes, count);
	w->count += count;
}

static void put_varint(struct writer *w, uint64_t value)
{
	for (; value >= 0x80; value >>= 7)
		put(w, &(uint8_t){ (uint8_t)(value | 0x80) }, 1);
	put(w, &(uint8_t){ (uint8_t)value }, 1);
}

static void put_field(struct writer *w, uint32_t number, struct tok_span bytes)
{
	put_varint(w, number << 3 | PROTO_BYTES);
	put_varint(w, bytes.count);
	put(w, bytes.bytes, bytes.count);
}

static void put_number(struct writer *w, uint32_t number, uint64_t value)
{
	put_varint(w, number << 3 | PROTO_VARINT);
	put_varint(w, value);
}

static void put_piece(struct writer *w, const char *text, uint64_t type)
{
	struct writer piece = { .count = 0 };
	put_field(&piece, 1, tok_span_of(text));
	put_number(&piece, 3, type);
	put_field(w, 1, (struct tok_span){ piece.bytes, piece.count });
}

static void put_trainer(struct writer *w, uint32_t number, uint64_t value)
{
	struct writer trainer = { .count = 0 };
	put_number(&trainer, number, value);
	put_field(w, 2, (struct tok_span){ trainer.bytes, trainer.count });
}

/* Refused, with a sentence that says `why`. */
static void refuse(const struct writer *w, const char *why)
{
	struct tok_spec spec = { 0 };
	struct tok_error err = { 0 };
	const enum tok_status status =
	    vocab_read_bytes((struct tok_span){ w->bytes, w->count }, NULL, &spec, &err);
	if (status == TOK_OK || !strstr(err.message, why))
		fail_msg("wanted '%s', not '%s'", why, err.message);
	assert_null(spec.arena.head);
}

static void bad_pieces_are_refused(void **state)
{
	static const struct {
		const char *text[3];
		uint64_t type[3];
		const char *why;
	} rows[] = {
		{ { "a", "b" }, { 1, 1 }, "no unknown piece" },
		{ { "<unk>", "b", "b" }, { 2, 1, 1 }, "pieces 1 and 2 are both 'b'" },
		{ { "<unk>", "b", "b" }, { 2, 3, 3 }, "pieces 1 and 2 are both 'b'" },
		{ { "<unk>", "<unk2>" }, { 2, 2 }, "both the unknown piece" },
		{ { "<unk>", "" }, { 2, 1 }, "piece 1 is empty" },
		{ { "<unk>", "a\xFF" }, { 2, 1 }, "piece 1 is not UTF-8" },
		{ { "<unk>", "<0x41>" }, { 2, 6 }, "byte_fallback is off" },
		{ { "<unk>", "a" }, { 2, 7 }, "piece 1 has type 7" },
		{ { "<unk>", "a" }, { 2, 0 }, "piece 1 has type 0" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct writer w = { .count = 0 };
		for (size_t j = 0; j < 3 && rows[i].text[j]; j++)
			put_piece(&w, rows[i].text[j], rows[i].type[j]);
		refuse(&w, rows[i].why);
	}
}

/* A control piece and a normal one may have the same name, except in BPE. */
static void names_of_control_pieces_are_their_own(void **state)
{
	(void)state;
	for (uint64_t kind = 1; kind <= 3; kind++) {
		struct writer w = { .count = 0 };
		struct tok_spec spec = { 0 };
		struct tok_error err = { 0 };
		put_piece(&w, "<unk>", 2);
		put_piece(&w, "b", 3);
		put_piece(&w, "b", 1);
		put_trainer(&w, 3, kind);
		const enum tok_status status =
		    vocab_read_bytes((struct tok_span){ w.bytes, w.count }, NULL, &spec, &err);
		assert_int_equal(status, kind == 2 ? TOK_EFORMAT : TOK_OK);
		tok_spec_release(&spec);
	}
}

static void bad_models_are_refused(void **state)
{
	struct writer w = { .count = 0 };
	(void)state;
	put_piece(&w, "<unk>", 2);
	put_trainer(&w, 3, 5);
	refuse(&w, "model_type is 5");

	w.count = 0;
	put_piece(&w, "<unk>", 2);
	put_trainer(&w, 35, 1);
	refuse(&w, "there is no piece <0x00>");

	w.count = 0;
	put_piece(&w, "<unk>", 2);
	put_piece(&w, "ab", 1);
	put_trainer(&w, 3, 4);
	refuse(&w, "more than the one character");

	w.count = 0;
	put_piece(&w, "<unk>", 2);
	put_field(&w, 3, (struct tok_span){ (const uint8_t *)"\x13\x14", 2 }); /* a group */
	refuse(&w, "normalizer_spec is cut off or no protobuf message");

	w.count = 0;
	put_piece(&w, "<unk>", 2);
	put_number(&w, 3, 1);
	refuse(&w, "'normalizer_spec' of the model has a wrong type");

	w.count = 0;
	put_piece(&w, "<unk>", 2);
	put_varint(&w, 2 << 3 | PROTO_BYTES);
	put_varint(&w, UINT32_MAX); /* 4 GiB of trainer_spec */
	refuse(&w, "the model is cut off");

	w.count = 0;
	put_piece(&w, "<unk>", 2);
	put_field(&w, 5, (struct tok_span){ (const uint8_t *)"\x12\x01x", 3 });
	refuse(&w, "denormalizer_spec");
}

static void unknown_fields_are_passed_over(void **state)
{
	struct writer w = { .count = 0 };
	struct tok_spec spec = { 0 };
	struct tok_error err = { 0 };
	(void)state;
	put_piece(&w, "<unk>", 2);
	put_number(&w, 200, 1);
	put_field(&w, 4, tok_span_of("old"));
	put_varint(&w, 300 << 3 | PROTO_FIXED64);
	put(&w, "12345678", 8);
	assert_int_equal(vocab_read_bytes((struct tok_span){ w.bytes, w.count }, NULL, &spec, &err),
			 TOK_OK);
	assert_int_equal(spec.model.entry_count, 1);
	tok_spec_release(&spec);
}

/* ---- damage ------------------------------------------------------------------------ */

/* Either a sentence, or a specification that can be used. */
static void try_bytes(const uint8_t *bytes, size_t count)
{
	struct tok_spec spec = { 0 };
	struct tok_error err = { 0 };
	uint8_t *exact = malloc(count ? count : 1);
	assert_non_null(exact);
	memcpy(exact, bytes, count);
	const struct tok_span file = { exact, count };
	if (vocab_read_sentencepiece(file, &spec, &err) == TOK_OK)
		pipeline_try(&spec);
	else
		assert_true(err.message[0] != '\0');
	tok_spec_release(&spec);
	free(exact);
}

static void damaged_models_do_no_harm(void **state)
{
	static const char *const names[] = { "char", "word", "bpe_plain", "unigram" };
	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		const struct tok_span file = read_model(names[i]);
		uint8_t *bytes = (uint8_t *)(uintptr_t)file.bytes;
		for (size_t at = 0; at < file.count; at++)
			try_bytes(bytes, at);
		for (size_t at = 0; at < file.count; at++) {
			const uint8_t old = bytes[at];
			bytes[at] ^= (uint8_t)(at % 3 == 0 ? 0xFF : at % 3 == 1 ? 0x80 : 0x01);
			try_bytes(bytes, file.count);
			bytes[at] = old;
		}
		free(bytes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_are_those_of_the_library),
		cmocka_unit_test(ids_and_text_are_those_of_the_library),
		cmocka_unit_test(bad_pieces_are_refused),
		cmocka_unit_test(names_of_control_pieces_are_their_own),
		cmocka_unit_test(bad_models_are_refused),
		cmocka_unit_test(unknown_fields_are_passed_over),
		cmocka_unit_test(damaged_models_do_no_harm),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
