//! What a translation could not carry: harmless things, each with a name of its own.
//!
//! What would change the meaning of the answer is no loss but a refusal ([`crate::translate::Unfit`]).

use std::fmt;

macro_rules! losses {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal,)+) => {
        /// One thing that was not carried over.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum Loss {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl Loss {
            /// Every loss, in the order they are reported.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The name in `x-tollhouse-loss`, on the ledger row and as a metric label.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// What it means, for people.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$variant => concat!($($doc,)+).trim_ascii(),)+ }
            }
        }
    };
}

losses! {
    /// The client's attribution line at the head of the system prompt is left out: it means nothing to another vendor and changes from conversation to conversation, which would defeat the prompt cache.
    Attribution = "attribution",
    /// Cache marks are left out: the target caches by itself or not at all.
    CacheControl = "cache_control",
    /// `prompt_cache_key` is left out.
    CacheKey = "prompt_cache_key",
    /// `prompt_cache_retention` and cache options are left out.
    CacheRetention = "prompt_cache_retention",
    /// Citations in the conversation are left out; the cited text stays.
    Citations = "citations",
    /// Instructions and the conversation so far are told as context of the last message: the target takes one message.
    Context = "context",
    /// Server-side context edits are not applied.
    ContextManagement = "context_management",
    /// `truncation` is left out: too long a prompt is an error instead of being cut.
    Truncation = "truncation",
    /// Diagnostics are not asked for.
    Diagnostics = "diagnostics",
    /// A document's context is sent as text before it.
    DocumentContext = "document_context",
    /// The effort was mapped to the nearest one that the target knows, or left out where it knows none.
    Effort = "effort",
    /// A freeform tool's grammar is told to the model and not enforced by the vendor.
    Grammar = "grammar",
    /// The closeness to look at an image with is left to the vendor.
    ImageDetail = "image_detail",
    /// Optional output that the target cannot deliver (`include`) is left out.
    Include = "include",
    /// The region to process in is left to the vendor.
    InferenceGeo = "inference_geo",
    /// The form `json_object` is asked for in words.
    JsonObject = "json_object",
    /// Models to fall back on at the caller's vendor are left out: the gateway has fallbacks of its own.
    Fallbacks = "fallbacks",
    /// `max_tool_calls` is left out.
    MaxToolCalls = "max_tool_calls",
    /// The output limit was raised to the least, or lowered to the most, that the target takes, or left out where it takes none.
    MaxOutput = "max_output_tokens",
    /// The `metadata` map is left out.
    Metadata = "metadata",
    /// Moderation options are left out.
    Moderation = "moderation",
    /// Calls may come several at a time: the target cannot be told otherwise.
    ParallelCalls = "parallel_tool_calls",
    /// Options of a single message that the target has no place for are left out.
    MessageOptions = "message_options",
    /// Frequency and presence penalties are left out.
    Penalties = "penalties",
    /// The phase of the model's earlier messages is left out.
    Phase = "phase",
    /// The prediction is left out: it only speeds things up.
    Prediction = "prediction",
    /// Reasoning context and mode are left out.
    ReasoningMode = "reasoning_mode",
    /// Thoughts of earlier turns are left out: they belong to another vendor or have no place.
    ReasoningHistory = "reasoning_history",
    /// Sampling parameters that the target's models refuse are left out.
    Sampling = "sampling",
    /// An earlier web search is told as text.
    SearchHistory = "search_history",
    /// Some options of the web search have no counterpart.
    SearchOptions = "search_options",
    /// `seed` is left out.
    Seed = "seed",
    /// The service tier or speed is left to the vendor.
    ServiceTier = "service_tier",
    /// The names that tell speakers of the same role apart are left out.
    SpeakerName = "speaker_name",
    /// `store` is left out: the target stores nothing.
    Store = "store",
    /// A schema is sent without the exactness asked for, or the other way round.
    Strict = "strict",
    /// Options of the stream are left out.
    StreamOptions = "stream_options",
    /// Instructions in the middle of the conversation are sent as marked text of the user.
    SystemTurn = "system_turn",
    /// The model is not told how many tokens it has for the whole task.
    TaskBudget = "task_budget",
    /// The temperature was lowered to the highest the target takes.
    Temperature = "temperature",
    /// Thinking is switched off or on in another way than asked for.
    Thinking = "thinking",
    /// Tokens were counted by estimate.
    TokenCount = "token_count",
    /// Tools to be found by searching are all told up front.
    ToolSearch = "tool_search",
    /// Options of a tool that the target has no place for (input examples, allowed callers) are left out.
    ToolOptions = "tool_options",
    /// `top_k` is left out.
    TopK = "top_k",
    /// Who the end user is is left out.
    User = "user",
    /// The verbosity is left out.
    Verbosity = "verbosity",
    /// The web search is left out: the target has none of its own, and the request has other tools.
    WebSearch = "web_search",
}

/// The losses of one call: a set.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Losses(u64);

const _: () = assert!(Loss::ALL.len() <= 64, "a loss is a bit of 64");

impl Losses {
    /// Notes a loss.
    pub fn add(&mut self, loss: Loss) {
        self.0 |= 1 << (loss as u8);
    }

    /// Notes a loss if something is `missing`.
    pub fn add_if(&mut self, missing: bool, loss: Loss) {
        if missing {
            self.add(loss);
        }
    }

    /// Notes all of another call's losses.
    pub fn extend(&mut self, other: Self) {
        self.0 |= other.0;
    }

    /// Whether nothing was lost.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether `loss` was noted.
    pub const fn contains(self, loss: Loss) -> bool {
        self.0 & (1 << (loss as u8)) != 0
    }

    /// The losses in the order they are reported.
    pub fn iter(self) -> impl Iterator<Item = Loss> {
        Loss::ALL
            .iter()
            .copied()
            .filter(move |loss| self.contains(*loss))
    }
}

/// The names, comma-separated: the value of `x-tollhouse-loss`.
impl fmt::Display for Losses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, loss) in self.iter().enumerate() {
            if index > 0 {
                f.write_str(",")?;
            }
            f.write_str(loss.as_str())?;
        }
        Ok(())
    }
}

impl fmt::Debug for Losses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Losses({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_are_a_set_with_names() {
        let mut losses = Losses::default();
        assert!(losses.is_empty());
        losses.add(Loss::TopK);
        losses.add(Loss::CacheControl);
        losses.add(Loss::TopK);
        assert_eq!(losses.to_string(), "cache_control,top_k");
        let names: std::collections::BTreeSet<_> = Loss::ALL.iter().map(|l| l.as_str()).collect();
        assert_eq!(names.len(), Loss::ALL.len());
    }
}
