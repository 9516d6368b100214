#include "cmd/cli_vocab_output.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cmd/cli_load.h"
#include "cmd/cli_put.h"
#include "tok/base/replace.h"
#include "vocab/convert/fast.h"
#include "vocab/format/read.h"
#include "vocab/format/write.h"
#include "vocab/image/image.h"

static bool is_stdout(const char *path)
{
	return strcmp(path, "-") == 0;
}

static bool kind_of_name(const char *path, enum cli_vocab_kind *out)
{
	static const struct {
		const char *ending;
		enum cli_vocab_kind kind;
	} endings[] = {
		{ "tekken.json", CLI_VOCAB_TEKKEN }, { ".json", CLI_VOCAB_JSON },
		{ ".tiktoken", CLI_VOCAB_TIKTOKEN }, { ".model", CLI_VOCAB_SENTENCEPIECE },
		{ ".txt", CLI_VOCAB_TXT },           { ".tok", CLI_VOCAB_TOK },
		{ ".gguf", CLI_VOCAB_GGUF },
	};
	const size_t length = strlen(path);
	for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
		const size_t n = strlen(endings[i].ending);
		if (length >= n && strcmp(path + length - n, endings[i].ending) == 0) {
			*out = endings[i].kind;
			return true;
		}
	}
	return false;
}

bool cli_vocab_kind(const char *path, int asked, const char *option, enum cli_vocab_kind *out)
{
	enum cli_vocab_kind kind = CLI_VOCAB_JSON;
	if (asked >= 0) {
		kind = (enum cli_vocab_kind)asked;
	} else if (!kind_of_name(path, &kind)) {
		cli_usage("'%s' does not end in .json, .tiktoken, .model, .txt, .tok or .gguf: say "
			  "what it is to be with --%s",
			  path, option);
		return false;
	}
	if (kind == CLI_VOCAB_TOK && is_stdout(path)) {
		cli_usage("an image is mapped from a file and cannot be written to standard "
			  "output: name one with --output");
		return false;
	}
	if (kind == CLI_VOCAB_MERGES && is_stdout(path)) {
		cli_usage("vocab.json and merges.txt are two files: name a folder with --output");
		return false;
	}
	*out = kind;
	return true;
}

static enum tok_status write_bytes(const char *path, struct tok_span bytes, struct tok_error *err)
{
	if (!is_stdout(path))
		return tok_file_replace(path, &bytes, 1, true, err);
	fwrite(bytes.bytes, 1, bytes.count, stdout); /* looked at by cli_close_stdout() */
	return TOK_OK;
}

/* ---- what a kind cannot say ------------------------------------------------------------------ */

static void list(const struct vocab_losses *losses)
{
	fwrite(losses->lines.bytes, 1, losses->lines.count, stderr);
}

/* What was learned just now has no file that a GGUF file would be unequal to. */
static bool is_told(enum cli_vocab_kind kind, const struct cli_vocab_careful *how)
{
	return how->lossy || (how->made && kind == CLI_VOCAB_GGUF);
}

static enum cli_exit tell(const struct vocab_losses *losses, enum cli_vocab_kind kind,
			  const char *path, const struct cli_vocab_careful *how)
{
	if (!losses->count)
		return CLI_OK;
	const bool told = is_told(kind, how);
	if (told)
		cli_tell("%s: it does not say:", path);
	else if (how->made)
		cli_error("'%s' cannot say this:", path);
	else
		cli_error("'%s' cannot say this, and is written only with --lossy:", path);
	list(losses);
	return told ? CLI_OK : CLI_TROUBLE;
}

/* ---- files -------------------------------------------------------------------------------------
 */

/* What is to be written, before anything is: `files` are the folder's two, or one; of an image it
 * is the tokenizer. */
struct content {
	struct tok_buffer files[2];
	struct tok_tokenizer *image;
	struct vocab_losses losses;
};

static void release(struct content *c)
{
	tok_buffer_release(&c->files[0]);
	tok_buffer_release(&c->files[1]);
	tok_tokenizer_free(c->image);
	vocab_losses_release(&c->losses);
}

static enum tok_status fill(struct content *c, struct tok_spec *spec, enum cli_vocab_kind kind,
			    bool fast, struct tok_error *err)
{
	static const enum vocab_file_kind kinds[] = {
		[CLI_VOCAB_JSON] = VOCAB_TOKENIZER_JSON,
		[CLI_VOCAB_TIKTOKEN] = VOCAB_TIKTOKEN,
		[CLI_VOCAB_SENTENCEPIECE] = VOCAB_SENTENCEPIECE,
		[CLI_VOCAB_TXT] = VOCAB_WORDPIECE_TXT,
		[CLI_VOCAB_TEKKEN] = VOCAB_TEKKEN,
		[CLI_VOCAB_GGUF] = VOCAB_GGUF,
	};
	enum tok_status status = TOK_OK;
	if (kind == CLI_VOCAB_TOK)
		return tok_tokenizer_new(spec, &c->image, err);
	if (fast && kind == CLI_VOCAB_JSON && spec->sentencepiece)
		status = vocab_fast(spec, &c->losses, err);
	if (status != TOK_OK)
		return status;
	return kind == CLI_VOCAB_MERGES
		   ? vocab_write_merges(spec, &c->files[0], &c->files[1], &c->losses, err)
		   : vocab_write_lossy(kinds[kind], spec, &c->files[0], &c->losses, err);
}

static const char *const merges_names[] = { "vocab.json", "merges.txt" };

/* "folder/name", ended by a NUL; false where memory is out. */
static bool join(struct tok_buffer *out, const char *folder, const char *name)
{
	struct cli_put p = { .out = out };
	cli_put(&p, "%s/%s%c", folder, name, 0);
	return !p.lost;
}

static enum tok_status write_folder(const struct content *c, const char *path,
				    struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	if (mkdir(path, 0777) != 0 && errno != EEXIST)
		return tok_fail(err, TOK_EIO, "cannot make the folder '%s': %s", path,
				strerror(errno));
	for (size_t i = 0; i < 2 && status == TOK_OK; i++) {
		struct tok_buffer name = { 0 };
		status =
		    join(&name, path, merges_names[i])
			? write_bytes((const char *)name.bytes, tok_buffer_span(&c->files[i]), err)
			: tok_fail_memory(err);
		tok_buffer_release(&name);
	}
	return status;
}

static enum tok_status write_content(const struct content *c, enum cli_vocab_kind kind,
				     const char *path, struct tok_error *err)
{
	switch (kind) {
	case CLI_VOCAB_TOK:
		return vocab_image_save(c->image, path, err);
	case CLI_VOCAB_MERGES:
		return write_folder(c, path, err);
	case CLI_VOCAB_JSON:
	case CLI_VOCAB_TIKTOKEN:
	case CLI_VOCAB_SENTENCEPIECE:
	case CLI_VOCAB_TXT:
	case CLI_VOCAB_TEKKEN:
	case CLI_VOCAB_GGUF:
		break;
	}
	return write_bytes(path, tok_buffer_span(&c->files[0]), err);
}

static bool is_same_file(const char *a, const char *b)
{
	struct stat first, second;
	return stat(a, &first) == 0 && stat(b, &second) == 0 && first.st_dev == second.st_dev &&
	       first.st_ino == second.st_ino;
}

bool cli_vocab_output_is(enum cli_vocab_kind kind, const char *path, const char *file)
{
	bool is = file && is_same_file(path, file);
	for (size_t i = 0; file && kind == CLI_VOCAB_MERGES && i < 2 && !is; i++) {
		struct tok_buffer name = { 0 };
		is = !join(&name, path, merges_names[i]) ||
		     is_same_file((const char *)name.bytes, file);
		tok_buffer_release(&name);
	}
	return is;
}

/* ---- read again before it is written ------------------------------------------------------------
 */

static enum tok_status read_again(const struct content *c, enum cli_vocab_kind kind,
				  const char *path, const char *pattern, struct tok_tokenizer **out,
				  struct tok_error *err)
{
	const struct vocab_source source = { .path = path,
					     .files = { tok_buffer_span(&c->files[0]),
							tok_buffer_span(&c->files[1]) },
					     .count = kind == CLI_VOCAB_MERGES ? 2 : 1 };
	return cli_load_source(&source, pattern, out, err);
}

static enum cli_exit judge(const struct content *c, enum cli_vocab_kind kind, const char *path,
			   const struct cli_vocab_careful *how)
{
	struct tok_tokenizer *written = NULL;
	struct tok_error err = { 0 };
	enum cli_exit result;
	if (!how->judge)
		return CLI_OK;
	if (kind == CLI_VOCAB_TOK)
		return how->judge(how->data, c->image);
	if (read_again(c, kind, path, how->pattern, &written, &err) == TOK_OK)
		result = how->judge(how->data, written);
	else
		result = cli_error("not written, it could not be read again: %s", err.message);
	tok_tokenizer_free(written);
	return result;
}

enum cli_exit cli_vocab_output_careful(struct tok_spec *spec, enum cli_vocab_kind kind,
				       const char *path, const struct cli_vocab_careful *how)
{
	struct content c = { 0 };
	struct tok_error err = { 0 };
	enum tok_status status = fill(&c, spec, kind, how->fast, &err);
	enum cli_exit result = CLI_OK;
	if (status == TOK_OK)
		result = tell(&c.losses, kind, path, how);
	else
		result = cli_error("cannot be written so: %s", err.message);
	if (status != TOK_OK)
		list(&c.losses);
	if (result == CLI_OK)
		result = judge(&c, kind, path, how);
	if (result == CLI_NO && !how->lossy)
		cli_error("'%s' is not written; with --lossy it is", path);
	if (result == CLI_OK || (result == CLI_NO && how->lossy)) {
		status = write_content(&c, kind, path, &err);
		if (status != TOK_OK)
			result = cli_error("%s", err.message);
	}
	release(&c);
	return result;
}

enum cli_exit cli_vocab_output(struct tok_spec *spec, enum cli_vocab_kind kind, const char *path)
{
	const struct cli_vocab_careful plainly = { .made = true };
	return cli_vocab_output_careful(spec, kind, path, &plainly);
}

/* ---- before it is made --------------------------------------------------------------------------
 */

static bool holds_all(const struct tok_spec *spec, enum cli_vocab_kind kind)
{
	return kind == CLI_VOCAB_TOK || (kind == CLI_VOCAB_JSON && !spec->sentencepiece);
}

/* Another set of tokens may not be in the way any more. */
static bool is_of_tokens(const struct tok_error *err)
{
	const struct tok_span why = tok_span_of(err->message);
	return tok_span_starts(why, tok_span_of("model:")) ||
	       tok_span_starts(why, tok_span_of("added_tokens:"));
}

static enum tok_status first_loss(const struct vocab_losses *losses, struct tok_error *err)
{
	const uint8_t *lines = losses->lines.bytes;
	if (losses->out_of_memory)
		return tok_fail_memory(err);
	const uint8_t *end = memchr(lines, '\n', losses->lines.count);
	return tok_fail(err, TOK_EARG, "%.*s", (int)(end - lines), (const char *)lines);
}

enum tok_status cli_vocab_output_check(struct tok_spec *spec, const struct cli_vocab_aim *aim,
				       struct tok_error *err)
{
	static const struct cli_vocab_careful plainly = { .made = true };
	struct content c = { 0 };
	struct tok_error why = { 0 };
	if (holds_all(spec, aim->kind))
		return TOK_OK;
	enum tok_status status = fill(&c, spec, aim->kind, false, &why);
	if ((status == TOK_OK || status == TOK_EARG) && c.losses.count &&
	    !is_told(aim->kind, &plainly))
		status = first_loss(&c.losses, &why);
	release(&c);
	if (status == TOK_OK || (status == TOK_EARG && aim->renumbers && is_of_tokens(&why)))
		return TOK_OK;
	if (status != TOK_EARG)
		return tok_fail(err, status, "%s", why.message);
	if (spec->sentencepiece && aim->kind == CLI_VOCAB_SENTENCEPIECE)
		return tok_fail(err, status, "cannot be written so: %s", why.message);
	return tok_fail(err, status, "cannot be written so: %s; --%s %s can hold it%s", why.message,
			aim->option,
			spec->sentencepiece ? VOCAB_FORMAT_SENTENCEPIECE : VOCAB_FORMAT_JSON,
			aim->otherwise);
}
