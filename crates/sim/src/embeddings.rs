//! `POST /v1/embeddings`: vectors that depend on the text and mean nothing.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};

use crate::{answer::input_tokens, refusal::Refusal, reply::Reply, route::Call, sse};

const DIMENSIONS: usize = 8;
const MAX_DIMENSIONS: usize = 4096;

#[derive(Deserialize)]
struct Request {
    model: String,
    input: Input,
    dimensions: Option<usize>,
    encoding_format: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Input {
    One(String),
    Many(Vec<String>),
    Tokens(Vec<u32>),
    ManyTokens(Vec<Vec<u32>>),
}

#[derive(Serialize)]
struct Embeddings<'a> {
    object: &'static str,
    data: Vec<Embedding>,
    model: &'a str,
    usage: Usage,
}

#[derive(Serialize)]
#[expect(clippy::struct_field_names, reason = "the names are the protocol's")]
struct Embedding {
    object: &'static str,
    index: usize,
    embedding: Vector,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Vector {
    Floats(Vec<f32>),
    /// Little-endian 32-bit floats.
    Base64(String),
}

#[derive(Serialize)]
struct Usage {
    prompt_tokens: usize,
    total_tokens: usize,
}

pub(crate) fn create(call: &Call<'_>) -> Result<Reply, Refusal> {
    let request: Request = serde_json::from_slice(call.body)
        .map_err(|error| Refusal::invalid(format!("invalid request body: {error}")))?;
    let dimensions = request
        .dimensions
        .unwrap_or(DIMENSIONS)
        .clamp(1, MAX_DIMENSIONS);
    let encoded = request.encoding_format.as_deref() == Some("base64");
    let inputs: Vec<Vec<u8>> = match request.input {
        Input::One(text) => vec![text.into_bytes()],
        Input::Many(texts) => texts.into_iter().map(String::into_bytes).collect(),
        Input::Tokens(tokens) => vec![bytes(&tokens)],
        Input::ManyTokens(lists) => lists.iter().map(|tokens| bytes(tokens)).collect(),
    };
    let data = inputs
        .iter()
        .enumerate()
        .map(|(index, text)| {
            let floats = vector(text, dimensions);
            let embedding = if encoded {
                let bytes: Vec<u8> = floats
                    .iter()
                    .flat_map(|float| float.to_le_bytes())
                    .collect();
                Vector::Base64(STANDARD.encode(bytes))
            } else {
                Vector::Floats(floats)
            };
            Embedding {
                object: "embedding",
                index,
                embedding,
            }
        })
        .collect();
    let tokens = input_tokens(call.body.len());
    let usage = Usage {
        prompt_tokens: tokens,
        total_tokens: tokens,
    };
    let model = &request.model;
    Ok(Reply::ok(sse::json(&Embeddings {
        object: "list",
        data,
        model,
        usage,
    })))
}

fn bytes(tokens: &[u32]) -> Vec<u8> {
    tokens
        .iter()
        .flat_map(|token| token.to_le_bytes())
        .collect()
}

fn vector(text: &[u8], dimensions: usize) -> Vec<f32> {
    let mut state: u32 = 0x811c_9dc5;
    (0..dimensions)
        .map(|_| {
            for byte in text.iter().chain(b"\0") {
                state = (state ^ u32::from(*byte)).wrapping_mul(0x0100_0193);
            }
            let [.., high, low] = state.to_be_bytes();
            f32::from(u16::from_be_bytes([high, low])) / 65_536.0 - 0.5
        })
        .collect()
}
