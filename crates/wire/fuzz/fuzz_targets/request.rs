//! A request is refused or becomes one that its target reads, always the same one.
#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use tollhouse_wire::Protocol;
use tollhouse_wire::failure::{Class, Failure};
use tollhouse_wire::translate::{Unfit, decode, prepare, prepare_count};
use tollhouse_wire_fuzz::{is_json, mutate, setup};

/// Who calls whom, and the quirks.
const HEAD: usize = 4;

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate::body(data, size, max_size, seed, HEAD)
});

/// Addresses, media types and what is in files are sent as the caller wrote them: the upstream judges them.
fn judged_upstream(unfit: &Unfit) -> bool {
    let members = ["url", "image_url", "file_data", "media_type"];
    members.iter().any(|member| unfit.path.ends_with(member))
}

fuzz_target!(|input: &[u8]| {
    let Some(([pick, quirks @ ..], body)) = input.split_first_chunk::<HEAD>() else {
        return;
    };
    let (caller, upstream) = setup::pair(*pick);
    let quirks = quirks
        .iter()
        .fold(0, |all, byte| all << 8 | u32::from(*byte));
    let target = setup::dialect(upstream, quirks);
    let occasion = setup::occasion();

    if caller == Protocol::Messages
        && let Ok(counting) = prepare_count(body, &target, &occasion)
    {
        assert!(counting.ask.is_none_or(|ask| is_json(&ask)));
    }
    let Ok(prepared) = prepare(caller, body, &target, &occasion) else {
        return;
    };
    let sent = String::from_utf8_lossy(&prepared.body);
    assert!(is_json(&prepared.body), "{sent}");
    if let Err(unfit) = decode(upstream, &prepared.body)
        && !judged_upstream(&unfit)
    {
        panic!("{} in {sent}", unfit.sentence());
    }

    let again = prepare(caller, body, &target, &occasion).expect("as before");
    assert_eq!(String::from_utf8_lossy(&again.body), sent);
    assert!(again.streams == prepared.streams && again.losses == prepared.losses);

    // What the answer repeats of the request does not break it.
    let failure = Failure {
        class: Class::Server,
        message: "no".into(),
        code: None,
        param: None,
    };
    let mut out = Vec::new();
    prepared.answering.stream().fail(failure, &mut out);
    let text = String::from_utf8_lossy(&out);
    let mut data = text.lines().filter_map(|line| line.strip_prefix("data: "));
    assert!(data.all(|data| is_json(data.as_bytes())), "{text}");
});
