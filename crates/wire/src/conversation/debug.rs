//! What is said is never printed: `Debug` names the type and no more.

use std::fmt;

use super::{
    Call, Choice, ClientTool, Document, Format, Grammar, Hit, Image, Location, Outcome, Part,
    Passage, Request, Said, Search, Source, Thought, Token, Tool, ToolName, Turn, WebSearch,
};

macro_rules! opaque {
    ($($name:ident),+ $(,)?) => {
        $(impl fmt::Debug for $name<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        })+
    };
}

opaque!(
    Call, Choice, ClientTool, Document, Format, Grammar, Hit, Image, Location, Outcome, Part,
    Passage, Request, Said, Search, Source, Thought, Token, Tool, ToolName, Turn, WebSearch,
);
