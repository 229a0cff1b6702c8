//! Journal records: the call's id, then the fields that have a value, each as tag, length and bytes.
//!
//! Every call is written twice and read once, so the form is plain and quick. A field that is not
//! known here is passed over, so that releases may read each other's journals; a tag is never given
//! a second meaning.

mod fields;

use tollhouse_domain::call::{Call, Mode, Outcome};
use tollhouse_domain::capture::Kept;
use tollhouse_domain::credential::{CredentialKind, CredentialSource};
use tollhouse_domain::id::{CallId, CredentialId, KeyId, OrgId, SessionId, UserId};
use tollhouse_domain::money::Money;
use tollhouse_domain::time::Timestamp;
use uuid::Uuid;

use self::fields::{Field, Fields, Writer};

/// A call was admitted.
pub(crate) const BEGIN: u8 = 1;
/// A call ended.
pub(crate) const END: u8 = 2;

const ID_BYTES: usize = 16;

/// Why a record does not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RecordError {
    /// It ends in the middle of something.
    #[error("the record is cut short")]
    Short,
    /// A field's bytes are not what its tag says.
    #[error("field {0} does not read")]
    Field(u8),
}

/// Writes a record's payload.
pub(crate) fn encode(call: &Call) -> Vec<u8> {
    let mut out = Writer::new(call.id.0);
    out.number(1, call.at.0);
    out.uuid(2, call.key.0);
    out.uuid(3, call.session.0);
    out.uuids(4, call.user.map(|id| id.0));
    out.uuids(5, call.org.map(|id| id.0));
    out.texts(6, call.agent.as_deref());
    out.text(7, &call.caller);
    out.texts(8, call.session_name.as_deref());
    out.texts(9, call.subagent.as_deref());
    out.texts(64, call.subagent_type.as_deref());
    out.texts(65, call.subagent_parent.as_deref());
    for (name, value) in &call.tags {
        out.pair(10, name, value);
    }
    out.texts(11, call.protocol.map(tollhouse_wire::Protocol::as_str));
    out.text(12, &call.endpoint);
    out.flag(13, call.stream);
    out.texts(14, call.provider.as_deref());
    out.uuids(15, call.credential_id.map(|id| id.0));
    out.texts(16, call.credential_source.map(CredentialSource::as_str));
    out.texts(52, call.credential_kind.map(CredentialKind::as_str));
    out.texts(17, call.credential_fingerprint.as_deref());
    out.text(18, call.mode.as_str());
    out.texts(19, call.model_requested.as_deref());
    out.texts(20, call.model_sent.as_deref());
    out.texts(21, call.model_served.as_deref());
    out.counts(22, call.status.map(u64::from));
    out.text(23, call.outcome.as_str());
    out.texts(24, call.error.as_deref());
    out.texts(25, call.stop_reason.as_deref());
    out.counts(26, call.usage.input);
    out.counts(27, call.usage.cache_read);
    out.counts(28, call.usage.cache_write_5m);
    out.counts(29, call.usage.cache_write_1h);
    out.counts(30, call.usage.output);
    out.counts(31, call.usage.reasoning);
    out.texts(32, call.usage_raw.as_deref());
    out.flag(33, call.estimated);
    out.numbers(34, call.cost_usd.map(|money| money.0));
    out.numbers(35, call.list_cost_usd.map(|money| money.0));
    out.counts(36, call.ttft_ms.map(f64::to_bits));
    out.counts(37, call.duration_ms.map(f64::to_bits));
    out.count(38, call.bytes_in);
    out.count(39, call.bytes_out);
    out.count(40, u64::from(call.attempts));
    out.texts(41, call.fallback.as_deref());
    for loss in &call.losses {
        out.text(42, loss);
    }
    // Few calls have any.
    for attempt in &call.tried {
        let text = serde_json::to_string(attempt).ok();
        out.texts(60, text.as_deref());
    }
    out.texts(43, call.upstream_request_id.as_deref());
    out.texts(44, call.upstream_object.as_deref());
    out.number(45, call.snapshot_revision);
    let from = call.from.map(|from| from.to_string());
    out.texts(50, from.as_deref());
    out.texts(46, call.protocol_sent.map(tollhouse_wire::Protocol::as_str));
    out.numbers(47, call.charged_usd.map(|money| money.0));
    out.texts(51, call.capture.map(Kept::as_str));
    out.finish()
}

/// The id of a record's call.
pub(crate) fn id(payload: &[u8]) -> Option<CallId> {
    Uuid::from_slice(payload.get(..ID_BYTES)?).ok().map(CallId)
}

/// Reads a record's row.
pub(crate) fn decode(payload: &[u8]) -> Result<Call, RecordError> {
    let id = id(payload).ok_or(RecordError::Short)?;
    let nobody = Uuid::nil();
    let mut call = Call::opened(id, Timestamp(0), KeyId(nobody), SessionId(nobody));
    for field in Fields::of(payload.get(ID_BYTES..).unwrap_or_default()) {
        let field = field?;
        attribution(&mut call, &field)?;
        target(&mut call, &field)?;
        outcome(&mut call, &field)?;
    }
    Ok(call)
}

/// Who called.
fn attribution(call: &mut Call, field: &Field<'_>) -> Result<(), RecordError> {
    match field.tag {
        1 => call.at = Timestamp(field.number()?),
        2 => call.key = KeyId(field.uuid()?),
        3 => call.session = SessionId(field.uuid()?),
        4 => call.user = Some(UserId(field.uuid()?)),
        5 => call.org = Some(OrgId(field.uuid()?)),
        6 => call.agent = Some(field.text()?),
        7 => call.caller = field.text()?,
        8 => call.session_name = Some(field.text()?),
        9 => call.subagent = Some(field.text()?),
        64 => call.subagent_type = Some(field.text()?),
        65 => call.subagent_parent = Some(field.text()?),
        50 => call.from = Some(field.word(|word| word.parse().ok())?),
        10 => {
            let (name, value) = field.pair()?;
            call.tags.insert(name, value);
        }
        _ => {}
    }
    Ok(())
}

/// What was asked, and of whom.
fn target(call: &mut Call, field: &Field<'_>) -> Result<(), RecordError> {
    match field.tag {
        11 => call.protocol = Some(field.word(|word| word.parse().ok())?),
        12 => call.endpoint = field.text()?,
        13 => call.stream = true,
        14 => call.provider = Some(field.text()?),
        15 => call.credential_id = Some(CredentialId(field.uuid()?)),
        16 => call.credential_source = Some(field.word(CredentialSource::parse)?),
        52 => call.credential_kind = Some(field.word(CredentialKind::parse)?),
        17 => call.credential_fingerprint = Some(field.text()?),
        18 => call.mode = field.word(Mode::parse)?,
        19 => call.model_requested = Some(field.text()?),
        20 => call.model_sent = Some(field.text()?),
        21 => call.model_served = Some(field.text()?),
        46 => call.protocol_sent = Some(field.word(|word| word.parse().ok())?),
        _ => {}
    }
    Ok(())
}

/// What came of it.
fn outcome(call: &mut Call, field: &Field<'_>) -> Result<(), RecordError> {
    match field.tag {
        22 => call.status = Some(field.small()?),
        23 => call.outcome = field.word(Outcome::parse)?,
        24 => call.error = Some(field.text()?),
        25 => call.stop_reason = Some(field.text()?),
        26 => call.usage.input = Some(field.count()?),
        27 => call.usage.cache_read = Some(field.count()?),
        28 => call.usage.cache_write_5m = Some(field.count()?),
        29 => call.usage.cache_write_1h = Some(field.count()?),
        30 => call.usage.output = Some(field.count()?),
        31 => call.usage.reasoning = Some(field.count()?),
        32 => call.usage_raw = Some(field.text()?),
        33 => call.estimated = true,
        34 => call.cost_usd = Some(Money(field.number()?)),
        35 => call.list_cost_usd = Some(Money(field.number()?)),
        36 => call.ttft_ms = Some(f64::from_bits(field.count()?)),
        37 => call.duration_ms = Some(f64::from_bits(field.count()?)),
        38 => call.bytes_in = field.count()?,
        39 => call.bytes_out = field.count()?,
        40 => call.attempts = field.small()?,
        41 => call.fallback = Some(field.text()?),
        42 => call.losses.push(field.text()?),
        60 => call
            .tried
            .push(field.word(|text| serde_json::from_str(text).ok())?),
        43 => call.upstream_request_id = Some(field.text()?),
        44 => call.upstream_object = Some(field.text()?),
        45 => call.snapshot_revision = field.number()?,
        47 => call.charged_usd = Some(Money(field.number()?)),
        51 => call.capture = Some(field.word(Kept::parse)?),
        _ => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests;
