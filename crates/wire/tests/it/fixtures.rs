//! Recorded traffic, by protocol and case.

use std::path::{Path, PathBuf};

use tollhouse_wire::Protocol;
use tollhouse_wire::dialect::{Dialect, Quirk};
use tollhouse_wire::translate::Occasion;

/// One recorded body.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
}

/// What every translation in here is told of its call.
pub(crate) const OCCASION: Occasion<'static> = Occasion {
    model: None,
    session: "ses_test",
    id: "0123abcd",
    request: "call_test",
    now: 1_700_000_000,
};

/// The recorded requests of a protocol.
pub(crate) fn requests(protocol: Protocol) -> Vec<Case> {
    read(&folder().join(protocol.as_str()), "json")
}

/// The recorded streams of a protocol.
pub(crate) fn streams(protocol: Protocol) -> Vec<Case> {
    read(&folder().join("answers").join(protocol.as_str()), "sse")
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures")
}

fn read(folder: &Path, extension: &str) -> Vec<Case> {
    let entries =
        std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut cases: Vec<Case> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .map(|path| Case {
            name: path.file_stem().unwrap().to_str().unwrap().to_owned(),
            bytes: std::fs::read(&path).unwrap(),
        })
        .collect();
    assert!(!cases.is_empty(), "{} is empty", folder.display());
    cases.sort_by(|a, b| a.name.cmp(&b.name));
    cases
}

/// The targets that requests of `caller` are translated for: one of each other protocol, as capable as
/// its vendor's own, so that as much as possible is carried.
pub(crate) fn targets(caller: Protocol) -> impl Iterator<Item = Dialect> {
    Protocol::ALL
        .into_iter()
        .filter(move |protocol| *protocol != caller)
        .map(capable)
}

/// The `ChatGPT` backend, as the catalog has it.
pub(crate) fn plan() -> Dialect {
    Dialect::new(Protocol::Responses, "chatgpt").with([
        Quirk::OwnRules,
        Quirk::StreamOnly,
        Quirk::NoSampling,
        Quirk::KeepsNothing,
        Quirk::Instructions,
        Quirk::InputList,
        Quirk::NoOutputLimit,
        Quirk::PlanFields,
        Quirk::SessionHeader,
        Quirk::NoCount,
    ])
}

fn capable(protocol: Protocol) -> Dialect {
    let quirks: &[Quirk] = match protocol {
        Protocol::Messages => &[Quirk::WebSearch, Quirk::SystemTurns],
        Protocol::Chat => &[
            Quirk::DeveloperRole,
            Quirk::CustomTools,
            Quirk::OpenaiFields,
            Quirk::ReasoningContent,
        ],
        Protocol::Responses => &[],
    };
    Dialect::new(protocol, "lab").with(quirks.iter().copied())
}
