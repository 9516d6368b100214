#include "cmd/transplant_report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cli_hash.h"
#include "cmd/cli_put.h"
#include "cmd/cli_visible.h"
#include "cmd/transplant_files.h"
#include "tok/text/json_write.h"

/* ---- text into a buffer ------------------------------------------------------------------ */

static void put_string(struct cli_put *w, struct tok_span text)
{
	w->lost |= !tok_json_put_string(w->out, text);
}

static enum tok_status end_of(const struct cli_put *w, struct tok_error *err)
{
	return w->lost ? tok_fail_memory(err) : TOK_OK;
}

/* ---- transplant.json ------------------------------------------------------------------------ */

static void put_norms(struct cli_put *w, const char *name, const struct hyper_norms *n)
{
	cli_put(w, "\"%s\":{\"count\":%zu,\"mean\":%.6g,\"deviation\":%.6g,\"quantiles\":[", name,
		n->count, n->mean, n->deviation);
	for (size_t q = 0; q < HYPER_QUANTILES; q++)
		cli_put(w, "%s%.6g", q ? "," : "", n->quantiles[q]);
	cli_put(w, "]}");
}

static void put_side(struct cli_put *w, const struct transplant_side_report *side)
{
	const struct hyper_row_stats *s = &side->stats;
	cli_put(w, "{\"method\":\"%s\",\"rows\":{", transplant_method_name(side->method));
	for (int how = 0; how < TRANSPLANT_HOWS; how++)
		cli_put(w, "%s\"%s\":%zu", how ? "," : "",
			transplant_how_name((enum transplant_how)how), side->counts[how]);
	cli_put(w, "},\"norms\":{");
	put_norms(w, "copied", &s->copied);
	cli_put(w, ",");
	put_norms(w, "made", &s->made);
	cli_put(w,
		"},\"zeros\":%zu,\"duplicates\":%zu,\"not_finite\":%zu,\"neighbours\":%.6g,"
		"\"anisotropy\":[%.6g,%.6g]",
		s->zeros, s->duplicates, s->not_finite, s->neighbours, s->anisotropy_old,
		s->anisotropy_new);
	if (side->method == TRANSPLANT_OMP && side->used.atoms)
		cli_put(w,
			",\"omp\":{\"norm_mean\":%.6g,\"norm_max\":%.6g,\"cosine_mean\":%.6g,"
			"\"cosine_min\":%.6g}",
			side->omp.norm_mean, side->omp.norm_max, side->omp.cosine_mean,
			side->omp.cosine_min);
	if (side->method == TRANSPLANT_RIDGE || side->method == TRANSPLANT_PROCRUSTES)
		cli_put(w, ",\"explains\":%.6g", side->explains);
	cli_put(w, "}");
}

/* A name of a file, without the folders that it lies in. */
static struct tok_span last_part(const char *path)
{
	const char *slash = strrchr(path, '/');
	return tok_span_of(slash && slash[1] ? slash + 1 : path);
}

/* Null: nothing was asked for, and the method's own counts. */
static void put_number(struct cli_put *w, const char *name, double value)
{
	if (value < 0)
		cli_put(w, ",\"%s\":null", name);
	else
		cli_put(w, ",\"%s\":%.6g", name, value);
}

void transplant_word(const char *words, int index, char *out, size_t room)
{
	for (; index > 0 && strchr(words, '|'); index--)
		words = strchr(words, '|') + 1;
	snprintf(out, room, "%.*s", index < 0 ? 0 : (int)strcspn(words, "|"), words);
}

int transplant_word_find(const char *words, const char *word)
{
	for (int index = 0;; index++) {
		const size_t count = strcspn(words, "|");
		if (strlen(word) == count && memcmp(words, word, count) == 0)
			return index;
		if (!words[count])
			return -1;
		words += count + 1;
	}
}

static void put_text(struct cli_put *w, const char *name, struct tok_span text)
{
	cli_put(w, ",\"%s\":", name);
	if (text.count)
		put_string(w, text);
	else
		cli_put(w, "null");
}

static void put_word(struct cli_put *w, const char *name, const char *words, int index)
{
	char word[32];
	transplant_word(words, index, word, sizeof word);
	put_text(w, name, tok_span_of(word));
}

static struct tok_span last_of(const char *path)
{
	return path ? last_part(path) : (struct tok_span){ 0 };
}

static void put_rows_option(struct cli_put *w, size_t multiple)
{
	if (multiple > 1)
		cli_put(w, ",\"rows\":\"pad:%zu\"", multiple);
	else
		cli_put(w, ",\"rows\":\"%s\"", multiple ? "tight" : "keep");
}

/* What a side's method went by, where it goes by such a thing. */
static void put_used(struct cli_put *w, const char *name, const struct transplant_side_report *side)
{
	const struct transplant_used *u = &side->used;
	cli_put(w, ",\"%s\":{", name);
	if (u->topk)
		cli_put(w, "\"temperature\":%.6g,\"topk\":%zu", u->temperature, u->topk);
	if (u->atoms)
		cli_put(w, "\"k\":%zu", u->atoms);
	cli_put(w, "}");
}

static void put_options(struct cli_put *w, const struct transplant_options *o,
			const struct transplant_choice *choice, const struct transplant_recipes *r)
{
	cli_put(w, "\"seed\":%" PRIu64 ",\"aux\":", o->seed);
	put_string(w, tok_span_of(o->aux ? o->aux : "ngram"));
	cli_put(w, ",\"match\":");
	put_string(w, tok_span_of(o->match ? o->match : TRANSPLANT_MATCH));
	put_text(w, "donor", last_of(o->donor));
	put_number(w, "temperature", o->temperature);
	put_number(w, "weight", o->weight);
	put_number(w, "threshold", o->threshold);
	put_number(w, "ridge", o->ridge);
	cli_put(w, ",\"topk\":%" PRIu64 ",\"k\":%" PRIu64, o->topk, o->k);
	put_word(w, "preset", TRANSPLANT_PRESET_WORDS, o->preset);
	put_word(w, "knn", HYPER_KNN_WORDS, o->knn);
	cli_put(w, ",\"euclid\":%s,\"normalize_atoms\":%s,\"screen\":%" PRIu64,
		o->euclid ? "true" : "false", o->normalize_atoms ? "true" : "false", o->screen);
	put_text(w, "special_map", last_of(o->special_map));
	put_word(w, "tie", HYPER_TIE_WORDS, o->tie);
	put_word(w, "dtype", TRANSPLANT_DTYPE_WORDS, o->dtype);
	put_text(w, "language", tok_span_of(o->language ? o->language : ""));
	put_text(w, "in_hypernet", last_of(choice->folder[TRANSPLANT_IN]));
	put_text(w, "out_hypernet", last_of(choice->folder[TRANSPLANT_OUT]));
	put_rows_option(w, choice->multiple);
	put_word(w, "chat_template", TRANSPLANT_CHAT_WORDS, o->chat_template);
	put_text(w, "pre", tok_span_of(o->pre ? o->pre : ""));
	put_used(w, "in_used", &r->reports[TRANSPLANT_IN]);
	put_used(w, "out_used", &r->reports[r->both ? TRANSPLANT_IN : TRANSPLANT_OUT]);
}

enum tok_status transplant_report_options(const struct transplant_options *options,
					  const struct transplant_choice *choice,
					  const struct transplant_recipes *recipes,
					  struct tok_buffer *out, struct tok_error *err)
{
	struct cli_put w = { out, false };
	if (recipes->options)
		w.lost = !tok_buffer_add(out, recipes->options, strlen(recipes->options));
	else
		put_options(&w, options, choice, recipes);
	return end_of(&w, err);
}

static void put_notes(struct cli_put *w, struct tok_span notes)
{
	const char *between = "";
	cli_put(w, "\"notes\":[");
	for (size_t at = 0; at < notes.count;) {
		size_t end = at;
		while (end < notes.count && notes.bytes[end] != '\n')
			end++;
		cli_put(w, "%s", between);
		put_string(w, tok_span_slice(notes, at, end));
		between = ",";
		at = end + 1;
	}
	cli_put(w, "]");
}

static void put_usage(struct cli_put *w, const struct transplant_usage *u)
{
	if (!u) {
		cli_put(w, "\"text\":null,");
		return;
	}
	cli_put(w,
		"\"text\":{\"bytes\":%" PRIu64 ",\"source_tokens\":%" PRIu64
		",\"target_tokens\":%" PRIu64 ",\"made\":%.6f},",
		u->bytes, u->old_tokens, u->new_tokens, transplant_usage_made(u));
}

static enum tok_status put_tokenizer(struct cli_put *w, const char *name,
				     const struct transplant_vocab *v, struct tok_error *err)
{
	struct cli_hash hash;
	const enum tok_status status = cli_hash_tokenizer(v->tokenizer, &hash, err);
	if (status == TOK_OK)
		cli_put(w, "\"%s\":{\"ids\":%zu,\"hash\":\"%s\"},", name, v->vocab.count,
			hash.text);
	return status;
}

enum tok_status transplant_report_json(const struct transplant_report *r, struct tok_buffer *out,
				       struct tok_error *err)
{
	struct cli_put w = { out, false };
	const struct hyper_matches *m = &r->c->matches;
	cli_put(&w, "{\"schema\":\"tok.transplant.1\",\"version\":\"%s\",", TOK_VERSION);
	enum tok_status status = put_tokenizer(&w, "source", &r->c->source, err);
	if (status == TOK_OK)
		status = put_tokenizer(&w, "target", &r->c->target, err);
	if (status != TOK_OK)
		return status;
	cli_put(&w, "\"rows\":[%zu,%zu],\"classes\":{", r->c->embeddings.input->shape[0],
		r->recipes->rows);
	for (int which = 0; which < HYPER_MATCH_COUNT; which++)
		cli_put(&w, "%s\"%s\":%zu", which ? "," : "",
			hyper_match_name((enum hyper_match_class)which), m->counts[which]);
	cli_put(&w, "},\"digits\":[\"%s\",\"%s\"],", hyper_digits_name(r->digits[0]),
		hyper_digits_name(r->digits[1]));
	put_usage(&w, r->usage);
	cli_put(&w, "\"options\":{");
	status = transplant_report_options(r->c->options, r->choice, r->recipes, out, err);
	if (status != TOK_OK)
		return status;
	cli_put(&w, "},\"input\":");
	put_side(&w, &r->recipes->reports[TRANSPLANT_IN]);
	cli_put(&w, ",\"output\":");
	if (r->recipes->both)
		cli_put(&w, "null");
	else
		put_side(&w, &r->recipes->reports[TRANSPLANT_OUT]);
	cli_put(&w, ",");
	put_notes(&w, r->notes);
	cli_put(&w, "}\n");
	return end_of(&w, err);
}

/* ---- on one screen ----------------------------------------------------------------------------
 */

static void tell_side(const char *name, const struct transplant_side_report *side)
{
	const struct hyper_row_stats *s = &side->stats;
	fprintf(stderr, "%-9s%zu copied, %zu by %s", name, side->counts[TRANSPLANT_COPIED],
		side->counts[TRANSPLANT_BY_METHOD], transplant_method_name(side->method));
	if (side->counts[TRANSPLANT_BY_PIECES])
		fprintf(stderr, ", %zu by their pieces", side->counts[TRANSPLANT_BY_PIECES]);
	if (side->counts[TRANSPLANT_BY_FILL])
		fprintf(stderr, ", %zu by the last resort", side->counts[TRANSPLANT_BY_FILL]);
	fprintf(stderr,
		"\n         length %.4g +- %.3g of copied rows, %.4g +- %.3g of made ones\n",
		s->copied.mean, s->copied.deviation, s->made.mean, s->made.deviation);
	if (s->not_finite)
		fprintf(stderr, "         %zu rows are not finite\n", s->not_finite);
}

/* Names in them are from files. */
static void tell_notes(struct tok_span notes)
{
	for (size_t at = 0, end; at < notes.count; at = end + 1) {
		struct tok_buffer line = { 0 };
		for (end = at; end < notes.count && notes.bytes[end] != '\n';)
			end++;
		if (cli_visible_line(tok_span_slice(notes, at, end), &line))
			fprintf(stderr, "%.*s\n", (int)line.count, (const char *)line.bytes);
		tok_buffer_release(&line);
	}
}

void transplant_report_tell(const struct transplant_report *r)
{
	const enum transplant_method *const methods = r->choice->method;
	tell_side(r->recipes->both ? "both" : "input", &r->recipes->reports[TRANSPLANT_IN]);
	if (!r->recipes->both)
		tell_side("output", &r->recipes->reports[TRANSPLANT_OUT]);
	else if (methods[TRANSPLANT_OUT] != methods[TRANSPLANT_IN])
		fprintf(stderr,
			"         one matrix serves for input and output: %s, the output's "
			"method, is not used\n",
			transplant_method_name(methods[TRANSPLANT_OUT]));
	if (r->digits[0] != r->digits[1])
		fprintf(stderr, "digits   were cut '%s' and are cut '%s' now: expect worse sums\n",
			hyper_digits_name(r->digits[0]), hyper_digits_name(r->digits[1]));
	if (r->usage)
		fprintf(stderr, "text     %.2f %% of its tokens have made-up rows\n",
			100 * transplant_usage_made(r->usage));
	tell_notes(r->notes);
}
