#include "cmd/cli_vocab_output.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cmd/cli_put.h"
#include "tok/base/replace.h"
#include "vocab/convert/fast.h"
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

static enum cli_exit tell(const struct vocab_losses *losses, const char *path, bool lossy)
{
	if (!losses->count)
		return CLI_OK;
	if (lossy)
		cli_tell("%s: it does not say:", path);
	else
		cli_error("'%s' cannot say this, and is written only with --lossy:", path);
	list(losses);
	return lossy ? CLI_OK : CLI_TROUBLE;
}

/* ---- files -------------------------------------------------------------------------------------
 */

/* What is to be written, before anything is: `files` are of the folder's two, or one. */
struct content {
	struct tok_buffer files[2];
	struct vocab_losses losses;
};

static void release(struct content *c)
{
	tok_buffer_release(&c->files[0]);
	tok_buffer_release(&c->files[1]);
	vocab_losses_release(&c->losses);
}

static enum tok_status fill(struct content *c, struct tok_spec *spec, enum cli_vocab_kind kind,
			    bool convert, struct tok_error *err)
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
	if (convert && kind == CLI_VOCAB_JSON && spec->sentencepiece)
		status = vocab_fast(spec, &c->losses, err);
	if (status != TOK_OK)
		return status;
	return kind == CLI_VOCAB_MERGES
		   ? vocab_write_merges(spec, &c->files[0], &c->files[1], &c->losses, err)
		   : vocab_write_lossy(kinds[kind], spec, &c->files[0], &c->losses, err);
}

static enum tok_status write_folder(const struct content *c, const char *path,
				    struct tok_error *err)
{
	static const char *const names[] = { "vocab.json", "merges.txt" };
	enum tok_status status = TOK_OK;
	if (mkdir(path, 0777) != 0 && errno != EEXIST)
		return tok_fail(err, TOK_EIO, "cannot make the folder '%s': %s", path,
				strerror(errno));
	for (size_t i = 0; i < 2 && status == TOK_OK; i++) {
		struct tok_buffer name = { 0 };
		struct cli_put p = { .out = &name };
		cli_put(&p, "%s/%s%c", path, names[i], 0);
		status = p.lost ? tok_fail_memory(err)
				: write_bytes((const char *)name.bytes,
					      tok_buffer_span(&c->files[i]), err);
		tok_buffer_release(&name);
	}
	return status;
}

static enum cli_exit write_content(struct tok_spec *spec, enum cli_vocab_kind kind,
				   const char *path, bool convert, bool lossy)
{
	struct content c = { 0 };
	struct tok_error err = { 0 };
	enum tok_status status = fill(&c, spec, kind, convert, &err);
	enum cli_exit result = CLI_OK;
	if (status == TOK_OK)
		result = tell(&c.losses, path, lossy);
	else
		result = cli_error("cannot be written so: %s", err.message);
	if (status != TOK_OK)
		list(&c.losses);
	if (result == CLI_OK)
		status = kind == CLI_VOCAB_MERGES
			     ? write_folder(&c, path, &err)
			     : write_bytes(path, tok_buffer_span(&c.files[0]), &err);
	if (result == CLI_OK && status != TOK_OK)
		result = cli_error("%s", err.message);
	release(&c);
	return result;
}

static enum cli_exit write_image(struct tok_spec *spec, const char *path)
{
	struct tok_error err = { 0 };
	return vocab_image_write(spec, path, &err) == TOK_OK ? CLI_OK
							     : cli_error("%s", err.message);
}

enum cli_exit cli_vocab_output(struct tok_spec *spec, enum cli_vocab_kind kind, const char *path)
{
	return kind == CLI_VOCAB_TOK ? write_image(spec, path)
				     : write_content(spec, kind, path, false, false);
}

enum cli_exit cli_vocab_output_listing(struct tok_spec *spec, enum cli_vocab_kind kind,
				       const char *path, bool lossy)
{
	return kind == CLI_VOCAB_TOK ? write_image(spec, path)
				     : write_content(spec, kind, path, true, lossy);
}
