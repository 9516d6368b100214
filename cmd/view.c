/* view.c - tok view: a text with its tokens shown. */
#include <inttypes.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cmd/cli.h"
#include "cmd/cli_files.h"
#include "cmd/cli_load.h"
#include "cmd/cli_output.h"
#include "cmd/view_internal.h"

enum view_colours { VIEW_AUTO, VIEW_ALWAYS, VIEW_NEVER };

struct view_options {
	struct cli_texts tokenizers;
	const char *pattern;
	struct cli_split split;
	struct cli_specials specials;
	bool raw, ids;
	int colours; /* enum view_colours */
	const char *html;
};

/* Whoever looks at a text does not look at a gigabyte.  Several tokenizers take more than 100 bytes
 * for each of the text. */
#define LIMIT            ((uint64_t)64 << 20)
#define LIMIT_OF_SEVERAL ((uint64_t)8 << 20)

/* That --max-document was not given: no size can be asked for that is as large. */
#define NO_LIMIT_GIVEN UINT64_MAX

static const struct view_options defaults = { .split = { .limit_bytes = NO_LIMIT_GIVEN },
					      .specials = CLI_SPECIALS_DEFAULT };

#define FIELD(member, type) CLI_FIELD(struct view_options, member, type)

static const struct cli_option option_table[] = {
	{ CLI_GROUP, .name = "Tokenizers" },
	{ CLI_TEXTS, 't', "tokenizer", "PATH", CLI_LOAD_WORDS "; may be given up to 26 times",
	  FIELD(tokenizers, struct cli_texts) },
	{ CLI_TEXT, 0, "pattern", "NAME|REGEX",
	  "how a .tiktoken file splits text: gpt2, cl100k, o200k, ..., or an expression",
	  FIELD(pattern, const char *) },
	CLI_SPLIT_ROWS(struct view_options, split),
	{ CLI_FLAG, 0, "raw", NULL, "take gzip and Zstandard files as the bytes they are",
	  FIELD(raw, bool) },
	CLI_SPECIAL_ROWS(struct view_options, specials),
	{ CLI_GROUP, .name = "Output" },
	{ CLI_FLAG, 0, "ids", NULL, "write ids under the pieces", FIELD(ids, bool) },
	{ CLI_CHOICE, 0, "color", "auto|always|never",
	  "tell pieces apart by colours, or by bars (auto: colours on a terminal)",
	  FIELD(colours, int) },
	{ CLI_TEXT, 0, "html", "FILE", "write a page to FILE, and nothing to standard output",
	  FIELD(html, const char *) },
	{ CLI_END }
};

struct viewing {
	const struct view_options *opts;
	struct tok_encode_options how;
	struct view_row rows[VIEW_TOKENIZERS_MAX];
	struct view_text text;
	struct view_lines *lines; /* NULL: a page is made */
	struct tok_buffer buffer; /* lines that go out next, or the page's body */
	struct cli_put out;       /* into it */
	struct cli_output output; /* of lines: standard output */
	uint64_t documents;       /* of the file that were shown */
	struct tok_error lost;    /* what became of it, if that is not what was asked for */
	bool inside;              /* a document, of which a part was shown */
	bool trouble;
};

/* ---- how it is to look ------------------------------------------------------------- */

/* NO_COLOR: https://no-color.org */
static bool wants_colours(int asked)
{
	const char *none = getenv("NO_COLOR"), *terminal = getenv("TERM");
	if (asked == VIEW_ALWAYS || asked == VIEW_NEVER)
		return asked == VIEW_ALWAYS;
	return isatty(STDOUT_FILENO) && !(none && *none) && terminal &&
	       strcmp(terminal, "dumb") != 0;
}

static size_t columns_of_terminal(void)
{
	const char *said = getenv("COLUMNS");
	const unsigned long number = said ? strtoul(said, NULL, 10) : 0;
	struct winsize size;
	size_t columns = 80;
	if (number > 0 && number < 1 << 20)
		columns = number;
	else if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		columns = size.ws_col;
	return columns < VIEW_COLUMNS_MIN ? VIEW_COLUMNS_MIN : columns;
}

/* ---- texts ------------------------------------------------------------------------- */

static enum tok_status write_out(struct viewing *v, struct tok_error *err)
{
	if (v->out.lost)
		return tok_fail_memory(err);
	const enum tok_status status =
	    cli_output_add(&v->output, v->buffer.bytes, v->buffer.count, err);
	if (status != TOK_OK)
		v->lost = *err;
	tok_buffer_clear(&v->buffer);
	return status;
}

static enum tok_status show(struct viewing *v, struct tok_span text, bool first, bool last,
			    struct tok_error *err)
{
	struct tok_encode_options how = v->how;
	how.continues = !first;
	enum tok_status status = view_encode(&v->text, text, &how, err);
	if (status != TOK_OK)
		return status;
	if (!v->lines)
		return view_page_add(&v->out, &v->text, first, last, v->opts->ids, err);
	status = view_lines_add(v->lines, &v->text, last, &v->buffer, err);
	return status == TOK_OK ? write_out(v, err) : status;
}

static enum tok_status show_several(struct viewing *v, struct tok_span rest,
				    const struct cli_cut *cut, struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	while (rest.count && status == TOK_OK) {
		const struct tok_span text = cli_split_next(&v->opts->split, &rest);
		status = cli_documents_check(&v->opts->split, cut, text, err);
		v->text.offset = 0;
		if (status == TOK_OK)
			status = show(v, text, true, true, err);
		v->documents += status == TOK_OK;
	}
	return status;
}

static enum tok_status show_part(struct viewing *v, const struct cli_part *part,
				 const struct cli_cut *cut, struct tok_error *err)
{
	if (part->several)
		return show_several(v, part->text, cut, err);
	if (part->first)
		v->text.offset = 0;
	const enum tok_status status = show(v, part->text, part->first, part->last, err);
	v->inside = !part->last && (status == TOK_OK || !part->first);
	v->text.offset += part->text.count;
	v->documents += status == TOK_OK && part->last;
	return status;
}

/* Several tokenizers need not agree where a text may be cut: then it is taken whole. */
static struct cli_cut cut_for(const struct viewing *v)
{
	return cli_cut_for(v->text.row_count == 1 ? v->rows[0].tokenizer : NULL, &v->how);
}

static enum tok_status show_file(struct viewing *v, const char *path, struct tok_error *err)
{
	const struct cli_cut cut = cut_for(v);
	struct cli_documents documents = { 0 };
	struct cli_part part;
	v->documents = 0;
	v->inside = false;
	enum tok_status status =
	    cli_documents_open(&documents, path, v->opts->raw ? CLI_INPUT_RAW : CLI_INPUT_EXPANDED,
			       &v->opts->split, &cut, err);
	if (status == TOK_OK) {
		status = cli_documents_next(&documents, &part, err);
		while (status == TOK_OK && part.text.bytes) {
			status = show_part(v, &part, &cut, err);
			if (status != TOK_OK)
				tok_fail_in(err, err->status, "%s %" PRIu64,
					    v->opts->split.jsonl ? "line" : "document",
					    v->documents + 1);
			else
				status = cli_documents_next(&documents, &part, err);
		}
		if (status != TOK_OK)
			tok_fail_in(err, err->status, "'%s'", path);
		cli_documents_close(&documents);
	}
	cli_documents_release(&documents);
	return status;
}

static enum tok_status name_file(struct viewing *v, const char *path, bool first,
				 struct tok_error *err)
{
	if (!v->lines) {
		view_page_file(&v->out, path);
		return TOK_OK;
	}
	cli_put(&v->out, "%s==> %s <==\n", first ? "" : "\n", path);
	return write_out(v, err);
}

/* One bad file does not stop the others, unless it is we who cannot go on.  A page with some of
 * what was asked for is none. */
static enum tok_status show_files(struct viewing *v, const struct cli_files *files,
				  struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	for (size_t i = 0; i < files->count && status == TOK_OK; i++) {
		const char *path = files->items[i].path;
		if (files->count > 1)
			status = name_file(v, path, i == 0, err);
		if (status == TOK_OK)
			status = show_file(v, path, err);
		if (status != TOK_OK && v->lines && status != TOK_ENOMEM && !v->lost.status) {
			cli_error("%s", err->message);
			v->trouble = true;
			v->out.lost |= v->inside && !view_lines_end(v->lines, &v->buffer);
			status = write_out(v, err);
		}
	}
	return status;
}

/* ---- the whole --------------------------------------------------------------------- */

static enum tok_status open_row(struct viewing *v, const char *path, struct tok_error *err)
{
	const struct cli_load load = { path, v->opts->pattern };
	struct view_row *row = &v->rows[v->text.row_count];
	struct tok_tokenizer *tokenizer = NULL;
	const enum tok_status status = cli_load(&load, &tokenizer, err);
	if (status != TOK_OK)
		return status;
	if (!cli_encoder_init(&row->encoder, tokenizer, &v->opts->split)) {
		tok_tokenizer_free(tokenizer);
		return tok_fail_memory(err);
	}
	row->name = path ? path : CLI_BUILTIN_NAME;
	row->tokenizer = tokenizer;
	v->text.row_count++;
	return TOK_OK;
}

static void close_rows(struct viewing *v)
{
	for (size_t i = 0; i < v->text.row_count; i++) {
		cli_encoder_release(&v->rows[i].encoder);
		tok_tokenizer_free(v->rows[i].tokenizer);
		free(v->rows[i].pieces);
	}
}

static enum tok_status begin(struct viewing *v, struct tok_error *err)
{
	const struct cli_texts *paths = &v->opts->tokenizers;
	enum tok_status status = TOK_OK;
	for (size_t i = 0; i < (paths->count ? paths->count : 1) && status == TOK_OK; i++)
		status = open_row(v, paths->count ? paths->items[i] : NULL, err);
	if (status != TOK_OK || v->opts->html)
		return status;
	const struct view_look look = { .colours = wants_colours(v->opts->colours),
					.ids = v->opts->ids,
					.columns = columns_of_terminal() };
	v->lines = view_lines_new(&look, v->text.row_count);
	return v->lines ? cli_output_open(&v->output, NULL, err) : tok_fail_memory(err);
}

static enum tok_status end(struct viewing *v, struct tok_error *err)
{
	if (!v->lines)
		return view_page_write(&v->out, &v->text, v->opts->html, err);
	view_lines_totals(v->lines, &v->text, &v->out);
	const enum tok_status status = write_out(v, err);
	return status == TOK_OK ? cli_output_commit(&v->output, err) : status;
}

static enum cli_exit run_view(const void *options, int argc, char **argv)
{
	struct view_options completed = *(const struct view_options *)options;
	const struct view_options *opts = &completed;
	if (opts->split.limit_bytes == NO_LIMIT_GIVEN)
		completed.split.limit_bytes = opts->tokenizers.count > 1 ? LIMIT_OF_SEVERAL : LIMIT;
	struct viewing v = { .opts = opts,
			     .how = cli_specials_options(&opts->specials),
			     .output = { .fd = -1 } };
	struct cli_files files = { 0 };
	struct tok_error err = { 0 };
	enum cli_exit result = cli_split_check(&opts->split);
	if (result == CLI_OK)
		result = cli_specials_check(&opts->specials);
	if (result == CLI_OK && opts->tokenizers.count > VIEW_TOKENIZERS_MAX)
		result = cli_usage("more than %d tokenizers cannot be shown", VIEW_TOKENIZERS_MAX);
	if (result != CLI_OK)
		return result;
	v.out.out = &v.buffer;
	v.text.rows = v.rows;
	enum tok_status status = begin(&v, &err);
	if (status == TOK_OK) {
		result = cli_files_add_all(&files, argc, argv);
		status = show_files(&v, &files, &err);
	}
	if (status == TOK_OK)
		status = end(&v, &err);
	if (status != TOK_OK) {
		cli_output_abandon(&v.output);
		result = cli_error("%s", v.lost.status ? v.lost.message : err.message);
	}
	view_lines_free(v.lines);
	close_rows(&v);
	tok_buffer_release(&v.buffer);
	cli_files_release(&files);
	return v.trouble ? CLI_TROUBLE : result;
}

const struct cli_tool tool_view = {
	.name = "view",
	.summary = "show a text with its tokens as pieces",
	.operands = "[FILE...]",
	.reads_files = true,
	.description =
	    "Writes each FILE, or standard input where there is none or it is -, as the pieces\n"
	    "that its tokens are. On a terminal they have colours; elsewhere, with NO_COLOR set "
	    "or\n"
	    "with --color never, a bar stands before each. Lines are as long as COLUMNS or the\n"
	    "terminal says, else 80. Below stands how many tokens there were.\n"
	    "\n"
	    "All is visible: a blank is ␠, the end of a line ␊, other control characters have\n"
	    "pictures like these, a byte of a character that is cut is written <0xE3>, and what\n"
	    "shows nothing by its number. A special token is light on dark; what no token has, "
	    "such\n"
	    "as blanks that a normaliser took away, is dim, and between bars a free place. A "
	    "piece\n"
	    "shows the text that its token was made of, which a normaliser may have changed.\n"
	    "\n"
	    "Several tokenizers stand under each other, each with a letter and two shades of its\n"
	    "colour: what begins with the same byte begins in the same column. How many tokens\n"
	    "they make is not to be compared unless the text is the same; bytes a token are.\n"
	    "\n"
	    "--html makes a page that needs nothing else: whoever points at a piece is told its\n"
	    "token, id, bytes and where they are. It becomes no larger than 16 MB, which is some\n"
	    "100,000 tokens.\n"
	    "\n"
	    "With one tokenizer a long document is shown in parts, where that changes no id; with\n"
	    "several, and with --add-special or --hf, it is taken whole, up to --max-document: "
	    "here\n"
	    "64M, with several tokenizers 8M, as they take some 150 bytes of memory for each byte\n"
	    "of it. --lines shows longer ones.",
	.examples = "  printf 'Hello, world' | tok view\n"
		    "  printf 'unrelated words' | tok view -t tok-32k -t bytes --ids\n"
		    "  printf 'Hello' | tok view --color always\n"
		    "  printf 'one\\ntwo\\n' | tok view --lines --html page.html\n",
	.options = option_table,
	.defaults = &defaults,
	.options_size = sizeof defaults,
	.run = run_view,
};
