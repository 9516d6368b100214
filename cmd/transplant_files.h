/*
 * transplant_files.h - the files beside a model's weights as they must be under another tokenizer.
 *
 *	struct transplant_files f = { 0 };
 *	status = transplant_files_make(&f, &c, rows, &err);
 *	graft.files = f.items, graft.file_count = f.count;
 *	transplant_files_release(&f);
 *
 * The old tokenizer's files go and the new one's come (transplant_tokenizer.h).  config.json and
 * generation_config.json are rewritten (hypernet/transplant/config.h).  tokenizer_config.json says
 * PreTrainedTokenizerFast, because classes of one model's family change what a tokenizer.json says.
 * If both tokenizers are the same and so are the rows, nothing changes.
 */
#ifndef CMD_TRANSPLANT_FILES_H
#define CMD_TRANSPLANT_FILES_H

#include "cmd/transplant_internal.h"
#include "hypernet/transplant/config.h"

/* What to do about the chat template, in the order of TRANSPLANT_CHAT_WORDS. */
enum transplant_chat {
	TRANSPLANT_CHAT_AUDIT, /* the new tokenizer's; else the old one, if all that it names is
				  there */
	TRANSPLANT_CHAT_NEW,   /* the new tokenizer's, or none */
	TRANSPLANT_CHAT_KEEP   /* the old one, whatever it names: refused where that is missing */
};
#define TRANSPLANT_CHAT_WORDS "audit|new|keep"

/* A zeroed struct is empty. */
struct transplant_files {
	struct hyper_side_file *items;
	size_t count, capacity;
	struct tok_arena arena;
	struct tok_buffer notes; /* lines for who reads the report */
	bool unchanged;          /* the tokenizers are the same, and so are the rows */
};

/* `rows`: of the new matrices.  TOK_EARG for what cannot be mapped, TOK_EIO, TOK_EFORMAT. */
TOK_MUST_USE enum tok_status transplant_files_make(struct transplant_files *out,
						   const struct transplant_case *c, size_t rows,
						   struct tok_error *err);
void transplant_files_release(struct transplant_files *files);

/* One file more; its bytes are copied. */
TOK_MUST_USE enum tok_status transplant_files_add(struct transplant_files *files, const char *name,
						  struct tok_span bytes, struct tok_error *err);

/* Which ids became which; sizes are not set. */
struct hyper_config_change transplant_change(const struct transplant_case *c);

/* The model's file of this name is not taken over. */
TOK_MUST_USE enum tok_status transplant_files_drop(struct transplant_files *files, const char *name,
						   struct tok_error *err);

/* NULL of one that does not come. */
const struct hyper_side_file *transplant_files_find(const struct transplant_files *files,
						    const char *name);

/* Bytes of FOLDER/NAME, added to `out`; *there is false where there is no such file. */
TOK_MUST_USE enum tok_status transplant_files_read(const char *folder, const char *name,
						   struct tok_buffer *out, bool *there,
						   struct tok_error *err);

#endif
