//! OpenAI Chat Completions: requests and answers, to and from the hub.

mod answer_decode;
mod answer_encode;
mod decode;
mod encode;

pub use answer_decode::{StreamDecoder, decode_whole};
pub use answer_encode::{StreamEncoder, encode_whole};
pub use decode::decode;
pub use encode::encode;
