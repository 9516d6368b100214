/*
 * cli_hex.h - bytes as hexadecimal digits, and back.
 */
#ifndef CMD_CLI_HEX_H
#define CMD_CLI_HEX_H

#include "tok/base/buffer.h"

/* 0 to 15; -1 for what is no digit. */
int cli_hex_digit(uint8_t byte);

/* The byte of two digits; -1 where one is none. */
int cli_hex_byte(uint8_t high, uint8_t low);

/* Two digits a byte, in small letters.  False if memory is out. */
TOK_MUST_USE bool cli_put_hex(struct tok_buffer *out, struct tok_span bytes);

#endif
