//! The request that is supposed: a body as it would be sent, or one made up of a model and a few flags.

use axum::http::HeaderValue;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;
use tollhouse_domain::id::KeyId;
use tollhouse_wire::Protocol;
use utoipa::ToSchema;

use crate::admin::error::ApiError;
use crate::admin::input::Payload;
use crate::admin::routes::input::RouteInput;
use crate::proxy::operation::Inference;

/// A request that is supposed, and not made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DryRunInput)]
pub(in crate::admin) struct DryRunInput {
    /// The key that would make it, by id; left out: one in no organization that may use everything, and
    /// draws on the platform's credentials.
    #[schema(value_type = Option<String>)]
    pub(super) key: Option<KeyId>,
    /// The caller's protocol; may be left out beside `operation`.
    #[schema(value_type = Option<String>)]
    protocol: Option<Protocol>,
    /// The operation, such as `messages.count_tokens` or `embeddings`; left out: an answer is asked for.
    operation: Option<String>,
    /// The model asked for; the body's own, where a body is given.
    model: Option<String>,
    /// The client's own name for its session, which decides among several credentials.
    session: Option<String>,
    /// Whether the answer is to be streamed.
    stream: Option<bool>,
    /// Whether the request has a tool.
    tools: Option<bool>,
    /// Whether the request has an image.
    images: Option<bool>,
    /// The whole request as it would be sent, in place of `model`, `stream`, `tools` and `images`.
    #[schema(value_type = Option<Object>)]
    body: Option<Box<RawValue>>,
    /// Routes that are supposed, too, as `PUT /routes` takes them; left out: those that hold.
    pub(super) routes: Option<Vec<RouteInput>>,
}

impl Payload for DryRunInput {
    const LIMIT: usize = 8 << 20;
}

/// One white point.
const IMAGE: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

impl DryRunInput {
    /// Which operation is meant.
    pub(super) fn inference(&self) -> Result<Inference, ApiError> {
        let of_protocol = self.protocol.map(|protocol| match protocol {
            Protocol::Messages => Inference::Messages,
            Protocol::Chat => Inference::Chat,
            Protocol::Responses => Inference::Responses,
        });
        let Some(name) = &self.operation else {
            let message = "Expected `messages`, `chat` or `responses`.";
            return of_protocol.ok_or_else(|| ApiError::invalid("protocol", message));
        };
        let found = Inference::ALL.into_iter().find(|one| one.name() == name);
        let found = found.filter(|one| self.protocol.is_none_or(|of| of == one.protocol()));
        let names = Inference::ALL.map(Inference::name).join(", ");
        let message = format!("Expected an operation of the protocol: one of {names}.");
        found.ok_or_else(|| ApiError::invalid("operation", message))
    }

    /// What would be sent.
    pub(super) fn body(&self, inference: Inference) -> Result<Bytes, ApiError> {
        let Some(body) = &self.body else {
            let message = "Expected a model's name, or a whole `body`.";
            let model = self.model.as_deref().filter(|model| !model.is_empty());
            let model = model.ok_or_else(|| ApiError::invalid("model", message))?;
            return self.made_up(inference, model);
        };
        let flags = [
            ("model", self.model.is_some()),
            ("stream", self.stream.is_some()),
            ("tools", self.tools.is_some()),
            ("images", self.images.is_some()),
        ];
        if let Some((field, _)) = flags.iter().find(|(_, given)| *given) {
            let message = "`body` says this already; leave one of them out.";
            return Err(ApiError::invalid(*field, message));
        }
        Ok(Bytes::from(body.get().to_owned()))
    }

    /// A short request of the operation.
    fn made_up(&self, inference: Inference, model: &str) -> Result<Bytes, ApiError> {
        let model = serde_json::to_string(model).map_err(ApiError::internal)?;
        let (tools, images) = (self.tools == Some(true), self.images == Some(true));
        let said = said(inference, images);
        let mut fields = vec![format!(r#""model":{model}"#), said];
        if tools && let Some(tool) = tool(inference) {
            fields.push(format!(r#""tools":[{tool}]"#));
        }
        if inference == Inference::Messages {
            fields.push(r#""max_tokens":1024"#.to_owned());
        }
        if self.stream == Some(true) {
            fields.push(r#""stream":true"#.to_owned());
        }
        Ok(Bytes::from(format!("{{{}}}", fields.join(","))))
    }

    /// The session as a client's header names it.
    pub(super) fn session(&self) -> Result<Option<HeaderValue>, ApiError> {
        let message = "Expected a name that can stand in a header.";
        let read = |name: &String| HeaderValue::from_str(name);
        let session = self.session.as_ref().map(read).transpose();
        session.map_err(|_| ApiError::invalid("session", message))
    }
}

fn said(inference: Inference, images: bool) -> String {
    let image = |text: String| if images { text } else { String::new() };
    match inference {
        Inference::Messages | Inference::CountTokens => {
            let image = image(format!(
                r#",{{"type":"image","source":{{"type":"base64","media_type":"image/png","data":"{IMAGE}"}}}}"#
            ));
            format!(
                r#""messages":[{{"role":"user","content":[{{"type":"text","text":"Hello"}}{image}]}}]"#
            )
        }
        Inference::Chat => {
            let image = image(format!(
                r#",{{"type":"image_url","image_url":{{"url":"data:image/png;base64,{IMAGE}"}}}}"#
            ));
            format!(
                r#""messages":[{{"role":"user","content":[{{"type":"text","text":"Hello"}}{image}]}}]"#
            )
        }
        Inference::Responses | Inference::Compact | Inference::InputTokens => {
            let image = image(format!(
                r#",{{"type":"input_image","image_url":"data:image/png;base64,{IMAGE}"}}"#
            ));
            format!(
                r#""input":[{{"role":"user","content":[{{"type":"input_text","text":"Hello"}}{image}]}}]"#
            )
        }
        Inference::Embeddings => r#""input":"Hello""#.to_owned(),
    }
}

/// A tool as the operation's protocol writes it; embeddings have none.
const fn tool(inference: Inference) -> Option<&'static str> {
    match inference {
        Inference::Messages | Inference::CountTokens => {
            Some(r#"{"name":"example","input_schema":{"type":"object","properties":{}}}"#)
        }
        Inference::Chat => Some(
            r#"{"type":"function","function":{"name":"example","parameters":{"type":"object","properties":{}}}}"#,
        ),
        Inference::Responses | Inference::Compact | Inference::InputTokens => Some(
            r#"{"type":"function","name":"example","parameters":{"type":"object","properties":{}}}"#,
        ),
        Inference::Embeddings => None,
    }
}

#[cfg(test)]
mod tests {
    use tollhouse_wire::peek;

    use super::*;

    fn read(json: &str) -> DryRunInput {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn what_is_made_up_reads_in_its_protocol() {
        for inference in Inference::ALL {
            let name = inference.name();
            let input = read(&format!(
                r#"{{"operation":"{name}","model":"a\"b","tools":true,"images":true,"stream":true}}"#
            ));
            assert_eq!(input.inference().unwrap(), inference);
            let body = input.body(inference).unwrap();
            let peek = peek(&body).unwrap();
            assert_eq!(peek.model.unwrap().name, "a\"b", "{name}");
            let protocol = inference.protocol();
            if matches!(
                inference,
                Inference::Messages | Inference::Chat | Inference::Responses
            ) {
                let request = tollhouse_wire::translate::decode(protocol, &body).unwrap();
                let parts: usize = request.turns.iter().map(|turn| turn.parts.len()).sum();
                assert_eq!((request.tools.len(), parts), (1, 2), "{name}");
            }
        }
    }

    #[test]
    fn what_contradicts_itself_is_refused_by_name() {
        for (json, expected) in [
            ("{}", "protocol"),
            (r#"{"protocol":"chat","operation":"messages"}"#, "operation"),
            (r#"{"operation":"nothing"}"#, "operation"),
            (r#"{"protocol":"chat"}"#, "model"),
            (r#"{"protocol":"chat","model":"","tools":true}"#, "model"),
            (r#"{"protocol":"chat","model":"m","body":{}}"#, "model"),
            (r#"{"protocol":"chat","images":true,"body":{}}"#, "images"),
        ] {
            let input = read(json);
            let read = input
                .inference()
                .and_then(|inference| input.body(inference));
            match read {
                Err(ApiError::Invalid { field, .. }) => {
                    assert_eq!(field.as_deref(), Some(expected), "{json}");
                }
                _ => panic!("{json} was accepted"),
            }
        }
    }
}
