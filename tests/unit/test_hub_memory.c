/* test_hub_memory.c - each allocation of a download fails once: told, nothing kept in memory, and
 * the next download is whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "heap.h"
#include "vocab/store/hub.h"

#define SHA "0123456789abcdef0123456789abcdef01234567"
#define GIT "9e26dfeeb6e641a33dae4961196235bdb965b21b" /* git hash-object of "{}" */
#define OTHER                                                                                      \
	"2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881" /* sha256sum of "x" */

/* ---- a hub that has one model ------------------------------------------------------------------
 */

static const struct {
	const char *asked, *head, *body;
} answers[] = {
	{ "GET /api/models/org/m/revision/main ", "200 OK\r\nContent-Type: application/json",
	  "{\"sha\":\"" SHA
	  "\",\"siblings\":[{\"rfilename\":\"vocab.json\"},{\"rfilename\":\"vocab.bpe\"}],"
	  "\"tags\":[\"license:mit\"]}" },
	{ "HEAD /org/m/resolve/" SHA "/vocab.json ",
	  "307 Moved\r\nContent-Length: 0\r\nLocation: /new", "" },
	{ "HEAD /new ", "200 OK\r\nContent-Length: 2\r\nETag: \"" GIT "\"", "" },
	{ "GET /org/m/resolve/" SHA "/vocab.json ", "200 OK\r\nContent-Length: 2", "{}" },
	{ "HEAD /org/m/resolve/" SHA "/vocab.bpe ",
	  "302 Found\r\nContent-Length: 0\r\nLocation: /there\r\nX-Linked-Size: "
	  "1\r\nX-Linked-Etag: \"" OTHER "\"",
	  "" },
	{ "GET /org/m/resolve/" SHA "/vocab.bpe ",
	  "302 Found\r\nContent-Length: 0\r\nLocation: /there", "" },
	{ "GET /there ", "200 OK\r\nContent-Length: 1", "x" },
};

static void answer(int client)
{
	char asked[4096], said[1024] = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
	size_t count = 0;
	ssize_t n = 1;
	asked[0] = '\0';
	while (!strstr(asked, "\r\n\r\n") && n > 0) {
		n = read(client, asked + count, sizeof asked - 1 - count);
		count += n > 0 ? (size_t)n : 0;
		asked[count] = '\0';
	}
	for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
		if (strncmp(asked, answers[i].asked, strlen(answers[i].asked)) == 0)
			snprintf(said, sizeof said, "HTTP/1.1 %s\r\nConnection: close\r\n\r\n%s",
				 answers[i].head, answers[i].body);
	if (write(client, said, strlen(said)) > 0)
		shutdown(client, SHUT_WR);
	close(client);
}

static pid_t serve(uint16_t *port)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t size = sizeof address;
	const int server = socket(AF_INET, SOCK_STREAM, 0);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (server < 0 || bind(server, (const struct sockaddr *)&address, size) != 0 ||
	    listen(server, 8) != 0 || getsockname(server, (struct sockaddr *)&address, &size) != 0)
		return -1;
	*port = ntohs(address.sin_port);
	const pid_t child = fork();
	if (child == 0) {
		alarm(120); /* whatever becomes of the test */
		for (;;)
			answer(accept(server, NULL, NULL));
	}
	close(server);
	return child;
}

/* ---- downloads
 * ----------------------------------------------------------------------------------- */

static pid_t child;
static char endpoint[64], folder[64];

static enum tok_status fetch(struct tok_error *err)
{
	const struct vocab_hub hub = { .endpoint = endpoint, .token = "hf_abc", .folder = folder };
	struct vocab_hub_model model;
	struct vocab_hub_tokenizer got;
	assert_true(vocab_hub_parse("org/m", &model));
	const enum tok_status status = vocab_hub_fetch(&hub, &model, &got, err);
	if (status != TOK_OK)
		return status;
	assert_string_equal(got.origin, "hf:org/m@" SHA);
	assert_string_equal(got.licence, "mit");
	assert_int_equal(got.source.count, 2);
	assert_string_equal(got.source.path, "vocab.json");
	assert_string_equal(got.source.other_path, "vocab.bpe");
	assert_true(tok_span_equal(got.source.files[0], tok_span_of("{}")));
	assert_true(tok_span_equal(got.source.files[1], tok_span_of("x")));
	vocab_hub_release(&got);
	return TOK_OK;
}

static void each_allocation_may_fail(void **state)
{
	struct tok_error err = { 0 };
	size_t failures = 0;
	(void)state;
	enum tok_status status = fetch(&err);
	if (status == TOK_EARG && strstr(err.message, "libcurl"))
		skip();
	assert_string_equal(err.message, "");
	for (status = TOK_ENOMEM; status != TOK_OK; failures++) {
		const long before = heap.live;
		heap.asked = 0;
		heap.fails_at = failures + 1;
		status = fetch(&err);
		heap.fails_at = 0;
		assert_true(status == TOK_OK || status == TOK_ENOMEM);
		/* Copies that the C library made are freed and were not counted. */
		assert_true(heap.live <= before);
	}
	assert_true(failures > 10);
	assert_int_equal(rmdir(folder), 0); /* nothing lies about in it */
}

static int make(void **state)
{
	uint16_t port = 0;
	(void)state;
	child = serve(&port);
	snprintf(endpoint, sizeof endpoint, "http://127.0.0.1:%u", port);
	snprintf(folder, sizeof folder, "/tmp/tok-hub-%d", (int)getpid());
	return child <= 0;
}

static int clean(void **state)
{
	(void)state;
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_allocation_may_fail),
	};
	return cmocka_run_group_tests(tests, make, clean);
}
