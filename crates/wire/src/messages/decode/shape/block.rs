//! Content: a text or blocks, and what blocks of any kind are made of.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::super::read::{Cited, Str};
use super::{CacheControl, Tool};

/// What a message, a result, a document or the system prompt holds.
pub(in super::super) enum Content<'a> {
    Text(Cow<'a, str>),
    Blocks(Vec<Block<'a>>),
    /// The error of a server tool stands where its results would.
    Object,
}

impl<'de: 'a, 'a> Deserialize<'de> for Content<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ContentVisitor)
    }
}

struct ContentVisitor;

impl<'a> Visitor<'a> for ContentVisitor {
    type Value = Content<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string or a list of content blocks")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'a str) -> Result<Content<'a>, E> {
        Ok(Content::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Content<'a>, E> {
        Ok(Content::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut list: A) -> Result<Content<'a>, A::Error> {
        let mut blocks = Vec::new();
        while let Some(block) = list.next_element()? {
            blocks.push(block);
        }
        Ok(Content::Blocks(blocks))
    }

    fn visit_map<A: MapAccess<'a>>(self, mut members: A) -> Result<Content<'a>, A::Error> {
        while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Content::Object)
    }
}

/// A content block of any kind.
#[derive(Deserialize)]
pub(in super::super) struct Block<'a> {
    #[serde(borrow, rename = "type")]
    pub(in super::super) kind: Option<Str<'a>>,
    #[serde(borrow)]
    pub(in super::super) text: Option<Str<'a>>,
    #[serde(borrow)]
    pub(in super::super) source: Option<Source<'a>>,
    #[serde(borrow)]
    pub(in super::super) title: Option<Str<'a>>,
    #[serde(borrow)]
    pub(in super::super) context: Option<Str<'a>>,
    pub(in super::super) citations: Option<Cited>,
    #[serde(borrow)]
    pub(in super::super) cache_control: Option<CacheControl<'a>>,
    #[serde(borrow)]
    pub(in super::super) content: Option<Content<'a>>,
    #[serde(borrow)]
    pub(in super::super) tool_use_id: Option<Str<'a>>,
    pub(in super::super) is_error: Option<bool>,
    #[serde(borrow)]
    pub(in super::super) thinking: Option<Str<'a>>,
    #[serde(borrow)]
    pub(in super::super) signature: Option<Str<'a>>,
    #[serde(borrow)]
    pub(in super::super) data: Option<Str<'a>>,
    #[serde(borrow)]
    pub(in super::super) id: Option<Str<'a>>,
    #[serde(borrow)]
    pub(in super::super) name: Option<Str<'a>>,
    #[serde(borrow)]
    pub(in super::super) input: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(in super::super) tool_name: Option<Str<'a>>,
    #[serde(borrow)]
    pub(in super::super) url: Option<Str<'a>>,
    #[serde(borrow)]
    pub(in super::super) tool: Option<Box<Changed<'a>>>,
    pub(in super::super) encrypted_content: Option<IgnoredAny>,
}

/// The tool that comes or goes in the middle of a conversation.
#[derive(Deserialize)]
pub(in super::super) struct Changed<'a> {
    #[serde(borrow, rename = "type")]
    pub(in super::super) kind: Option<Str<'a>>,
    #[serde(borrow)]
    pub(in super::super) name: Option<Str<'a>>,
    #[serde(borrow)]
    pub(in super::super) definition: Option<Tool<'a>>,
}

/// Where an image or a document is; a search result names its origin instead.
pub(in super::super) enum Source<'a> {
    Name(Cow<'a, str>),
    At(Box<SourceAt<'a>>),
}

#[derive(Deserialize)]
pub(in super::super) struct SourceAt<'a> {
    #[serde(borrow, rename = "type")]
    pub(in super::super) kind: Option<Str<'a>>,
    #[serde(borrow)]
    pub(in super::super) media_type: Option<Str<'a>>,
    #[serde(borrow)]
    pub(in super::super) data: Option<Str<'a>>,
    #[serde(borrow)]
    pub(in super::super) url: Option<Str<'a>>,
    #[serde(borrow)]
    pub(in super::super) content: Option<Content<'a>>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Source<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SourceVisitor)
    }
}

struct SourceVisitor;

impl<'a> Visitor<'a> for SourceVisitor {
    type Value = Source<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with `type`, or the name of a search result's origin")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'a str) -> Result<Source<'a>, E> {
        Ok(Source::Name(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Source<'a>, E> {
        Ok(Source::Name(Cow::Owned(text.to_owned())))
    }

    fn visit_map<A: MapAccess<'a>>(self, members: A) -> Result<Source<'a>, A::Error> {
        SourceAt::deserialize(MapAccessDeserializer::new(members))
            .map(|at| Source::At(Box::new(at)))
    }
}
