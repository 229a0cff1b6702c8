//! The administrator's token in exchange for a session, so that a browser need not keep the token.

use tollhouse_domain::audit::{Action, Actor, Note, Subject, SubjectKind};
use tollhouse_store::{Holder, WebSession};
use tollhouse_vault::{Secret, constant_time_eq};

use crate::admin::Control;
use crate::admin::auth::From;
use crate::admin::error::ApiError;
use crate::clock;

/// Opens a session for whoever shows the administrator's token. It ends, at the latest, when that token
/// is replaced.
pub(in crate::admin) async fn enter(
    control: &Control,
    from: From,
    token: &Secret,
) -> Result<(WebSession, Secret), ApiError> {
    let (gateway, now) = (&control.gateway, clock::now());
    control.doors.token(from.0, now)?;
    let digest = gateway.digester().digest(token.expose().trim());
    if constant_time_eq(&digest, &gateway.0.admin) {
        let holder = Holder::Operator(digest);
        return super::begin_as(control, from, holder, Actor::OPERATOR).await;
    }
    let subject = Subject::of(SubjectKind::Session);
    let mut note = Note::new(now, Actor::ANONYMOUS, Action::SessionRefuse, subject);
    note.from = from.0;
    if let Some(note) = control.doors.note(note, now) {
        gateway.store().remember(note).await?;
    }
    Err(ApiError::WrongToken)
}
