/*
 * cli_formats.h - how ids are written and read: see tok-formats(5).
 */
#ifndef CMD_CLI_FORMATS_H
#define CMD_CLI_FORMATS_H

enum cli_format {
	CLI_FORMAT_TEXT,
	CLI_FORMAT_JSONL,
	CLI_FORMAT_U16,
	CLI_FORMAT_U32,
	CLI_FORMAT_NPY,
	CLI_FORMAT_MEGATRON /* written only */
};

/* The same, as the words of an option: what is read, and what is written. */
#define CLI_FORMAT_WORDS         "text|jsonl|u16|u32|npy"
#define CLI_FORMAT_WRITTEN_WORDS CLI_FORMAT_WORDS "|megatron"

/* What npy and megatron may hold. */
enum cli_dtype { CLI_DTYPE_UINT16, CLI_DTYPE_UINT32 };
#define CLI_DTYPE_WORDS "uint16|uint32"

/* Vocabularies of so many ids fit in two bytes an id. */
#define CLI_U16_IDS 65536

/* Length of the header of the npy files that are written here. */
#define CLI_NPY_HEADER 128

#endif
