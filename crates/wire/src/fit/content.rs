//! Refusing what the target cannot be shown, before anything is moved.

use super::media;
use crate::conversation::{Choice, Document, Image, Part, Request, Source, Tool, WebSearch};
use crate::dialect::{Dialect, Quirk};
use crate::loss::{Loss, Losses};
use crate::translate::Unfit;
use crate::{Protocol, base64};

/// The image formats that Messages upstreams read.
const IMAGES: [&str; 4] = ["image/jpeg", "image/png", "image/gif", "image/webp"];

/// Refuses media and tools without a counterpart.
pub(super) fn refuse(request: &mut Request<'_>, target: &Dialect) -> Result<(), Unfit> {
    tools(request, target)?;
    searches(request, target)?;
    for turn in &mut request.turns {
        for part in &mut turn.parts {
            show(part, target, &mut request.losses)?;
        }
    }
    Ok(())
}

/// Tools are what an agent works with: to leave them out would be another task.
fn tools(request: &Request<'_>, target: &Dialect) -> Result<(), Unfit> {
    let some = request.tools.iter().any(|tool| match tool {
        Tool::Client(_) => true,
        Tool::WebSearch(_) => false,
    });
    if target.is_text_alone() && some {
        return Err(Unfit::new(
            "tools",
            "the target takes no tools; leave tools out or ask another model",
        ));
    }
    Ok(())
}

/// A web search that the target does not host is left out where the model has other tools: agents declare
/// one whatever they do. Where searching is the point of the request, it is refused.
fn searches(request: &mut Request<'_>, target: &Dialect) -> Result<(), Unfit> {
    if hosts_search(target) {
        if target.protocol == Protocol::Messages {
            request
                .tools
                .iter_mut()
                .filter_map(search)
                .for_each(|search| choose_domains(search, &mut request.losses));
        }
        return Ok(());
    }
    let others = request.tools.iter().any(|tool| match tool {
        Tool::Client(_) => true,
        Tool::WebSearch(_) => false,
    });
    let forced = request.choice == Some(Choice::WebSearch);
    let Some(first) = request.tools.iter_mut().find_map(search) else {
        return Ok(());
    };
    if forced || !others {
        return Err(Unfit::new(
            first.place.path(),
            "the target has no web search of its own; leave the web search out or ask another model",
        ));
    }
    request.tools.retain(|tool| match tool {
        Tool::Client(_) => true,
        Tool::WebSearch(_) => false,
    });
    request.losses.add(Loss::WebSearch);
    Ok(())
}

fn search<'r, 'a>(tool: &'r mut Tool<'a>) -> Option<&'r mut WebSearch<'a>> {
    match tool {
        Tool::Client(_) => None,
        Tool::WebSearch(search) => Some(search),
    }
}

/// Messages upstreams take either list, not both. What is not allowed is blocked already.
fn choose_domains(search: &mut WebSearch<'_>, losses: &mut Losses) {
    if !search.allowed_domains.is_empty() && !search.blocked_domains.is_empty() {
        search.blocked_domains.clear();
        losses.add(Loss::SearchOptions);
    }
}

fn hosts_search(target: &Dialect) -> bool {
    match target.protocol {
        Protocol::Messages => target.has(Quirk::WebSearch),
        Protocol::Chat => target.has(Quirk::OpenaiFields) || target.is_text_alone(),
        Protocol::Responses => true,
    }
}

fn show(part: &mut Part<'_>, target: &Dialect, losses: &mut Losses) -> Result<(), Unfit> {
    match part {
        Part::Image(image) => {
            correct(image);
            refuse_image(image, target)?;
            if let (Some(detail), Protocol::Messages) = (&image.detail, target.protocol) {
                losses.add_if(detail != "auto", Loss::ImageDetail);
                image.detail = None;
            }
            Ok(())
        }
        Part::Document(document) => {
            tell(document, target);
            refuse_document(document, target)?;
            if target.is_text_alone() {
                media::tell(part, losses);
            }
            Ok(())
        }
        Part::Outcome(outcome) => {
            let mut parts = outcome.parts.iter_mut();
            parts.try_for_each(|part| show(part, target, losses))
        }
        Part::Text(_) | Part::Thought(_) | Part::Call(_) | Part::Refusal(_) | Part::Search(_) => {
            Ok(())
        }
    }
}

/// A name that many programs use for `image/jpeg`, and that strict upstreams refuse.
fn correct(image: &mut Image<'_>) {
    if let Source::Base64 { media_type, .. } = &mut image.source
        && media_type == "image/jpg"
    {
        *media_type = "image/jpeg".into();
    }
}

/// A file of text is told as text where files are PDFs.
fn tell(document: &mut Document<'_>, target: &Dialect) {
    if let (Source::Base64 { media_type, data }, Protocol::Messages | Protocol::Chat) =
        (&document.source, target.protocol)
        && media_type.starts_with("text/")
        && let Some(text) = base64::text(data)
    {
        document.source = Source::Plain(text.into());
    }
}

fn refuse_image(image: &Image<'_>, target: &Dialect) -> Result<(), Unfit> {
    if target.has(Quirk::NoImages) {
        return Err(Unfit::new(
            image.place.member("type"),
            "the target takes no images; leave images out or ask another model",
        ));
    }
    let why = match &image.source {
        Source::Base64 { media_type, .. }
            if target.protocol == Protocol::Messages && !IMAGES.contains(&&**media_type) =>
        {
            "the target takes images of the types `image/jpeg`, `image/png`, `image/gif` and `image/webp`"
        }
        Source::Plain(_) => "an image is base64 or a URL",
        Source::Base64 { .. } | Source::Url(_) => return Ok(()),
    };
    Err(Unfit::new(image.place.source(), why))
}

fn refuse_document(document: &Document<'_>, target: &Dialect) -> Result<(), Unfit> {
    let why = match (&document.source, target.protocol) {
        (Source::Base64 { .. } | Source::Url(_), Protocol::Chat) if target.is_text_alone() => {
            "the target takes no files; send the text of a document, or ask another model"
        }
        (Source::Base64 { media_type, .. }, Protocol::Messages)
            if media_type != "application/pdf" =>
        {
            "the target takes files of the types `application/pdf` and `text/…`; send others as text"
        }
        (Source::Url(_), Protocol::Chat) => {
            "the target fetches no documents; send the file itself in base64"
        }
        (Source::Base64 { .. } | Source::Plain(_) | Source::Url(_), _) => return Ok(()),
    };
    Err(Unfit::new(document.place.source(), why))
}
