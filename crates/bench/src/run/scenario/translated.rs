//! Scenarios of calls that the gateway translates, each beside its own calls that it does not.

use super::all::{BURST, CALLS, KIB, load};
use super::{Load, Scenario, Translated};
use crate::payload::{Api, Prompt};
use crate::run::metric::Metric;

const WORK: &[Metric] = &[
    Metric::CpuPerCallMs,
    Metric::CallsPerSecond,
    Metric::LatencyP50Ms,
    Metric::LatencyP99Ms,
    Metric::PeakRssMib,
    Metric::Lost,
    Metric::LoadCorePercent,
    Metric::ForeignTargetPercent,
    Metric::ForeignLoadPercent,
];

/// Times are not written into texts that are compared, so there is no delay of events.
const SLOW: &[Metric] = &[
    Metric::CpuPerEventUs,
    Metric::EventsPerSecond,
    Metric::FirstByteP50Ms,
    Metric::FirstByteP99Ms,
    Metric::KibPerStream,
    Metric::Lost,
    Metric::LoadCorePercent,
    Metric::ForeignTargetPercent,
    Metric::ForeignLoadPercent,
];

/// Compared with the same answer, from a caller that speaks the provider's protocol.
const fn answered(caller: Api, upstream: Api, load: Load) -> Load {
    Load {
        api: caller,
        translated: Some(Translated {
            upstream,
            bound: upstream,
        }),
        ..load
    }
}

/// Compared with the same request, to a provider that speaks the caller's protocol.
const fn asked(caller: Api, upstream: Api) -> Load {
    Load {
        api: caller,
        translated: Some(Translated {
            upstream,
            bound: caller,
        }),
        prompt: Prompt::Work,
        ..Load::plain(4, KIB * KIB)
    }
}

const fn burst() -> Load {
    Load {
        events: 100,
        ..Load::plain(32, KIB)
    }
}

pub(super) const TRANSLATED: [Scenario; 10] = [
    load(
        "a32-m2c",
        "1 KB, 32 connections: messages caller, chat provider",
        answered(Api::Messages, Api::Chat, Load::plain(32, KIB)),
        CALLS,
    ),
    load(
        "a32-m2r",
        "1 KB, 32 connections: messages caller, responses provider",
        answered(Api::Messages, Api::Responses, Load::plain(32, KIB)),
        CALLS,
    ),
    load(
        "a32-r2m",
        "1 KB, 32 connections: responses caller, messages provider",
        answered(Api::Responses, Api::Messages, Load::plain(32, KIB)),
        CALLS,
    ),
    load(
        "b32-m2c",
        "streams of 100 events, 32 connections: messages caller, chat provider",
        answered(Api::Messages, Api::Chat, burst()),
        BURST,
    ),
    load(
        "b32-m2r",
        "streams of 100 events, 32 connections: messages caller, responses provider",
        answered(Api::Messages, Api::Responses, burst()),
        BURST,
    ),
    load(
        "b32-r2m",
        "streams of 100 events, 32 connections: responses caller, messages provider",
        answered(Api::Responses, Api::Messages, burst()),
        BURST,
    ),
    load(
        "d4-m2c",
        "an agent's request of 1 MB, 4 connections: messages caller, chat provider",
        asked(Api::Messages, Api::Chat),
        WORK,
    ),
    load(
        "d4-m2r",
        "an agent's request of 1 MB, 4 connections: messages caller, responses provider",
        asked(Api::Messages, Api::Responses),
        WORK,
    ),
    load(
        "d4-r2m",
        "an agent's request of 1 MB, 4 connections: responses caller, messages provider",
        asked(Api::Responses, Api::Messages),
        WORK,
    ),
    Scenario {
        max_rounds: 1,
        ..load(
            "i2000-m2c",
            "2,000 streams of 20 events, 500 ms apart: messages caller, chat provider",
            answered(
                Api::Messages,
                Api::Chat,
                Load {
                    stamp: false,
                    ..Load::streams(2_000, 20, 500_000, 2_000)
                },
            ),
            SLOW,
        )
    },
];
