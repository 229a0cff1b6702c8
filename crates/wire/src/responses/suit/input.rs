//! `input` as a list of items, none of them said by `system`.

use memchr::memmem;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::edit::Fate;

const SYSTEM: &str = "\"system\"";
const DEVELOPER: &[u8] = b"\"developer\"";

/// What becomes of the member.
pub(super) fn fate(value: &str) -> Fate {
    if value.starts_with('"') {
        return Fate::Becomes(said(value));
    }
    let suspected = memmem::find(value.as_bytes(), SYSTEM.as_bytes()).is_some();
    match suspected.then(|| retold(value)).flatten() {
        Some(list) => Fate::Becomes(list),
        None => Fate::Stays,
    }
}

/// A text as what the user says.
fn said(text: &str) -> Vec<u8> {
    const BEFORE: &[u8] =
        br#"[{"type":"message","role":"user","content":[{"type":"input_text","text":"#;
    [BEFORE, text.as_bytes(), b"}]}]"].concat()
}

/// The list with `developer` in place of `system`; `None` if there is no such item in it.
fn retold(list: &str) -> Option<Vec<u8>> {
    #[derive(Deserialize)]
    struct Item<'a> {
        #[serde(borrow)]
        role: Option<&'a RawValue>,
    }
    let items: Vec<&RawValue> = serde_json::from_str(list).ok()?;
    let mut out = Vec::new();
    let mut at = 0;
    for item in items {
        let read = serde_json::from_str::<Item<'_>>(item.get());
        let Some(role) = read.ok().and_then(|item| item.role) else {
            continue;
        };
        if role.get() == SYSTEM {
            let start = role.get().as_ptr() as usize - list.as_ptr() as usize;
            out.extend_from_slice(&list.as_bytes()[at..start]);
            out.extend_from_slice(DEVELOPER);
            at = start + SYSTEM.len();
        }
    }
    (at > 0).then(|| {
        out.extend_from_slice(&list.as_bytes()[at..]);
        out
    })
}
