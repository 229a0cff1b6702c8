//! What the readers of all three protocols' requests share.

use std::borrow::Cow;

use serde::Deserialize;

use crate::conversation::CacheMark;

/// A text, borrowed where it stands in the body without escapes: `Option<Cow>` alone would copy it.
// Spelled out: the derive borrows only where it reads `Cow`, not through a name for it.
#[derive(Default, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(transparent)]
pub(crate) struct Str<'a>(#[serde(borrow)] pub(crate) Cow<'a, str>);

impl Str<'_> {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// A cache mark of Messages, which clients of Chat write too.
#[derive(Deserialize)]
#[serde(expecting = "an object")]
pub(crate) struct CacheControl<'a> {
    #[serde(borrow)]
    ttl: Option<Str<'a>>,
}

impl CacheControl<'_> {
    /// A lifetime that is not known is taken for the usual one: it is a hint.
    pub(crate) fn mark(&self) -> CacheMark {
        match &self.ttl {
            Some(Str(ttl)) if ttl == "1h" => CacheMark::Hour,
            Some(_) | None => CacheMark::Short,
        }
    }
}
