/* transplant_extend.c - tok transplant extend: a model whose own tokenizer has more tokens. */
#include "cmd/transplant_extend.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "cmd/cli_again.h"
#include "cmd/cli_interrupt.h"
#include "cmd/cli_lm.h"
#include "cmd/cli_variable.h"
#include "cmd/cli_vocab_output.h"
#include "cmd/cli_words.h"
#include "vocab/format/read.h"
#include "vocab/train/base.h"
#include "vocab/train/recipe.h"
#include "vocab/train/renumber.h"
#include "vocab/train/super.h"

/* SuperBPE's (arXiv 2503.13423). */
enum { SUPERWORD_WORDS = 4 };

/* What a tokenizer says of itself in other files than its own. */
static const char *const beside[TRANSPLANT_BESIDE] = {
	"tokenizer_config.json", "special_tokens_map.json",
	"added_tokens.json",     "chat_template.jinja",
	"config.json", /* for the roles of its special tokens */
};

/* ---- the folder --------------------------------------------------------------------------- */

/* FOLDER/NAME; NULL: memory is out. */
static char *path_in(const char *folder, const char *name)
{
	char *path;
	return asprintf(&path, "%s/%s", folder, name) < 0 ? NULL : path;
}

/* A signal removes what is there of it. */
static void watch(const struct transplant_extended *e)
{
	cli_interrupt_say("tok transplant: interrupted: nothing was written");
	cli_interrupt_add_file(e->path);
	for (size_t i = 0; i < TRANSPLANT_BESIDE; i++)
		cli_interrupt_add_file(e->beside[i]);
	cli_interrupt_add_file(e->folder);
}

static void remove_file(char *path)
{
	if (path)
		unlink(path);
	cli_interrupt_drop_file(path);
	free(path);
}

static enum tok_status make_folder(struct transplant_extended *e, struct tok_error *err)
{
	e->folder = path_in(cli_spill_folder(), "tok-extend-XXXXXX");
	if (!e->folder)
		return tok_fail_memory(err);
	if (!mkdtemp(e->folder)) {
		const enum tok_status status =
		    tok_fail(err, TOK_EIO, "cannot create '%s': %s", e->folder, strerror(errno));
		free(e->folder);
		e->folder = NULL;
		return status;
	}
	bool ok = (e->path = path_in(e->folder, "tokenizer.json"));
	for (size_t i = 0; i < TRANSPLANT_BESIDE; i++)
		ok &= (e->beside[i] = path_in(e->folder, beside[i])) != NULL;
	watch(e);
	return ok ? TOK_OK : tok_fail_memory(err);
}

static enum tok_status copy(const char *from, const char *to, struct tok_error *err)
{
	struct tok_buffer bytes = { 0 };
	enum tok_status status = cli_lm_read(from, &bytes, err);
	FILE *out = status == TOK_OK ? fopen(to, "wb") : NULL;
	if (status == TOK_OK) {
		const bool ok = out && fwrite(bytes.bytes, 1, bytes.count, out) == bytes.count;
		if ((out && fclose(out) != 0) || !ok)
			status =
			    tok_fail(err, TOK_EIO, "cannot write '%s': %s", to, strerror(errno));
	}
	tok_buffer_release(&bytes);
	return status;
}

/* What lies beside a GGUF file is not of it; beside what has only a name nothing does. */
static enum tok_status copy_beside(const struct transplant_extended *e, struct tok_error *err)
{
	const char *slash = strrchr(e->tokenizer, '/');
	enum tok_status status = TOK_OK;
	if (e->is_name || tok_span_equal(e->known.spec.format, tok_span_of(VOCAB_FORMAT_GGUF)))
		return TOK_OK;
	for (size_t i = 0; i < TRANSPLANT_BESIDE && status == TOK_OK; i++) {
		char *from;
		if (asprintf(&from, "%.*s%s", slash ? (int)(slash - e->tokenizer) + 1 : 0,
			     e->tokenizer, beside[i]) < 0)
			return tok_fail_memory(err);
		if (access(from, F_OK) == 0)
			status = copy(from, e->beside[i], err);
		free(from);
	}
	return status;
}

void transplant_extended_remove(struct transplant_extended *e)
{
	for (size_t i = 0; i < TRANSPLANT_BESIDE; i++)
		remove_file(e->beside[i]);
	remove_file(e->path);
	if (e->folder)
		rmdir(e->folder);
	cli_interrupt_drop_file(e->folder);
	cli_vocab_words_release(&e->known);
	free(e->folder);
	free(e->tokenizer);
	*e = (struct transplant_extended){ 0 };
}

/* ---- more tokens ----------------------------------------------------------------------------- */

static bool allows_superword(void *filter, struct tok_span joined)
{
	return vocab_super_allows(filter, joined);
}

/* That there be no name is told before words are counted. */
static enum tok_status check_superwords(const struct transplant_extended *e,
					const struct tok_spec *spec, const char *pre,
					struct tok_error *err)
{
	if (!vocab_recipe_has_bytes(spec))
		return tok_fail(err, TOK_EARG,
				"%s: superwords are for vocabularies of bytes: the words of this "
				"one begin where spaces are",
				e->tokenizer);
	if (tok_span_equal(spec->format, tok_span_of(VOCAB_FORMAT_GGUF)) && !pre)
		return tok_fail(err, TOK_EARG,
				"%s: llama.cpp has no name for how text is cut with superwords: "
				"give one with --pre; superbpe comes nearest, and those that cut "
				"between words never meet a superword",
				e->tokenizer);
	return TOK_OK;
}

/* The old tokenizer, cutting text at numbers and punctuation only, in the new file. */
static enum cli_exit relax(const struct transplant_extended *e, const char *pre,
			   struct tok_error *err)
{
	struct tok_spec spec = { 0 };
	enum cli_exit result = CLI_OK;
	enum tok_status status = cli_load_spec(e->tokenizer, NULL, &spec, err);
	if (status == TOK_OK)
		status = check_superwords(e, &spec, pre, err);
	if (status == TOK_OK)
		status = vocab_recipe_relax(&spec, VOCAB_RELAXED_SUPERBPE, err);
	if (status != TOK_OK)
		result = cli_error("%s", err->message);
	else
		result = cli_vocab_output(&spec, CLI_VOCAB_JSON, e->path);
	tok_spec_release(&spec);
	return result;
}

/* A SentencePiece model says what a tokenizer.json cannot. */
static enum cli_exit write_grown(struct transplant_extended *e)
{
	if (!e->known.spec.sentencepiece)
		return cli_vocab_output(&e->known.spec, CLI_VOCAB_JSON, e->path);
	remove_file(e->path);
	e->path = path_in(e->folder, "tokenizer.model");
	if (!e->path)
		return cli_error("out of memory");
	cli_interrupt_add_file(e->path);
	return cli_vocab_output(&e->known.spec, CLI_VOCAB_SENTENCEPIECE, e->path);
}

/* As many as there may be, or as were asked for. */
static enum tok_status grow(struct transplant_extended *e, const struct transplant_options *o,
			    struct tok_error *err)
{
	struct vocab_super_filter filter = { .max_words = SUPERWORD_WORDS, .no_colon_space = true };
	struct vocab_train_control control = { 0 };
	const size_t room = (size_t)TOK_ID_MAX + 1 - vocab_next_id(&e->known.spec);
	struct vocab_grow_options options = { .count = e->known.totals.bytes };
	if (o->superwords)
		options = (struct vocab_grow_options){
			.count = o->superwords,
			.allows = allows_superword,
			.allows_context = &filter,
		};
	else if (options.count > room)
		options.count = room;
	return vocab_grow(&e->known.spec, e->known.words, &options, &control, &e->grown, err);
}

static enum cli_exit learn(struct transplant_extended *e, const struct transplant_options *o,
			   struct tok_error *err)
{
	struct cli_vocab_words_options words = CLI_VOCAB_WORDS_DEFAULTS;
	char *files[] = { strdup(o->add ? o->add : o->text) };
	if (!files[0])
		return cli_error("out of memory");
	words.threads = o->threads;
	words.split.lines = true;
	const enum cli_exit result =
	    cli_vocab_words_open(&words, o->superwords ? e->path : e->tokenizer, vocab_base_accepts,
				 NULL, 1, files, &e->known);
	free(files[0]);
	if (result != CLI_OK || !e->known.words)
		return result == CLI_OK ? CLI_TROUBLE : result;
	if (grow(e, o, err) != TOK_OK)
		return cli_error("%s", err->message);
	return write_grown(e);
}

/* ---- which lines are tokens now -----------------------------------------------------------------
 */

static enum tok_status count_line(struct transplant_extended *e, struct tok_encoder *encoder,
				  struct tok_span line, struct tok_error *err)
{
	const struct tok_encode_options options = { 0 }; /* as it was learned */
	struct tok_encoding encoding = { 0 };
	const enum tok_status status = tok_encode(encoder, line, &options, &encoding, err);
	e->lines++;
	e->whole += status == TOK_OK && encoding.count == 1;
	return status == TOK_ETEXT ? TOK_OK : status;
}

static enum tok_status count_lines(struct transplant_extended *e, const char *file,
				   struct tok_error *err)
{
	const struct cli_load load = { .tokenizer = e->path };
	struct tok_tokenizer *tokenizer = NULL;
	struct tok_encoder *encoder = NULL;
	struct tok_buffer text = { 0 };
	enum tok_status status = cli_load_uncached(&load, &tokenizer, err);
	if (status == TOK_OK)
		status = cli_lm_read(file, &text, err);
	if (status == TOK_OK && !(encoder = tok_encoder_new(tokenizer)))
		status = tok_fail_memory(err);
	for (size_t at = 0; at < text.count && status == TOK_OK;) {
		const uint8_t *end = memchr(text.bytes + at, '\n', text.count - at);
		const size_t next = end ? (size_t)(end - text.bytes) : text.count;
		if (next > at)
			status = count_line(e, encoder,
					    tok_span_slice(tok_buffer_span(&text), at, next), err);
		at = next + 1;
	}
	tok_encoder_free(encoder);
	tok_tokenizer_free(tokenizer);
	tok_buffer_release(&text);
	return status;
}

/* ---- all of it
 * ------------------------------------------------------------------------------------- */

/* Of a folder its file. */
static enum tok_status find_named(struct transplant_extended *e, const char *name,
				  struct tok_error *err)
{
	struct cli_named named;
	struct vocab_file_stamp stamp;
	enum tok_status status = cli_named_find(name, &named, err);
	if (status != TOK_OK)
		return status;
	e->is_name = !named.path;
	status = named.path ? vocab_source_find(named.path, &e->tokenizer, &stamp, err)
			    : cli_join(name, "", &e->tokenizer, err);
	cli_named_release(&named);
	return status;
}

static enum tok_status find_tokenizer(struct transplant_extended *e, const char *model,
				      const char *source, struct tok_error *err)
{
	char *own;
	if (source)
		return find_named(e, source, err);
	enum tok_status status = cli_named_of_path(model, &own, err);
	if (status != TOK_OK)
		return status;
	status = find_named(e, own, err);
	free(own);
	return status;
}

enum cli_exit transplant_extended_make(struct transplant_extended *e, const char *model,
				       const struct transplant_options *o)
{
	struct tok_error err = { 0 };
	enum cli_exit result = CLI_OK;
	enum tok_status status = find_tokenizer(e, model, o->source_tokenizer, &err);
	if (status == TOK_OK)
		status = make_folder(e, &err);
	if (status == TOK_OK && o->superwords)
		result = relax(e, o->pre, &err);
	if (status == TOK_OK && result == CLI_OK)
		result = learn(e, o, &err);
	if (status != TOK_OK || result != CLI_OK)
		return result == CLI_OK ? cli_error("%s", err.message) : result;
	status = copy_beside(e, &err);
	if (status == TOK_OK && o->add)
		status = count_lines(e, o->add, &err);
	return status == TOK_OK ? CLI_OK : cli_error("%s", err.message);
}

static enum cli_exit check(const struct transplant_options *o, int argc)
{
	if (argc != 1)
		return cli_usage("extend takes a model, not %d operands", argc);
	if ((o->add != NULL) == (o->superwords > 0))
		return cli_usage("extend takes --add FILE, tokens one a line, or --superwords N");
	if (o->superwords && !o->text)
		return cli_usage("superwords are learned from a text: name it with --text");
	if (o->add && o->text && strcmp(o->add, "-") == 0 && strcmp(o->text, "-") == 0)
		return cli_usage("--add and --text cannot both be standard input");
	return transplant_check_output(o);
}

static void tell(const struct transplant_extended *e)
{
	fprintf(stderr, "tok transplant: new tokens: %zu, from id %u on\n", e->grown.count,
		e->grown.first_id);
	if (e->grown.dropped)
		fprintf(stderr, "tok transplant: dropped: %zu that no text would become\n",
			e->grown.dropped);
	if (e->whole < e->lines)
		fprintf(stderr,
			"tok transplant: lines that are one token: %zu of %zu; others reach over "
			"more than one word, or have characters that the tokenizer does not know\n",
			e->whole, e->lines);
}

/* What it learns from can be read again. */
static enum cli_exit extend(char *model, const struct transplant_options *o)
{
	struct transplant_extended extended = { 0 };
	enum cli_exit result = transplant_extended_make(&extended, model, o);
	if (result == CLI_OK) {
		tell(&extended);
		char *operands[] = { model, extended.folder };
		result = transplant_run(o, 2, operands);
	}
	transplant_extended_remove(&extended);
	return result;
}

enum cli_exit transplant_extend(const void *options, int argc, char **argv)
{
	struct transplant_options opts = transplant_settled(options);
	struct cli_again add = { 0 }, text = { 0 };
	struct tok_error err = { 0 };
	enum cli_exit result = check(&opts, argc);
	if (result != CLI_OK)
		return result;
	enum tok_status status = cli_again_open(&add, opts.add, &err);
	if (status == TOK_OK)
		status = cli_again_open(&text, opts.text, &err);
	opts.add = add.path;
	opts.text = text.path;
	result = status == TOK_OK ? extend(argv[0], &opts) : cli_error("%s", err.message);
	cli_again_close(&text);
	cli_again_close(&add);
	return result;
}
