//! Images, documents and search results: what the user, or a tool of the user's, shows.

use super::blocks::{self, Found, each, kind};
use super::read::{Str, index, missing, under};
use super::shape::{Block, Content, Source as Given, SourceAt};
use crate::conversation::{CacheMark, Document, Image, Part, Place, Said, Source, Text};
use crate::loss::{Loss, Losses};
use crate::translate::Unfit;

/// The member that says where the bytes of a block are.
const SOURCE: &str = "source.type";

/// Tells what `parts` show that it stands in the block at `place` of the list `outside`, inside of `inside`.
pub(super) fn locate(parts: &mut [Part<'_>], outside: &str, place: usize, inside: &str) {
    for part in parts {
        let found = match part {
            Part::Image(image) => &mut image.place,
            Part::Document(document) => &mut document.place,
            Part::Outcome(outcome) => {
                locate(&mut outcome.parts, outside, place, inside);
                continue;
            }
            Part::Text(_)
            | Part::Thought(_)
            | Part::Call(_)
            | Part::Refusal(_)
            | Part::Search(_) => continue,
        };
        found.prepend(&format!("{outside}{}{inside}", index(place)));
    }
}

/// An `image`, `document` or `search_result` block.
pub(super) fn piece<'a>(
    block: Block<'a>,
    parts: &mut Vec<Part<'a>>,
    losses: &mut Losses,
) -> Result<(), Unfit> {
    losses.add_if(
        block.citations.as_ref().is_some_and(|cited| cited.0),
        Loss::Citations,
    );
    match kind(&block)? {
        "image" => parts.push(Part::Image(image(block)?)),
        "search_result" => parts.push(Part::Text(search_result(block, losses)?)),
        _ => document(block, parts, losses)?,
    }
    Ok(())
}

fn image(block: Block<'_>) -> Result<Image<'_>, Unfit> {
    let cache = block.cache_control.map(|mark| mark.mark());
    let at = at(block.source)?;
    let source = match at.kind.as_ref().map(|Str(kind)| &**kind) {
        Some("base64") => base64(at),
        Some("url") => url(at),
        Some("file") => Err(file()),
        Some(_) => Err(Unfit::new("type", "must be `base64` or `url`")),
        None => Err(missing("type")),
    };
    let source = source.map_err(|unfit| under("source", "", unfit))?;
    Ok(Image {
        source,
        detail: None,
        cache,
        place: Place::new("", SOURCE),
    })
}

fn document<'a>(
    block: Block<'a>,
    parts: &mut Vec<Part<'a>>,
    losses: &mut Losses,
) -> Result<(), Unfit> {
    let frame = Frame {
        title: block.title.map(|Str(title)| title),
        context: block.context.map(|Str(context)| context),
        cache: block.cache_control.map(|mark| mark.mark()),
    };
    let mut at = at(block.source)?;
    let source = match at.kind.as_ref().map(|Str(kind)| &**kind) {
        Some("base64") => base64(at),
        Some("url") => url(at),
        Some("text") => at
            .data
            .map(|Str(data)| Source::Plain(data))
            .ok_or_else(|| missing("data")),
        Some("content") => {
            let content = at.content.take().ok_or_else(|| missing("source.content"))?;
            return written(content, frame, parts, losses)
                .map_err(|unfit| under("source.content", "", unfit));
        }
        Some("file") => Err(file()),
        Some(_) => Err(Unfit::new(
            "type",
            "must be `base64`, `text`, `content` or `url`",
        )),
        None => Err(missing("type")),
    };
    let source = source.map_err(|unfit| under("source", "", unfit))?;
    parts.push(frame.around(source));
    Ok(())
}

/// What stands around the bytes of a document.
struct Frame<'a> {
    title: Option<Text<'a>>,
    context: Option<Text<'a>>,
    cache: Option<CacheMark>,
}

impl<'a> Frame<'a> {
    fn around(self, source: Source<'a>) -> Part<'a> {
        let Self {
            title,
            context,
            cache,
        } = self;
        Part::Document(Document {
            source,
            title,
            context,
            cache,
            place: Place::new("", SOURCE),
        })
    }
}

/// A document written in blocks. Images in it stay where they are: the text before and after them is a
/// document each.
fn written<'a>(
    content: Content<'a>,
    mut frame: Frame<'a>,
    parts: &mut Vec<Part<'a>>,
    losses: &mut Losses,
) -> Result<(), Unfit> {
    let mut run: Option<Text<'a>> = None;
    each(content, |place, found| {
        let text = match found {
            Found::Text(text) => text,
            Found::Block(block) => match kind(&block)? {
                "text" => blocks::text(*block, losses)?.text,
                "image" => {
                    let mut image = image(*block)?;
                    image
                        .place
                        .prepend(&format!(".source.content{}", index(place)));
                    if let Some(text) = run.take() {
                        let before = Frame {
                            title: frame.title.clone(),
                            context: frame.context.take(),
                            cache: None,
                        };
                        parts.push(before.around(Source::Plain(text)));
                    }
                    parts.push(Part::Image(image));
                    return Ok(());
                }
                _ => return Err(Unfit::new("type", "must be `text` or `image`")),
            },
        };
        match &mut run {
            None => run = Some(text),
            Some(run) => {
                let run = run.to_mut();
                run.push('\n');
                run.push_str(&text);
            }
        }
        Ok(())
    })?;
    match (run, parts.last_mut()) {
        (None, Some(Part::Image(image))) => image.cache = frame.cache,
        (run, _) => parts.push(frame.around(Source::Plain(run.unwrap_or_default()))),
    }
    Ok(())
}

/// A `search_result` block: the other protocols have text.
fn search_result<'a>(block: Block<'a>, losses: &mut Losses) -> Result<Said<'a>, Unfit> {
    let mut told = block.title.unwrap_or_default().0.into_owned();
    if let Some(Given::Name(origin)) = block.source {
        told.push('\n');
        told.push_str(&origin);
    }
    let mut said = Vec::new();
    if let Some(content) = block.content {
        blocks::texts(content, &mut said, losses).map_err(|unfit| under("content", "", unfit))?;
    }
    for piece in said {
        told.push_str("\n\n");
        told.push_str(&piece.text);
    }
    Ok(Said {
        text: told.into(),
        cache: block.cache_control.map(|mark| mark.mark()),
    })
}

fn at(source: Option<Given<'_>>) -> Result<SourceAt<'_>, Unfit> {
    match source {
        Some(Given::At(at)) => Ok(*at),
        Some(Given::Name(_)) => Err(Unfit::new("source", "must be an object with `type`")),
        None => Err(missing("source")),
    }
}

fn base64(at: SourceAt<'_>) -> Result<Source<'_>, Unfit> {
    let Str(media_type) = at.media_type.ok_or_else(|| missing("media_type"))?;
    let Str(data) = at.data.ok_or_else(|| missing("data"))?;
    if !is_media_type(&media_type) {
        let message = "must be a media type, as `image/png` is one";
        return Err(Unfit::new("media_type", message));
    }
    Ok(Source::Base64 { media_type, data })
}

/// Whether it can stand in a data URL: two words around a slash.
fn is_media_type(name: &str) -> bool {
    let is_word = |word: &str| {
        let letter = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$&^_.+-".contains(&byte);
        !word.is_empty() && word.bytes().all(letter)
    };
    name.split_once('/')
        .is_some_and(|(kind, subtype)| is_word(kind) && is_word(subtype))
}

fn url(at: SourceAt<'_>) -> Result<Source<'_>, Unfit> {
    at.url
        .map(|Str(url)| Source::Url(url))
        .ok_or_else(|| missing("url"))
}

fn file() -> Unfit {
    Unfit::new(
        "type",
        "files of this protocol's vendor cannot be read on this route; send the content as `base64`",
    )
}
