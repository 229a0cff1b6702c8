//! Summaries that stand for a conversation: how they travel as `compaction` items.
//!
//! A vendor's compaction item is a cipher that only the vendor reads. Where another vendor answers, the item
//! holds the summary itself behind a prefix that is recognized when it comes back. What the summary says,
//! and who asked for it, is no matter of this module.

/// What every summary of ours begins with. No reasoning token begins so: `k` is the letter of no origin.
const PREFIX: &str = "th1.k.";

/// What is asked of a model in place of a `compaction_trigger`.
pub(crate) const HANDOFF: &str = "The conversation is about to outgrow the context window. Write a handoff \
summary for another model that will take over this task and will see nothing of the conversation but your \
summary and some of the user's messages.

Say, briefly and in plain text:
- what the user wants, with every requirement, preference and constraint that still holds;
- what was done so far: decisions and why they were made, files created or changed, commands whose results matter;
- what is known that was hard to find out: paths, names, identifiers, versions, error messages, in their exact wording;
- what did not work and need not be tried again;
- where things stand now, and the next steps, in order.

Answer with the summary alone. Do not call tools and do not go on with the task.";

/// What a summary is introduced by when it is told to a model.
const INTRODUCTION: &str =
    "Another model worked on this task before. Its summary of the conversation so far:";

/// The `encrypted_content` of a compaction item that holds `summary`.
pub(crate) fn seal_summary(summary: &str) -> String {
    format!("{PREFIX}{summary}")
}

/// The summary in an `encrypted_content` that [`seal_summary`] wrote; `None` for anything else.
pub(crate) fn open_summary(sealed: &str) -> Option<&str> {
    sealed.strip_prefix(PREFIX)
}

/// A summary as the user's words.
pub(crate) fn told(summary: &str) -> String {
    format!("{INTRODUCTION}\n\n{summary}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::{Origin, Token};

    #[test]
    fn a_summary_comes_back_as_it_was() {
        for summary in ["", "plain", "th1.k.nested", "lines\nand \"quotes\""] {
            assert_eq!(open_summary(&seal_summary(summary)), Some(summary));
        }
    }

    #[test]
    fn ciphers_and_reasoning_tokens_are_no_summaries() {
        assert_eq!(open_summary("gAAAAABo"), None);
        for origin in Origin::ALL {
            let sealed = Token::fresh(origin, "", "x").seal("k");
            assert_eq!(open_summary(&sealed), None);
        }
        assert!(Token::open(&seal_summary("a.b.c.d")).is_none());
    }
}
