#include "vocab/train/words_kept.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "vocab/train/spill.h"
#include "vocab/train/words_file.h"

struct vocab_words_kept {
	int descriptor;
	struct vocab_words_file *file;
};

enum tok_status vocab_words_keep(struct vocab_word_stream *stream, const char *folder,
				 struct vocab_words_kept **out, struct tok_error *err)
{
	struct vocab_words_kept *kept = calloc(1, sizeof *kept);
	if (!kept)
		return tok_fail_memory(err);
	kept->descriptor = -1;
	enum tok_status status = vocab_spill_open(folder, &kept->descriptor, err);
	if (status == TOK_OK) {
		status = vocab_words_write(stream, kept->descriptor, err);
		if (status == TOK_EIO)
			tok_fail_in(err, status, "temporary file in '%s'", folder);
	}
	if (status == TOK_OK)
		*out = kept;
	else
		vocab_words_kept_free(kept);
	return status;
}

enum tok_status vocab_words_again(struct vocab_words_kept *kept, struct vocab_word_stream **out,
				  struct tok_error *err)
{
	vocab_words_close(kept->file);
	kept->file = NULL;
	if (lseek(kept->descriptor, 0, SEEK_SET) != 0)
		return tok_fail(err, TOK_EIO, "cannot read a temporary file: %s", strerror(errno));
	const enum tok_status status = vocab_words_open(kept->descriptor, &kept->file, err);
	if (status == TOK_OK)
		*out = vocab_words_stream(kept->file);
	return status;
}

void vocab_words_kept_free(struct vocab_words_kept *kept)
{
	if (!kept)
		return;
	vocab_words_close(kept->file);
	if (kept->descriptor >= 0)
		close(kept->descriptor);
	free(kept);
}
