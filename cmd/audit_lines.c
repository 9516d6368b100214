/*
 * audit_lines.c - the lines of a language, and behind them its words, some at a time.
 *
 * Nothing of a language is kept but what is counted, its front for the sample, and what the
 * corpus keeps of words: it may be larger than memory, and come from a pipe.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <xxhash.h>

#include "cmd/audit_internal.h"
#include "cmd/audit_load.h"
#include "cmd/cli_input.h"
#include "cmd/cli_words.h"

enum { UDHR_ARTICLES = 30, MARK_BYTES = 3 };

struct audit_reader {
	const struct audit_options *options;
	struct audit_text *text;
	size_t language, share; /* share: bytes of the sample */
	struct vocab_audit_corpus *corpus;
	XXH3_state_t *hash;
	struct cli_input input;
	size_t path;     /* the one that is read, or is next */
	bool open;       /* it is being read */
	bool begins;     /* nothing of it was taken: a byte order mark may come */
	size_t searched; /* bytes of the window without a newline */
	bool front_ended, lines_ended, ended;
	uint64_t line;         /* the one that is next in the file, from 1 */
	uint64_t lines, words; /* that were given */
};

/* ---- a load ------------------------------------------------------------------------------ */

bool audit_load_is_full(const struct audit_load *load)
{
	return load->bytes.count + load->words.bytes.count >= AUDIT_LOAD_BYTES;
}

void audit_load_clear(struct audit_load *load)
{
	tok_buffer_clear(&load->bytes);
	vocab_audit_word_list_clear(&load->words);
	load->line_count = load->part_count = 0;
}

void audit_load_release(struct audit_load *load)
{
	tok_buffer_release(&load->bytes);
	vocab_audit_word_list_release(&load->words);
	free(load->ends);
	free(load->places);
	free(load->parts);
	*load = (struct audit_load){ 0 };
}

/* ---- places ------------------------------------------------------------------------------ */

char *audit_place_name(const struct audit_text *text, struct audit_place place)
{
	const bool several = text->path_count > 1;
	char *name = NULL;
	return asprintf(&name, "line %" PRIu64 "%s%s%s", place.line, several ? " of '" : "",
			several ? text->paths[place.path] : "", several ? "'" : "") < 0
		   ? NULL
		   : name;
}

/* ---- a reader ---------------------------------------------------------------------------- */

enum tok_status audit_reader_new(const struct audit_options *options, struct audit_texts *texts,
				 size_t language, size_t memory_bytes, struct audit_reader **out,
				 struct tok_error *err)
{
	const struct vocab_audit_corpus_options how = { (enum vocab_audit_words)options->words,
							memory_bytes, cli_spill_folder() };
	struct audit_reader *r = calloc(1, sizeof *r);
	if (!r)
		return tok_fail_memory(err);
	r->options = options;
	r->text = &texts->items[language];
	r->language = language;
	r->share = AUDIT_SAMPLE_BYTES / texts->count;
	r->hash = XXH3_createState();
	enum tok_status status = r->hash && XXH3_128bits_reset(r->hash) == XXH_OK
				     ? vocab_audit_corpus_new(&how, &r->corpus, err)
				     : tok_fail_memory(err);
	if (status == TOK_OK)
		*out = r;
	else
		audit_reader_free(r);
	return status;
}

void audit_reader_free(struct audit_reader *r)
{
	if (!r)
		return;
	if (r->open)
		cli_input_close(&r->input);
	cli_input_release(&r->input);
	vocab_audit_corpus_free(r->corpus);
	XXH3_freeState(r->hash);
	free(r);
}

bool audit_reader_ended(const struct audit_reader *r)
{
	return r->ended;
}

/* ---- lines ------------------------------------------------------------------------------- */

static enum tok_status open_path(struct audit_reader *r, struct tok_error *err)
{
	const enum tok_status status =
	    cli_input_open(&r->input, r->text->paths[r->path], CLI_INPUT_EXPANDED, err);
	r->open = r->begins = status == TOK_OK;
	r->searched = 0;
	r->line = 1;
	return status;
}

static void close_path(struct audit_reader *r)
{
	cli_input_close(&r->input);
	r->open = false;
	r->path++;
}

static struct audit_place place_of(const struct audit_reader *r)
{
	return (struct audit_place){ r->path, r->line };
}

static enum tok_status refuse_length(const struct audit_reader *r, const char *what,
				     struct tok_error *err)
{
	return tok_fail(err, TOK_ELIMIT,
			"%s: %s is longer than %" PRIu64 " bytes: --max-document allows more",
			r->text->name, what, r->options->max_document);
}

static enum tok_status refuse_line(const struct audit_reader *r, struct tok_error *err)
{
	char *place = audit_place_name(r->text, place_of(r));
	const enum tok_status status = place ? refuse_length(r, place, err) : tok_fail_memory(err);
	free(place);
	return status;
}

/* The load ends with a line, and a byte behind it. */
static enum tok_status add_line(struct audit_reader *r, struct audit_load *load, size_t begin,
				struct audit_place place, struct tok_error *err)
{
	const size_t end = load->bytes.count - 1, count = load->line_count + 1;
	if (!tok_grow(&load->ends, &load->end_capacity, count, sizeof *load->ends) ||
	    !tok_grow(&load->places, &load->place_capacity, count, sizeof *load->places))
		return tok_fail_memory(err);
	load->ends[load->line_count] = end;
	load->places[load->line_count++] = place;
	r->lines++;
	const enum tok_status status = vocab_audit_corpus_line(
	    r->corpus, tok_span_slice(tok_buffer_span(&load->bytes), begin, end), err);
	return status == TOK_OK ? TOK_OK : tok_fail_in(err, status, "%s", r->text->name);
}

/* One that is not empty. */
static enum tok_status take_line(struct audit_reader *r, struct audit_load *load,
				 struct tok_span line, struct tok_error *err)
{
	const size_t begin = load->bytes.count;
	if (line.count == 0)
		return TOK_OK;
	if (!tok_buffer_add(&load->bytes, line.bytes, line.count) ||
	    !tok_buffer_add_byte(&load->bytes, '\n'))
		return tok_fail_memory(err);
	return add_line(r, load, begin, place_of(r), err);
}

/* What may end with CR LF. */
static struct tok_span without_return(struct tok_span line)
{
	line.count -= line.count > 0 && line.bytes[line.count - 1] == '\r';
	return line;
}

/* What the window has: a line, the end of the file, or not enough. */
static enum tok_status read_line(struct audit_reader *r, struct audit_load *load,
				 struct tok_error *err)
{
	struct tok_span rest = cli_input_rest(&r->input);
	if (r->begins && rest.count < MARK_BYTES && !r->input.ended)
		return cli_input_fill(&r->input, 0, err);
	if (r->begins && tok_span_starts(rest, tok_span_of("\xEF\xBB\xBF")))
		cli_input_drop(&r->input, MARK_BYTES);
	r->begins = false;
	rest = cli_input_rest(&r->input);
	const uint8_t *end = rest.count > r->searched
				 ? memchr(rest.bytes + r->searched, '\n', rest.count - r->searched)
				 : NULL;
	const size_t count = end ? (size_t)(end - rest.bytes) : rest.count;
	const struct tok_span line = without_return(tok_span_slice(rest, 0, count));
	if (line.count > r->options->max_document)
		return refuse_line(r, err);
	if (!end && !r->input.ended) {
		r->searched = rest.count;
		return cli_input_fill(&r->input, 0, err);
	}
	if (rest.count == 0) {
		close_path(r);
		return TOK_OK;
	}
	const enum tok_status status = take_line(r, load, line, err);
	cli_input_drop(&r->input, count + (end != NULL));
	r->searched = 0;
	r->line++;
	return status;
}

static enum tok_status read_lines(struct audit_reader *r, struct audit_load *load,
				  struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	while (status == TOK_OK && r->path < r->text->path_count && !audit_load_is_full(load))
		status = r->open ? read_line(r, load, err) : open_path(r, err);
	r->lines_ended = r->path == r->text->path_count;
	return status;
}

/* ---- declarations ------------------------------------------------------------------------ */

static enum tok_status read_page(struct audit_reader *r, struct audit_load *load,
				 struct tok_error *err)
{
	size_t articles = 0;
	enum tok_status status = open_path(r, err);
	while (status == TOK_OK && !r->input.ended) {
		status = cli_input_fill(&r->input, 0, err);
		if (status == TOK_OK && cli_input_rest(&r->input).count > r->options->max_document)
			status = refuse_length(r, "the page", err);
	}
	if (status != TOK_OK)
		return status;
	const struct tok_span page = cli_input_rest(&r->input);
	if (!audit_udhr_text(page, &load->bytes, &articles))
		return tok_fail_memory(err);
	r->text->whole = articles == UDHR_ARTICLES;
	cli_input_drop(&r->input, page.count);
	close_path(r);
	return TOK_OK;
}

/* All of a declaration is one line, as paragraphs are not parallel. */
static enum tok_status read_declaration(struct audit_reader *r, struct audit_load *load,
					struct tok_error *err)
{
	const size_t begin = load->bytes.count;
	enum tok_status status = TOK_OK;
	while (r->path < r->text->path_count && status == TOK_OK)
		status = read_page(r, load, err);
	r->lines_ended = true;
	if (status == TOK_OK && load->bytes.count > begin)
		status = add_line(r, load, begin, (struct audit_place){ 0, 1 }, err);
	return status;
}

/* ---- parts ------------------------------------------------------------------------------- */

/* The first line, and not all of it where it is larger than `most`: as many characters as there
 * is room for. */
static bool keep_first(struct tok_buffer *front, struct tok_span line, size_t most)
{
	if (line.count > most) {
		for (line.count = most; most - line.count < 3; line.count--)
			if ((line.bytes[line.count] & 0xC0) != 0x80)
				break;
	}
	return tok_buffer_add(front, line.bytes, line.count) && tok_buffer_add_byte(front, '\n');
}

/* Whole lines - of a declaration, paragraphs - that the language's share of the sample has room
 * for; of one at least the beginning. */
static bool keep_front(struct audit_reader *r, struct tok_span lines)
{
	struct tok_buffer *front = &r->text->front;
	const size_t room = r->share > front->count ? r->share - front->count : 0;
	const uint8_t *last;
	if (r->front_ended || lines.count == 0)
		return true;
	if (lines.count <= room)
		return tok_buffer_add(front, lines.bytes, lines.count);
	r->front_ended = true;
	last = memrchr(lines.bytes, '\n', room);
	if (last)
		return tok_buffer_add(front, lines.bytes, (size_t)(last - lines.bytes) + 1);
	if (front->count)
		return true;
	last = memchr(lines.bytes, '\n', lines.count); /* each line has one */
	return keep_first(front, tok_span_slice(lines, 0, (size_t)(last - lines.bytes)),
			  r->share > AUDIT_SAMPLE_LINE ? r->share : AUDIT_SAMPLE_LINE);
}

/* Lines have come: of their words the corpus knows already. */
static enum tok_status note_lines(struct audit_reader *r, struct tok_span lines,
				  struct tok_error *err)
{
	if (lines.count)
		XXH3_128bits_update(r->hash, lines.bytes, lines.count);
	return keep_front(r, lines) ? TOK_OK : tok_fail_memory(err);
}

static enum tok_status add_words(struct audit_reader *r, struct audit_load *load,
				 struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	if (r->lines_ended && !audit_load_is_full(load))
		status = vocab_audit_corpus_words(r->corpus, AUDIT_LOAD_BYTES - load->bytes.count,
						  &load->words, &r->ended, err);
	if (status != TOK_OK)
		return tok_fail_in(err, status, "%s", r->text->name);
	if (r->ended) {
		vocab_audit_corpus_facts(r->corpus, &r->text->facts);
		r->text->hash = cli_hash_digest(r->hash);
	}
	return TOK_OK;
}

enum tok_status audit_reader_next(struct audit_reader *r, struct audit_load *load,
				  struct tok_error *err)
{
	struct audit_part part = {
		.language = r->language,
		.line = load->line_count,
		.begin = load->bytes.count,
		.word = load->words.count,
		.lines_before = r->lines,
		.words_before = r->words,
	};
	const bool first = r->lines == 0 && r->path == 0 && !r->open;
	enum tok_status status = TOK_OK;
	if (!r->lines_ended)
		status =
		    r->options->udhr ? read_declaration(r, load, err) : read_lines(r, load, err);
	part.line_count = load->line_count - part.line;
	if (status == TOK_OK)
		status = note_lines(
		    r, tok_span_slice(tok_buffer_span(&load->bytes), part.begin, load->bytes.count),
		    err);
	if (status == TOK_OK)
		status = add_words(r, load, err);
	part.word_count = load->words.count - part.word;
	r->words += part.word_count;
	part.alone = first && r->ended;
	if (status == TOK_OK && !tok_grow(&load->parts, &load->part_capacity, load->part_count + 1,
					  sizeof *load->parts))
		status = tok_fail_memory(err);
	if (status == TOK_OK)
		load->parts[load->part_count++] = part;
	return status;
}
