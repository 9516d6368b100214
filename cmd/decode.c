/* decode.c - tok decode: ids to text. */
#include <inttypes.h>
#include <stdlib.h>

#include "cmd/cli.h"
#include "cmd/cli_files.h"
#include "cmd/cli_ids.h"
#include "cmd/cli_load.h"
#include "cmd/cli_output.h"
#include "cmd/cli_progress.h"
#include "tok/pipe/decoder.h"
#include "tok/text/json_write.h"

struct decode_options {
	struct cli_load load;
	int format;
	bool lines, null, skip_special;
	const char *jsonl, *output;
	uint64_t limit_ids;
	int progress;
};

static const struct decode_options defaults = { .limit_ids = (uint64_t)1 << 28 };

static const struct cli_option option_table[] = {
	CLI_LOAD_ROWS(struct decode_options, load),
	{ CLI_GROUP, .name = "Input" },
	{ CLI_CHOICE, 'F', "format", CLI_FORMAT_WORDS, "how ids are written in FILE (text)",
	  CLI_FIELD(struct decode_options, format, int) },
	{ CLI_BYTES, 0, "max-ids", "N",
	  "refuse a document of more ids that cannot be decoded in parts (256M)",
	  CLI_FIELD(struct decode_options, limit_ids, uint64_t) },
	{ CLI_GROUP, .name = "Output" },
	{ CLI_TEXT, 'o', "output", "FILE",
	  "write to FILE, which is replaced in one step at the end",
	  CLI_FIELD(struct decode_options, output, const char *) },
	{ CLI_FLAG, 'l', "lines", NULL, "write a newline after each document",
	  CLI_FIELD(struct decode_options, lines, bool) },
	{ CLI_FLAG, '0', "null", NULL, "write a NUL byte after each document",
	  CLI_FIELD(struct decode_options, null, bool) },
	{ CLI_TEXT, 0, "jsonl", "FIELD",
	  "write each document as a JSON object with its text at FIELD",
	  CLI_FIELD(struct decode_options, jsonl, const char *) },
	{ CLI_FLAG, 's', "skip-special", NULL, "leave special tokens out",
	  CLI_FIELD(struct decode_options, skip_special, bool) },
	{ CLI_GROUP, .name = "Running" },
	CLI_PROGRESS_ROW(struct decode_options, progress),
	{ CLI_END }
};

struct decode_run {
	const struct decode_options *opts;
	struct tok_tokenizer *tokenizer;
	struct tok_decoder *decoder;
	struct cli_output out;
	bool in_parts; /* ids are decoded as they come */
	tok_id *ids;   /* a document that is not decoded in parts */
	size_t count, capacity;
	struct tok_buffer json; /* jsonl: text of the document that is not written */
	bool json_begun;        /* the beginning of its line is */
	struct cli_progress progress;
	struct cli_done done;
	uint64_t read_before; /* bytes of the files that are done */
	bool output_lost;
};

/* So much text of a document is kept before its line is begun: up to there a document
 * that cannot be decoded leaves no trace. */
enum { JSON_KEPT = 1 << 20 };

static enum tok_status put(struct decode_run *run, const void *bytes, size_t count,
			   struct tok_error *err)
{
	const enum tok_status status = cli_output_add(&run->out, bytes, count, err);
	run->output_lost |= status != TOK_OK;
	return status;
}

/* Without the bytes at the end of which more may come to make a character. */
static size_t measure_characters(struct tok_span text)
{
	for (size_t back = 1; back < 4 && back <= text.count; back++) {
		const uint8_t byte = text.bytes[text.count - back];
		const size_t length = byte < 0xC0 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
		if (length > back)
			return text.count - back;
	}
	return text.count;
}

/* What is kept of the document goes out, as {"FIELD":"text"} or a part of that. */
static enum tok_status put_json(struct decode_run *run, bool last, struct tok_error *err)
{
	struct tok_buffer line = { 0 };
	const struct tok_span kept = tok_buffer_span(&run->json);
	const size_t count = last ? kept.count : measure_characters(kept);
	bool room = run->json_begun || (tok_buffer_add_byte(&line, '{') &&
					tok_json_put_string(&line, tok_span_of(run->opts->jsonl)) &&
					tok_buffer_add(&line, ":\"", 2));
	room = room && tok_json_put_text(&line, tok_span_slice(kept, 0, count)) &&
	       (!last || tok_buffer_add(&line, "\"}\n", 3));
	const enum tok_status status =
	    room ? put(run, line.bytes, line.count, err) : tok_fail_memory(err);
	tok_buffer_release(&line);
	run->json.count = kept.count - count;
	if (run->json.count)
		memmove(run->json.bytes, run->json.bytes + count, run->json.count);
	run->json_begun = !last;
	return status;
}

static enum tok_status put_text(struct decode_run *run, struct tok_span text, struct tok_error *err)
{
	run->done.bytes += text.count;
	if (!run->opts->jsonl)
		return put(run, text.bytes, text.count, err);
	if (!tok_buffer_add(&run->json, text.bytes, text.count))
		return tok_fail_memory(err);
	return run->json.count > JSON_KEPT ? put_json(run, false, err) : TOK_OK;
}

/* A document that is given up. */
static void drop_document(struct decode_run *run)
{
	struct tok_error ignored = { 0 };
	run->count = 0;
	tok_buffer_clear(&run->json);
	if (run->json_begun && !run->output_lost)
		(void)!put_json(run, true, &ignored); /* the next line begins on its own */
}

static enum tok_status end_document(struct decode_run *run, struct tok_error *err)
{
	if (run->opts->jsonl)
		return put_json(run, true, err);
	if (run->opts->lines || run->opts->null)
		return put(run, run->opts->lines ? "\n" : "", 1, err);
	return TOK_OK;
}

static enum tok_status keep_ids(struct decode_run *run, const struct cli_id_part *part,
				struct tok_error *err)
{
	if (part->count > run->opts->limit_ids - run->count)
		return tok_fail(err, TOK_ELIMIT,
				"it is longer than %" PRIu64
				" ids and cannot be decoded in parts: --max-ids allows more",
				run->opts->limit_ids);
	if (!tok_grow(&run->ids, &run->capacity, run->count + part->count, sizeof *run->ids))
		return tok_fail_memory(err);
	if (part->count)
		memcpy(run->ids + run->count, part->ids, part->count * sizeof *run->ids);
	run->count += part->count;
	return TOK_OK;
}

static enum tok_status decode_part(struct decode_run *run, const struct cli_id_part *part,
				   struct tok_error *err)
{
	const bool skips = run->opts->skip_special;
	struct tok_span text = tok_span_of("");
	enum tok_status status;
	if (run->in_parts) {
		status = tok_decode_part(run->decoder, part->ids, part->count, skips, &text, err);
	} else {
		status = keep_ids(run, part, err);
		if (status == TOK_OK && part->last) {
			status = tok_decode(run->decoder, run->ids, run->count, skips, &text, err);
			run->count = 0;
		}
	}
	if (status == TOK_OK)
		status = put_text(run, text, err);
	if (status != TOK_OK || !part->last)
		return status;
	tok_decode_begin(run->decoder);
	return end_document(run, err);
}

static void show_progress(struct decode_run *run, const struct cli_ids *ids, size_t more)
{
	run->done.tokens += more;
	run->done.bytes_read = run->read_before + ids->lines.input.bytes_read;
	cli_progress_show(&run->progress, &run->done);
}

static enum tok_status decode_file(struct decode_run *run, const char *path, struct tok_error *err)
{
	const bool has_lines =
	    run->opts->format == CLI_FORMAT_TEXT || run->opts->format == CLI_FORMAT_JSONL;
	struct cli_ids ids;
	struct cli_id_part part;
	enum tok_status status = cli_ids_open(&ids, path, (enum cli_format)run->opts->format, err);
	if (status != TOK_OK)
		return status;
	tok_decode_begin(run->decoder);
	while ((status = cli_ids_next(&ids, &part, err)) == TOK_OK && !part.none) {
		status = decode_part(run, &part, err);
		show_progress(run, &ids, part.count);
		if (status == TOK_OK)
			continue;
		if (!run->output_lost && has_lines)
			status = tok_fail_in(err, status, "'%s': line %" PRIu64, path, part.number);
		else if (!run->output_lost)
			status = tok_fail_in(err, status, "'%s'", path);
		break;
	}
	drop_document(run);
	run->read_before += ids.lines.input.bytes_read;
	cli_ids_close(&ids);
	return status;
}

static enum cli_exit decode_files(struct decode_run *run, int argc, char **argv)
{
	enum cli_exit result = CLI_OK;
	run->progress = cli_progress_begin(run->opts->progress, cli_files_measure(argc, argv));
	for (int i = 0; i < argc && !run->output_lost; i++) {
		struct tok_error err = { 0 };
		if (decode_file(run, argv[i], &err) == TOK_OK)
			continue;
		cli_progress_clear(&run->progress);
		result = cli_error("%s", err.message);
	}
	cli_progress_end(&run->progress, &run->done);
	return result;
}

static enum tok_status prepare(struct decode_run *run, struct tok_error *err)
{
	const enum tok_status status = cli_load(&run->opts->load, &run->tokenizer, err);
	if (status != TOK_OK)
		return status;
	run->decoder = tok_decoder_new(run->tokenizer);
	if (!run->decoder)
		return tok_fail_memory(err);
	run->in_parts = tok_decoder_takes_parts(run->decoder);
	return cli_output_open(&run->out, run->opts->output, err);
}

static enum cli_exit run_decode(const void *options, int argc, char **argv)
{
	struct decode_run run = { .opts = options, .out = { .fd = -1 } };
	struct tok_error err = { 0 };
	enum cli_exit result = CLI_OK;

	if (run.opts->lines + run.opts->null + (run.opts->jsonl != NULL) > 1)
		return cli_usage("--lines, --null and --jsonl exclude each other");
	if (prepare(&run, &err) == TOK_OK) {
		result = decode_files(&run, argc, argv);
		if (!run.output_lost && cli_output_commit(&run.out, &err) != TOK_OK)
			result = cli_error("%s", err.message);
	} else {
		result = cli_error("%s", err.message);
	}
	cli_output_abandon(&run.out);
	tok_buffer_release(&run.json);
	free(run.ids);
	tok_decoder_free(run.decoder);
	tok_tokenizer_free(run.tokenizer);
	return result;
}

const struct cli_tool tool_decode = {
	.name = "decode",
	.summary = "turn the ids of a tokenizer back into text",
	.operands = "[FILE...]",
	.reads_files = true,
	.description =
	    "Reads the ids in each FILE, or in standard input where there is none or it is -,\n"
	    "and writes the bytes that they stand for, exactly: also where they are not UTF-8.\n"
	    "Each line of text or jsonl is a document; a FILE of u16, u32 or npy is one, and so "
	    "is\n"
	    "the FILE.bin of megatron, which is read as u32, or as u16 if that is what it holds. "
	    "A\n"
	    "FILE is read as it is: there are no folders here, and nothing is expanded. The\n"
	    "documents follow each other with nothing between unless --lines, --null or --jsonl\n"
	    "says otherwise.\n"
	    "\n"
	    "A long document is decoded as it comes, so that memory stays small. Where the\n"
	    "tokenizer's decoder has a BPEDecoder or CTC step, or looks again at what it joined,\n"
	    "a document is taken whole, up to --max-ids.\n"
	    "\n"
	    "An id that the tokenizer does not have is an error: the rest of its FILE is left\n"
	    "out, the other FILEs are decoded. What came before it in a long document is written.",
	.examples =
	    "  printf '72 105\\n' | tok decode -t bytes\n"
	    "  printf 'one\\ntwo\\n' | tok encode --lines | tok decode --lines\n"
	    "  printf 'Hello' | tok encode --format u16 | tok decode --format u16\n"
	    "  seq 9 | tok encode -l --eod 0 -F megatron -o data; tok decode -F u32 data.bin\n"
	    "  printf '{\"ids\":[72,105]}\\n' | tok decode -t bytes --format jsonl --jsonl text\n",
	.options = option_table,
	.defaults = &defaults,
	.options_size = sizeof defaults,
	.run = run_decode,
};
