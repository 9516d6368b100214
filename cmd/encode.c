/* encode.c - tok encode: text to ids. */
#include <inttypes.h>
#include <stdlib.h>

#include "cmd/cli.h"
#include "cmd/cli_chars.h"
#include "cmd/cli_documents.h"
#include "cmd/cli_load.h"
#include "cmd/cli_progress.h"
#include "cmd/cli_writer.h"

enum { UNIT_BYTE, UNIT_CHAR };

struct encode_options {
	struct cli_load load;
	struct cli_split split;
	struct cli_specials specials;
	int format; /* -1: text, or jsonl where tokens or offsets are wanted */
	int offset_unit;
	bool offsets, tokens;
	uint64_t max_tokens;
	const char *output;
	int progress;
};

static const struct encode_options defaults = {
	.split = { .limit_bytes = CLI_SPLIT_LIMIT },
	.format = -1,
	.max_tokens = UINT64_MAX,
};

static const struct cli_option option_table[] = {
	CLI_LOAD_ROWS(struct encode_options, load),
	CLI_SPLIT_ROWS(struct encode_options, split),
	CLI_SPECIAL_ROWS(struct encode_options, specials),
	{ CLI_GROUP, .name = "Output" },
	{ CLI_CHOICE, 'F', "format", CLI_FORMAT_WORDS,
	  "how ids are written (text, or jsonl with --tokens or --offsets)",
	  CLI_FIELD(struct encode_options, format, int) },
	{ CLI_TEXT, 'o', "output", "FILE",
	  "write to FILE, which is replaced in one step at the end",
	  CLI_FIELD(struct encode_options, output, const char *) },
	{ CLI_FLAG, 0, "tokens", NULL, "write the tokens' text too (jsonl)",
	  CLI_FIELD(struct encode_options, tokens, bool) },
	{ CLI_FLAG, 0, "offsets", NULL, "write where in the document each token lies too (jsonl)",
	  CLI_FIELD(struct encode_options, offsets, bool) },
	{ CLI_CHOICE, 0, "offset-unit", "byte|char", "what --offsets counts (byte)",
	  CLI_FIELD(struct encode_options, offset_unit, int) },
	{ CLI_SIZE, 'n', "max-tokens", "N", "write only the first N ids of each document",
	  CLI_FIELD(struct encode_options, max_tokens, uint64_t) },
	{ CLI_CHOICE, 0, "progress", "auto|always|never",
	  "tell on standard error how far it is (auto: on a terminal, after a second)",
	  CLI_FIELD(struct encode_options, progress, int) },
	{ CLI_END }
};

/* Everything one run needs. */
struct encode_run {
	const struct encode_options *opts;
	struct tok_tokenizer *tokenizer;
	struct tok_encoder *encoder;
	struct tok_encode_options how;
	struct cli_cut cut;
	struct cli_output out;
	struct cli_writer writer;
	struct cli_progress progress;
	struct cli_chars chars;
	struct tok_range *ranges; /* in characters */
	size_t range_capacity;
	uint64_t bytes; /* read of the operands before */
	bool output_lost;
};

/* Where the current document is. */
struct encode_place {
	uint64_t base;    /* bytes or characters before this part */
	uint64_t written; /* ids */
};

static enum tok_status count_in_characters(struct encode_run *run, struct tok_span text,
					   struct tok_encoding *encoding, struct tok_error *err)
{
	if (!cli_chars_set(&run->chars, text) ||
	    !tok_grow(&run->ranges, &run->range_capacity, encoding->count, sizeof *run->ranges))
		return tok_fail_memory(err);
	for (size_t i = 0; i < encoding->count; i++)
		run->ranges[i] = cli_chars_range(&run->chars, encoding->ranges[i]);
	encoding->ranges = run->ranges;
	return TOK_OK;
}

static enum tok_status write_part(struct encode_run *run, const struct tok_encoding *encoding,
				  uint64_t base, struct tok_error *err)
{
	const enum tok_status status = cli_writer_add(&run->writer, encoding, base, err);
	run->output_lost |= status != TOK_OK;
	return status;
}

static enum tok_status encode_part(struct encode_run *run, const struct cli_part *part,
				   struct encode_place *place, struct tok_error *err)
{
	const bool chars = run->how.offsets && run->opts->offset_unit == UNIT_CHAR;
	struct tok_encoding encoding;
	if (part->first)
		*place = (struct encode_place){ 0 };
	if (place->written >= run->opts->max_tokens || (!part->first && part->text.count == 0))
		return TOK_OK;

	run->how.continues = !part->first;
	enum tok_status status = tok_encode(run->encoder, part->text, &run->how, &encoding, err);
	if (status != TOK_OK)
		return tok_fail_in(err, status, "document %" PRIu64, part->number);
	if (encoding.count > run->opts->max_tokens - place->written)
		encoding.count = (size_t)(run->opts->max_tokens - place->written);
	if (chars)
		status = count_in_characters(run, part->text, &encoding, err);
	if (status == TOK_OK)
		status = write_part(run, &encoding, place->base, err);
	place->base += chars ? run->chars.count : part->text.count;
	place->written += encoding.count;
	return status;
}

static enum tok_status end_document(struct encode_run *run, struct tok_error *err)
{
	const enum tok_status status = cli_writer_end(&run->writer, err);
	run->output_lost |= status != TOK_OK;
	return status;
}

static enum tok_status encode_documents(struct encode_run *run, struct cli_documents *documents,
					struct tok_error *err)
{
	struct encode_place place = { 0 };
	struct cli_part part;
	const bool whole = cli_split_is_whole(&run->opts->split);
	bool open = false;
	enum tok_status status;
	while ((status = cli_documents_next(documents, &part, err)) == TOK_OK && part.text.bytes) {
		status = encode_part(run, &part, &place, err);
		if (status != TOK_OK) {
			if (!run->output_lost)
				status = tok_fail_in(err, status, "'%s'", documents->input.name);
			break;
		}
		const bool enough = whole && place.written >= run->opts->max_tokens;
		open = !part.last && !enough;
		if (!open)
			status = end_document(run, err);
		if (status != TOK_OK || enough)
			break;
		cli_progress_show(&run->progress, run->bytes + part.bytes);
	}
	run->bytes += documents->bytes;
	/* A document that is given up half way still ends, so that the next one
	 * begins where a reader looks for it. */
	if (status != TOK_OK && open && !run->output_lost) {
		struct tok_error worse = { 0 };
		if (end_document(run, &worse) != TOK_OK)
			*err = worse;
	}
	return status;
}

static enum tok_status encode_file(struct encode_run *run, const char *path, struct tok_error *err)
{
	struct cli_documents documents;
	enum tok_status status =
	    cli_documents_open(&documents, path, &run->opts->split, &run->cut, err);
	if (status != TOK_OK)
		return status;
	status = encode_documents(run, &documents, err);
	cli_documents_close(&documents);
	return status;
}

/* One bad operand does not stop the others; a lost output does. */
static enum cli_exit encode_files(struct encode_run *run, int argc, char **argv)
{
	enum cli_exit result = CLI_OK;
	for (int i = 0; i < argc && !run->output_lost; i++) {
		struct tok_error err = { 0 };
		if (encode_file(run, argv[i], &err) != TOK_OK) {
			cli_progress_clear(&run->progress);
			result = cli_error("%s", err.message);
		}
	}
	return result;
}

static enum tok_status prepare(struct encode_run *run, int format, struct tok_error *err)
{
	const struct encode_options *opts = run->opts;
	enum tok_status status = cli_load(&opts->load, &run->tokenizer, err);
	if (status != TOK_OK)
		return status;
	run->encoder = tok_encoder_new(run->tokenizer);
	if (!run->encoder)
		return tok_fail_memory(err);
	run->how = cli_specials_options(&opts->specials);
	run->how.offsets = opts->offsets;
	run->how.tokens = opts->tokens;
	run->cut = cli_cut_for(run->tokenizer, &run->how);
	run->cut.between_characters = opts->offsets && opts->offset_unit == UNIT_CHAR;
	status = cli_output_open(&run->out, opts->output, err);
	if (status != TOK_OK)
		return status;
	run->writer = (struct cli_writer){
		.out = &run->out,
		.format = (enum cli_format)format,
		.tokens = opts->tokens,
		.offsets = opts->offsets,
	};
	return cli_writer_begin(&run->writer, tok_tokenizer_size(run->tokenizer), err);
}

static enum cli_exit finish(struct encode_run *run, enum cli_exit result)
{
	struct tok_error err = { 0 };
	if (run->output_lost)
		return CLI_TROUBLE;
	if (cli_writer_finish(&run->writer, &err) != TOK_OK ||
	    cli_output_commit(&run->out, &err) != TOK_OK)
		return cli_error("%s", err.message);
	return result;
}

static enum cli_exit check(const struct encode_options *opts, int *format)
{
	const bool wide = opts->offsets || opts->tokens;
	*format = opts->format >= 0 ? opts->format : wide ? CLI_FORMAT_JSONL : CLI_FORMAT_TEXT;
	if (wide && *format != CLI_FORMAT_JSONL)
		return cli_usage("--%s needs --format jsonl", opts->offsets ? "offsets" : "tokens");
	return cli_split_check(&opts->split);
}

static enum cli_exit run_encode(const void *options, int argc, char **argv)
{
	struct encode_run run = { .opts = options, .out = { .fd = -1 } };
	struct tok_error err = { 0 };
	int format;

	enum cli_exit result = check(run.opts, &format);
	if (result != CLI_OK)
		return result;
	if (prepare(&run, format, &err) == TOK_OK) {
		run.progress =
		    cli_progress_begin((enum cli_progress_when)run.opts->progress, argc, argv);
		result = encode_files(&run, argc, argv);
		cli_progress_end(&run.progress, run.bytes);
		result = finish(&run, result);
	} else {
		result = cli_error("%s", err.message);
	}
	cli_writer_release(&run.writer);
	cli_output_abandon(&run.out);
	cli_chars_release(&run.chars);
	free(run.ranges);
	tok_encoder_free(run.encoder);
	tok_tokenizer_free(run.tokenizer);
	return result;
}

const struct cli_tool tool_encode = {
	.name = "encode",
	.summary = "turn text into the ids of a tokenizer",
	.operands = "[FILE...]",
	.reads_files = true,
	.description =
	    "Writes the ids of each FILE, or of standard input where there is none or it is -.\n"
	    "A whole FILE is one document unless --lines, --null or --jsonl says otherwise.\n"
	    "The ids of a document stand on one line, one space between two, so that\n"
	    "'tok encode | tok decode' gives back any bytes where the tokenizer loses nothing.\n"
	    "\n"
	    "Text that spells a special token is ordinary text, and no token is added, unless\n"
	    "asked for. A long document is cut where the tokenizer shows that no id changes, so\n"
	    "that memory stays small; where it shows no such place, and always with --add-special\n"
	    "or --hf, a document is taken whole, up to --max-document.\n"
	    "\n"
	    "With u16, u32 and npy the ids of all documents follow each other. npy is an array of\n"
	    "'<u2' where the vocabulary has at most 65,535 ids, else of '<u4'; u16 refuses a\n"
	    "larger vocabulary. With --tokens or --offsets what is told of one document is kept\n"
	    "in memory until its end. With --output the file is replaced also where some of the\n"
	    "input was bad: it then holds what standard output would have shown.\n"
	    "\n"
	    "A range that --offsets shows begins at the first byte or\n"
	    "character and ends after the last; a token that the template added has [0,0].",
	.examples =
	    "  printf 'Hello, world' | tok encode\n"
	    "  printf 'one\\ntwo\\n' | tok encode --lines --offsets\n"
	    "  printf '{\"text\":\"caf\\303\\251\"}\\n' | tok encode --jsonl text --tokens\n"
	    "  printf 'Hello' | tok encode --format npy --output ids.npy\n"
	    "  printf 'Hello' | tok encode --max-tokens 2\n",
	.options = option_table,
	.defaults = &defaults,
	.options_size = sizeof defaults,
	.run = run_encode,
};
