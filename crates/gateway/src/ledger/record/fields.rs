//! Tag, length, bytes.

use uuid::Uuid;

use super::RecordError;

/// The longest field; everything a call holds is bounded well below it.
const LONGEST: usize = u16::MAX as usize;

/// Writes fields.
pub(super) struct Writer(Vec<u8>);

impl Writer {
    pub(super) fn new(id: Uuid) -> Self {
        let mut out = Vec::with_capacity(640);
        out.extend_from_slice(id.as_bytes());
        Self(out)
    }

    fn field(&mut self, tag: u8, bytes: &[u8]) {
        let length = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
        self.0.push(tag);
        self.0.extend_from_slice(&length.to_le_bytes());
        self.0.extend_from_slice(&bytes[..usize::from(length)]);
    }

    pub(super) fn text(&mut self, tag: u8, text: &str) {
        self.field(tag, &text.as_bytes()[..text.floor_char_boundary(LONGEST)]);
    }

    pub(super) fn texts(&mut self, tag: u8, text: Option<&str>) {
        if let Some(text) = text {
            self.text(tag, text);
        }
    }

    /// Two texts; neither holds a control character, so a zero byte parts them.
    pub(super) fn pair(&mut self, tag: u8, name: &str, value: &str) {
        self.text(tag, &[name, "\0", value].concat());
    }

    pub(super) fn uuid(&mut self, tag: u8, id: Uuid) {
        self.field(tag, id.as_bytes());
    }

    pub(super) fn uuids(&mut self, tag: u8, id: Option<Uuid>) {
        if let Some(id) = id {
            self.uuid(tag, id);
        }
    }

    pub(super) fn number(&mut self, tag: u8, number: i64) {
        self.field(tag, &number.to_le_bytes());
    }

    pub(super) fn numbers(&mut self, tag: u8, number: Option<i64>) {
        if let Some(number) = number {
            self.number(tag, number);
        }
    }

    pub(super) fn count(&mut self, tag: u8, count: u64) {
        self.field(tag, &count.to_le_bytes());
    }

    pub(super) fn counts(&mut self, tag: u8, count: Option<u64>) {
        if let Some(count) = count {
            self.count(tag, count);
        }
    }

    /// Written only when it is set.
    pub(super) fn flag(&mut self, tag: u8, set: bool) {
        if set {
            self.field(tag, &[]);
        }
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.0
    }
}

/// One field as it was written.
pub(super) struct Field<'a> {
    pub(super) tag: u8,
    bytes: &'a [u8],
}

impl Field<'_> {
    fn wrong(&self) -> RecordError {
        RecordError::Field(self.tag)
    }

    pub(super) fn text(&self) -> Result<String, RecordError> {
        str::from_utf8(self.bytes)
            .map(str::to_owned)
            .map_err(|_| self.wrong())
    }

    pub(super) fn pair(&self) -> Result<(String, String), RecordError> {
        let text = str::from_utf8(self.bytes).map_err(|_| self.wrong())?;
        let (name, value) = text.split_once('\0').ok_or_else(|| self.wrong())?;
        Ok((name.to_owned(), value.to_owned()))
    }

    /// A word of a closed set.
    pub(super) fn word<T>(&self, read: impl Fn(&str) -> Option<T>) -> Result<T, RecordError> {
        str::from_utf8(self.bytes)
            .ok()
            .and_then(read)
            .ok_or_else(|| self.wrong())
    }

    pub(super) fn uuid(&self) -> Result<Uuid, RecordError> {
        Uuid::from_slice(self.bytes).map_err(|_| self.wrong())
    }

    pub(super) fn number(&self) -> Result<i64, RecordError> {
        self.bytes
            .try_into()
            .map(i64::from_le_bytes)
            .map_err(|_| self.wrong())
    }

    pub(super) fn count(&self) -> Result<u64, RecordError> {
        self.bytes
            .try_into()
            .map(u64::from_le_bytes)
            .map_err(|_| self.wrong())
    }

    pub(super) fn small<T: TryFrom<u64>>(&self) -> Result<T, RecordError> {
        T::try_from(self.count()?).map_err(|_| self.wrong())
    }
}

/// Reads fields.
pub(super) struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    pub(super) fn of(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    fn read(&mut self) -> Option<Field<'a>> {
        let (&[tag, low, high], rest) = self.0.split_first_chunk()?;
        let (bytes, rest) = rest.split_at_checked(usize::from(u16::from_le_bytes([low, high])))?;
        self.0 = rest;
        Some(Field { tag, bytes })
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<Field<'a>, RecordError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let field = self.read();
        if field.is_none() {
            self.0 = &[];
        }
        Some(field.ok_or(RecordError::Short))
    }
}
