"""As much of a browser as signing in takes: cookies, redirects, forms. No scripts, like the pages."""

import html.parser
import http.cookiejar
import urllib.error
import urllib.parse
import urllib.request


class Page:
    """What a request ended in, or the redirect it was told not to follow."""

    def __init__(self, url, status, headers, text):
        self.url, self.status, self.headers, self.text = url, status, headers, text
        self.forms, self.links = read(text)

    @property
    def query(self):
        """The parameters in its address."""
        return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.url).query))


class Reader(html.parser.HTMLParser):
    """Finds a page's forms, with what their fields hold already, and its links."""

    def __init__(self):
        super().__init__()
        self.forms, self.links = [], []

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "a" and attrs.get("href"):
            self.links.append(attrs["href"])
        elif tag == "form":
            self.forms.append({"method": attrs.get("method", "get").upper(), "action": attrs.get("action"), "fields": {}})
        elif tag == "input" and self.forms and attrs.get("name"):
            self.forms[-1]["fields"][attrs["name"]] = attrs.get("value", "")


def read(text):
    reader = Reader()
    reader.feed(text)
    return reader.forms, reader.links


class Stay(urllib.request.HTTPRedirectHandler):
    """Leaves redirects to `Browser`, which has to be able to stop before one."""

    def redirect_request(self, *_):
        return None


class Browser:
    """One person's cookies. `stop` is an address that it does not go to, as when the program that
    listens there is what is being tested."""

    def __init__(self, stop=None):
        self.stop, self.jar = stop, http.cookiejar.CookieJar()
        cookies = urllib.request.HTTPCookieProcessor(self.jar)
        # No proxy of the environment's: everything here is on this machine.
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), cookies, Stay())

    def get(self, url, headers=None):
        return self.go(urllib.request.Request(url, headers=headers or {}))

    def post(self, url, fields, headers=None):
        data = urllib.parse.urlencode(fields).encode()
        return self.go(urllib.request.Request(url, data, headers or {}, method="POST"))

    def submit(self, page, headers=None, form=0, **fields):
        """Fills in a form of the page and sends it to where the form says."""
        form = page.forms[form]
        url = urllib.parse.urljoin(page.url, form["action"] or page.url)
        values = {**form["fields"], **fields}
        if form["method"] == "POST":
            return self.post(url, values, headers)
        return self.get(url.split("?")[0] + "?" + urllib.parse.urlencode(values), headers)

    def go(self, request):
        for _ in range(20):
            answer = self.open(request)
            target = answer.headers.get("location")
            if answer.status not in (301, 302, 303, 307, 308) or target is None:
                return Page(request.full_url, answer.status, answer.headers, answer.read().decode())
            target = urllib.parse.urljoin(request.full_url, target)
            if self.stop and target.startswith(self.stop):
                return Page(target, answer.status, answer.headers, "")
            request = urllib.request.Request(target)
        raise AssertionError(f"redirected without end, lastly to {request.full_url}")

    def open(self, request):
        try:
            return self.opener.open(request, timeout=20)
        except urllib.error.HTTPError as answer:
            return answer
