/* Questions to a hub through libcurl: what is asked, whom, and what is asked again. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <time.h>

#include "vocab/lm/load_curl.h"
#include "vocab/store/hub_internal.h"

enum {
	CONNECT_MS = 10000,
	REDIRECTIONS_MAX = 5,
	TRIES = 5,
	FIRST_WAIT_MS = 250,
	RETRY_MAX_S = 60,
	DROPPED_MAX = 1 << 20, /* of a body that nobody wants */
};

struct hub_http {
	struct lm_curl calls;
	CURL *curl;
	struct curl_slist *plain, *trusted; /* headers: without the token, and with it */
	char *endpoint;                     /* without a / at its end */
	const char *certificates;           /* borrowed */
	struct hub_sink *sink;
	struct hub_answer *answer;
	uint64_t dropped;
	bool too_long, wrong_range;
	enum tok_status put;
	struct tok_error *err;
	char trouble[CURL_ERROR_SIZE];
};

/* ---- what an answer says ----------------------------------------------------------------------
 */

/* The value of the header `name`, NULL if this is another line. */
static const char *value_of(const char *line, const char *name)
{
	const size_t count = strlen(name);
	if (strncasecmp(line, name, count) != 0 || line[count] != ':')
		return NULL;
	return line + count + 1 + strspn(line + count + 1, " \t");
}

static bool read_number(const char *text, uint64_t *out, const char **end)
{
	uint64_t number = 0;
	const char *at = text;
	for (; *at >= '0' && *at <= '9'; at++) {
		if (number > (UINT64_MAX - 9) / 10)
			return false;
		number = number * 10 + (uint64_t)(*at - '0');
	}
	*out = number;
	*end = at;
	return at > text;
}

/* "bytes 7-9/10" */
static void read_range(const char *value, struct hub_answer *answer)
{
	uint64_t begin, last, total;
	const char *at = value;
	answer->ranged = strncmp(at, "bytes ", 6) == 0 && read_number(at + 6, &begin, &at) &&
			 *at == '-' && read_number(at + 1, &last, &at) && *at == '/' &&
			 read_number(at + 1, &total, &at);
	if (answer->ranged)
		answer->begin = begin;
}

static void read_etag(const char *value, bool linked, struct hub_answer *answer)
{
	if (answer->linked && !linked)
		return;
	answer->linked = linked;
	snprintf(answer->etag, sizeof answer->etag, "%s", value);
}

static void read_line(const char *line, struct hub_answer *answer)
{
	const char *value, *end;
	if ((value = value_of(line, "ETag")) != NULL)
		read_etag(value, false, answer);
	else if ((value = value_of(line, "X-Linked-Etag")) != NULL)
		read_etag(value, true, answer);
	else if ((value = value_of(line, "X-Linked-Size")) != NULL)
		answer->linked_sized = read_number(value, &answer->linked_size, &end);
	else if ((value = value_of(line, "Content-Length")) != NULL)
		answer->sized = read_number(value, &answer->size, &end);
	else if ((value = value_of(line, "Content-Range")) != NULL)
		read_range(value, answer);
	else if ((value = value_of(line, "Retry-After")) != NULL)
		answer->delayed = read_number(value, &answer->delay_s, &end);
}

/* Behind the last header: where will the body go? */
static bool begin_body(struct hub_http *http)
{
	struct hub_sink *sink = http->sink;
	const struct hub_answer *answer = http->answer;
	if (!sink || (answer->code != 200 && answer->code != 206))
		return true;
	if (answer->code == 200)
		sink->have = 0;
	http->wrong_range = answer->code == 206 && (!answer->ranged || answer->begin != sink->have);
	http->too_long =
	    !http->wrong_range && answer->sized && answer->size > sink->limit - sink->have;
	return !http->wrong_range && !http->too_long;
}

static size_t take_header(char *bytes, size_t size, size_t count, void *context)
{
	struct hub_http *http = context;
	char line[512];
	snprintf(line, sizeof line, "%.*s", (int)(size * count < 4096 ? size * count : 4096),
		 bytes);
	line[strcspn(line, "\r\n")] = '\0';
	if (strncmp(line, "HTTP/", 5) == 0)
		*http->answer =
		    (struct hub_answer){ .code = strtol(line + strcspn(line, " "), NULL, 10) };
	else if (line[0])
		read_line(line, http->answer);
	else if (!begin_body(http))
		return 0;
	return size * count;
}

static size_t take_body(char *bytes, size_t size, size_t count, void *context)
{
	struct hub_http *http = context;
	struct hub_sink *sink = http->sink;
	const struct tok_span body = { (const uint8_t *)bytes, size * count };
	if (!sink || (http->answer->code != 200 && http->answer->code != 206)) {
		http->dropped += body.count;
		return http->dropped <= DROPPED_MAX ? body.count : 0;
	}
	http->too_long = body.count > sink->limit - sink->have;
	if (http->too_long)
		return 0;
	http->put = sink->put(sink->data, sink->have, body, http->err);
	if (http->put != TOK_OK)
		return 0;
	sink->have += body.count;
	return body.count;
}

/* ---- one question ------------------------------------------------------------------------------
 */

static CURLcode perform(struct hub_http *http, const char *url, bool trusted)
{
	char range[32];
	const struct hub_sink *sink = http->sink;
	const bool resumed = sink && sink->have > 0;
	if (resumed)
		snprintf(range, sizeof range, "%" PRIu64 "-", sink->have);
	http->calls.easy_setopt(http->curl, CURLOPT_URL, url);
	http->calls.easy_setopt(http->curl, CURLOPT_HTTPGET, 1L);
	http->calls.easy_setopt(http->curl, CURLOPT_NOBODY, sink ? 0L : 1L);
	http->calls.easy_setopt(http->curl, CURLOPT_RANGE, resumed ? range : NULL);
	http->calls.easy_setopt(http->curl, CURLOPT_HTTPHEADER,
				trusted ? http->trusted : http->plain);
	http->dropped = 0;
	http->too_long = http->wrong_range = false;
	http->put = TOK_OK;
	http->trouble[0] = '\0';
	*http->answer = (struct hub_answer){ 0 };
	return http->calls.easy_perform(http->curl);
}

static bool may_pass(CURLcode code)
{
	return code == CURLE_PARTIAL_FILE || code == CURLE_RECV_ERROR || code == CURLE_SEND_ERROR ||
	       code == CURLE_GOT_NOTHING || code == CURLE_OPERATION_TIMEDOUT ||
	       code == CURLE_HTTP2 || code == CURLE_HTTP2_STREAM;
}

/* The server, or the way to it, is no good. */
static enum tok_status fail_transfer(const struct hub_http *http, const char *url, CURLcode code,
				     struct tok_error *err)
{
	const struct hub_shown_url at = hub_url_show(url);
	const char *why = http->trouble[0] ? http->trouble : http->calls.easy_strerror(code);
	if (code == CURLE_OUT_OF_MEMORY)
		return tok_fail_memory(err);
	if (code == CURLE_SSL_CACERT_BADFILE && http->certificates)
		return tok_fail(err, TOK_EARG, "'%s' must be a PEM file of certificates to trust",
				http->certificates);
	if (code == CURLE_PEER_FAILED_VERIFICATION)
		return tok_fail(err, TOK_EIO,
				"%s: its certificate is not trusted (SSL_CERT_FILE): %s", at.text,
				why);
	return tok_fail(err, TOK_EIO, "%s: %s", at.text, why);
}

/* *again: that it failed may be otherwise the next time. */
static enum tok_status request(struct hub_http *http, const char *url, bool trusted, bool *again,
			       struct tok_error *err)
{
	http->err = err;
	const CURLcode code = perform(http, url, trusted);
	const long said = http->answer->code;
	*again = false;
	if (http->put != TOK_OK)
		return http->put;
	if (http->too_long)
		return tok_fail(err, TOK_ELIMIT, "%s: more than %" PRIu64 " bytes are sent",
				hub_url_show(url).text, http->sink->limit);
	/* What is there does not fit to what the server has. */
	if (http->wrong_range || (said == 416 && http->sink && http->sink->have > 0)) {
		http->sink->have = 0;
		*again = true;
		return tok_fail(err, TOK_EFORMAT, "%s: another range is sent than was asked for",
				hub_url_show(url).text);
	}
	if (code != CURLE_OK && http->dropped <= DROPPED_MAX) {
		*again = may_pass(code);
		return fail_transfer(http, url, code, err);
	}
	if (said == 429 || said >= 500) {
		*again = true;
		return tok_fail(err, TOK_EIO, "%s: the server says %ld", hub_url_show(url).text,
				said);
	}
	return TOK_OK;
}

/* ---- redirections
 * -------------------------------------------------------------------------------- */

static bool is_redirection(long code)
{
	return code == 301 || code == 302 || code == 303 || code == 307 || code == 308;
}

/* Where the last answer leads; free() it. */
static enum tok_status find_target(struct hub_http *http, const char *from, char **out,
				   struct tok_error *err)
{
	char *url = NULL;
	http->calls.easy_getinfo(http->curl, CURLINFO_REDIRECT_URL, &url);
	if (!url)
		return tok_fail(err, TOK_EFORMAT, "%s: redirects to nowhere",
				hub_url_show(from).text);
	if (!hub_url_may_lead(from, url))
		return tok_fail(err, TOK_EFORMAT,
				"%s: redirects to '%s': only https, or http from http, is followed",
				hub_url_show(from).text, hub_url_show(url).text);
	*out = strdup(url);
	return *out ? TOK_OK : tok_fail_memory(err);
}

static enum tok_status follow(struct hub_http *http, const char *first, bool *again,
			      struct tok_error *err)
{
	char *url = strdup(first);
	bool trusted = true;
	enum tok_status status = url ? TOK_OK : tok_fail_memory(err);
	for (int hops = 0; status == TOK_OK; hops++) {
		char *next;
		status = request(http, url, trusted, again, err);
		if (status != TOK_OK || !is_redirection(http->answer->code) ||
		    (!http->sink && http->answer->linked))
			break;
		if (hops == REDIRECTIONS_MAX)
			status = tok_fail(err, TOK_EFORMAT, "%s: more than %d redirections",
					  hub_url_show(first).text, REDIRECTIONS_MAX);
		if (status == TOK_OK)
			status = find_target(http, url, &next, err);
		if (status == TOK_OK) {
			free(url);
			url = next;
			trusted = trusted && hub_url_is_at(http->endpoint, url);
		}
	}
	free(url);
	return status;
}

/* ---- asking until there is an answer
 * --------------------------------------------------------------- */

static void wait_for(const struct hub_answer *answer, int tries)
{
	uint64_t ms = (uint64_t)FIRST_WAIT_MS << tries;
	if (answer->delayed)
		ms = 1000 * (answer->delay_s < RETRY_MAX_S ? answer->delay_s : RETRY_MAX_S);
	struct timespec left = { (time_t)(ms / 1000), (long)(ms % 1000) * 1000000 };
	while (nanosleep(&left, &left) != 0)
		;
}

enum tok_status hub_http_ask(struct hub_http *http, const char *path, struct hub_sink *sink,
			     struct hub_answer *out, struct tok_error *err)
{
	const size_t room = strlen(http->endpoint) + strlen(path) + 1;
	char *url = malloc(room);
	if (!url)
		return tok_fail_memory(err);
	snprintf(url, room, "%s%s", http->endpoint, path);
	http->sink = sink;
	http->answer = out;
	enum tok_status status;
	for (int tries = 0;; tries++) {
		bool again = false;
		if (sink && !sink->resumes)
			sink->have = 0;
		status = follow(http, url, &again, err);
		if (status == TOK_OK || !again || tries + 1 == TRIES)
			break;
		wait_for(out, tries);
	}
	free(url);
	return status;
}

/* ---- opening
 * ---------------------------------------------------------------------------------------- */

static enum tok_status set_endpoint(struct hub_http *http, const char *endpoint,
				    struct tok_error *err)
{
	size_t count = strlen(endpoint);
	if (!hub_url_is_endpoint(endpoint))
		return tok_fail(err, TOK_EARG,
				"the hub's endpoint must be as https://huggingface.co, with no ? "
				"or #, not '%s'",
				hub_url_show(endpoint).text);
	while (endpoint[count - 1] == '/')
		count--;
	http->endpoint = strndup(endpoint, count);
	return http->endpoint ? TOK_OK : tok_fail_memory(err);
}

static bool add_header(const struct hub_http *http, struct curl_slist **list, const char *line)
{
	struct curl_slist *longer = http->calls.slist_append(*list, line);
	if (longer)
		*list = longer;
	return longer != NULL;
}

/* A blank or the end of a line in the token would begin something else. */
static enum tok_status set_headers(struct hub_http *http, const char *token, struct tok_error *err)
{
	static const char plain[] = "Accept-Encoding: identity";
	char line[1024] = "";
	if (token &&
	    (!hub_url_is_visible(token) ||
	     snprintf(line, sizeof line, "Authorization: Bearer %s", token) >= (int)sizeof line))
		return tok_fail(err, TOK_EARG,
				"the token must be less than 1000 visible ASCII characters");
	const bool fits = add_header(http, &http->plain, plain) &&
			  add_header(http, &http->trusted, plain) &&
			  (!token || add_header(http, &http->trusted, line));
	return fits ? TOK_OK : tok_fail_memory(err);
}

/* Fails for lack of memory only, and then a server that needs it is not trusted. */
static void set_options(struct hub_http *http, unsigned stall_s)
{
	if (http->certificates)
		http->calls.easy_setopt(http->curl, CURLOPT_CAINFO, http->certificates);
	http->calls.easy_setopt(http->curl, CURLOPT_NOSIGNAL, 1L);
	/* A proxy's 200 is no answer of the server. */
	http->calls.easy_setopt(http->curl, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	http->calls.easy_setopt(http->curl, CURLOPT_USERAGENT, "tok/" TOK_VERSION);
	http->calls.easy_setopt(http->curl, CURLOPT_ERRORBUFFER, http->trouble);
	http->calls.easy_setopt(http->curl, CURLOPT_HEADERFUNCTION, take_header);
	http->calls.easy_setopt(http->curl, CURLOPT_HEADERDATA, http);
	http->calls.easy_setopt(http->curl, CURLOPT_WRITEFUNCTION, take_body);
	http->calls.easy_setopt(http->curl, CURLOPT_WRITEDATA, http);
	http->calls.easy_setopt(http->curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
	http->calls.easy_setopt(http->curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
	http->calls.easy_setopt(http->curl, CURLOPT_LOW_SPEED_TIME,
				(long)(stall_s ? stall_s : VOCAB_HUB_STALL_S));
}

enum tok_status hub_http_new(const struct vocab_hub *hub, struct hub_http **out,
			     struct tok_error *err)
{
	struct hub_http *http = calloc(1, sizeof *http);
	if (!http)
		return tok_fail_memory(err);
	enum tok_status status = lm_curl_load(&http->calls, err);
	if (status != TOK_OK) {
		free(http);
		return status;
	}
	http->curl = http->calls.easy_init();
	status = http->curl ? set_endpoint(http, hub->endpoint, err) : tok_fail_memory(err);
	if (status == TOK_OK)
		status = set_headers(http, hub->token, err);
	if (status != TOK_OK) {
		hub_http_free(http);
		return status;
	}
	http->certificates = hub->certificates;
	set_options(http, hub->stall_s);
	*out = http;
	return TOK_OK;
}

void hub_http_free(struct hub_http *http)
{
	if (!http)
		return;
	if (http->curl)
		http->calls.easy_cleanup(http->curl);
	http->calls.slist_free_all(http->plain);
	http->calls.slist_free_all(http->trusted);
	free(http->endpoint);
	free(http);
}
