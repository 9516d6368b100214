/* train_report.c - how the tokenizer that was learned does on text. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "cmd/cli_output.h"
#include "cmd/inspect_internal.h"
#include "cmd/train_internal.h"
#include "tok/pipe/decoder.h"
#include "tok/text/json_write.h"

/* Beginnings of prompts are tried in windows of a text, not all through it. */
enum { WINDOW = 1024, WINDOW_EVERY = 1 << 16, PROMPTS_A_WINDOW = 3, PROMPTS_MAX = 3000 };

static const double alpha = 2.5;

struct text_report {
	uint64_t bytes, tokens;
};

struct report {
	struct tok_tokenizer *tokenizer;
	struct tok_encoder *encoder;
	const struct cli_files *files;
	struct text_report *texts; /* of each file */
	uint64_t *used;            /* by id */
	size_t ids;
	struct text_report total;
	uint64_t prompts, broken_prompts;
	size_t since_window;     /* bytes */
	struct tok_buffer whole; /* ids of a window */
	/* Of the vocabulary. */
	size_t tokens, unused, inside;
	uint64_t inside_used;
};

/* ---- texts ------------------------------------------------------------------- */

static const struct tok_encode_options how = { .special_text = TOK_SPECIAL_MATCH };

/* Somebody's prompt ends with this word: are its ids the first of those of the whole? */
static enum tok_status try_prompt(struct report *r, struct tok_span text, struct tok_error *err)
{
	struct tok_encoding prompt;
	const enum tok_status status = tok_encode(r->encoder, text, &how, &prompt, err);
	if (status != TOK_OK)
		return status;
	const size_t bytes = prompt.count * sizeof(tok_id);
	r->prompts++;
	r->broken_prompts +=
	    bytes > r->whole.count || (bytes && memcmp(prompt.ids, r->whole.bytes, bytes) != 0);
	return TOK_OK;
}

static size_t word_end(struct tok_span text, size_t from)
{
	for (size_t at = from; at < text.count; at++)
		if (at > 0 && text.bytes[at] == ' ' && text.bytes[at - 1] != ' ')
			return at;
	return text.count;
}

static enum tok_status try_window(struct report *r, struct tok_span text, struct tok_error *err)
{
	struct tok_encoding encoding;
	enum tok_status status = tok_encode(r->encoder, text, &how, &encoding, err);
	tok_buffer_clear(&r->whole);
	if (status == TOK_OK &&
	    !tok_buffer_add(&r->whole, encoding.ids, encoding.count * sizeof(tok_id)))
		status = tok_fail_memory(err);
	for (size_t i = 1; i <= PROMPTS_A_WINDOW && status == TOK_OK; i++) {
		const size_t end = word_end(text, i * text.count / (PROMPTS_A_WINDOW + 1));
		if (end < text.count)
			status = try_prompt(r, tok_span_slice(text, 0, end), err);
	}
	return status;
}

/* Not inside a character. */
static size_t round_up(struct tok_span text, size_t at)
{
	while (at < text.count && (text.bytes[at] & 0xC0) == 0x80)
		at++;
	return at;
}

static enum tok_status try_windows(struct report *r, struct tok_span text, struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	for (size_t at = 0; status == TOK_OK && r->prompts < PROMPTS_MAX;) {
		at += WINDOW_EVERY - r->since_window;
		if (at >= text.count) {
			r->since_window = WINDOW_EVERY - (at - text.count);
			break;
		}
		const size_t begin = round_up(text, at);
		const size_t end =
		    round_up(text, begin + WINDOW < text.count ? begin + WINDOW : text.count);
		status = try_window(r, tok_span_slice(text, begin, end), err);
		r->since_window = 0;
		at = end;
	}
	return status;
}

static enum tok_status use_text(void *context, size_t file, struct tok_span text, bool first,
				bool *enough, struct tok_error *err)
{
	struct report *r = context;
	struct tok_encode_options options = how;
	struct tok_encoding encoding;
	(void)enough;
	options.continues = !first;
	const enum tok_status status = tok_encode(r->encoder, text, &options, &encoding, err);
	if (status != TOK_OK)
		return tok_fail_in(err, status, "'%s'", r->files->items[file].path);
	for (size_t i = 0; i < encoding.count; i++)
		if (encoding.ids[i] < r->ids)
			r->used[encoding.ids[i]]++;
	r->texts[file].bytes += text.count;
	r->texts[file].tokens += encoding.count;
	r->total.bytes += text.count;
	r->total.tokens += encoding.count;
	return try_windows(r, text, err);
}

/* ---- the vocabulary ------------------------------------------------------------ */

static bool has_space_inside(struct tok_span text)
{
	size_t begin = 0, end = text.count;
	while (begin < end && text.bytes[begin] == ' ')
		begin++;
	while (end > begin && text.bytes[end - 1] == ' ')
		end--;
	return end > begin && memchr(text.bytes + begin, ' ', end - begin);
}

static enum tok_status look_at_tokens(struct report *r, struct tok_error *err)
{
	struct tok_decoder *decoder = tok_decoder_new(r->tokenizer);
	enum tok_status status = decoder ? TOK_OK : tok_fail_memory(err);
	for (tok_id id = 0; status == TOK_OK && id < r->ids; id++) {
		struct tok_span text;
		if (!tok_tokenizer_token(r->tokenizer, id).bytes)
			continue;
		r->tokens++;
		r->unused += r->used[id] == 0 && !tok_tokenizer_is_special(r->tokenizer, id);
		status = tok_decode(decoder, &id, 1, false, &text, err);
		if (status == TOK_OK && has_space_inside(text)) {
			r->inside++;
			r->inside_used += r->used[id];
		}
	}
	tok_decoder_free(decoder);
	return status;
}

/* Renyi's entropy of the tokens over its largest: arXiv 2306.16842. */
static double renyi(const struct report *r)
{
	double sum = 0;
	for (size_t i = 0; i < r->ids; i++)
		if (r->used[i])
			sum += pow((double)r->used[i] / (double)r->total.tokens, alpha);
	return r->tokens > 1 && sum > 0 ? log(sum) / (1 - alpha) / log((double)r->tokens) : 0;
}

/* ---- writing ------------------------------------------------------------------- */

static double ratio(uint64_t a, uint64_t b)
{
	return b ? (double)a / (double)b : 0;
}

static bool write_lines(const struct report *r, struct tok_buffer *to)
{
	bool ok = cli_add_format(to,
				 "%zu tokens\n"
				 "%12s %12s %12s  text\n",
				 r->tokens, "bytes/token", "bytes", "tokens");
	for (size_t i = 0; i < r->files->count && ok; i++)
		ok = cli_add_format(to, "%12.4f %12" PRIu64 " %12" PRIu64 "  %s\n",
				    ratio(r->texts[i].bytes, r->texts[i].tokens), r->texts[i].bytes,
				    r->texts[i].tokens, r->files->items[i].path);
	return ok &&
	       cli_add_format(to, "%12.4f %12" PRIu64 " %12" PRIu64 "  all\n",
			      ratio(r->total.bytes, r->total.tokens), r->total.bytes,
			      r->total.tokens) &&
	       cli_add_format(to,
			      "%zu tokens have a space inside (%.2f%%), which are %.2f%% of the "
			      "text's\n"
			      "%zu tokens are never used (%.2f%%)\n"
			      "%.4f Renyi efficiency (alpha %.1f)\n",
			      r->inside, 100 * ratio(r->inside, r->tokens),
			      100 * ratio(r->inside_used, r->total.tokens), r->unused,
			      100 * ratio(r->unused, r->tokens), renyi(r), alpha) &&
	       (r->prompts == 0 ||
		cli_add_format(
		    to,
		    "%.2f%% of %" PRIu64
		    " texts cut at the end of a word have other tokens than the whole "
		    "has there:\n"
		    "a model sees such a prompt otherwise than it saw text in training\n",
		    100 * ratio(r->broken_prompts, r->prompts), r->prompts));
}

static bool write_json(const struct report *r, struct tok_buffer *to)
{
	bool ok = cli_add_format(to,
				 "{\"schema\":\"tok.train.report.1\",\"vocab_size\":%zu,"
				 "\"texts\":[",
				 r->tokens);
	for (size_t i = 0; i < r->files->count && ok; i++)
		ok = cli_add_format(to, "%s{\"path\":", i ? "," : "") &&
		     tok_json_put_string(to, tok_span_of(r->files->items[i].path)) &&
		     cli_add_format(to,
				    ",\"bytes\":%" PRIu64 ",\"tokens\":%" PRIu64
				    ",\"bytes_per_token\":%.4f}",
				    r->texts[i].bytes, r->texts[i].tokens,
				    ratio(r->texts[i].bytes, r->texts[i].tokens));
	return ok &&
	       cli_add_format(
		   to, "],\"bytes\":%" PRIu64 ",\"tokens\":%" PRIu64 ",\"bytes_per_token\":%.4f",
		   r->total.bytes, r->total.tokens, ratio(r->total.bytes, r->total.tokens)) &&
	       cli_add_format(to,
			      ",\"space_inside\":%zu,\"space_inside_of_text\":%.6f,\"unused\":%zu,"
			      "\"renyi_alpha\":%.1f,\"renyi_efficiency\":%.6f",
			      r->inside, ratio(r->inside_used, r->total.tokens), r->unused, alpha,
			      renyi(r)) &&
	       cli_add_format(to, ",\"prompts\":%" PRIu64 ",\"broken_prompts\":%" PRIu64 "}\n",
			      r->prompts, r->broken_prompts);
}

/* ---- the whole ------------------------------------------------------------------ */

static enum tok_status measure(const struct train_run *run, struct report *r, struct tok_error *err)
{
	const struct train_texts texts = {
		.files = r->files,
		.split = &run->opts->split,
		.raw = run->opts->raw,
		.cut = { .tokenizer = r->tokenizer, .match_special = true },
		.bytes = UINT64_MAX,
		.use = use_text,
		.context = r,
	};
	r->ids = tok_tokenizer_size(r->tokenizer);
	r->encoder = tok_encoder_new(r->tokenizer);
	r->used = calloc(r->ids + 1, sizeof *r->used);
	r->texts = calloc(r->files->count + 1, sizeof *r->texts);
	r->since_window = WINDOW_EVERY;
	if (!r->encoder || !r->used || !r->texts)
		return tok_fail_memory(err);
	const enum tok_status status = train_each_text(&texts, err);
	return status == TOK_OK ? look_at_tokens(r, err) : status;
}

static enum tok_status make(const struct train_run *run, struct report *r, struct tok_buffer *to,
			    struct tok_error *err)
{
	const enum tok_status status = measure(run, r, err);
	if (status != TOK_OK)
		return status;
	return (run->opts->report_json ? write_json(r, to) : write_lines(r, to))
		   ? TOK_OK
		   : tok_fail_memory(err);
}

enum cli_exit train_report(struct train_run *run, struct tok_spec *spec)
{
	struct report r = { .files = run->files };
	struct cli_files held_out = { 0 };
	struct tok_error err;
	enum cli_exit result = CLI_OK;
	const struct cli_texts *on = &run->opts->report_on;
	for (size_t i = 0; i < on->count && result == CLI_OK; i++)
		if (cli_files_add(&held_out, on->items[i], &err) != TOK_OK)
			result = cli_error("%s", err.message);
	if (on->count)
		r.files = &held_out;
	if (result == CLI_OK && (tok_tokenizer_new(spec, &r.tokenizer, &err) != TOK_OK ||
				 make(run, &r, &run->report, &err) != TOK_OK))
		result = cli_error("%s", err.message);
	tok_encoder_free(r.encoder);
	tok_tokenizer_free(r.tokenizer);
	tok_buffer_release(&r.whole);
	free(r.texts);
	free(r.used);
	cli_files_release(&held_out);
	return result;
}

enum cli_exit train_report_check(const struct train_run *run)
{
	const struct train_options *opts = run->opts;
	if (!opts->report)
		return opts->report_on.count || opts->report_json
			   ? cli_usage("--report-on and --json go with --report FILE")
			   : CLI_OK;
	if (strcmp(opts->report, "-") == 0 && strcmp(opts->output, "-") == 0)
		return cli_usage("--report and --output cannot both be standard output");
	for (size_t i = 0; i < opts->report_on.count; i++)
		if (access(opts->report_on.items[i], R_OK) != 0)
			return cli_error("cannot open '%s': %s", opts->report_on.items[i],
					 strerror(errno));
	if (opts->report_on.count)
		return CLI_OK;
	if (opts->counts)
		return cli_usage("--report with --counts needs text: --report-on PATH");
	for (size_t i = 0; i < run->files->count; i++)
		if (!run->files->items[i].regular)
			return cli_usage("--report reads its text again, and '%s' can be read only "
					 "once: name another with --report-on",
					 run->files->items[i].path);
	return CLI_OK;
}

enum cli_exit train_report_write(struct train_run *run)
{
	struct cli_output out = { .fd = -1 };
	struct tok_error err;
	const char *path = strcmp(run->opts->report, "-") == 0 ? NULL : run->opts->report;
	enum tok_status status = cli_output_open(&out, path, &err);
	if (status == TOK_OK)
		status = cli_output_add(&out, run->report.bytes, run->report.count, &err);
	if (status == TOK_OK)
		status = cli_output_commit(&out, &err);
	cli_output_abandon(&out);
	return status == TOK_OK ? CLI_OK : cli_error("%s", err.message);
}
