/* Where a redirection may lead, and who is told the token. */
#include <stdio.h>
#include <strings.h>

#include "vocab/store/hub_internal.h"

static bool is_https(const char *url)
{
	return strncasecmp(url, "https://", 8) == 0;
}

static bool is_http(const char *url)
{
	return strncasecmp(url, "http://", 7) == 0;
}

/* With the :// behind it; 0 where there is none. */
static size_t count_scheme(const char *url)
{
	const size_t slash = strcspn(url, "/?#");
	return slash > 0 && strncmp(url + slash - 1, "://", 3) == 0 ? slash + 2 : 0;
}

/* Of scheme, host and port. */
static size_t count_origin(const char *url)
{
	const size_t head = count_scheme(url);
	return head + strcspn(url + head, "/");
}

bool hub_url_is_visible(const char *text)
{
	for (; *text; text++)
		if (*text < '!' || *text > '~')
			return false;
	return true;
}

bool hub_url_is_endpoint(const char *url)
{
	return (is_https(url) || is_http(url)) && hub_url_is_visible(url) && !strpbrk(url, "?#") &&
	       url[count_origin(url) - 1] != '/';
}

bool hub_url_may_lead(const char *from, const char *to)
{
	return is_https(to) || (is_http(to) && is_http(from));
}

bool hub_url_is_at(const char *endpoint, const char *url)
{
	const size_t count = count_origin(endpoint);
	return strncmp(url, endpoint, count) == 0 && url[count] == '/';
}

struct hub_shown_url hub_url_show(const char *url)
{
	struct hub_shown_url shown;
	const size_t count = strcspn(url, "?#"), head = count_scheme(url);
	size_t host = head;
	for (size_t at = head; at < count && url[at] != '/'; at++)
		if (url[at] == '@')
			host = at + 1;
	snprintf(shown.text, sizeof shown.text, "%.*s%.*s", (int)head, url,
		 (int)(count > host ? count - host : 0), url + host);
	return shown;
}
