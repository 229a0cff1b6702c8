//! Images and files of content parts: data URLs, addresses, and what is refused.

use std::borrow::Cow;

use super::read::Place;
use crate::conversation::{Source, Text};
use crate::data_url::DataUrl;
use crate::translate::Unfit;

/// Refuses what lies in another vendor's file store.
pub(super) fn refuse_stored(place: &Place<'_>, instead: &str) -> Unfit {
    place.member("file_id").unfit(format!(
        "a file stored with another vendor cannot be carried to this model; send {instead}"
    ))
}

/// The source that a URL names: its own bytes if it is a data URL.
pub(super) fn source<'a>(url: Text<'a>, place: &Place<'_>) -> Result<Source<'a>, Unfit> {
    if !DataUrl::is_one(&url) {
        return Ok(Source::Url(url));
    }
    match DataUrl::parse(url).map(DataUrl::base64) {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(_)) | Err(_) => Err(not_data(place)),
    }
}

/// The bytes of a file: a data URL, or the bare base64 of a PDF.
pub(super) fn file_data<'a>(data: Text<'a>, place: &Place<'_>) -> Result<Source<'a>, Unfit> {
    // How the base64 of `%PDF-` begins.
    if data.starts_with("JVBERi") {
        return Ok(Source::Base64 {
            media_type: Cow::Borrowed("application/pdf"),
            data,
        });
    }
    match source(data, place)? {
        Source::Url(_) => Err(not_data(place)),
        found @ (Source::Base64 { .. } | Source::Plain(_)) => Ok(found),
    }
}

fn not_data(place: &Place<'_>) -> Unfit {
    place.unfit("expected a data URL of the form `data:<media type>;base64,<data>`")
}
