/* charbench_make.c - tok charbench make: questions from a list of words. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "cmd/charbench_internal.h"
#include "cmd/cli_output.h"
#include "tok/text/json_write.h"

#define HOLE "{question}"

struct making {
	const struct charbench_options *opts;
	struct charbench_lines *files; /* that words are in */
	size_t file_count;
	struct tok_span *words;
	size_t count, capacity;
	struct tok_buffer line, question;
	struct charbench_lines template_file;
	struct tok_buffer before, behind; /* of the prompt, as JSON: what is around a question */
	struct cli_output out;
};

/* ---- what is read --------------------------------------------------------------- */

static enum tok_status read_words(struct making *m, struct tok_error *err)
{
	m->files = calloc(m->opts->words.count + 1, sizeof *m->files);
	if (!m->files)
		return tok_fail_memory(err);
	for (size_t i = 0; i < m->opts->words.count; i++) {
		struct charbench_lines *file = &m->files[m->file_count++];
		struct tok_span line;
		const enum tok_status status =
		    charbench_lines_open(file, m->opts->words.items[i], err);
		if (status != TOK_OK)
			return status;
		while (charbench_lines_next(file, &line)) {
			if (!tok_grow(&m->words, &m->capacity, m->count + 1, sizeof *m->words))
				return tok_fail_memory(err);
			m->words[m->count++] = line;
		}
	}
	return TOK_OK;
}

static size_t find_hole(struct tok_span text)
{
	const struct tok_span hole = tok_span_of(HOLE);
	for (size_t at = 0; at + hole.count <= text.count; at++)
		if (memcmp(text.bytes + at, hole.bytes, hole.count) == 0)
			return at;
	return text.count;
}

static enum tok_status keep_template(struct making *m, struct tok_span all, size_t hole,
				     struct tok_error *err)
{
	const size_t behind = hole + sizeof HOLE - 1;
	const bool fits = tok_json_put_text(&m->before, tok_span_slice(all, 0, hole)) &&
			  tok_json_put_text(&m->behind, tok_span_slice(all, behind, all.count));
	return fits ? TOK_OK : tok_fail_memory(err);
}

/* The file as it is, but for the newline at its end. */
static enum tok_status read_template(struct making *m, struct tok_error *err)
{
	const char *path = m->opts->prompt_file;
	struct tok_span all = tok_span_of(vocab_suite_template((enum vocab_suite)m->opts->suite));
	if (path) {
		const enum tok_status status = charbench_lines_open(&m->template_file, path, err);
		if (status != TOK_OK)
			return status;
		all = cli_input_rest(&m->template_file.input);
		if (all.count > 0 && all.bytes[all.count - 1] == '\n')
			all.count--;
	}
	const size_t hole = find_hole(all);
	if (hole == all.count)
		return tok_fail(err, TOK_EFORMAT,
				"%s: the prompt has no " HOLE ", where the question would go",
				path);
	return keep_template(m, all, hole, err);
}

/* ---- an item as a line ------------------------------------------------------------- */

static bool put_name(struct tok_buffer *line, const char *name)
{
	return tok_buffer_add(line, name, strlen(name));
}

static bool put_text(struct tok_buffer *line, const char *name, struct tok_span text)
{
	return put_name(line, name) && tok_json_put_string(line, text);
}

static bool put_buffer(struct tok_buffer *line, const struct tok_buffer *more)
{
	return tok_buffer_add(line, more->bytes, more->count);
}

/* The question by itself and in the prompt: it is made JSON of once. */
static bool put_question(struct making *m, struct tok_span question)
{
	struct tok_buffer *line = &m->line;
	tok_buffer_clear(&m->question);
	return tok_json_put_text(&m->question, question) && put_name(line, ",\"question\":\"") &&
	       put_buffer(line, &m->question) && put_name(line, "\",\"prompt\":\"") &&
	       put_buffer(line, &m->before) && put_buffer(line, &m->question) &&
	       put_buffer(line, &m->behind) && put_name(line, "\"");
}

static bool put_item(struct making *m, const struct vocab_item *item)
{
	static const char *const units[] = { "codepoint", "grapheme", "byte" };
	struct tok_buffer *line = &m->line;
	char text[96];
	tok_buffer_clear(line);
	snprintf(text, sizeof text, "{\"id\":%" PRIu64, item->id);
	bool ok = put_name(line, text) && put_text(line, ",\"suite\":", tok_span_of(item->suite)) &&
		  put_text(line, ",\"task\":", tok_span_of(item->task)) &&
		  put_text(line, ",\"word\":", item->word);
	ok = ok && (item->character.count ? put_text(line, ",\"char\":", item->character)
					  : put_name(line, ",\"char\":null"));
	ok = ok && put_question(m, item->question);
	if (item->is_number)
		ok = ok && put_name(line, ",\"answer\":") &&
		     tok_buffer_add(line, item->answer.bytes, item->answer.count);
	else
		ok = ok && put_text(line, ",\"answer\":", item->answer);
	snprintf(text, sizeof text,
		 ",\"answer_type\":\"%s\",\"meta\":{\"length\":%zu,\"unit\":\"%s\"}}\n",
		 item->is_number ? "int" : "text", item->length, units[m->opts->unit]);
	return ok && put_name(line, text);
}

static enum tok_status take(void *context, const struct vocab_item *item, struct tok_error *err)
{
	struct making *m = context;
	if (!put_item(m, item))
		return tok_fail_memory(err);
	return cli_output_add(&m->out, m->line.bytes, m->line.count, err);
}

/* ---- the whole --------------------------------------------------------------------- */

/* "4-10" or "5". */
static bool read_lengths(const char *text, struct vocab_items_options *o)
{
	size_t numbers[2];
	for (size_t i = 0; i < 2; i++) {
		char *end;
		if (*text < '0' || *text > '9')
			return false;
		errno = 0;
		numbers[i] = strtoul(text, &end, 10);
		if (errno || numbers[i] == 0)
			return false;
		if (i == 0 && !*end)
			numbers[++i] = numbers[0];
		else if (*end != (i == 0 ? '-' : '\0'))
			return false;
		text = end + 1;
	}
	o->shortest = numbers[0];
	o->longest = numbers[1];
	return true;
}

static enum tok_status make(struct making *m, const struct vocab_items_options *o,
			    struct tok_error *err)
{
	enum tok_status status = read_words(m, err);
	if (status == TOK_OK)
		status = read_template(m, err);
	if (status == TOK_OK)
		status = cli_output_open(&m->out, m->opts->output, err);
	if (status != TOK_OK)
		return status;
	status = vocab_items_make(m->words, m->count, o, take, m, err);
	if (status == TOK_OK)
		return cli_output_commit(&m->out, err);
	cli_output_abandon(&m->out);
	return status;
}

static void release(struct making *m)
{
	for (size_t i = 0; i < m->file_count; i++)
		charbench_lines_release(&m->files[i]);
	free(m->files);
	free(m->words);
	tok_buffer_release(&m->line);
	tok_buffer_release(&m->question);
	tok_buffer_release(&m->before);
	tok_buffer_release(&m->behind);
	charbench_lines_release(&m->template_file);
}

enum cli_exit charbench_make(const void *options, int argc, char **argv)
{
	struct making m = { .opts = options };
	struct tok_error err = { 0 };
	const struct charbench_options *o = options;
	if (argc != 0)
		return cli_usage("make takes no operand such as '%s': words come by --words",
				 argv[0]);
	if (o->suite < 0)
		return cli_usage("make needs --suite, one of " VOCAB_SUITE_WORDS);
	if (o->suite == VOCAB_SUITE_ADDITION ? o->words.count > 0 : o->words.count == 0)
		return cli_usage(o->words.count ? "suite addition takes no --words"
						: "make needs --words FILE");
	struct vocab_items_options wanted = {
		.suite = (enum vocab_suite)o->suite,
		.unit = (enum vocab_unit)o->unit,
		.per_bucket = o->per_bucket,
		.seed = o->seed,
		.tasks = o->tasks,
	};
	if (o->lengths && !read_lengths(o->lengths, &wanted))
		return cli_usage("--lengths is a number of units, or two with a - between, not "
				 "'%s'",
				 o->lengths);
	const enum tok_status status = make(&m, &wanted, &err);
	release(&m);
	return status == TOK_OK ? CLI_OK : cli_error("%s", err.message);
}
