#include "cmd/transplant_gguf.h"

#include <string.h>

#include "cmd/transplant_template.h"
#include "tok/text/gguf.h"
#include "tok/text/json.h"
#include "vocab/format/gguf_write.h"

#define TEMPLATE "tokenizer.chat_template"
#define WHOLE    "tokenizer.huggingface.json" /* what a file says with it is read from it */

struct maker {
	const struct transplant_case *c;
	struct transplant_files *files;
	struct tok_span own; /* the model's pairs */
	uint64_t own_count;
	bool grows;                 /* the new tokenizer is the model's own, and more */
	struct tok_buffer template; /* chosen; empty: none */
	struct tok_error *err;
};

/* ---- chat templates --------------------------------------------------------------------- */

/* The text under `key`; nothing where there is none. */
static struct tok_span find_text(struct tok_span pairs, uint64_t count, const char *key)
{
	struct tok_gguf file = { .rest = { .bytes = pairs }, .pairs = count };
	struct tok_gguf_pair pair;
	for (uint64_t i = 0; i < count && tok_gguf_next(&file, &pair, NULL) == TOK_OK; i++)
		if (tok_span_equal(pair.key, tok_span_of(key)) &&
		    pair.value.type == TOK_GGUF_STRING)
			return pair.value.bytes;
	return (struct tok_span){ 0 };
}

static enum tok_status put(struct tok_buffer *out, struct tok_span text, struct tok_error *err)
{
	return tok_buffer_add(out, text.bytes, text.count) ? TOK_OK : tok_fail_memory(err);
}

static struct tok_span find_file(const struct transplant_files *files, const char *name)
{
	for (size_t i = 0; i < files->count; i++)
		if (strcmp(files->items[i].name, name) == 0)
			return files->items[i].bytes;
	return (struct tok_span){ 0 };
}

/* The one that the files beside the weights came to have. */
static enum tok_status find_chosen(struct maker *m)
{
	const struct tok_span jinja = find_file(m->files, "chat_template.jinja");
	const struct tok_span config = find_file(m->files, "tokenizer_config.json");
	struct tok_json_document doc = { 0 };
	if (jinja.count)
		return put(&m->template, jinja, m->err);
	if (!config.count)
		return TOK_OK;
	enum tok_status status = tok_json_read(&doc, config, m->err);
	const struct tok_json *text =
	    status == TOK_OK ? tok_json_get(doc.values, "chat_template") : NULL;
	if (text && text->kind == TOK_JSON_STRING)
		status = put(&m->template, tok_json_text(text), m->err);
	tok_json_release(&doc);
	return status;
}

/* The model's own, where nobody has brought another one.  `new`: of the tokenizer's own file. */
static enum tok_status consider_old(struct maker *m, struct tok_span new)
{
	const int chat = m->c->options->chat_template;
	const struct tok_span old = find_text(m->own, m->own_count, TEMPLATE);
	const bool has_new = new.count || m->template.count;
	char missing[TRANSPLANT_NAMES];
	if (!old.count || (chat != TRANSPLANT_CHAT_KEEP && has_new))
		return TOK_OK;
	const enum tok_status status = transplant_template_audit(
	    old, &m->c->source.vocab, &m->c->target.vocab, missing, m->err);
	if (status != TOK_OK)
		return status;
	if (chat == TRANSPLANT_CHAT_KEEP && missing[0])
		return transplant_template_refuse(missing, m->err);
	if (chat == TRANSPLANT_CHAT_NEW || missing[0])
		return transplant_template_gone(m->files, m->c, missing, m->err);
	tok_buffer_clear(&m->template);
	return put(&m->template, old, m->err);
}

/* ---- the model's own, and more ------------------------------------------------------------- */

static bool is_same_token(const struct hyper_vocab *a, const struct hyper_vocab *b, size_t id)
{
	return a->kinds[id] == b->kinds[id] && tok_span_equal(a->bytes[id], b->bytes[id]);
}

/* Has every token of the old one its id in the new one? */
static bool grows(const struct hyper_vocab *old, const struct hyper_vocab *new)
{
	size_t id = 0;
	while (id < old->count && id < new->count &&is_same_token(old, new, id))
		id++;
	return id == old->count;
}

/* What the model says of its tokenizer besides: more ids, ends of turns, what fills gaps.  Behind
 * the new pairs, for the first of a name counts. */
static enum tok_status add_own(struct maker *m, struct tok_buffer *out, uint64_t *count)
{
	struct tok_gguf file = { .rest = { .bytes = m->own }, .pairs = m->own_count };
	struct tok_gguf_pair pair;
	enum tok_status status = TOK_OK;
	for (uint64_t i = 0; i < m->own_count && status == TOK_OK; i++) {
		const size_t begin = file.rest.at;
		status = tok_gguf_next(&file, &pair, m->err);
		if (status != TOK_OK || tok_span_equal(pair.key, tok_span_of(TEMPLATE)) ||
		    tok_span_equal(pair.key, tok_span_of(WHOLE)))
			continue;
		status = put(out, tok_span_slice(m->own, begin, file.rest.at), m->err);
		++*count;
	}
	return status;
}

/* ---- the new tokenizer -------------------------------------------------------------------- */

/* Its pairs as they stand in its own file. */
static enum tok_status take_pairs(struct maker *m, struct tok_span file, struct tok_buffer *out,
				  uint64_t *count)
{
	struct tok_gguf reader;
	struct tok_gguf_pair pair;
	enum tok_status status = tok_gguf_begin(file, &reader, m->err);
	if (status != TOK_OK)
		return status;
	const size_t begin = reader.rest.at;
	for (uint64_t i = 0; i < reader.pairs && status == TOK_OK; i++)
		status = tok_gguf_next(&reader, &pair, m->err);
	*count = reader.pairs;
	return status == TOK_OK ? put(out, tok_span_slice(file, begin, reader.rest.at), m->err)
				: status;
}

/* With some name it would have been written. */
static bool lacks_a_name(const struct tok_spec *spec, struct vocab_gguf_options options)
{
	struct tok_buffer pairs = { 0 };
	uint64_t count = 0;
	const bool had_one = options.pre != NULL;
	options.pre = "default";
	const enum tok_status status = vocab_gguf_write(spec, &options, &pairs, &count, NULL);
	tok_buffer_release(&pairs);
	return !had_one && status == TOK_OK;
}

static enum tok_status write_pairs(struct maker *m, struct tok_buffer *out, uint64_t *count)
{
	static const enum vocab_gguf_id ids[HYPER_ROLE_COUNT] = {
		[HYPER_ROLE_BOS] = VOCAB_GGUF_BOS,   [HYPER_ROLE_EOS] = VOCAB_GGUF_EOS,
		[HYPER_ROLE_PAD] = VOCAB_GGUF_PAD,   [HYPER_ROLE_UNK] = VOCAB_GGUF_UNK,
		[HYPER_ROLE_SEP] = VOCAB_GGUF_SEP,   [HYPER_ROLE_CLS] = VOCAB_GGUF_CLS,
		[HYPER_ROLE_MASK] = VOCAB_GGUF_MASK,
	};
	const struct hyper_config_change change = transplant_change(m->c);
	struct vocab_gguf_options options = vocab_gguf_defaults();
	struct tok_spec spec = { 0 };
	options.pre = m->c->options->pre;
	options.usual_pre = find_text(m->own, m->own_count, "tokenizer.ggml.pre");
	for (size_t role = 0; role < HYPER_ROLE_COUNT && !m->grows; role++)
		options.ids[ids[role]] = hyper_config_role(&change, (enum hyper_role)role);
	enum tok_status status =
	    cli_load_spec(m->c->target.name, m->c->options->pattern, &spec, m->err);
	if (status == TOK_OK)
		status = vocab_gguf_write(&spec, &options, out, count, m->err);
	if (status == TOK_EARG && lacks_a_name(&spec, options)) {
		const struct tok_error why = *m->err;
		tok_fail(m->err, status,
			 "%s: give the one that comes nearest with --pre (llama-bpe, qwen2, ...)",
			 why.message);
	}
	if (status == TOK_EARG)
		tok_fail_in(m->err, status, "%s: in a GGUF file", m->c->target_path);
	tok_spec_release(&spec);
	return status;
}

static enum tok_status find_pairs(struct maker *m, struct tok_buffer *out, uint64_t *count)
{
	struct cli_named_files files;
	if (cli_named_is_built_in(m->c->target.kind))
		return write_pairs(m, out, count);
	enum tok_status status = transplant_vocab_files(&m->c->target, &files, m->err);
	if (status != TOK_OK)
		return status;
	status = tok_span_starts(files.source.files[0], tok_span_of("GGUF"))
		     ? take_pairs(m, files.source.files[0], out, count)
		     : write_pairs(m, out, count);
	cli_named_close(&files);
	return status;
}

static enum tok_status find_all_pairs(struct maker *m, struct tok_buffer *out, uint64_t *count)
{
	const enum tok_status status = find_pairs(m, out, count);
	return status == TOK_OK && m->grows ? add_own(m, out, count) : status;
}

/* ---- both ------------------------------------------------------------------------------------ */

static bool put_string(struct tok_buffer *out, struct tok_span text)
{
	uint8_t length[8];
	for (size_t i = 0; i < sizeof length; i++)
		length[i] = (uint8_t)((uint64_t)text.count >> 8 * i);
	return tok_buffer_add(out, length, sizeof length) &&
	       tok_buffer_add(out, text.bytes, text.count);
}

/* The pair of the template that was chosen, in front of the others: the first of a name counts. */
static enum tok_status put_template(struct maker *m, struct tok_buffer *out, uint64_t *count)
{
	static const uint8_t type[4] = { TOK_GGUF_STRING };
	if (m->template.count == 0)
		return TOK_OK;
	++*count;
	return put_string(out, tok_span_of(TEMPLATE)) && tok_buffer_add(out, type, sizeof type) &&
		       put_string(out, tok_buffer_span(&m->template))
		   ? TOK_OK
		   : tok_fail_memory(m->err);
}

static enum tok_status make(struct maker *m, size_t rows, struct transplant_gguf *out)
{
	struct tok_buffer pairs = { 0 }, all = { 0 };
	uint64_t count = 0;
	enum tok_status status = find_all_pairs(m, &pairs, &count);
	if (status == TOK_OK)
		status = find_chosen(m);
	if (status == TOK_OK)
		status = consider_old(m, find_text(tok_buffer_span(&pairs), count, TEMPLATE));
	if (status == TOK_OK)
		status = put_template(m, &all, &count);
	if (status == TOK_OK)
		status = put(&all, tok_buffer_span(&pairs), m->err);
	if (status == TOK_OK)
		status = vocab_gguf_replace(m->own, m->own_count, tok_buffer_span(&all), count,
					    rows, &out->values, &out->count, m->err);
	tok_buffer_release(&pairs);
	tok_buffer_release(&all);
	return status;
}

enum tok_status transplant_gguf_make(struct transplant_gguf *out, const struct transplant_case *c,
				     struct transplant_files *files, size_t rows,
				     struct tok_error *err)
{
	struct maker m = { .c = c, .files = files, .err = err };
	struct transplant_gguf mine = { 0 };
	if (files->unchanged || !hyper_gguf_values(hyper_folder_tensors(c->model),
						   c->embeddings.input->file, &m.own, &m.own_count))
		return TOK_OK;
	m.grows = grows(&c->source.vocab, &c->target.vocab);
	const enum tok_status status = make(&m, rows, &mine);
	tok_buffer_release(&m.template);
	if (status == TOK_OK)
		*out = mine;
	else
		transplant_gguf_release(&mine);
	return status;
}

void transplant_gguf_release(struct transplant_gguf *gguf)
{
	tok_buffer_release(&gguf->values);
	*gguf = (struct transplant_gguf){ 0 };
}
