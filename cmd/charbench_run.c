/*
 * charbench_run.c - tok charbench run: the items, put to a model.
 *
 * A place holds one item until it has an answer or is given up, also while it waits to be asked
 * again: a server in trouble is not asked ever more.  Answers go to the file as they come.
 */
#include <inttypes.h>
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <xxhash.h>

#include "cmd/charbench_internal.h"
#include "cmd/cli_interrupt.h"
#include "cmd/cli_progress.h"
#include "tok/base/random.h"
#include "tok/text/json.h"
#include "tok/text/json_write.h"
#include "tok/text/utf8.h"
#include "vocab/lm/ask.h"

/* Status of a run that nobody answers any more. */
enum { CHARBENCH_PROVIDER = 4 };

/* A signal is noticed within WAKE_MS.  Of a server that takes no question REFUSED_MOST are asked,
 * and one that wants to be left alone for longer than LEAVE_SECONDS is. */
enum { WAKE_MS = 250, REFUSED_MOST = 16, LEAVE_SECONDS = 600 };

/* So much is kept of what is no answer. */
enum { RAW_BYTES = 1 << 16 };

/* Seconds until an item is asked again; they double. */
static const double first_pause = .5, longest_pause = 60;

enum place_state { PLACE_FREE, PLACE_WAITING, PLACE_ASKED };

struct place {
	enum place_state state;
	size_t item;
	uint64_t tries;
	double due;       /* when it may be asked */
	uint64_t answers; /* that there were when it was asked first */
};

struct run {
	const struct charbench_options *opts;
	struct charbench_data *data;
	uint8_t *answered; /* of each item: it has an answer */
	size_t next;       /* in data->by_id */
	size_t had, errors;
	uint64_t answers; /* of this run */
	uint64_t refused; /* in a row */
	struct place places[VOCAB_ASK_MOST];
	struct vocab_ask *ask;
	struct charbench_ask_file file;
	struct tok_json_document doc; /* of a line that was there */
	struct tok_buffer line;
	struct cli_progress progress;
	double quiet_until, next_start; /* as the server says; as --rate says */
	bool gone;                      /* nobody answers any more */
};

/* SIGINT ends the run between two answers. */
static atomic_bool stopped;

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- records ------------------------------------------------------------------------ */

static bool put(struct run *r, const char *text)
{
	return tok_buffer_add(&r->line, text, strlen(text));
}

static bool put_string(struct run *r, const char *name, struct tok_span text)
{
	return put(r, name) && tok_json_put_string(&r->line, text);
}

/* What was asked: an answer to another question with the same id is none. */
static void hash_question(const struct run *r, const struct charbench_item *item, char out[17])
{
	const char *system = r->opts->system;
	const uint64_t seed = system ? XXH3_64bits_withSeed(system, strlen(system), 1) : 0;
	snprintf(out, 17, "%016" PRIx64,
		 (uint64_t)XXH3_64bits_withSeed(item->prompt.bytes, item->prompt.count, seed));
}

static bool put_answer(struct run *r, const struct vocab_said *said)
{
	char text[128];
	bool ok = put_string(r, ",\"output\":", said->output);
	if (said->finish.bytes)
		ok = ok && put_string(r, ",\"finish\":", said->finish);
	snprintf(text, sizeof text,
		 ",\"usage\":{\"prompt_tokens\":%" PRIu64 ",\"completion_tokens\":%" PRIu64 "}",
		 said->prompt_tokens, said->output_tokens);
	return ok && (!said->has_usage || put(r, text));
}

/* Its first characters, and how many bytes it had, and how many of those put were no UTF-8. */
static bool put_raw(struct run *r, struct tok_span raw)
{
	char text[96];
	size_t end = 0, replaced = 0;
	while (end < raw.count) {
		const struct tok_char c = tok_utf8_at(raw, end);
		if (c.length > RAW_BYTES - end)
			break;
		replaced += c.code >= TOK_BAD_BYTE;
		end += c.length;
	}
	const int n = snprintf(text, sizeof text, ",\"raw_bytes\":%zu", raw.count);
	if (replaced > 0)
		snprintf(text + n, sizeof text - (size_t)n, ",\"raw_replaced\":%zu", replaced);
	return put_string(r, ",\"raw\":", tok_span_slice(raw, 0, end)) && put(r, text);
}

static bool put_trouble(struct run *r, const struct vocab_said *said)
{
	char text[32];
	snprintf(text, sizeof text, ",\"code\":%ld", said->code);
	return put_string(r, ",\"error\":", tok_span_of(said->trouble.message)) &&
	       (said->code == 0 || put(r, text)) && (said->raw.count == 0 || put_raw(r, said->raw));
}

static enum tok_status record(struct run *r, const struct place *p, const struct vocab_said *said,
			      struct tok_error *err)
{
	const struct charbench_item *item = &r->data->items[p->item];
	char head[48], asked[17], tail[128];
	tok_buffer_clear(&r->line);
	hash_question(r, item, asked);
	snprintf(head, sizeof head, "{\"id\":%" PRIu64, item->id);
	bool ok = put(r, head);
	if (r->opts->model)
		ok = ok && put_string(r, ",\"model\":", tok_span_of(r->opts->model));
	ok = ok && (said->outcome == VOCAB_ASK_ANSWER ? put_answer(r, said) : put_trouble(r, said));
	snprintf(tail, sizeof tail, ",\"seconds\":%.3f,\"tries\":%" PRIu64 ",\"asked\":\"%s\"}\n",
		 said->seconds, p->tries, asked);
	if (!ok || !put(r, tail))
		return tok_fail_memory(err);
	return charbench_ask_file_add(&r->file, tok_buffer_span(&r->line), err);
}

/* ---- what an earlier run had ------------------------------------------------------------ */

static bool is_ours(const struct run *r, const struct tok_json *record)
{
	const struct tok_json *model = tok_json_get(record, "model");
	if (!model || !r->opts->model)
		return !model && !r->opts->model;
	return model->kind == TOK_JSON_STRING &&
	       tok_span_equal(tok_json_text(model), tok_span_of(r->opts->model));
}

/* Answers of other models may stand between ours. */
static enum tok_status take_record(void *context, struct tok_span line, struct tok_error *err)
{
	struct run *r = context;
	enum tok_status status = tok_json_read(&r->doc, line, err);
	if (status != TOK_OK)
		return status;
	const struct tok_json *record = r->doc.values, *id = tok_json_get(record, "id"),
			      *asked = tok_json_get(record, "asked");
	const bool has_output = tok_json_get(record, "output") != NULL;
	char hash[17];
	if (!id || id->kind != TOK_JSON_UNSIGNED || (!has_output && !tok_json_get(record, "error")))
		return tok_fail(err, TOK_EFORMAT, "this is no answer: it needs 'id' and 'output'");
	if (!is_ours(r, record))
		return TOK_OK;
	const size_t at = charbench_find(r->data, id->as.whole);
	if (at == r->data->count)
		return tok_fail(err, TOK_EFORMAT, "no item has the id %" PRIu64, id->as.whole);
	hash_question(r, &r->data->items[at], hash);
	if (asked && (asked->kind != TOK_JSON_STRING ||
		      !tok_span_equal(tok_json_text(asked), tok_span_of(hash))))
		return tok_fail(err, TOK_EARG,
				"item %" PRIu64 " was another question when it was asked",
				id->as.whole);
	r->had += has_output && !r->answered[at];
	r->answered[at] |= has_output;
	return TOK_OK;
}

/* ---- how questions end ------------------------------------------------------------------- */

/* Half of it at least, so that what failed together is not asked again together. */
static double pause_before(const struct place *p)
{
	struct tok_random random = tok_random_of(p->item, p->tries);
	const double pause = fmin(longest_pause, first_pause * exp2((double)p->tries - 1));
	return pause * (.5 + .5 * tok_random_real(&random));
}

static enum tok_status give_up(struct run *r, struct place *p, const struct vocab_said *said,
			       struct tok_error *err)
{
	p->state = PLACE_FREE;
	r->errors++;
	return record(r, p, said, err);
}

static enum tok_status end_all(struct run *r, const struct vocab_said *said, struct tok_error *err)
{
	r->gone = true;
	return tok_fail(err, said->trouble.status, "item %" PRIu64 ": %s", said->id,
			said->trouble.message);
}

/* An item that was asked as often as may be, while nobody else got an answer either, ends the
 * run. */
static enum tok_status ask_again(struct run *r, struct place *p, const struct vocab_said *said,
				 struct tok_error *err)
{
	const double at = now();
	r->quiet_until = fmax(r->quiet_until, at + (double)said->wait_seconds);
	if (p->tries < r->opts->tries && said->wait_seconds <= LEAVE_SECONDS) {
		p->state = PLACE_WAITING;
		p->due = at + pause_before(p);
		return TOK_OK;
	}
	const enum tok_status status = give_up(r, p, said, err);
	if (status == TOK_OK && (r->answers == p->answers || said->wait_seconds > LEAVE_SECONDS))
		return end_all(r, said, err);
	return status;
}

static enum tok_status take(struct run *r, const struct vocab_said *said, struct tok_error *err)
{
	enum tok_status status;
	struct place *p = r->places;
	while (p->state != PLACE_ASKED || r->data->items[p->item].id != said->id)
		p++;
	switch (said->outcome) {
	case VOCAB_ASK_ANSWER:
		p->state = PLACE_FREE;
		r->answered[p->item] = 1;
		r->answers++;
		r->refused = 0;
		return record(r, p, said, err);
	case VOCAB_ASK_AGAIN:
		return ask_again(r, p, said, err);
	case VOCAB_ASK_REFUSED:
	case VOCAB_ASK_NEVER:
		break;
	}
	status = give_up(r, p, said, err);
	const bool none = r->answers == 0 && ++r->refused >= REFUSED_MOST;
	if (status == TOK_OK && (none || said->outcome == VOCAB_ASK_NEVER))
		return end_all(r, said, err);
	return status;
}

/* ---- asking ------------------------------------------------------------------------------ */

/* The next item that has no answer. */
static bool fill_place(struct run *r, struct place *p)
{
	while (r->next < r->data->count && r->answered[r->data->by_id[r->next]])
		r->next++;
	if (r->next == r->data->count)
		return false;
	*p = (struct place){ .state = PLACE_WAITING,
			     .item = r->data->by_id[r->next++],
			     .answers = r->answers };
	return true;
}

/* When the place may ask; from then on. */
static double due(const struct run *r, const struct place *p)
{
	return fmax(p->due, fmax(r->quiet_until, r->next_start));
}

static enum tok_status start(struct run *r, struct place *p, double at, struct tok_error *err)
{
	const struct charbench_item *item = &r->data->items[p->item];
	p->state = PLACE_ASKED;
	p->tries++;
	if (r->opts->rate > 0)
		r->next_start = fmax(at, r->next_start) + 1 / r->opts->rate;
	return vocab_ask_put(r->ask, item->id, item->prompt, err);
}

/* Asks what is due.  *wait_ms: until the next one is, if nothing else happens; *open: is there
 * anything to be waited for? */
static enum tok_status ask_due(struct run *r, uint64_t *wait_ms, bool *open, struct tok_error *err)
{
	const double at = now();
	double wait = WAKE_MS / 1e3;
	*open = false;
	for (size_t i = 0; i < r->opts->concurrency; i++) {
		struct place *p = &r->places[i];
		if (p->state == PLACE_FREE && !fill_place(r, p))
			continue;
		*open = true;
		if (p->state == PLACE_ASKED)
			continue;
		if (due(r, p) > at) {
			wait = fmin(wait, due(r, p) - at);
			continue;
		}
		const enum tok_status status = start(r, p, at, err);
		if (status != TOK_OK)
			return status;
	}
	*wait_ms = (uint64_t)ceil(wait * 1e3);
	return TOK_OK;
}

static enum tok_status ask_all(struct run *r, struct tok_error *err)
{
	uint64_t wait_ms;
	bool open;
	enum tok_status status = ask_due(r, &wait_ms, &open, err);
	while (status == TOK_OK && open && !atomic_load(&stopped)) {
		struct vocab_said said;
		bool got;
		status = vocab_ask_get(r->ask, wait_ms, &got, &said, err);
		r->gone = status != TOK_OK && status != TOK_ENOMEM;
		if (status == TOK_OK && got)
			status = take(r, &said, err);
		if (status == TOK_OK)
			status = charbench_ask_file_store(&r->file, now(), false, err);
		if (status == TOK_OK)
			status = ask_due(r, &wait_ms, &open, err);
		cli_progress_steps(&r->progress, "answers", r->answers, r->data->count - r->had);
	}
	return status;
}

/* ---- the whole ---------------------------------------------------------------------------- */

/* The variable of a key for which no other is named. */
static const char key_variable[] = "OPENAI_API_KEY";

/* Only here is a key looked for. */
static enum tok_status find_key(const struct charbench_options *o, const char **out,
				struct tok_error *err)
{
	const char *key = getenv(o->key_env ? o->key_env : key_variable);
	if (o->key_env && (!key || !*key))
		return tok_fail(err, TOK_EARG, "the environment has no key in '%s'", o->key_env);
	*out = key && *key ? key : NULL;
	return TOK_OK;
}

static enum tok_status open_model(struct run *r, struct tok_error *err)
{
	const struct charbench_options *o = r->opts;
	struct vocab_ask_options ask = {
		.most = o->concurrency,
		.timeout_ms = o->timeout < UINT64_MAX / 1000 ? o->timeout * 1000 : UINT64_MAX,
		.system = o->system,
		.model = o->model,
		.max_tokens = o->max_tokens,
	};
	if (o->exec) {
		/* A process gets our environment, but a key is for servers only. */
		unsetenv(key_variable);
		const enum tok_status status = vocab_ask_process(o->exec, &ask, &r->ask, err);
		r->gone = status == TOK_EIO;
		return status;
	}
	const enum tok_status status = find_key(o, &ask.key, err);
	return status == TOK_OK ? vocab_ask_server(o->endpoint, &ask, &r->ask, err) : status;
}

static enum tok_status check_prompts(const struct charbench_data *data, struct tok_error *err)
{
	for (size_t i = 0; i < data->count; i++)
		if (!data->items[data->by_id[i]].prompt.bytes)
			return tok_fail(err, TOK_EFORMAT, "item %" PRIu64 " has no prompt",
					data->items[data->by_id[i]].id);
	return TOK_OK;
}

static enum tok_status run(struct run *r, char **items, struct tok_error *err)
{
	enum tok_status status = charbench_read(r->opts, 1, items, r->data, err);
	if (status == TOK_OK && check_prompts(r->data, err) != TOK_OK)
		status = tok_fail_in(err, err->status, "%s", items[0]);
	if (status != TOK_OK)
		return status;
	r->answered = calloc(r->data->count, sizeof *r->answered);
	if (!r->answered)
		return tok_fail_memory(err);
	status = charbench_ask_file_open(r->opts->output, take_record, r, &r->file, err);
	if (status != TOK_OK)
		return status;
	if (r->had < r->data->count) {
		status = open_model(r, err);
		if (status == TOK_OK)
			status = ask_all(r, err);
		vocab_ask_free(r->ask);
	}
	/* Also what was had before the trouble. */
	struct tok_error late = { 0 };
	if (charbench_ask_file_store(&r->file, now(), true, &late) != TOK_OK && status == TOK_OK)
		status = tok_fail(err, late.status, "%s", late.message);
	charbench_ask_file_close(&r->file);
	return status;
}

static void tell_so_far(const struct run *r)
{
	if (r->file.name)
		cli_error("%zu of %zu items have answers in '%s', and the same command goes on",
			  r->had + (size_t)r->answers, r->data->count, r->file.name);
}

static enum cli_exit tell(const struct run *r, enum tok_status status, const struct tok_error *err)
{
	/* A signal that we get our process gets, too, and may die of it. */
	const bool ended = atomic_load(&stopped);
	if (ended || status != TOK_OK)
		cli_error("%s", ended ? "interrupted" : err->message);
	if (ended || r->gone)
		tell_so_far(r);
	if (ended || status != TOK_OK)
		return r->gone && !ended ? (enum cli_exit)CHARBENCH_PROVIDER : CLI_TROUBLE;
	if (r->errors == 0)
		return CLI_OK;
	cli_error("%zu of %zu items have no answer: their errors are among the answers", r->errors,
		  r->data->count);
	return CLI_NO;
}

static enum cli_exit check(const struct charbench_options *o, int argc)
{
	if (argc != 1)
		return cli_usage("run takes one file of items: answers go to --output");
	if (!o->endpoint == !o->exec)
		return cli_usage("run needs one of --endpoint URL and --exec COMMAND");
	if (o->exec && o->key_env)
		return cli_usage("--key-env is of --endpoint");
	if (o->concurrency == 0 || o->concurrency > VOCAB_ASK_MOST)
		return cli_usage("--concurrency is 1 to %d", VOCAB_ASK_MOST);
	if (o->tries == 0)
		return cli_usage("--tries is 1 or more");
	return CLI_OK;
}

enum cli_exit charbench_run(const void *options, int argc, char **argv)
{
	const struct charbench_options *o = options;
	struct tok_error err = { 0 };
	enum cli_exit result = check(o, argc);
	if (result != CLI_OK)
		return result;
	struct run *r = calloc(1, sizeof *r);
	struct charbench_data *data = calloc(1, sizeof *data);
	if (r && data) {
		r->opts = o;
		r->data = data;
		cli_interrupt_say("tok charbench: interrupted twice");
		cli_interrupt_stop(&stopped);
		r->progress = cli_progress_begin(o->progress, 0);
		const enum tok_status status = run(r, argv, &err);
		cli_progress_clear(&r->progress);
		result = tell(r, status, &err);
		tok_json_release(&r->doc);
		tok_buffer_release(&r->line);
		free(r->answered);
		charbench_release(data);
	} else {
		result = cli_error("out of memory");
	}
	free(r);
	free(data);
	return result;
}
