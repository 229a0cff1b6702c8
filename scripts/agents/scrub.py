"""Takes out of a recorded request what belongs to the machine and the moment, and its long prose.

Structure stays: no member, block, item or tool is removed. Ids become stable ones, equal where they
were equal; paths, names, dates and versions of the machine become invented ones; long texts keep
their beginning. What carries meaning for the protocol is never shortened: media, tokens, arguments
and inputs of calls, grammars.
"""

import getpass
import json
import re
import socket

# Members whose strings stay as long as they are.
WHOLE = {
    "data", "image_url", "url", "file_data", "encrypted_content", "signature", "arguments", "input",
    "definition", "id", "call_id", "tool_use_id", "tool_call_id",
}
DESCRIPTION = 120
TEXT = 600

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
# Ids of the simulated provider hold its port; OpenCode's and the device's are random.
RANDOM = re.compile(r"(?<=sim)[0-9a-f]{20}|(?<=ses_)\w{26}|\b[0-9a-f]{64}\b")
PATTERNS = [
    (re.compile(r"Linux \d[\w.+-]*"), "Linux 6.12.0"),
    (re.compile(r"(cc_version=[\d.]+\.)\w+"), r"\g<1>abc"),
    (re.compile(r"\bcch=\w+"), "cch=00000"),
    (re.compile(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun) (\w{3}) \d\d \d{4}"), "Mon Nov 02 2026"),
    (re.compile(r"\b20\d\d-\d\d-\d\d(?=[T<\s.\"]|$)"), "2026-11-02"),
    (re.compile(r"(<timezone>)[^<]*"), r"\g<1>Etc/UTC"),
    (re.compile(r"(Chunk ID: )\w+"), r"\g<1>000000"),
    (re.compile(r"(Wall time:? )[\d.]+"), r"\g<1>0.1"),
    (re.compile(r"\d+:\d\d(:\d\d)? ?[AP]M"), "10:00 AM"),
    (re.compile(r"\b17\d{8}(\d{3})?\b"), "1790000000"),
]


class Scrubber:
    def __init__(self, home):
        self.home, self.ids = str(home), {}

    def body(self, body):
        return self.value(body, "")

    def value(self, value, name):
        if isinstance(value, dict):
            # What a schema calls its members are names, not members of the protocol.
            return {self.text(key): self.value(it, key) for key, it in value.items()}
        if isinstance(value, list):
            return [self.value(it, name) for it in value]
        if isinstance(value, str):
            return self.string(value, name)
        return value

    def string(self, text, name):
        if name in ("data", "image_url", "url", "file_data", "signature", "encrypted_content"):
            return text
        text = self.text(text)
        if name in WHOLE:
            return text
        longest = DESCRIPTION if name == "description" else TEXT
        if len(text) <= longest or text.startswith("{"):
            return text
        # The directory is what the provider looks for in these texts.
        where = re.search(r".*orking directory: .*", text[longest:])
        kept = f"\n{where.group(0)}" if where else ""
        return f"{text[:longest]} [shortened]{kept}"

    def text(self, text):
        text = text.replace(self.home, "/home/user")
        text = UUID.sub(lambda it: self.stable(it.group(), "uuid"), text)
        text = RANDOM.sub(lambda it: self.stable(it.group(), "hex"), text)
        for pattern, replacement in PATTERNS:
            text = pattern.sub(replacement, text)
        text = text.replace(socket.gethostname(), "workstation")
        # The clients use the word as well.
        if (name := getpass.getuser()) != "root":
            text = re.sub(rf"\b{re.escape(name)}\b", "user", text)
        return text

    def stable(self, id, kind):
        number = self.ids.setdefault(id, len(self.ids) + 1)
        if kind == "uuid":
            return f"00000000-0000-4000-8000-{number:012x}"
        return f"{number:0{len(id)}x}"


def leaks(text):
    """What should not be in a scrubbed request."""
    return [
        found for pattern in (r"/tmp/", r"127\.0\.0\.1", r"localhost:\d+", r"/root/")
        for found in re.findall(pattern, text)
    ]


if __name__ == "__main__":
    import sys

    for path in sys.argv[1:]:
        with open(path) as file:
            found = leaks(json.dumps(json.load(file)))
        if found:
            print(path, sorted(set(found)))
