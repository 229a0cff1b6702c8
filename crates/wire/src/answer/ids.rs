//! The ids of an answer's calls, as far as they can be relied on.

use std::collections::HashSet;

use crate::conversation::Text;

/// The ids of the calls so far. An id that is missing or has been used is passed on as none: whoever writes
/// the answer makes one up that is unique over all answers of a conversation, which no decoder can.
#[derive(Default)]
pub(crate) struct CallIds(HashSet<String>);

impl CallIds {
    /// The id of another call.
    pub(crate) fn pass<'a>(&mut self, id: Text<'a>) -> Text<'a> {
        if id.is_empty() || self.0.insert(id.to_string()) {
            id
        } else {
            Text::Borrowed("")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_passed_on_once() {
        let mut ids = CallIds::default();
        let passed = ["a", "", "b", "a", ""].map(|id| ids.pass(id.into()));
        assert_eq!(passed, ["a", "", "b", "", ""]);
    }
}
