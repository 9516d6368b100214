/* The folder of a model that is written anew: what is linked, what is taken over, and that a run
 * that fails leaves nothing. */
#include <signal.h>
#include <sys/resource.h>

#include "tests/unit/graft_laws.h"

/* ---- shards
 * ----------------------------------------------------------------------------------------- */

#define INDEX "model.safetensors.index.json"

static void write_shards(void)
{
	const struct hyper_write_tensor a[] = { { IN, HYPER_BF16, 2, { V, W } } };
	const struct hyper_write_tensor b[] = { { "model.norm.weight", HYPER_BF16, 1, { W } } };
	const struct hyper_write_tensor c[] = { { OUT, HYPER_BF16, 2, { V, W } },
						{ "x", HYPER_BF16, 1, { 3 } } };
	const struct tok_span none = { 0 };
	graft_write_model(source, "model-00001-of-00003.safetensors", a, (uint32_t[]){ 1 }, 1, none,
			  0);
	graft_write_model(source, "model-00002-of-00003.safetensors", b, (uint32_t[]){ 2 }, 1, none,
			  0);
	graft_write_model(source, "model-00003-of-00003.safetensors", c, (uint32_t[]){ 3, 4 }, 2,
			  none, 0);
	write_text("config.json", "{\"tie_word_embeddings\":false}");
	/* In the order and with the white space of nobody. */
	write_text(INDEX,
		   "{\n  \"weight_map\": {\n"
		   "    \"x\": \"model-00003-of-00003.safetensors\",\n"
		   "    \"lm_head.weight\": \"model-00003-of-00003.safetensors\",\n"
		   "    \"model.norm.weight\": \"model-00002-of-00003.safetensors\",\n"
		   "    \"model.embed_tokens.weight\": \"model-00001-of-00003.safetensors\"\n"
		   "  },\n  \"metadata\": {\"total_size\": 838, \"a\": 1.50}\n}\n");
}

static ino_t inode(const char *path, const char *name)
{
	struct stat info;
	char *file = tensor_path(path, name);
	assert_int_equal(stat(file, &info), 0);
	free(file);
	return info.st_ino;
}

static void only_files_that_change_are_written(void **state)
{
	(void)state;
	static const char *const names[] = { "model-00001-of-00003.safetensors",
					     "model-00002-of-00003.safetensors",
					     "model-00003-of-00003.safetensors" };
	static const struct {
		enum hyper_tie tie;
		const char *index; /* in the place of lm_head's line and of 838 */
		const char *size;
	} rows[] = {
		{ HYPER_TIE_KEEP, "    \"lm_head.weight\": \"model-00003-of-00003.safetensors\",\n",
		  "1094" },
		{ HYPER_TIE_FORCE, "", "582" },
	};
	struct room mixed;
	mix_rows(&mixed);
	for (size_t i = 0; i < 2; i++) {
		char wanted[512];
		write_shards();
		const struct hyper_graft_report report =
		    run(source, target, &(struct run){ .in = &mixed.recipe, .tie = rows[i].tie });
		assert_int_equal(report.files_linked, 1);
		for (size_t f = 0; f < 3; f++)
			assert_int_equal(inode(source, names[f]) == inode(target, names[f]),
					 f == 1);
		struct tok_buffer index = graft_read(target, INDEX);
		snprintf(
		    wanted, sizeof wanted,
		    "{\n  \"weight_map\": {\n    \"x\": \"model-00003-of-00003.safetensors\",\n%s"
		    "    \"model.norm.weight\": \"model-00002-of-00003.safetensors\",\n"
		    "    \"model.embed_tokens.weight\": \"model-00001-of-00003.safetensors\"\n"
		    "  },\n  \"metadata\": {\"total_size\": %s, \"a\": 1.50}\n}\n",
		    rows[i].index, rows[i].size);
		assert_int_equal(index.count, strlen(wanted));
		assert_memory_equal(index.bytes, wanted, index.count);
		tok_buffer_release(&index);
		struct hyper_folder *old = open_model(source), *new = open_model(target);
		check_mixed(old, new, IN, IN, mixed.given);
		if (i == 0)
			check_mixed(old, new, OUT, OUT, mixed.given);
		hyper_folder_close(old);
		hyper_folder_close(new);
		tensor_folder_remove(target);
	}
	hyper_weights_release(&mixed.recipe.weights);
}

/* ---- GGUF
 * --------------------------------------------------------------------------------------------- */

static void values_of_gguf_may_change_alone(void **state)
{
	(void)state;
	struct tok_buffer old = { 0 }, new = { 0 };
	struct room same;
	copy_rows(&same, (tok_id[]){ 0, 1, 2, 3, 4, 5 }, V);
	tensor_put_pair(&old, "general.alignment", 4, 64);
	tensor_put(&new, old.bytes, old.count);
	tensor_put_pair(&new, "llama.vocab_size", 4, 6);
	write_gguf(HYPER_Q8_0, W, tok_buffer_span(&old), 1);
	run(source, target,
	    &(struct run){ .in = &same.recipe, .values = tok_buffer_span(&old), .value_count = 1 });
	assert_true(graft_same_folders(source, target));
	assert_int_equal(inode(source, "model.gguf"), inode(target, "model.gguf"));
	tensor_folder_remove(target);
	run(source, target,
	    &(struct run){ .in = &same.recipe, .values = tok_buffer_span(&new), .value_count = 2 });
	struct hyper_folder *a = open_model(source), *b = open_model(target);
	struct tok_span values;
	uint64_t count;
	assert_true(hyper_gguf_values(hyper_folder_tensors(b), 0, &values, &count));
	assert_true(tok_span_equal(values, tok_buffer_span(&new)) && count == 2);
	for (size_t i = 0; i < 3; i++)
		assert_true(tok_span_equal(hyper_tensors_at(hyper_folder_tensors(a), i)->data,
					   hyper_tensors_at(hyper_folder_tensors(b), i)->data));
	hyper_folder_close(a);
	hyper_folder_close(b);
	tok_buffer_release(&old);
	tok_buffer_release(&new);
}

/* ---- what lies beside
 * ------------------------------------------------------------------------------------ */

static void shell(const char *text)
{
	char command[512];
	snprintf(command, sizeof command, "cd '%s' && %s", source, text);
	assert_int_equal(system(command), 0);
}

static bool exists(const char *name)
{
	struct stat info;
	char *path = tensor_path(target, name);
	const bool there = lstat(path, &info) == 0;
	free(path);
	return there;
}

static void what_lies_beside_is_taken_over(void **state)
{
	(void)state;
	struct room copies;
	copy_rows(&copies, (tok_id[]){ 2, 1 }, 2);
	const struct hyper_side_file files[] = {
		{ "config.json", tok_span_of("{\"new\":1}") },
		{ "added.json", tok_span_of("[]") },
		{ "vocab.txt", { 0 } },
	};
	write_llama(HYPER_F32, false);
	shell("mkdir -p .git 1_Pooling/deep && echo a > .git/x && echo b > .hidden && echo c > "
	      "1_Pooling/deep/c"
	      " && echo d > vocab.txt && echo e > ../elsewhere && ln -s ../elsewhere link"
	      " && echo f > pytorch_model.bin && echo g > other.gguf && echo h > training_args.bin"
	      " && head -c 1048576 /dev/zero > large && chmod 755 1_Pooling/deep/c");
	char *file = tensor_path(folder, "source/model.safetensors");
	const struct hyper_graft_report report = run(
	    source, target, &(struct run){ .in = &copies.recipe, .files = files, .file_count = 3 });
	struct tok_buffer config = graft_read(target, "config.json"),
			  link = graft_read(target, "link");
	assert_true(tok_span_equal(tok_buffer_span(&config), files[0].bytes));
	assert_true(tok_span_equal(tok_buffer_span(&link), tok_span_of("e\n")));
	assert_true(exists("1_Pooling/deep/c") && exists(".hidden") && exists("added.json") &&
		    exists("training_args.bin"));
	assert_false(exists(".git") || exists("vocab.txt") || exists("pytorch_model.bin") ||
		     exists("other.gguf"));
	assert_int_equal(inode(source, "large"), inode(target, "large"));
	assert_int_not_equal(inode(source, ".hidden"), inode(target, ".hidden"));
	assert_int_equal(report.files_left, 2);
	assert_int_equal(graft_count_names(target), 8);
	tok_buffer_release(&config);
	tok_buffer_release(&link);
	tensor_folder_remove(target);
	/* Of a file alone nothing is taken over. */
	run(file, target, &(struct run){ .in = &copies.recipe });
	assert_int_equal(graft_count_names(target), 1);
	free(file);
	/* A folder within the model is no part of itself. */
	char *inner = tensor_path(source, "new");
	run(source, inner, &(struct run){ .in = &copies.recipe });
	assert_int_equal(graft_count_names(inner), 8);
	free(inner);
}

static void what_cannot_be_taken_over_is_named(void **state)
{
	(void)state;
	static const struct {
		const char *make, *why;
	} rows[] = {
		{ "ln -s . loop", "loop': it is a link to a folder" },
		{ "ln -s nowhere dangling", "dangling': No such file" },
		{ "mkfifo pipe", "pipe': it is no file" },
		{ "mkdir in && mkfifo in/pipe", "in/pipe': it is no file" },
		{ "d=$(printf 'a/%.0s' $(seq 40)) && mkdir -p $d", "lies in more than 32 folders" },
		{ "echo x > closed && chmod 0 closed", "closed': Permission denied" },
	};
	struct room copies;
	copy_rows(&copies, (tok_id[]){ 2, 1 }, 2);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (i == 5 && geteuid() == 0) /* who may read everything */
			continue;
		write_llama(HYPER_F32, false);
		shell(rows[i].make);
		run(source, target,
		    &(struct run){ .in = &copies.recipe,
				   .why = rows[i].why,
				   .status = i == 4 ? TOK_ELIMIT : TOK_EIO });
		assert_int_equal(graft_count_names(folder), 1);
		shell("rm -rf ./*");
	}
}

/* ---- nothing or all
 * ---------------------------------------------------------------------------------------- */

static void what_is_there_stays(void **state)
{
	(void)state;
	struct room copies;
	copy_rows(&copies, (tok_id[]){ 2, 1 }, 2);
	write_llama(HYPER_F32, false);
	static const char *const commands[] = { "mkdir ../target", "touch ../target",
						"ln -s nowhere ../target" };
	for (size_t i = 0; i < 3; i++) {
		shell(commands[i]);
		run(source, target,
		    &(struct run){
			.in = &copies.recipe, .why = "target' exists", .status = TOK_EARG });
		assert_int_equal(graft_count_names(folder), 2);
		shell("rm -r ../target");
	}
	char *path = tensor_path(folder, "no/such/place");
	run(source, path,
	    &(struct run){ .in = &copies.recipe, .why = "No such file", .status = TOK_EIO });
	free(path);
	path = tensor_path(folder, "slashes///");
	run(source, path, &(struct run){ .in = &copies.recipe });
	assert_int_equal(graft_count_names(folder), 2);
	free(path);
}

static void a_full_disk_leaves_nothing(void **state)
{
	(void)state;
	struct room copies;
	struct rlimit old, limit;
	copy_rows(&copies, (tok_id[]){ 2, 1, 0 }, 3);
	write_llama(HYPER_F32, true);
	shell("head -c 3000 /dev/zero > large.txt");
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	signal(SIGXFSZ, SIG_IGN);
	/* The weights do not fit, then a file beside them. */
	for (rlim_t size = 200; size < 2999; size += 300) {
		limit = (struct rlimit){ size, old.rlim_max };
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
		run(source, target,
		    &(struct run){
			.in = &copies.recipe, .why = "cannot write", .status = TOK_EIO });
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
		assert_int_equal(graft_count_names(folder), 1);
	}
	signal(SIGXFSZ, SIG_DFL);
}

static void it_ends_when_somebody_says_so(void **state)
{
	(void)state;
	struct room copies;
	const atomic_bool stop = true;
	copy_rows(&copies, (tok_id[]){ 2, 1, 0 }, 3);
	write_llama(HYPER_F32, true);
	run(source, target,
	    &(struct run){
		.in = &copies.recipe, .stop = &stop, .why = "interrupted: '", .status = TOK_EIO });
	assert_int_equal(graft_count_names(folder), 1);
}

/* More can be put into the folder before it takes its name, and that can fail. */
static enum tok_status put_more(void *context, const char *path, struct tok_error *err)
{
	const struct run *r = context;
	assert_int_equal(graft_count_names(path), 2);
	assert_string_not_equal(path, target);
	tensor_write(path, "more", tok_span_of("x"));
	return r->status == TOK_OK ? TOK_OK : tok_fail(err, r->status, "no more");
}

static void the_last_word_is_the_callers(void **state)
{
	(void)state;
	struct room copies;
	copy_rows(&copies, (tok_id[]){ 2, 1, 0 }, 3);
	write_llama(HYPER_F32, true);
	run(source, target,
	    &(struct run){ .in = &copies.recipe,
			   .finish = put_more,
			   .status = TOK_EFORMAT,
			   .why = "no more" });
	assert_int_equal(graft_count_names(folder), 1);
	run(source, target, &(struct run){ .in = &copies.recipe, .finish = put_more });
	assert_int_equal(graft_count_names(target), 3);
}

static void recipes_that_do_not_fit_are_refused(void **state)
{
	(void)state;
	static const struct {
		const char *why;
		int origin;
		tok_id source;
		uint32_t place;
		size_t width;
	} rows[] = {
		{ "row 1 names a row of the model", HYPER_ROW_COPY, V, 0, W },
		{ "row 1 names a sum", HYPER_ROW_SUM, 0, 1, W },
		{ "row 1 names a given row", HYPER_ROW_GIVEN, 0, 2, W },
		{ "rows of 31 numbers are given to a model whose rows have 32", HYPER_ROW_ZERO, 0,
		  0, W - 1 },
		{ "a sum takes row 6 of a model that has 6 rows", HYPER_ROW_ZERO, 0, 0, W },
	};
	write_llama(HYPER_F32, false);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct room mixed;
		mix_rows(&mixed);
		mixed.origins[1] = (uint8_t)rows[i].origin;
		mixed.sources[1] = rows[i].source;
		mixed.places[1] = rows[i].place;
		mixed.recipe.width = rows[i].width;
		if (i == 4)
			mixed.recipe.weights.sources[1] = V;
		run(source, target,
		    &(struct run){ .in = &mixed.recipe, .why = rows[i].why, .status = TOK_EARG });
		hyper_weights_release(&mixed.recipe.weights);
	}
	struct room none, copies;
	copy_rows(&none, NULL, 0);
	copy_rows(&copies, (tok_id[]){ 2, 1 }, 2);
	run(source, target,
	    &(struct run){
		.in = &none.recipe, .why = "there would be no rows", .status = TOK_EARG });
	static const char *const names[] = { "a/b", "", ".", "..", "model.safetensors" };
	for (size_t i = 0; i < 5; i++) {
		const struct hyper_side_file file = { names[i], tok_span_of("x") };
		run(source, target,
		    &(struct run){ .in = &copies.recipe,
				   .files = &file,
				   .file_count = 1,
				   .why =
				       i < 4 ? "is no name of a file" : "is the model's own file",
				   .status = TOK_EARG });
	}
	assert_int_equal(graft_count_names(folder), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(only_files_that_change_are_written),
		TEST(values_of_gguf_may_change_alone),
		TEST(what_lies_beside_is_taken_over),
		TEST(what_cannot_be_taken_over_is_named),
		TEST(what_is_there_stays),
		TEST(a_full_disk_leaves_nothing),
		TEST(it_ends_when_somebody_says_so),
		TEST(the_last_word_is_the_callers),
		TEST(recipes_that_do_not_fit_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
