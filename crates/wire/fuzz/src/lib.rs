//! What the targets that translate share: whom they translate for, what a caller's stream must look like, and
//! mutations that keep JSON whole.

pub mod grammar;
pub mod mutate;
pub mod setup;

/// Whether a parser takes it for one JSON text.
pub fn is_json(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes)
        .is_ok_and(|text| serde_json::from_str::<&serde_json::value::RawValue>(text).is_ok())
}
