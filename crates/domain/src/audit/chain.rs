//! How entries are tied together, and how to see that they still are.
//!
//! An entry's hash is SHA-256 over a version byte and its fields, each with its length before it, the
//! hash of the entry before among them. Who can write to the database can also write a whole new chain;
//! what they cannot do is make it end in, or pass through, a hash that somebody noted elsewhere. Hence
//! the trusted head.

use std::fmt;

use aws_lc_rs::digest::{Context, SHA256};

use super::{Entry, Hash, Note, Value};

/// The version of the encoding. Another one is another chain: entries of both would have to be told apart.
const VERSION: u8 = 1;
/// What keeps these digests from meaning anything anywhere else.
const DOMAIN: &[u8] = b"tollhouse audit entry";

/// Where a trail ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Head {
    /// The number of the last entry; 0 when there is none.
    pub seq: u64,
    /// Its hash.
    pub hash: Hash,
}

impl Head {
    /// The end of a trail that has not begun.
    pub const START: Self = Self {
        seq: 0,
        hash: Hash::NONE,
    };

    /// The entry that follows, which is then the head.
    pub fn append(&mut self, mut note: Note) -> Entry {
        note.clean();
        let Note {
            at,
            actor,
            action,
            subject,
            org,
            from,
            detail,
        } = note;
        let mut entry = Entry {
            seq: self.seq + 1,
            at,
            actor,
            action,
            subject,
            org,
            from,
            detail,
            prev: self.hash,
            hash: Hash::NONE,
        };
        entry.hash = hash(&entry);
        (self.seq, self.hash) = (entry.seq, entry.hash);
        entry
    }
}

/// What an entry's hash must be.
pub fn hash(entry: &Entry) -> Hash {
    let mut fields = Fields::new();
    fields.bytes(&entry.seq.to_be_bytes());
    fields.bytes(&entry.prev.0);
    fields.bytes(&entry.at.0.to_be_bytes());
    fields.bytes(entry.actor.kind.as_str().as_bytes());
    fields.text(entry.actor.id.as_deref());
    fields.text(entry.actor.name.as_deref());
    fields.bytes(entry.action.as_str().as_bytes());
    fields.bytes(entry.subject.kind.as_str().as_bytes());
    fields.text(entry.subject.id.as_deref());
    fields.text(entry.subject.name.as_deref());
    let org = entry.org.map(|org| org.to_string());
    fields.text(org.as_deref());
    let from = entry.from.map(|from| from.to_string());
    fields.text(from.as_deref());
    fields.bytes(&(entry.detail.len() as u64).to_be_bytes());
    for (name, value) in &entry.detail {
        fields.bytes(name.as_bytes());
        match value {
            Value::Flag(flag) => fields.tagged(1, &[u8::from(*flag)]),
            Value::Number(number) => fields.tagged(2, &number.to_be_bytes()),
            Value::Text(text) => fields.tagged(3, text.as_bytes()),
        }
    }
    fields.finish()
}

/// Fields on their way into a digest: no two different lists of fields give the same bytes.
struct Fields(Context);

impl Fields {
    fn new() -> Self {
        let mut context = Context::new(&SHA256);
        context.update(DOMAIN);
        context.update(&[VERSION]);
        Self(context)
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.0.update(&(bytes.len() as u64).to_be_bytes());
        self.0.update(bytes);
    }

    fn tagged(&mut self, tag: u8, bytes: &[u8]) {
        self.0.update(&[tag]);
        self.bytes(bytes);
    }

    /// Absent and empty are different things.
    fn text(&mut self, text: Option<&str>) {
        match text {
            None => self.0.update(&[0]),
            Some(text) => self.tagged(1, text.as_bytes()),
        }
    }

    fn finish(self) -> Hash {
        let mut hash = Hash::NONE;
        hash.0.copy_from_slice(self.0.finish().as_ref());
        hash
    }
}

/// What is wrong with a trail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The entry does not say what it said when it was written.
    Altered,
    /// One or more entries before this one are gone.
    Missing,
    /// The entry stands behind one that came after it, or stands there twice.
    Reordered,
    /// The entry is whole, but not the one that was written after the one before it: one of the two
    /// was put in.
    Unlinked,
    /// The trail ends before this entry, which is known to have been written, or another stands in its
    /// place.
    Truncated,
    /// The entry does not read at all.
    Unreadable,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Altered => "altered: it does not say what it said when it was written",
            Self::Missing => "missing: one or more entries from here on were taken out",
            Self::Reordered => "reordered: it stands behind one that came after it, or twice",
            Self::Unlinked => "unlinked: it does not follow the entry before it; one was put in",
            Self::Truncated => "truncated: the trail ends before it, or was written anew",
            Self::Unreadable => "unreadable: it is no entry of an audit trail",
        })
    }
}

/// The first entry at which a trail is not whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("entry {seq} is {fault}")]
pub struct Broken {
    /// Its number.
    pub seq: u64,
    /// What is wrong there.
    pub fault: Fault,
}

/// What is known of where a trail must pass through, from somewhere that whoever wrote the trail could
/// not reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trusted {
    /// This hash is one of its entries'.
    Hash(Hash),
    /// This entry is in it.
    Head(Head),
}

/// Follows a trail from its first entry on.
#[derive(Debug)]
pub struct Verifier {
    head: Head,
    trusted: Vec<Trusted>,
}

impl Verifier {
    /// For a trail that must pass through all of `trusted`.
    pub fn new(trusted: impl IntoIterator<Item = Trusted>) -> Self {
        let trusted = trusted.into_iter();
        let begins = |trusted: &Trusted| *trusted != Trusted::Head(Head::START);
        Self {
            head: Head::START,
            trusted: trusted.filter(begins).collect(),
        }
    }

    /// The next entry.
    pub fn push(&mut self, entry: &Entry) -> Result<(), Broken> {
        let expected = self.head.seq + 1;
        let broken = |seq, fault| Err(Broken { seq, fault });
        if entry.seq < expected {
            return broken(entry.seq, Fault::Reordered);
        }
        if entry.seq > expected {
            return broken(expected, Fault::Missing);
        }
        if hash(entry) != entry.hash {
            return broken(entry.seq, Fault::Altered);
        }
        if entry.prev != self.head.hash {
            return broken(entry.seq, Fault::Unlinked);
        }
        self.head = Head {
            seq: entry.seq,
            hash: entry.hash,
        };
        let head = self.head;
        self.trusted.retain(|trusted| match trusted {
            Trusted::Hash(hash) => *hash != head.hash,
            Trusted::Head(known) => *known != head,
        });
        Ok(())
    }

    /// The next entry does not read.
    pub const fn unreadable(&self) -> Broken {
        Broken {
            seq: self.head.seq + 1,
            fault: Fault::Unreadable,
        }
    }

    /// The end of the trail: where that is, if the trail is whole.
    pub fn finish(self) -> Result<Head, Broken> {
        let seq = match self.trusted.first() {
            None => return Ok(self.head),
            Some(Trusted::Hash(_)) => self.head.seq + 1,
            Some(Trusted::Head(known)) => known.seq,
        };
        Err(Broken {
            seq,
            fault: Fault::Truncated,
        })
    }
}

/// Whether a trail is whole, and where it ends.
pub fn verify<'a>(
    entries: impl IntoIterator<Item = &'a Entry>,
    trusted: impl IntoIterator<Item = Trusted>,
) -> Result<Head, Broken> {
    let mut verifier = Verifier::new(trusted);
    for entry in entries {
        verifier.push(entry)?;
    }
    verifier.finish()
}

/// A digest over ids, in the order in which they come: what stands for many calls in one entry.
pub fn digest_ids(ids: impl IntoIterator<Item = uuid::Uuid>) -> Hash {
    let mut context = Context::new(&SHA256);
    for id in ids {
        context.update(id.as_bytes());
    }
    let mut hash = Hash::NONE;
    hash.0.copy_from_slice(context.finish().as_ref());
    hash
}
