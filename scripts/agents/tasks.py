"""The tasks of the simulated provider's two coding models, and how to tell that one was done."""

import struct
import zlib

from ledger import Failed


class Task:
    """A task as the model leads through it; `turns` are the model's answers."""

    def __init__(self, model, prompt, turns, content):
        self.model, self.prompt, self.turns, self.content = model, prompt, turns, content

    def prepare(self, work):
        """Puts into the working directory what the task needs."""

    def check(self, work, words, expected):
        # Codex's own patch tool ends a file with a newline; nothing else may differ.
        try:
            content = (work / "hello.txt").read_text()
        except OSError as error:
            raise Failed(f"hello.txt was not written: {error.strerror}") from error
        if content.rstrip("\n") != self.content:
            raise Failed(f"hello.txt holds {content!r}")
        if words.strip() != expected:
            raise Failed(f"final words were {words!r} instead of {expected!r}")


class LargeTask(Task):
    """With a call that fails beside one that works, a picture, a paper and an edit."""

    def prepare(self, work):
        (work / "picture.png").write_bytes(picture(*PICTURE))
        (work / "paper.pdf").write_bytes(paper())


PICTURE = (48, 32)


def picture(width, height):
    """A PNG of those dimensions: they are how the model proves that it has seen it."""

    def chunk(kind, data):
        check = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + check

    rows = b"".join(
        b"\0" + bytes(value for x in range(width) for value in (5 * x, 7 * y, 128))
        for y in range(height)
    )
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


def paper():
    """A PDF of one page."""
    text = b"BT /F1 18 Tf 20 60 Td (greetings from tollhouse) Tj ET"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 120] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(text), text),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(places) + 1, table)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\n" % (len(places) + 1)
    return out + b"startxref\n%d\n%%%%EOF\n" % start


SMALL = Task(
    "sim-coder", "Write hello.txt, look at it with commands, read it back and report.", 4,
    "hello from tollhouse",
)
SMALL_WORDS = "done: hello from tollhouse"
LARGE = LargeTask(
    "sim-coder-2", "Write hello.txt, look at picture.png and paper.pdf, edit hello.txt, report.", 4,
    "greetings from tollhouse",
)


def large_words(paper_read, thoughts):
    """What the model says at the end, from what has reached it."""
    width, height = PICTURE
    read = f"a paper of {len(paper())} bytes" if paper_read else "no paper"
    return f"done: a picture of {width} by {height}, {read}, {thoughts} thoughts"
