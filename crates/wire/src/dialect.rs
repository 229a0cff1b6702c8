//! What one upstream takes and gives beyond the common core of its protocol: data about vendors.

use serde::{Deserialize, Serialize};

use crate::Protocol;

macro_rules! quirks {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal,)+) => {
        /// A way in which a vendor, or a model, departs from its protocol's default.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum Quirk {
            $($(#[doc = $doc])+ #[serde(rename = $name)] $variant,)+
        }

        impl Quirk {
            /// Every quirk.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The name in the catalog and in configuration.
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

quirks! {
    /// Chat: takes the `developer` role; without it instructions are `system` messages.
    DeveloperRole = "developer_role",
    /// Chat: knows only `max_tokens`, not `max_completion_tokens`.
    MaxTokens = "max_tokens",
    /// Chat: wants the thoughts of earlier turns back as `reasoning_content`.
    ReasoningContent = "reasoning_content",
    /// Chat: wants the thoughts of earlier turns back as `reasoning`.
    ReasoningField = "reasoning",
    /// Chat, Responses: takes no effort.
    NoEffort = "no_effort",
    /// Chat: takes `custom` tools with free text as input.
    CustomTools = "custom_tools",
    /// Chat: takes no `stream_options`, so a stream reports no usage.
    NoStreamOptions = "no_stream_options",
    /// Chat: takes no `parallel_tool_calls`.
    NoParallelCalls = "no_parallel_calls",
    /// Chat: takes `prompt_cache_key`, `safety_identifier`, `verbosity`, `service_tier`, `web_search_options` and a choice among some tools, as the vendor of the protocol does.
    OpenaiFields = "openai_fields",
    /// Chat: takes no JSON schema as the form of the answer.
    NoJsonSchema = "no_json_schema",
    /// Any: takes no sampling parameters.
    NoSampling = "no_sampling",
    /// Any: takes no images.
    NoImages = "no_images",
    /// Any: answers only as a stream; whole answers are put together here.
    StreamOnly = "stream_only",
    /// Any: never streams; whole answers are sent on as a stream.
    NoStream = "no_stream",
    /// Any: does not stream the arguments of calls reliably; calls are asked for whole.
    NoToolStream = "no_tool_stream",
    /// Messages: thinks only with `budget_tokens`, not `adaptive`.
    BudgetThinking = "budget_thinking",
    /// Any: does not think at all.
    NoThinking = "no_thinking",
    /// Messages: takes no `output_config.effort`.
    NoOutputEffort = "no_output_effort",
    /// Messages, Chat: takes `system` turns inside the conversation; without it they are sent as marked text of the user.
    SystemTurns = "system_turns",
    /// Messages: takes no `output_config.format`.
    NoOutputFormat = "no_output_format",
    /// Messages: hosts a web search tool.
    WebSearch = "web_search",
    /// Chat: takes no message of the user's directly behind the results of calls.
    NoUserAfterTool = "no_user_after_tool",
    /// Chat: takes ids of calls only of nine letters and digits.
    ShortCallIds = "short_call_ids",
    /// Responses: refuses what breaks the rules said here, so that calls of its own protocol are fitted to them too.
    OwnRules = "own_rules",
    /// Responses: keeps nothing. `store` is false, thoughts are asked for in sealed form (`include`), and what refers to something kept is refused.
    KeepsNothing = "keeps_nothing",
    /// Responses: wants `instructions`, be they empty.
    Instructions = "instructions",
    /// Responses: takes `input` only as a list of items, and none of the role `system`, which is sent as `developer`.
    InputList = "input_list",
    /// Chat, Responses: takes no output limit.
    NoOutputLimit = "no_output_limit",
    /// Responses: takes none of the fields by which customers of an API are served: `metadata`, `safety_identifier`, `user`, `prompt_cache_retention`, `prompt_cache_options`, `stream_options`, `truncation`, `max_tool_calls`, `context_management`, `top_logprobs`, and no tier but `priority`, `fast` and `flex`.
    PlanFields = "plan_fields",
    /// Responses: knows a session by the header `session-id`, which says what `prompt_cache_key` says.
    SessionHeader = "session_header",
    /// Responses: counts no tokens; they are estimated.
    NoCount = "no_count",
    /// Responses: tells how much of an account's plan is used, in headers (`x-codex-…`) and in events of its streams.
    PlanWindows = "plan_windows",
    /// Chat: is no Chat at all, but the conversations of the Microsoft Graph. It takes and gives text alone: tools and files are refused, and everything before the last message is told as its context. Whatever else it takes no part in (`no_images`, `no_sampling`, `no_output_limit`, `no_thinking`, `no_effort`, `no_json_schema`) goes without saying. Calls of every protocol are translated.
    GraphConversations = "graph_conversations",
    /// Any: is paid for by the plan of whoever signed in. A call costs nothing, and its list price says what it would have cost.
    ByPlan = "by_plan",
}

impl Quirk {
    /// The quirks that go without saying where this one is.
    const fn implied(self) -> &'static [Self] {
        if matches!(self, Self::GraphConversations) {
            &[
                Self::NoImages,
                Self::NoSampling,
                Self::NoOutputLimit,
                Self::NoThinking,
                Self::NoEffort,
                Self::NoJsonSchema,
            ]
        } else {
            &[]
        }
    }
}

/// What is spoken to an upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speech {
    /// What clients speak too.
    Protocol(Protocol),
    /// What no client speaks: the conversations of the Microsoft Graph. Their dialects are fitted to as those
    /// of Chat are.
    Graph,
}

impl Speech {
    /// What is spoken to an endpoint of `protocol` that has these quirks.
    pub fn of(protocol: Protocol, quirks: &[Quirk]) -> Self {
        Self::with(protocol, quirks.contains(&Quirk::GraphConversations))
    }

    const fn with(protocol: Protocol, converses: bool) -> Self {
        match protocol {
            Protocol::Chat if converses => Self::Graph,
            Protocol::Messages | Protocol::Chat | Protocol::Responses => Self::Protocol(protocol),
        }
    }

    /// The protocol, where it is one.
    pub const fn protocol(self) -> Option<Protocol> {
        match self {
            Self::Protocol(protocol) => Some(protocol),
            Self::Graph => None,
        }
    }
}

/// How an upstream may be asked for its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Streams {
    /// As the caller wants it.
    Both,
    /// Only as a stream.
    Only,
    /// Only whole.
    Never,
}

/// What one upstream takes and gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dialect {
    /// The protocol it speaks.
    pub protocol: Protocol,
    /// The provider's name: reasoning tokens go back only to whoever issued them.
    pub vendor: String,
    /// The output limit to send where the caller gave none and the protocol demands one.
    pub default_max_output: u64,
    /// The most that the model can generate, where it is known.
    pub most_output: Option<u64>,
    quirks: u64,
}

const _: () = assert!(Quirk::ALL.len() <= 64, "a quirk is a bit of 64");

impl Dialect {
    /// The output limit sent to Messages upstreams when neither the caller nor the catalog names one.
    pub const DEFAULT_MAX_OUTPUT: u64 = 32_000;

    /// The dialect of a provider without quirks.
    pub fn new(protocol: Protocol, vendor: impl Into<String>) -> Self {
        Self {
            protocol,
            vendor: vendor.into(),
            default_max_output: Self::DEFAULT_MAX_OUTPUT,
            most_output: None,
            quirks: 0,
        }
    }

    /// The same with quirks added.
    #[must_use]
    pub fn with(mut self, quirks: impl IntoIterator<Item = Quirk>) -> Self {
        for quirk in quirks {
            let implied = quirk.implied().iter();
            for quirk in implied.chain([&quirk]) {
                self.quirks |= 1 << (*quirk as u8);
            }
        }
        self
    }

    /// Whether it has `quirk`.
    pub const fn has(&self, quirk: Quirk) -> bool {
        self.quirks & (1 << (quirk as u8)) != 0
    }

    /// What is spoken to it.
    pub const fn speech(&self) -> Speech {
        Speech::with(self.protocol, self.has(Quirk::GraphConversations))
    }

    /// Whether it takes and gives text alone.
    pub(crate) const fn is_text_alone(&self) -> bool {
        matches!(self.speech(), Speech::Graph)
    }

    /// How it may be asked for an answer; `tools`: the request has some.
    pub const fn streams(&self, tools: bool) -> Streams {
        if self.has(Quirk::StreamOnly) {
            Streams::Only
        } else if self.has(Quirk::NoStream) || (tools && self.has(Quirk::NoToolStream)) {
            Streams::Never
        } else {
            Streams::Both
        }
    }

    /// Whether calls of its own protocol are fitted to it too.
    pub const fn has_own_rules(&self) -> bool {
        matches!(self.protocol, Protocol::Responses) && self.has(Quirk::OwnRules)
    }

    /// Whether it says how much of an account's plan is used.
    pub const fn tells_windows(&self) -> bool {
        matches!(self.protocol, Protocol::Responses) && self.has(Quirk::PlanWindows)
    }

    /// Whether it knows a session by a header.
    pub const fn names_sessions(&self) -> bool {
        matches!(self.protocol, Protocol::Responses) && self.has(Quirk::SessionHeader)
    }

    /// Whether free text can be the input of a tool.
    pub const fn takes_freeform(&self) -> bool {
        match self.protocol {
            Protocol::Messages => false,
            Protocol::Chat => self.has(Quirk::CustomTools),
            Protocol::Responses => true,
        }
    }

    /// Whether instructions can stand in the middle of the conversation.
    pub const fn takes_system_turns(&self) -> bool {
        match self.protocol {
            Protocol::Messages => self.has(Quirk::SystemTurns),
            Protocol::Chat => {
                self.has(Quirk::SystemTurns)
                    || self.has(Quirk::OpenaiFields)
                    || self.has(Quirk::GraphConversations)
            }
            Protocol::Responses => true,
        }
    }

    /// The longest name of a tool.
    pub const fn longest_tool_name(&self) -> usize {
        match self.protocol {
            Protocol::Messages => 128,
            Protocol::Chat | Protocol::Responses => 64,
        }
    }

    /// The longest id of a call.
    pub const fn longest_call_id(&self) -> usize {
        match self.protocol {
            Protocol::Messages => 256,
            Protocol::Chat => 40,
            Protocol::Responses => 64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quirks_are_a_set() {
        let dialect =
            Dialect::new(Protocol::Chat, "p").with([Quirk::MaxTokens, Quirk::NoToolStream]);
        assert!(dialect.has(Quirk::MaxTokens) && !dialect.has(Quirk::NoSampling));
        assert_eq!(dialect.streams(false), Streams::Both);
        assert_eq!(dialect.streams(true), Streams::Never);
        assert_eq!(dialect.speech(), Speech::Protocol(Protocol::Chat));
    }

    #[test]
    fn conversations_of_the_graph_are_text_alone() {
        let with = |protocol| Dialect::new(protocol, "m").with([Quirk::GraphConversations]);
        let dialect = with(Protocol::Chat);
        assert_eq!(dialect.speech(), Speech::Graph);
        assert!(dialect.has(Quirk::NoImages) && dialect.has(Quirk::NoJsonSchema));
        assert!(!dialect.has(Quirk::NoStream));
        for protocol in [Protocol::Messages, Protocol::Responses] {
            assert_eq!(with(protocol).speech(), Speech::Protocol(protocol));
            let of = Speech::of(protocol, &[Quirk::NoCount, Quirk::GraphConversations]);
            assert_eq!(of.protocol(), Some(protocol));
        }
        let of = |quirks: &[Quirk]| Speech::of(Protocol::Chat, quirks).protocol();
        assert_eq!(of(&[Quirk::GraphConversations]), None);
        assert_eq!(of(&[Quirk::NoImages]), Some(Protocol::Chat));
    }
}
