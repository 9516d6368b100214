/*
 * cli_visible.h - tokens and texts so that all of them is seen: "␠the", "a␊", "<0xE3>".
 *
 * A blank is shown as U+2420 and a control character as the picture that Unicode has of it;
 * a byte that is not UTF-8, and a character that shows nothing, as its number; a mark that
 * would sit on the character before stands on a dotted circle.  So neither what is shown
 * nor what stands beside it can change how a terminal or a page looks.
 */
#ifndef CMD_CLI_VISIBLE_H
#define CMD_CLI_VISIBLE_H

#include "tok/base/buffer.h"
#include "tok/pipe/tokenizer.h"

/* Append to `out`; false if memory is out. */
TOK_MUST_USE bool cli_visible_text(struct tok_span text, struct tok_buffer *out);

/* The same of what people read as a line, such as a message or a note: blanks stay blanks. */
TOK_MUST_USE bool cli_visible_line(struct tok_span text, struct tok_buffer *out);
TOK_MUST_USE bool cli_visible_token(const struct tok_tokenizer *tokenizer, tok_id id,
				    struct tok_buffer *out);

/* Columns that a visible text takes where every character is as wide as another, those of
 * Chinese and its like as wide as two. */
size_t cli_visible_width(struct tok_span visible);

/* Append the bytes that a token stands for, as far as one token alone says: of a byte-level
 * or raw vocabulary its bytes, of a byte piece that byte, else its text. */
TOK_MUST_USE bool cli_token_bytes(const struct tok_tokenizer *tokenizer, tok_id id,
				  struct tok_buffer *out);

#endif
