//! Laws of every stream.

use proptest::prelude::*;

use super::reader::read;
use super::script::script;
use super::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Every stream obeys the protocol; its end is the whole answer.
    #[test]
    fn streams_obey_the_protocol_and_agree_with_whole_answers(
        script in script(true),
        show_thoughts in any::<bool>(),
        compact in prop::bool::weighted(0.1),
    ) {
        let reply = Reply { show_thoughts, compact, ..reply() };
        let read = read(&stream(&script.events, &reply));
        prop_assert_eq!(&read.response, &whole(&script.events, &reply));
    }

    /// A stream that fails obeys the protocol up to there and has no other end.
    #[test]
    fn streams_may_fail_anywhere(script in script(true), at in any::<prop::sample::Index>()) {
        let mut events = script.events;
        events.truncate(at.index(events.len()));
        events.push(Event::Failed(failure()));
        events.push(Event::End);
        let read = read(&stream(&events, &reply()));
        prop_assert_eq!(&read.response["status"], "failed");
        prop_assert_eq!(&read.response["error"]["code"], "rate_limit_exceeded");
    }

    /// Events that keep to no grammar do no harm.
    #[test]
    fn nothing_panics(script in script(true), order in prop::collection::vec(any::<prop::sample::Index>(), 0..60)) {
        let events: Vec<_> = order.iter().map(|at| script.events[at.index(script.events.len())].clone()).collect();
        stream(&events, &reply());
        encode_whole(&gather(&events), &reply());
    }
}
