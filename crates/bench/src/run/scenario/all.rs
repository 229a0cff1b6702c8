//! The scenarios by name. Sizes and pauses follow what coding agents send: small calls, prompts
//! of 100 KB to 1 MB, streams of hundreds of small events.

use super::{Kind, Load, Scenario};
use crate::load::Mode;
use crate::payload::Api;
use crate::run::metric::Metric;

pub(super) const CALLS: &[Metric] = &[
    Metric::CpuPerCallUs,
    Metric::CallsPerSecond,
    Metric::LatencyP50Ms,
    Metric::LatencyP99Ms,
    Metric::LatencyP999Ms,
    Metric::PeakRssMib,
    Metric::Lost,
    Metric::LoadCorePercent,
    Metric::ForeignTargetPercent,
    Metric::ForeignLoadPercent,
];

const STREAMS: &[Metric] = &[
    Metric::CpuPerEventUs,
    Metric::EventsPerSecond,
    Metric::FirstByteP50Ms,
    Metric::FirstByteP99Ms,
    Metric::EventDelayP50Ms,
    Metric::EventDelayP99Ms,
    Metric::KibPerStream,
    Metric::Lost,
    Metric::LoadCorePercent,
    Metric::ForeignTargetPercent,
    Metric::ForeignLoadPercent,
];

pub(super) const BURST: &[Metric] = &[
    Metric::CpuPerEventUs,
    Metric::EventsPerSecond,
    Metric::FirstByteP50Ms,
    Metric::LatencyP50Ms,
    Metric::LatencyP99Ms,
    Metric::PeakRssMib,
    Metric::Lost,
    Metric::LoadCorePercent,
    Metric::ForeignTargetPercent,
    Metric::ForeignLoadPercent,
];

const ABORT: &[Metric] = &[Metric::AbortP50Ms, Metric::AbortMaxMs, Metric::Lost];

const START: &[Metric] = &[
    Metric::FirstStartMs,
    Metric::StartMs,
    Metric::BinaryMib,
    Metric::IdleRssMib,
    Metric::IdleCpuPercent,
];

const SOAK: &[Metric] = &[
    Metric::CpuPerCallUs,
    Metric::CallsPerSecond,
    Metric::LatencyP50Ms,
    Metric::LatencyP99Ms,
    Metric::RssAtOneMinuteMib,
    Metric::RssAtEndMib,
    Metric::PeakRssMib,
    Metric::Lost,
];

pub(super) const fn load(
    name: &'static str,
    about: &'static str,
    load: Load,
    columns: &'static [Metric],
) -> Scenario {
    Scenario {
        name,
        about,
        kind: Kind::Load(load),
        columns,
        max_rounds: 100,
    }
}

pub(super) const KIB: usize = 1_024;

pub(super) const ALL: [Scenario; 15] = [
    load(
        "a1",
        "1 KB request and answer, 1 connection",
        Load::plain(1, KIB),
        CALLS,
    ),
    load(
        "a32",
        "1 KB request and answer, 32 connections",
        Load::plain(32, KIB),
        CALLS,
    ),
    load(
        "a256",
        "1 KB request and answer, 256 connections",
        Load::plain(256, KIB),
        CALLS,
    ),
    load(
        "b32",
        "streams of 100 events without delay, 32 connections",
        Load {
            events: 100,
            ..Load::plain(32, KIB)
        },
        BURST,
    ),
    load(
        "h16",
        "100 KB request, 16 connections",
        Load::plain(16, 100 * KIB),
        CALLS,
    ),
    load(
        "d16",
        "1 MB request, 16 connections",
        Load::plain(16, KIB * KIB),
        CALLS,
    ),
    load(
        "c500",
        "500 streams of 200 events, 20 ms apart",
        Load::streams(500, 200, 20_000, 1_000),
        STREAMS,
    ),
    load(
        "c2000",
        "2,000 streams of 200 events, 20 ms apart",
        Load::streams(2_000, 200, 20_000, 2_000),
        STREAMS,
    ),
    Scenario {
        max_rounds: 1,
        ..load(
            "i2000",
            "2,000 streams of 20 events, 500 ms apart",
            Load::streams(2_000, 20, 500_000, 2_000),
            STREAMS,
        )
    },
    load(
        "o100",
        "open loop, 100 calls/s of 1 KB",
        Load::open(100),
        CALLS,
    ),
    load(
        "o2000",
        "open loop, 2,000 calls/s of 1 KB",
        Load::open(2_000),
        CALLS,
    ),
    load(
        "s20",
        "agent-like: 100 KB request, first byte after 50 ms, 50 events 5 ms apart, 20 a second; \
         first byte counts without the 50 ms",
        Load {
            request: 100 * KIB,
            events: 50,
            gap_us: 5_000,
            first_us: 50_000,
            stamp: true,
            ..Load::open(20)
        },
        STREAMS,
    ),
    Scenario {
        max_rounds: 1,
        ..load(
            "abort",
            "20 clients leave in the middle of a stream: time until the upstream is aborted",
            Load {
                mode: Mode::Abort,
                events: 500,
                gap_us: 20_000,
                ..Load::plain(20, KIB)
            },
            ABORT,
        )
    },
    Scenario {
        kind: Kind::Start,
        max_rounds: 1,
        ..load(
            "start",
            "process start to first healthy answer: with empty and with existing data; idle cost",
            Load::plain(1, KIB),
            START,
        )
    },
    Scenario {
        kind: Kind::Soak { minutes: 10 },
        max_rounds: 1,
        ..load(
            "soak",
            "1,000 calls/s of 1 KB for minutes",
            Load::open(1_000),
            SOAK,
        )
    },
];

pub(super) const CHAT: [Scenario; 2] = [
    load(
        "a1-chat",
        "chat completions of 1 KB, 1 connection; LiteLLM's answers are rewritten, so not compared",
        Load {
            api: Api::Chat,
            ..Load::plain(1, KIB)
        },
        CALLS,
    ),
    load(
        "a32-chat",
        "chat completions of 1 KB, 32 connections; LiteLLM's answers are rewritten, so not compared",
        Load {
            api: Api::Chat,
            ..Load::plain(32, KIB)
        },
        CALLS,
    ),
];
