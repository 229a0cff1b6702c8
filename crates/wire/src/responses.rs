//! OpenAI Responses: requests and answers, to and from the hub.

mod answer_decode;
mod answer_encode;
mod assemble;
pub(crate) mod compaction;
mod decode;
mod encode;
mod suit;

pub use answer_decode::{StreamDecoder, decode_whole};
pub use answer_encode::{StreamEncoder, encode_whole, failure};
pub use assemble::Assembler;
pub use decode::{decode, echo};
pub use encode::{decode_count_answer, encode, encode_count};
pub use suit::{Asked, Suited, suit};
