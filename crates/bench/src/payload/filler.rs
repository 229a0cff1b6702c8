//! Text for prompts and answers: prose and code with the escapes real traffic has, written as the
//! inside of a JSON string.

const FILLER: &str = "The parser reads one record at a time, keeps the offset of the last \
complete line and returns it to the caller.\\n\\n```rust\\nfn next(&mut self) -> Option<Line> \
{\\n    let end = self.find(b'\\\\n')?;\\n    Some(self.split(\\\"line\\\", end))\\n}\\n```\\nTests \
cover an empty file, a file without a final newline and a line longer than the buffer. ";

/// `room` bytes of JSON string content, beginning `offset` bytes into the filler; escapes are
/// never cut in half.
pub(super) fn filler(offset: usize, room: usize) -> String {
    let mut text = String::with_capacity(room);
    let mut rest = FILLER
        .char_indices()
        .skip(offset % FILLER.len())
        .map(|(_, letter)| letter)
        .chain(std::iter::repeat_with(|| FILLER.chars()).flatten());
    let mut slashes = 0;
    while text.len() < room {
        let letter = rest.next().unwrap_or(' ');
        slashes = if letter == '\\' { slashes + 1 } else { 0 };
        text.push(letter);
    }
    close_escape(&mut text, slashes);
    open_escape(&mut text);
    text
}

/// What the inside of a JSON string says.
pub(super) fn unescape(text: &str) -> String {
    serde_json::from_str(&format!("\"{text}\"")).unwrap_or_default()
}

/// Replaces a backslash left alone at the end.
fn close_escape(text: &mut String, slashes: usize) {
    if slashes % 2 == 1 {
        text.pop();
        text.push(' ');
    }
}

/// Replaces what the offset may have torn from an escape at the start.
fn open_escape(text: &mut String) {
    let torn = text
        .bytes()
        .take_while(|byte| matches!(byte, b'\\' | b'"'))
        .count();
    text.replace_range(..torn, &" ".repeat(torn));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filler_is_valid_json_at_every_offset_and_length() {
        for offset in 0..FILLER.len() {
            for room in [1, 7, 40, 96] {
                let text = filler(offset, room);
                assert_eq!(text.len(), room);
                let quoted = format!("\"{text}\"");
                let said = serde_json::from_str::<String>(&quoted).expect(&quoted);
                assert_eq!(unescape(&text), said);
            }
        }
    }
}
