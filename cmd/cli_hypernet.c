#include "cmd/cli_hypernet.h"

#include <stdio.h>
#include <stdlib.h>

#include "cmd/cli_lm.h"
#include "cmd/cli_pool.h"

/* "FOLDER/NAME", to be freed; NULL: memory is out. */
static char *join(const char *folder, const char *name)
{
	char *path = NULL;
	return asprintf(&path, "%s/%s", folder, name) < 0 ? NULL : path;
}

static enum tok_status read_config(struct cli_hypernet *h, const char *folder,
				   struct tok_error *err)
{
	struct tok_buffer text = { 0 };
	char *path = join(folder, "config.json");
	enum tok_status status = path ? cli_lm_read(path, &text, err) : tok_fail_memory(err);
	if (status == TOK_OK) {
		status = hyper_config_read(tok_buffer_span(&text), &h->config, err);
		if (status != TOK_OK)
			status = tok_fail_in(err, status, "%s", path);
	}
	tok_buffer_release(&text);
	free(path);
	return status;
}

static enum tok_status read_tokenizer(struct cli_hypernet *h, const char *folder,
				      struct tok_error *err)
{
	char *path = join(folder, "tokenizer.json");
	const struct cli_load load = { .tokenizer = path };
	const enum tok_status status =
	    path ? cli_load(&load, &h->tokenizer, err) : tok_fail_memory(err);
	free(path);
	return status;
}

static enum tok_status open_net(struct cli_hypernet *h, const struct cli_hypernet_options *options,
				const struct hyper_tensors *tensors,
				const struct hyper_kernel *kernel, struct tok_error *err)
{
	const struct hyper_net_options how = { .kernel = kernel,
					       .mode = (enum hyper_mode)options->mode,
					       .threads = cli_threads_for(options->threads) };
	const enum tok_status status = hyper_net_open(tensors, &h->config, &how, &h->net, err);
	if (status != TOK_OK)
		return tok_fail_in(err, status, "%s", options->folder);
	h->kernel = hyper_kernel_name(kernel);
	return TOK_OK;
}

/* On the device, what is no product by `here`; or all by that, out loud, if it was allowed and a
 * bad file is not to blame. */
static enum tok_status open_there(struct cli_hypernet *h,
				  const struct cli_hypernet_options *options,
				  const struct hyper_tensors *tensors,
				  const struct hyper_kernel *here, struct tok_error *err)
{
	enum tok_status status =
	    hyper_device_open(options->device, options->device_memory, here, &h->device, err);
	if (status == TOK_OK)
		status = open_net(h, options, tensors, hyper_device_kernel(h->device), err);
	if (status == TOK_OK || status == TOK_EFORMAT || !options->device_fallback)
		return status;
	cli_error("the processor computes: %s", err->message);
	hyper_device_close(h->device);
	h->device = NULL;
	return open_net(h, options, tensors, here, err);
}

static enum tok_status read_weights(struct cli_hypernet *h,
				    const struct cli_hypernet_options *options,
				    struct tok_error *err)
{
	struct hyper_tensors *tensors = NULL;
	const struct hyper_kernel *here;
	enum tok_status status = hyper_kernel_choose(getenv("TOK_KERNELS"), &here, err);
	if (status == TOK_OK)
		status = hyper_tensors_open(options->folder, &tensors, err);
	if (status == TOK_OK)
		status = options->device ? open_there(h, options, tensors, here, err)
					 : open_net(h, options, tensors, here, err);
	hyper_tensors_close(tensors);
	return status;
}

static enum tok_status find_language(struct cli_hypernet *h, const char *code,
				     struct tok_error *err)
{
	if (code)
		return hyper_config_language(&h->config, code, &h->language, err);
	if (h->config.takes_language)
		return tok_fail(err, TOK_EARG,
				"this hypernetwork wants to know the language of the tokens: say "
				"--lang CODE");
	return TOK_OK;
}

enum tok_status cli_model_open(const char *path, const struct cli_tensor_names *names,
			       struct hyper_folder **out, struct hyper_embeddings *embeddings,
			       struct tok_error *err)
{
	struct hyper_folder *model = NULL;
	enum tok_status status = hyper_folder_open(path, &model, err);
	if (status != TOK_OK)
		return status;
	status = hyper_folder_embeddings(model, names->in, names->out, embeddings, err);
	if (status == TOK_OK) {
		*out = model;
		return TOK_OK;
	}
	hyper_folder_close(model);
	return tok_fail_in(err, status, "%s", path);
}

enum tok_status cli_hypernet_open(struct cli_hypernet *out, const char *model,
				  const struct cli_hypernet_options *options, struct tok_error *err)
{
	struct cli_hypernet h = { 0 };
	struct hyper_embeddings embeddings = { 0 };
	enum tok_status status = read_config(&h, options->folder, err);
	if (status == TOK_OK)
		status = find_language(&h, options->language, err);
	if (status == TOK_OK)
		status = read_tokenizer(&h, options->folder, err);
	if (status == TOK_OK && model)
		status = cli_model_open(model, &options->names, &h.model, &embeddings, err);
	if (status == TOK_OK)
		h.source = (struct hyper_source){ embeddings.input,
						  h.config.untied ? embeddings.output : NULL };
	if (status == TOK_OK)
		status = read_weights(&h, options, err);
	if (status == TOK_OK)
		*out = h;
	else
		cli_hypernet_close(&h);
	return status;
}

void cli_hypernet_close(struct cli_hypernet *h)
{
	hyper_net_free(h->net);
	hyper_device_close(h->device);
	hyper_folder_close(h->model);
	tok_tokenizer_free(h->tokenizer);
	hyper_config_release(&h->config);
	*h = (struct cli_hypernet){ 0 };
}
