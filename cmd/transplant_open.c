/* transplant_open.c - a model, two tokenizers and a donor, opened; which token is which. */
#include <stdlib.h>
#include <string.h>

#include "cmd/cli_lm.h"
#include "cmd/cli_pool.h"
#include "cmd/transplant_internal.h"
#include "tok/text/json.h"
#include "vocab/format/read.h"

/* ---- pairs of special tokens -------------------------------------------------------- */

struct pairs {
	struct tok_buffer text;
	struct hyper_special_pair *items;
	size_t count, capacity;
};

static enum tok_status take_pair(struct pairs *p, struct tok_span line, size_t number,
				 struct tok_error *err)
{
	const uint8_t *tab = memchr(line.bytes, '\t', line.count);
	if (!tab || memchr(tab + 1, '\t', line.count - (size_t)(tab - line.bytes) - 1))
		return tok_fail(err, TOK_EFORMAT,
				"line %zu is not NEW<tab>OLD, two names of special tokens", number);
	if (!tok_grow(&p->items, &p->capacity, p->count + 1, sizeof *p->items))
		return tok_fail_memory(err);
	const size_t cut = (size_t)(tab - line.bytes);
	p->items[p->count++] = (struct hyper_special_pair){
		.target = tok_span_slice(line, 0, cut),
		.source = tok_span_slice(line, cut + 1, line.count),
	};
	return TOK_OK;
}

static enum tok_status read_pairs(struct pairs *p, const char *path, struct tok_error *err)
{
	enum tok_status status = cli_lm_read(path, &p->text, err);
	const struct tok_span text = tok_buffer_span(&p->text);
	size_t number = 0;
	for (size_t at = 0; at < text.count && status == TOK_OK;) {
		const uint8_t *end = memchr(text.bytes + at, '\n', text.count - at);
		const size_t stop = end ? (size_t)(end - text.bytes) : text.count;
		const size_t last = stop > at && text.bytes[stop - 1] == '\r' ? stop - 1 : stop;
		number++;
		if (last > at)
			status = take_pair(p, tok_span_slice(text, at, last), number, err);
		at = stop + 1;
	}
	return status == TOK_EFORMAT ? tok_fail_in(err, status, "%s", path) : status;
}

static size_t line_of(const struct pairs *p, size_t pair)
{
	size_t line = 1;
	for (const uint8_t *at = p->text.bytes; at < p->items[pair].target.bytes; at++)
		line += *at == '\n';
	return line;
}

/* ---- which token is which ----------------------------------------------------------- */

/* One of the pairs names no token: says which line has it. */
static enum tok_status blame(const struct transplant_case *c, const struct pairs *p,
			     struct tok_error *err)
{
	struct hyper_match_options one = { .source_rows = c->embeddings.input->shape[0],
					   .pair_count = 1 };
	for (size_t i = 0; i < p->count; i++) {
		struct hyper_matches matches = { 0 };
		one.pairs = &p->items[i];
		const enum tok_status status =
		    hyper_match(&c->source.vocab, &c->target.vocab, &one, &matches, err);
		hyper_matches_release(&matches);
		if (status != TOK_OK)
			return tok_fail_in(err, status, "%s: line %zu", c->options->special_map,
					   line_of(p, i));
	}
	return TOK_EARG;
}

enum tok_status transplant_case_match(struct transplant_case *c, struct tok_error *err)
{
	const char *words = c->options->match ? c->options->match : TRANSPLANT_MATCH;
	struct pairs pairs = { 0 };
	struct hyper_match_options how = { .source_rows = c->embeddings.input->shape[0] };
	enum tok_status status = TOK_OK;
	if (!hyper_match_classes(words, &how.classes))
		return tok_fail(err, TOK_EARG, "--match takes some of %s, not '%s'",
				HYPER_MATCH_WORDS, words);
	if (c->options->special_map)
		status = read_pairs(&pairs, c->options->special_map, err);
	how.pairs = pairs.items;
	how.pair_count = pairs.count;
	if (status == TOK_OK)
		status = hyper_match(&c->source.vocab, &c->target.vocab, &how, &c->matches, err);
	if (status == TOK_EARG && pairs.count)
		status = blame(c, &pairs, err);
	tok_buffer_release(&pairs.text);
	free(pairs.items);
	return status;
}

/* ---- opening -------------------------------------------------------------------------- */

/* How a donor's ids stand beside the target's, of those that both have and the donor has a row for.
 */
struct alike {
	size_t same, other, special; /* special: other, and special on one of the sides */
	tok_id first;                /* of the other ones */
};

/* Where ids mean the same; those that do not become holes of `kinds`. */
static struct alike compare_donor(const struct hyper_vocab *donor, const struct hyper_vocab *target,
				  size_t rows, uint8_t *kinds)
{
	struct alike out = { .first = TOK_NO_ID };
	for (size_t id = 0; id < target->count; id++) {
		const uint8_t own =
		    id < donor->count && id < rows ? donor->kinds[id] : HYPER_TOKEN_NONE;
		if (own != HYPER_TOKEN_NONE && kinds[id] != HYPER_TOKEN_NONE) {
			if (tok_span_equal(donor->bytes[id], target->bytes[id])) {
				out.same++;
				continue;
			}
			if (own == HYPER_TOKEN_SPECIAL || kinds[id] == HYPER_TOKEN_SPECIAL)
				out.special++;
			else if (out.other++ == 0)
				out.first = (tok_id)id;
		}
		kinds[id] = HYPER_TOKEN_NONE;
	}
	return out;
}

/* A donor's own tokenizer must be the new one, or its rows are of other tokens. */
static enum tok_status check_donor(struct transplant_case *c, const struct hyper_vocab *donor,
				   struct tok_error *err)
{
	const struct hyper_vocab *target = &c->target.vocab;
	const char *path = c->options->donor;
	c->donor_kinds = malloc(target->count + 1);
	if (!c->donor_kinds)
		return tok_fail_memory(err);
	memcpy(c->donor_kinds, target->kinds, target->count);
	const struct alike alike =
	    compare_donor(donor, target, c->donor_embeddings.input->shape[0], c->donor_kinds);
	if (alike.other)
		return tok_fail(
		    err, TOK_EARG,
		    "%s: a donor has the new tokenizer, and of %zu ids %zu are other tokens here: "
		    "id %u is '%s', and '%s' in the new one",
		    path, alike.same + alike.other + alike.special, alike.other + alike.special,
		    alike.first, tok_show(donor->bytes[alike.first]).text,
		    tok_show(target->bytes[alike.first]).text);
	/* Some special tokens were renamed, or it is a tokenizer of nothing else. */
	if (alike.special >= alike.same)
		return tok_fail(err, TOK_EARG,
				"%s: a donor has the new tokenizer, and of %zu ids %zu are other "
				"special tokens here",
				path, alike.same + alike.special, alike.special);
	return TOK_OK;
}

/* Is there a file of a tokenizer in the folder? */
static bool has_tokenizer(const char *folder)
{
	struct vocab_file_stamp stamp;
	struct tok_error none = { 0 };
	char *file = NULL;
	const bool found =
	    vocab_source_find(folder, &file, &stamp, &none) == TOK_OK && strcmp(file, folder) != 0;
	free(file);
	return found;
}

static enum tok_status open_donor(struct transplant_case *c, struct tok_error *err)
{
	const struct cli_tensor_names usual = { 0 };
	const char *path = c->options->donor;
	if (!path)
		return TOK_OK;
	enum tok_status status = cli_model_open(path, &usual, &c->donor, &c->donor_embeddings, err);
	struct transplant_vocab vocab = { 0 };
	struct tok_error why = { 0 };
	if (status != TOK_OK)
		return status;
	status = transplant_vocab_open_own(&vocab, path, NULL, &why);
	if (status == TOK_OK) {
		status = check_donor(c, &vocab.vocab, err);
		transplant_vocab_close(&vocab);
		return status;
	}
	if (status == TOK_ENOMEM || has_tokenizer(path))
		return tok_fail(err, status, "the donor's tokenizer: %s", why.message);
	return TOK_OK; /* one without a tokenizer is taken at its word */
}

struct hyper_vocab transplant_donor_vocab(const struct transplant_case *c)
{
	struct hyper_vocab vocab = c->target.vocab;
	if (c->donor_kinds)
		vocab.kinds = c->donor_kinds;
	return vocab;
}

enum tok_status transplant_case_open(struct transplant_case *out, const char *model,
				     const char *target, const struct transplant_options *options,
				     struct tok_error *err)
{
	struct transplant_case c = { .options = options,
				     .path = model,
				     .target_path = target,
				     .threads = cli_threads_for(options->threads) };
	const char *own = options->source_tokenizer;
	enum tok_status status = hyper_kernel_choose(getenv("TOK_KERNELS"), &c.kernel, err);
	if (status == TOK_OK)
		status = cli_model_open(model, &options->names, &c.model, &c.embeddings, err);
	if (status == TOK_OK)
		status = own ? transplant_vocab_open(&c.source, own, NULL, err)
			     : transplant_vocab_open_own(&c.source, model, NULL, err);
	if (status == TOK_OK)
		status = transplant_vocab_open(&c.target, target, options->pattern, err);
	if (status == TOK_OK)
		status = transplant_case_match(&c, err);
	if (status == TOK_OK)
		status = open_donor(&c, err);
	if (status == TOK_OK)
		*out = c;
	else
		transplant_case_close(&c);
	return status;
}

void transplant_case_close(struct transplant_case *c)
{
	hyper_features_release(&c->features);
	hyper_matches_release(&c->matches);
	hyper_folder_close(c->donor);
	free(c->donor_kinds);
	transplant_vocab_close(&c->target);
	transplant_vocab_close(&c->source);
	hyper_folder_close(c->model);
	*c = (struct transplant_case){ 0 };
}

const struct hyper_tensor *transplant_matrix(const struct transplant_case *c,
					     enum transplant_side side)
{
	const struct hyper_embeddings *e = &c->embeddings;
	return side == TRANSPLANT_OUT && e->output && !e->tied ? e->output : e->input;
}
