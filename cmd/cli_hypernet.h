/*
 * cli_hypernet.h - a hypernetwork and the model whose embeddings it goes by, from two folders.
 *
 *	struct cli_hypernet h = { 0 };
 *	status = cli_hypernet_open(&h, "model", &options, &err);
 *	status = hyper_surfaces_make(h.tokenizer, &h.config, tokens, count, &surfaces, &err);
 *	status = hyper_predict(h.net, &h.source, &surfaces, &job, &err);
 *	cli_hypernet_close(&h);
 *
 * A hypernetwork's folder is one of Zero-Shot Tokenizer Transfer: config.json, model.safetensors,
 * tokenizer.json.
 */
#ifndef CMD_CLI_HYPERNET_H
#define CMD_CLI_HYPERNET_H

#include "cmd/cli_load.h"
#include "hypernet/kernel/opencl.h"
#include "hypernet/net/net.h"
#include "hypernet/tensor/folder.h"

/* What a model calls its embeddings, where that is not usual; NULL otherwise. */
struct cli_tensor_names {
	const char *in, *out;
};

struct cli_hypernet_options {
	const char *folder;
	struct cli_tensor_names names; /* of the model */
	const char *language;          /* code; NULL: none was given */
	int mode;                      /* enum hyper_mode */
	uint64_t threads;              /* 0: all processors */
	const char *device;            /* of hyper_device_open; NULL: the processor */
	uint64_t device_memory;
	bool device_fallback;
};

struct cli_hypernet {
	struct hyper_config config;
	struct tok_tokenizer *tokenizer; /* that sees new tokens as pieces */
	struct hyper_net *net;
	struct hyper_folder *model;
	struct hyper_source source; /* of the model */
	size_t language;
	const char *kernel;          /* its name */
	struct hyper_device *device; /* NULL: the processor */
};

/* Rows for an option table whose struct T has a struct cli_hypernet_options at `field`. */
#define CLI_TENSOR_ROWS(T, field)                                                                  \
	{ CLI_TEXT,                                                                                \
	  0,                                                                                       \
	  "in-tensor",                                                                             \
	  "NAME",                                                                                  \
	  "the model's input embeddings, where they have no usual name",                           \
	  CLI_FIELD(T, field.in, const char *) },                                                  \
	{                                                                                          \
		CLI_TEXT, 0, "out-tensor", "NAME", "the same of its output",                       \
		    CLI_FIELD(T, field.out, const char *)                                          \
	}

#define CLI_HYPERNET_ROWS(T, field)                                                                \
	{ CLI_TEXT,                                                                                \
	  0,                                                                                       \
	  "lang",                                                                                  \
	  "CODE",                                                                                  \
	  "the language of the tokens, such as en or de, for a hypernetwork that asks",            \
	  CLI_FIELD(T, field.language, const char *) },                                            \
	    { CLI_CHOICE,                                                                          \
	      0,                                                                                   \
	      "mode",                                                                              \
	      HYPER_MODE_WORDS,                                                                    \
	      "how exactly the network computes (f32); bf16 is what its authors used",             \
	      CLI_FIELD(T, field.mode, int) },                                                     \
	    { CLI_TEXT,                                                                            \
	      0,                                                                                   \
	      "device",                                                                            \
	      "NAME",                                                                              \
	      "compute on this OpenCL device: PLATFORM:DEVICE, or part of its name; tok embed "    \
	      "predict --device list tells them",                                                  \
	      CLI_FIELD(T, field.device, const char *) },                                          \
	    { CLI_BYTES,                                                                           \
	      0,                                                                                   \
	      "device-memory",                                                                     \
	      "BYTES",                                                                             \
	      "use so much of its memory at most (three quarters)",                                \
	      CLI_FIELD(T, field.device_memory, uint64_t) },                                       \
	{                                                                                          \
		CLI_FLAG, 0, "device-fallback", NULL,                                              \
		    "where that device is not there or too small, compute on the processor",       \
		    CLI_FIELD(T, field.device_fallback, bool)                                      \
	}

/* The model at `path` and its embeddings, which live as long as it.  Messages name it. */
TOK_MUST_USE enum tok_status cli_model_open(const char *path, const struct cli_tensor_names *names,
					    struct hyper_folder **out,
					    struct hyper_embeddings *embeddings,
					    struct tok_error *err);

/* A zeroed struct is closed.  Messages name the folder or file.  `model` NULL: there is none yet,
 * and out->model and out->source are empty. */
TOK_MUST_USE enum tok_status cli_hypernet_open(struct cli_hypernet *out, const char *model,
					       const struct cli_hypernet_options *options,
					       struct tok_error *err);
void cli_hypernet_close(struct cli_hypernet *hypernet);

#endif
