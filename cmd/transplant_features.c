#include "cmd/transplant_features.h"

#include <stdlib.h>
#include <string.h>

#include "cmd/cli_again.h"
#include "cmd/cli_lm.h"

enum aux_kind { AUX_NGRAM, AUX_COOC, AUX_SELF, AUX_DONOR, AUX_FILE, AUX_KINDS };

static const char *const kind_names[AUX_KINDS] = { "ngram", "cooc", "self", "donor", "file" };

enum { NGRAM_WIDTH = 1024, NGRAM_WIDTH_MAX = 65536, COOC_WIDTH = 100, FILE_WIDTH = 300 };

struct aux {
	enum aux_kind kind;
	char *value; /* behind the colon; NULL: none */
};

/* A kind's name at `at`, with what may stand behind it. */
static bool begins_kind(const char *at, size_t *kind)
{
	for (size_t k = 0; k < AUX_KINDS; k++) {
		const size_t count = strlen(kind_names[k]);
		if (strncmp(at, kind_names[k], count) == 0 && strchr(":+", at[count])) {
			*kind = k;
			return true;
		}
	}
	return false;
}

static bool is_of_file(size_t kind)
{
	return kind == AUX_COOC || kind == AUX_FILE;
}

/* Where a value ends: at a '+' or the end; the name of a file, which may have '+' in it, only at
 * one with a kind's name behind it. */
static const char *end_of(const char *value, size_t kind)
{
	size_t next;
	const char *plus = strchr(value, '+');
	while (plus && is_of_file(kind) && !begins_kind(plus + 1, &next))
		plus = strchr(plus + 1, '+');
	return plus ? plus : value + strlen(value);
}

static enum tok_status check_value(const struct aux *aux, struct tok_error *err)
{
	const bool wants = is_of_file(aux->kind);
	if (wants && !(aux->value && *aux->value))
		return tok_fail(err, TOK_EARG, "--aux %s wants the name of a file: %s:FILE",
				kind_names[aux->kind], kind_names[aux->kind]);
	if (!aux->value || wants)
		return TOK_OK;
	if (aux->kind != AUX_NGRAM)
		return tok_fail(err, TOK_EARG, "--aux %s takes nothing behind it, not '%s'",
				kind_names[aux->kind], aux->value);
	char *end;
	const unsigned long width = strtoul(aux->value, &end, 10);
	if (*aux->value < '0' || *aux->value > '9' || *end || width < 16 || width > NGRAM_WIDTH_MAX)
		return tok_fail(err, TOK_EARG,
				"--aux ngram:WIDTH wants a number from 16 to %d, not '%s'",
				NGRAM_WIDTH_MAX, aux->value);
	return TOK_OK;
}

/* Takes the part at *at, which then is what stands behind it, whose value is to be freed. */
static enum tok_status take_part(const char **at, struct aux *out, struct tok_error *err)
{
	size_t kind;
	if (!begins_kind(*at, &kind))
		return tok_fail(
		    err, TOK_EARG,
		    "--aux takes ngram[:WIDTH], self, donor, cooc:TEXT or file:VECTORS, joined by "
		    "'+', not '%.*s'",
		    (int)strcspn(*at, "+"), *at);
	const char *value = *at + strlen(kind_names[kind]);
	const char *end = end_of(value, kind);
	*out = (struct aux){ .kind = (enum aux_kind)kind };
	if (*value == ':') {
		out->value = strndup(value + 1, (size_t)(end - value - 1));
		if (!out->value)
			return tok_fail_memory(err);
	}
	*at = end;
	const enum tok_status status = check_value(out, err);
	if (status != TOK_OK)
		free(out->value);
	return status;
}

/* Is there another part?  Goes to it. */
static bool go_on(const char **at)
{
	const bool more = **at == '+';
	*at += more;
	return more;
}

enum tok_status transplant_features_check(const char *aux, struct tok_error *err)
{
	struct aux part;
	do {
		const enum tok_status status = take_part(&aux, &part, err);
		if (status != TOK_OK)
			return status;
		free(part.value);
	} while (go_on(&aux));
	return TOK_OK;
}

/* ---- cooc: lines of a text are its documents --------------------------------------- */

static size_t count_lines(struct tok_span text)
{
	size_t lines = text.count > 0;
	for (size_t i = 0; i + 1 < text.count; i++)
		lines += text.bytes[i] == '\n';
	return lines;
}

static void cut_lines(struct tok_span text, struct tok_span *lines)
{
	size_t from = 0, n = 0;
	for (size_t i = 0; i < text.count; i++)
		if (text.bytes[i] == '\n' || i + 1 == text.count) {
			lines[n++] = tok_span_slice(text, from, i + 1);
			from = i + 1;
		}
}

static enum tok_status make_cooc(const struct transplant_case *c, const char *path,
				 struct hyper_features *out, struct tok_error *err)
{
	const struct hyper_cooc_options options = {
		.width = COOC_WIDTH,
		.window = 4,
		.minimum = 10,
		.seed = c->options->seed,
		.memory = (size_t)2 << 30,
	};
	struct tok_buffer text = { 0 };
	enum tok_status status = cli_lm_read(path, &text, err);
	const size_t count = status == TOK_OK ? count_lines(tok_buffer_span(&text)) : 0;
	struct tok_span *lines = malloc((count + 1) * sizeof *lines);
	if (status == TOK_OK && !lines)
		status = tok_fail_memory(err);
	if (status == TOK_OK) {
		cut_lines(tok_buffer_span(&text), lines);
		status = hyper_features_cooc(&c->source.vocab, &c->target.vocab, lines, count,
					     &options, c->kernel, c->threads, out, err);
		if (status != TOK_OK)
			tok_fail_in(err, status, "%s", path);
	}
	free(lines);
	tok_buffer_release(&text);
	return status;
}

/* ---- each kind ---------------------------------------------------------------------- */

static enum tok_status make_rows(const struct transplant_case *c, bool donor,
				 struct hyper_features *out, struct tok_error *err)
{
	if (donor && !c->donor)
		return tok_fail(err, TOK_EARG, "--aux donor goes by a model: say --donor MODEL");
	const struct hyper_tensor *tensor = donor ? c->donor_embeddings.input : c->embeddings.input;
	const struct hyper_rows_view rows = { .tensor = tensor };
	const struct hyper_vocab target = donor ? transplant_donor_vocab(c) : c->target.vocab;
	const enum tok_status status =
	    hyper_features_rows(&c->source.vocab, &target, donor ? NULL : &rows,
				donor ? &rows : NULL, c->threads, out, err);
	return status == TOK_EFORMAT
		   ? tok_fail_in(err, status, "%s, %s", donor ? c->options->donor : c->path,
				 tensor->name)
		   : status;
}

/* The file is read twice. */
static enum tok_status make_file(const struct transplant_case *c, const char *path,
				 struct hyper_features *out, struct tok_error *err)
{
	struct cli_again again = { 0 };
	enum tok_status status = cli_again_open(&again, path, err);
	if (status == TOK_OK)
		status =
		    hyper_features_vec(&c->source.vocab, &c->target.vocab, again.path, out, err);
	status = cli_again_said(&again, status, err);
	cli_again_close(&again);
	return status;
}

static size_t width_of(const struct transplant_case *c, const struct aux *aux)
{
	if (aux->kind == AUX_NGRAM)
		return aux->value ? strtoul(aux->value, NULL, 10) : NGRAM_WIDTH;
	if (aux->kind == AUX_COOC || aux->kind == AUX_FILE)
		return aux->kind == AUX_COOC ? COOC_WIDTH : FILE_WIDTH;
	if (aux->kind == AUX_DONOR)
		return c->donor ? c->donor_embeddings.input->shape[1] : 0;
	return c->embeddings.input->shape[1];
}

enum tok_status transplant_features_width(const struct transplant_case *c, size_t *out,
					  struct tok_error *err)
{
	const char *aux = c->options->aux ? c->options->aux : TRANSPLANT_AUX;
	struct aux part;
	*out = 0;
	do {
		const enum tok_status status = take_part(&aux, &part, err);
		if (status != TOK_OK)
			return status;
		*out += width_of(c, &part);
		free(part.value);
	} while (go_on(&aux));
	return TOK_OK;
}

static enum tok_status make_part(const struct transplant_case *c, const struct aux *aux,
				 struct hyper_features *out, struct tok_error *err)
{
	if (aux->kind == AUX_COOC)
		return make_cooc(c, aux->value, out, err);
	if (aux->kind == AUX_SELF || aux->kind == AUX_DONOR)
		return make_rows(c, aux->kind == AUX_DONOR, out, err);
	if (aux->kind == AUX_FILE)
		return make_file(c, aux->value, out, err);
	return hyper_features_ngrams(&c->source.vocab, &c->target.vocab, width_of(c, aux),
				     c->threads, out, err);
}

enum tok_status transplant_features(struct transplant_case *c, struct tok_error *err)
{
	const char *aux = c->options->aux ? c->options->aux : TRANSPLANT_AUX;
	enum tok_status status = TOK_OK;
	for (bool first = true; !c->has_features && status == TOK_OK && (first || go_on(&aux));
	     first = false) {
		struct hyper_features more = { 0 };
		struct aux part;
		status = take_part(&aux, &part, err);
		if (status != TOK_OK)
			break;
		status = make_part(c, &part, first ? &c->features : &more, err);
		if (status == TOK_OK && !first)
			status = hyper_features_join(&c->features, &more, err);
		hyper_features_release(&more);
		free(part.value);
	}
	if (status == TOK_OK)
		c->has_features = true;
	else
		hyper_features_release(&c->features);
	return status;
}
