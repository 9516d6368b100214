#include "vocab/format/read.h"

#include "vocab/format/detect_internal.h"
#include "vocab/format/file_internal.h"
#include "vocab/format/format_internal.h"
#include "tok/text/json.h"

#define KINDS                                                                                      \
	"tokenizer.json, tekken.json, vocab.json with merges.txt, .tiktoken, a SentencePiece "     \
	".model, vocab.txt or GGUF"

/* Another kind of file says itself how text is split: nothing asked for is ignored. */
static enum tok_status check_pattern(enum file_kind kind, const struct vocab_read_options *options,
				     struct tok_error *err)
{
	if (!options || !options->pattern || kind == FILE_TIKTOKEN)
		return TOK_OK;
	return tok_fail(err, TOK_EARG,
			"this file says itself how text is split, and --pattern is for a "
			".tiktoken file: leave it out");
}

/* ---- one file's bytes --------------------------------------------------------- */

static enum tok_status refuse_json(struct tok_span file, struct tok_error *err)
{
	struct tok_json_document doc = { 0 };
	const enum tok_status status = tok_json_read(&doc, file, err);
	tok_json_release(&doc);
	if (status != TOK_OK)
		return status;
	return tok_fail(
	    err, TOK_EFORMAT,
	    "this JSON is no tokenizer: a tokenizer.json has a \"model\", a tekken.json "
	    "a \"config\" and a \"vocab\", a vocab.json names and ids");
}

static enum tok_status read_kind(struct tok_span file, enum file_kind kind,
				 const struct vocab_read_options *options, struct tok_spec *out,
				 struct tok_error *err)
{
	switch (kind) {
	case FILE_HF:
		return vocab_read_hf(file, out, err);
	case FILE_TEKKEN:
		return vocab_read_tekken(file, out, err);
	case FILE_PACKED_RANKS:
		return vocab_read_packed_ranks(file, out, err);
	case FILE_TIKTOKEN:
		return vocab_read_tiktoken(file, options ? options->pattern : NULL, out, err);
	case FILE_SENTENCEPIECE:
		return vocab_read_sentencepiece(file, out, err);
	case FILE_WORDPIECE:
		return vocab_read_wordpiece(file, out, err);
	case FILE_GGUF:
		return vocab_read_gguf(file, out, err);
	case FILE_JSON:
		return refuse_json(file, err);
	case FILE_VOCAB_JSON:
		return tok_fail(err, TOK_EFORMAT,
				"a vocab.json needs the merges.txt that lies beside it");
	case FILE_MERGES:
		return tok_fail(err, TOK_EFORMAT,
				"a merges.txt needs the vocab.json that lies beside it");
	case FILE_UNKNOWN:
		break;
	}
	return tok_fail(err, TOK_EFORMAT, "this is no tokenizer: it should be a " KINDS);
}

static enum tok_status read_files(const struct tok_span *files, size_t count,
				  const struct vocab_read_options *options, struct tok_spec *out,
				  struct tok_error *err)
{
	const enum file_kind kind = vocab_file_detect(files[0]);
	enum tok_status status;
	if (count < 2)
		status = read_kind(files[0], kind, options, out, err);
	else if (kind == FILE_VOCAB_JSON)
		status = vocab_read_vocab_merges(files[0], files[1], out, err);
	else
		status = vocab_read_vocab_merges(files[1], files[0], out, err);
	return status == TOK_OK ? check_pattern(kind, options, err) : status;
}

static enum tok_status read_whole(const struct tok_span *files, size_t count,
				  const struct vocab_read_options *options, struct tok_spec *out,
				  struct tok_error *err)
{
	struct tok_spec spec = { 0 };
	const enum tok_status status = read_files(files, count, options, &spec, err);
	if (status == TOK_OK)
		*out = spec;
	else
		tok_spec_release(&spec);
	return status;
}

enum tok_status vocab_read_bytes(struct tok_span file, const struct vocab_read_options *options,
				 struct tok_spec *out, struct tok_error *err)
{
	return read_whole(&file, 1, options, out, err);
}

enum tok_status vocab_read_source(const struct vocab_source *source,
				  const struct vocab_read_options *options, struct tok_spec *out,
				  struct tok_error *err)
{
	const enum tok_status status = read_whole(source->files, source->count, options, out, err);
	return status == TOK_OK ? status : tok_fail_in(err, status, "%s", source->path);
}

enum tok_status vocab_read_path(const char *path, const struct vocab_read_options *options,
				struct tok_spec *out, struct tok_error *err)
{
	struct vocab_source source;
	enum tok_status status = vocab_source_open(path, &source, err);
	if (status != TOK_OK)
		return status;
	status = vocab_read_source(&source, options, out, err);
	vocab_source_close(&source);
	return status;
}
