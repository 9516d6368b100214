#include "vocab/convert/byte_level_internal.h"

#include "vocab/format/read.h"
#include "vocab/format/write.h"

/* ---- the model ----------------------------------------------------------------------------- */

static enum tok_status set_entries(struct level *l)
{
	struct tok_vocab_entry *entries =
	    tok_arena_array(&l->out->arena, l->count, sizeof *entries);
	size_t count = 0;
	if (!entries)
		return tok_fail_memory(l->err);
	for (size_t i = 0; i < l->count; i++)
		if (l->tokens[i].id != TOK_NO_ID)
			entries[count++] = (struct tok_vocab_entry){ .text = l->tokens[i].form,
								     .id = l->tokens[i].id,
								     .score = l->tokens[i].score };
	l->out->model.entries = entries;
	l->out->model.entry_count = count;
	return TOK_OK;
}

static enum tok_status set_bpe(struct level *l)
{
	const struct tok_model_spec *from = &l->spec->model;
	struct tok_model_spec *model = &l->out->model;
	struct level_merges merges;
	model->as.bpe.order = TOK_BPE_MERGES;
	model->as.bpe.ignore_merges = from->as.bpe.ignore_merges;
	model->as.bpe.fuse_unk = from->as.bpe.fuse_unk;
	model->as.bpe.unk_missing = from->as.bpe.unk_missing;
	const enum tok_status status = level_merges(l, &merges);
	return status == TOK_OK ? level_chain(l, &merges) : status;
}

/* A character is at most four bytes, and a space may be in front. */
static size_t longest_word(size_t chars)
{
	return chars < (SIZE_MAX >> 3) ? 4 * chars + 1 : chars;
}

static enum tok_status set_model(struct level *l)
{
	struct tok_model_spec *model = &l->out->model;
	enum tok_status status = TOK_OK;
	model->kind = l->spec->model.kind;
	for (size_t i = 0; i < 256; i++)
		model->byte_ids[i] = TOK_NO_ID;
	switch (model->kind) {
	case TOK_MODEL_BPE:
		status = set_bpe(l);
		break;
	case TOK_MODEL_UNIGRAM:
		model->as.unigram.fuse_unk = true;
		break;
	case TOK_MODEL_WORDPIECE:
		model->as.wordpiece.prefix = tok_span_of("");
		model->as.wordpiece.max_chars =
		    l->report.was_byte_level ? l->spec->model.as.wordpiece.max_chars
					     : longest_word(l->spec->model.as.wordpiece.max_chars);
		break;
	case TOK_MODEL_WORDLEVEL:
		break; /* refused before */
	}
	return status == TOK_OK ? set_entries(l) : status;
}

/* ---- the nine steps -------------------------------------------------------------------------- */

static enum tok_status check(const struct tok_spec *spec, struct tok_error *err)
{
	const struct tok_model_spec *model = &spec->model;
	if (model->kind == TOK_MODEL_WORDLEVEL)
		return tok_fail(err, TOK_EARG,
				"a model of whole words has no form in the alphabet of bytes");
	if (model->kind == TOK_MODEL_BPE &&
	    (model->as.bpe.prefix.count || model->as.bpe.suffix.count))
		return tok_fail(
		    err, TOK_EARG,
		    "a BPE that puts a prefix or a suffix on what it merges has no form "
		    "in the alphabet of bytes");
	return TOK_OK;
}

static enum tok_status convert(struct level *l)
{
	enum tok_status status = level_collect(l);
	if (status == TOK_OK)
		status = level_write_all(l);
	if (status == TOK_OK)
		status = level_set_ids(l);
	if (status == TOK_OK)
		status = level_set_pipeline(l);
	if (status == TOK_OK)
		status = set_model(l);
	return status == TOK_OK ? level_set_specials(l) : status;
}

static enum tok_status convert_spec(const struct tok_spec *spec,
				    const struct vocab_byte_level_options *options,
				    struct tok_spec *out, struct vocab_byte_level_report *report,
				    struct tok_error *err)
{
	struct tok_spec made = { .format = tok_span_of("tokenizer.json") };
	struct level l = { .spec = spec, .options = options, .out = &made, .err = err };
	enum tok_status status = check(spec, err);
	if (status == TOK_OK)
		status = convert(&l);
	tok_arena_release(&l.scratch);
	if (status != TOK_OK) {
		tok_spec_release(&made);
		return status;
	}
	*out = made;
	*report = l.report;
	return TOK_OK;
}

/* Ranks over raw bytes are a list of merges in the alphabet once they are a tokenizer.json. */
static enum tok_status write_and_read(const struct tok_spec *spec, struct tok_spec *out,
				      struct tok_error *err)
{
	struct tok_buffer file = { 0 };
	enum tok_status status = vocab_write(VOCAB_TOKENIZER_JSON, spec, &file, err);
	if (status == TOK_OK)
		status = vocab_read_bytes(tok_buffer_span(&file), NULL, out, err);
	tok_buffer_release(&file);
	return status;
}

enum tok_status vocab_byte_level(const struct tok_spec *spec,
				 const struct vocab_byte_level_options *options,
				 struct tok_spec *out, struct vocab_byte_level_report *report,
				 struct tok_error *err)
{
	struct tok_spec lists = { 0 };
	const bool is_raw = spec->raw_vocabulary || (spec->model.kind == TOK_MODEL_BPE &&
						     spec->model.as.bpe.order == TOK_BPE_RANKS);
	enum tok_status status = is_raw ? write_and_read(spec, &lists, err) : TOK_OK;
	if (status != TOK_OK)
		return status;
	status = convert_spec(is_raw ? &lists : spec, options, out, report, err);
	tok_spec_release(&lists);
	return status;
}
