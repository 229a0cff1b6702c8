//! The one deliberate change to an answer: a batch's `results_url` is an absolute address, which SDKs
//! fetch with the caller's key, so it must be ours.

/// Replaces the address in every `results_url` of a batch object or a list of them. `None` when there
/// is none to replace.
pub(crate) fn rewrite(body: &[u8], public_url: &str) -> Option<Vec<u8>> {
    const FIELD: &[u8] = b"\"results_url\"";
    let mut out = Vec::with_capacity(body.len() + 32);
    let mut copied = 0;
    let mut from = 0;
    while let Some(found) = memchr::memmem::find(&body[from..], FIELD) {
        let after = from + found + FIELD.len();
        from = after;
        let Some(start) = value(body, after) else {
            continue;
        };
        let Some(length) = memchr::memchr(b'"', &body[start..]) else {
            break;
        };
        let Some(path) = path(&body[start..start + length]) else {
            continue;
        };
        out.extend_from_slice(&body[copied..start]);
        out.extend_from_slice(public_url.as_bytes());
        out.extend_from_slice(path.as_bytes());
        copied = start + length;
        from = copied;
    }
    if copied == 0 {
        return None;
    }
    out.extend_from_slice(&body[copied..]);
    Some(out)
}

/// Where the string after a field name begins.
fn value(body: &[u8], mut at: usize) -> Option<usize> {
    let skip = |mut at: usize| {
        while body.get(at).is_some_and(u8::is_ascii_whitespace) {
            at += 1;
        }
        at
    };
    at = skip(at);
    (body.get(at) == Some(&b':')).then_some(())?;
    at = skip(at + 1);
    (body.get(at) == Some(&b'"')).then_some(at + 1)
}

/// The part of a results address that is the same here as there.
fn path(url: &[u8]) -> Option<String> {
    let url = str::from_utf8(url).ok()?.replace("\\/", "/");
    let at = url.find("/v1/messages/batches/")?;
    Some(url[at..].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewritten(body: &str) -> Option<String> {
        rewrite(body.as_bytes(), "http://gw:1").map(|bytes| String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn the_address_becomes_ours_and_nothing_else_changes() {
        let body =
            r#"{"id" : "b","results_url": "https://up/x/v1/messages/batches/b/results" ,"n":1.0}"#;
        let ours =
            r#"{"id" : "b","results_url": "http://gw:1/v1/messages/batches/b/results" ,"n":1.0}"#;
        assert_eq!(rewritten(body).as_deref(), Some(ours));
    }

    #[test]
    fn lists_and_escaped_slashes() {
        let body = r#"[{"results_url":"https:\/\/up\/v1\/messages\/batches\/a\/results"},{"results_url":null},{"results_url":"https://up/v1/messages/batches/b/results"}]"#;
        let ours = r#"[{"results_url":"http://gw:1/v1/messages/batches/a/results"},{"results_url":null},{"results_url":"http://gw:1/v1/messages/batches/b/results"}]"#;
        assert_eq!(rewritten(body).as_deref(), Some(ours));
    }

    #[test]
    fn nothing_to_do() {
        assert_eq!(rewritten(r#"{"results_url":null}"#), None);
        assert_eq!(rewritten(r#"{"results_url":"#), None);
        assert_eq!(rewritten(r#"{"results_url":"elsewhere"}"#), None);
    }
}
