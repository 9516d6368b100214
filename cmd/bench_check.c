#include "cmd/bench_internal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <xxhash.h>

#include "cmd/cli_ids.h"

/* The ids of --check, read along with those that are made. */
struct reference {
	struct cli_ids file;
	struct cli_id_part part;
	size_t used; /* of part */
	bool open;
};

struct check {
	struct bench_run *run;
	XXH3_state_t *hash;
	struct reference reference;
	struct tok_error *refusal;
	bool keep;
};

/* The hash is that of the bytes which `tok encode --format u32` writes. */
static void add_to_hash(XXH3_state_t *hash, const tok_id *ids, size_t count)
{
	enum { CHUNK = 1024 };
	uint8_t bytes[4 * CHUNK];
	for (size_t done = 0; done < count; done += CHUNK) {
		const size_t n = count - done < CHUNK ? count - done : CHUNK;
		for (size_t i = 0; i < n; i++)
			for (unsigned k = 0; k < 4; k++)
				bytes[4 * i + k] = (uint8_t)(ids[done + i] >> (8 * k));
		XXH3_64bits_update(hash, bytes, 4 * n);
	}
}

/* More of the reference into its window, where that is used up. */
static enum tok_status fill(struct reference *reference, struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	while (status == TOK_OK && !reference->part.none &&
	       reference->used == reference->part.count) {
		reference->used = 0;
		status = cli_ids_next(&reference->file, &reference->part, err);
	}
	return status;
}

static enum tok_status compare(struct check *check, const struct tok_encoding *encoding,
			       struct tok_error *err)
{
	struct reference *reference = &check->reference;
	for (size_t i = 0; i < encoding->count; i++) {
		const uint64_t place = check->run->tokens + i;
		const enum tok_status status = fill(reference, err);
		if (status != TOK_OK)
			return status;
		if (reference->part.none) {
			tok_fail(check->refusal, TOK_EFORMAT,
				 "'%s' has only %" PRIu64 " ids, there are more",
				 check->run->opts->check, place);
			return TOK_OK;
		}
		const tok_id wanted = reference->part.ids[reference->used++];
		if (wanted != encoding->ids[i]) {
			tok_fail(check->refusal, TOK_EFORMAT,
				 "id number %" PRIu64 " is %" PRIu32 ", and %" PRIu32 " in '%s'",
				 place + 1, encoding->ids[i], wanted, check->run->opts->check);
			return TOK_OK;
		}
	}
	return TOK_OK;
}

static bool keep_ids(struct bench_run *run, const struct tok_encoding *encoding)
{
	const size_t begin = (size_t)run->tokens;
	if (!tok_grow(&run->ids, &run->id_capacity, begin + encoding->count, sizeof *run->ids))
		return false;
	if (encoding->count)
		memcpy(run->ids + begin, encoding->ids, encoding->count * sizeof *run->ids);
	return true;
}

static enum tok_status take(struct check *check, const struct tok_encoding *encoding,
			    struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	add_to_hash(check->hash, encoding->ids, encoding->count);
	if (check->reference.open && check->refusal->status == TOK_OK)
		status = compare(check, encoding, err);
	if (status == TOK_OK && check->keep && !keep_ids(check->run, encoding))
		status = tok_fail_memory(err);
	check->run->tokens += encoding->count;
	return status;
}

static enum tok_status encode_all(struct check *check, struct tok_encoder *encoder,
				  struct tok_error *err)
{
	struct bench_run *run = check->run;
	size_t document = 0;
	for (size_t i = 0; i < run->texts.count; i++) {
		const struct tok_encode_options how = bench_texts_how(&run->texts, i, &run->how);
		struct tok_encoding encoding;
		enum tok_status status =
		    tok_encode(encoder, bench_texts_part(&run->texts, i), &how, &encoding, err);
		if (status == TOK_OK)
			status = take(check, &encoding, err);
		if (status != TOK_OK)
			return tok_fail_in(err, status, "document %zu", document + 1);
		if (!run->texts.parts[i].last)
			continue;
		if (check->keep) {
			const size_t begin = document ? run->documents[document - 1].end : 0;
			run->documents[document] = (struct bench_ids){ begin, (size_t)run->tokens };
		}
		document++;
	}
	return TOK_OK;
}

/* Are there ids left in the reference? */
static enum tok_status check_end(struct check *check, struct tok_error *err)
{
	const enum tok_status status = fill(&check->reference, err);
	if (status == TOK_OK && !check->reference.part.none)
		tok_fail(check->refusal, TOK_EFORMAT,
			 "there are only %" PRIu64 " ids, '%s' has more", check->run->tokens,
			 check->run->opts->check);
	return status;
}

static void check_hash(const struct bench_run *run, struct tok_error *refusal)
{
	const uint64_t wanted = strtoull(run->opts->expect, NULL, 16);
	if (wanted != run->ids_hash)
		tok_fail(refusal, TOK_EFORMAT,
			 "the ids have the hash %016" PRIx64 ", not %016" PRIx64, run->ids_hash,
			 wanted);
}

/* The start of the texts, cut where that changes no id if there is such a place; nothing
 * where such a piece cannot be encoded although the whole can. */
static struct tok_span choose_first(const struct bench_run *run,
				    const struct tok_tokenizer *tokenizer,
				    struct tok_encoder *encoder)
{
	enum { SHORT = 64 };
	struct tok_span text = { NULL, 0 };
	struct tok_encoding encoding;
	if (run->texts.count == 0)
		return text;
	text = bench_texts_part(&run->texts, 0);
	if (text.count > SHORT) {
		text.count = SHORT;
		const size_t cut = tok_tokenizer_cut(tokenizer, text,
						     run->how.special_text != TOK_SPECIAL_ORDINARY);
		text.count = cut ? cut : SHORT;
	}
	if (tok_encode(encoder, text, &run->how, &encoding, NULL) != TOK_OK)
		text.count = 0;
	return text;
}

static enum tok_status run_check(struct check *check, const struct tok_tokenizer *tokenizer,
				 struct tok_encoder *encoder, struct tok_error *err)
{
	struct bench_run *run = check->run;
	enum tok_status status = TOK_OK;
	if (!encoder || !check->hash || XXH3_64bits_reset(check->hash) != XXH_OK ||
	    (check->keep && !tok_grow(&run->documents, &run->document_capacity,
				      run->texts.documents, sizeof *run->documents)))
		return tok_fail_memory(err);
	if (run->opts->check) {
		status =
		    cli_ids_open(&check->reference.file, run->opts->check, CLI_FORMAT_U32, err);
		check->reference.open = status == TOK_OK;
	}
	if (status == TOK_OK)
		status = encode_all(check, encoder, err);
	if (status == TOK_OK && check->reference.open && check->refusal->status == TOK_OK)
		status = check_end(check, err);
	run->ids_hash = XXH3_64bits_digest(check->hash);
	if (status == TOK_OK && run->opts->expect && check->refusal->status == TOK_OK)
		check_hash(run, check->refusal);
	run->checked = run->opts->expect || run->opts->check;
	run->first = choose_first(run, tokenizer, encoder);
	return status;
}

enum tok_status bench_check(struct bench_run *run, const struct tok_tokenizer *tokenizer, bool keep,
			    struct tok_error *refusal, struct tok_error *err)
{
	struct check check = {
		.run = run,
		.hash = XXH3_createState(),
		.refusal = refusal,
		.keep = keep,
	};
	struct tok_encoder *encoder = tok_encoder_new(tokenizer);
	const enum tok_status status = run_check(&check, tokenizer, encoder, err);
	tok_encoder_free(encoder);
	XXH3_freeState(check.hash);
	if (check.reference.open)
		cli_ids_close(&check.reference.file);
	return status;
}
