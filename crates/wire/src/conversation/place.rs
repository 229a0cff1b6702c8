//! Where something stands in the caller's body, for those who have to refuse it later.

/// Where a part or a tool stands in the caller's body. Says nothing of what stands there: two requests
/// that say the same are equal wherever they say it.
#[derive(Clone, Debug, Default)]
pub struct Place {
    /// Its path, such as `messages[3].content[1]`; empty for what no caller wrote.
    path: String,
    /// The member of it that says where its bytes are, such as `source.type`.
    source: &'static str,
}

impl Place {
    /// What stands at `path`, with its bytes at `source` within.
    pub fn new(path: impl Into<String>, source: &'static str) -> Self {
        Self {
            path: path.into(),
            source,
        }
    }

    /// Its path.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The path of one of its members.
    pub fn member(&self, name: &str) -> String {
        match (self.path.as_str(), name) {
            ("", _) => String::new(),
            (path, "") => path.to_owned(),
            (path, name) => format!("{path}.{name}"),
        }
    }

    /// The path of the member that says where its bytes are.
    pub fn source(&self) -> String {
        self.member(self.source)
    }

    /// The same place as seen from further outside.
    pub(crate) fn prepend(&mut self, outside: &str) {
        self.path.insert_str(0, outside);
    }
}

impl PartialEq for Place {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Place {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_grow_from_the_inside() {
        let mut place = Place::new("[1]", "source.type");
        place.prepend("messages[3].content");
        assert_eq!(place.path(), "messages[3].content[1]");
        assert_eq!(place.source(), "messages[3].content[1].source.type");
        assert_eq!(place.member("type"), "messages[3].content[1].type");
        assert_eq!(Place::new("input[0]", "").source(), "input[0]");
        assert_eq!(Place::default().source(), "");
        assert!(place == Place::default());
    }
}
