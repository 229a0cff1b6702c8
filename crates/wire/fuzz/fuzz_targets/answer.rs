//! A stream from an upstream becomes one of the caller's, however it is cut and whatever is in it.
#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use tollhouse_wire::Protocol;
use tollhouse_wire::failure::{Class, Failure};
use tollhouse_wire::translate::{Answering, Finished, Translator};
use tollhouse_wire_fuzz::grammar::{Ending, agree, hear};
use tollhouse_wire_fuzz::{mutate, setup};

/// Who calls whom, what the request was like, and the lengths of the pieces.
const HEAD: usize = 6;

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate::stream(data, size, max_size, seed, HEAD)
});

/// What the caller got, and why it did not get all.
type Got = (Vec<u8>, Option<&'static str>);

fn run<'a>(mut translator: Translator, pieces: impl Iterator<Item = &'a [u8]>, pulse: bool) -> Got {
    let mut out = Vec::new();
    let mut result = Ok(());
    for piece in pieces {
        result = result.and_then(|()| translator.push(piece, &mut out));
        if pulse && result.is_ok() {
            translator.keep_alive(&mut out);
        }
    }
    let result = result.and_then(|()| translator.finish(&mut out));
    let broken = result.err().map(|malformed| malformed.0);
    if let Some(message) = broken {
        let failure = Failure {
            class: Class::Server,
            message: message.into(),
            code: None,
            param: None,
        };
        translator.fail(failure, &mut out);
    }
    assert!(translator.ended());
    let length = out.len();
    let more = b"data: {\"type\":\"message_stop\"}\n\ndata: [DONE]\n\n";
    let _ = translator.push(more, &mut out);
    let _ = translator.finish(&mut out);
    translator.keep_alive(&mut out);
    assert_eq!(out.len(), length, "nothing follows the end");
    (out, broken)
}

fn gather(answering: Answering, stream: &[u8]) -> Result<Finished, &'static str> {
    let mut translator = answering.gather();
    let mut out = Vec::new();
    let result = translator
        .push(stream, &mut out)
        .and_then(|()| translator.finish(&mut out));
    assert!(out.is_empty());
    result
        .map_err(|malformed| malformed.0)
        .map(|()| translator.gathered())
}

/// The stream in pieces of these lengths, over and over; noughts make empty ones.
fn pieces(mut stream: &[u8], lengths: [u8; 4]) -> Vec<&[u8]> {
    let lengths = if lengths == [0; 4] { [1; 4] } else { lengths };
    let mut pieces = Vec::new();
    for length in lengths.into_iter().cycle() {
        let (piece, rest) = stream.split_at(usize::from(length).min(stream.len()));
        pieces.push(piece);
        stream = rest;
        if rest.is_empty() {
            break;
        }
    }
    pieces
}

/// The stream without what says only that it goes on.
fn silent(stream: Vec<u8>) -> String {
    let stream = String::from_utf8(stream).expect("text");
    let ping = "event: ping\ndata: {\"type\":\"ping\"}\n\n";
    stream.replace(ping, "").replace(": keep-alive\n\n", "")
}

fn compare(caller: Protocol, (stream, broken): &Got, whole: Result<Finished, &'static str>) {
    let heard = hear(caller, stream);
    match whole {
        Ok(Finished::Answer(body)) => agree(caller, &heard, &body),
        Ok(Finished::Failed(_)) => assert_eq!((heard.ending, *broken), (Ending::Failed, None)),
        Err(message) => assert_eq!((heard.ending, *broken), (Ending::Failed, Some(message))),
    }
}

fuzz_target!(|input: &[u8]| {
    let Some(([pick, options, lengths @ ..], stream)) = input.split_first_chunk::<HEAD>() else {
        return;
    };
    let (caller, upstream) = setup::pair(*pick);
    let answering = setup::answering(caller, upstream, *options, true);

    let whole = run(answering.clone().stream(), [stream].into_iter(), false);
    assert!(
        whole.0.len() <= 64 * stream.len() + 32 * 1024,
        "bounded by what came"
    );

    let cut = run(
        answering.clone().stream(),
        pieces(stream, *lengths).into_iter(),
        true,
    );
    assert_eq!(cut.1, whole.1);
    hear(caller, &cut.0);
    assert_eq!(silent(cut.0), silent(whole.0.clone()));

    compare(caller, &whole, gather(answering, stream));
});
