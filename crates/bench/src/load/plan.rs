//! What one run of the generator does, as command-line flags and back.

use std::net::SocketAddr;
use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::payload::{Api, Prompt};

/// How calls are started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Mode {
    /// Each connection starts its next call when the last one has ended.
    Closed,
    /// Calls start at a fixed rate, whatever the target does; latency counts from the planned
    /// start.
    Open,
    /// One stream after the other, left in the middle: how soon does the upstream notice?
    Abort,
}

/// How answers are judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Verify {
    /// Byte for byte.
    Exact,
    /// The text they say, once, and one end: for targets that translate.
    Text,
    /// Status 200 and not empty: for targets that rewrite answers.
    Status,
}

/// One run of the generator.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub(crate) struct Plan {
    /// Address of the server under test.
    #[arg(long)]
    pub(crate) target: SocketAddr,
    /// Address of the mock, asked about aborted streams.
    #[arg(long)]
    pub(crate) mock: Option<SocketAddr>,
    /// How calls are started.
    #[arg(long, value_enum, default_value = "closed")]
    pub(crate) mode: Mode,
    /// Connections (closed), or the most calls in flight (open), or streams to leave (abort).
    #[arg(long, default_value_t = 32)]
    pub(crate) conns: u32,
    /// Milliseconds during which calls are started.
    #[arg(long, default_value_t = 3_000)]
    pub(crate) millis: u64,
    /// Calls per second (open).
    #[arg(long, default_value_t = 100)]
    pub(crate) rate: u32,
    /// Closed loop: one call on each connection, begun one after the other within `--millis`.
    #[arg(long)]
    pub(crate) once: bool,
    /// Wire format.
    #[arg(long, value_enum, default_value = "messages")]
    pub(crate) api: Api,
    /// Wire format in which a target that translates asks the mock.
    #[arg(long, value_enum)]
    pub(crate) upstream: Option<Api>,
    /// What a request consists of.
    #[arg(long, value_enum, default_value = "talk")]
    pub(crate) prompt: Prompt,
    /// Client key.
    #[arg(
        long,
        env = "BENCH_KEY",
        hide_env_values = true,
        default_value = "none"
    )]
    pub(crate) key: String,
    /// Bytes of a request body.
    #[arg(long, default_value_t = 1_024)]
    pub(crate) request: usize,
    /// Bytes of a plain answer.
    #[arg(long, default_value_t = 1_024)]
    pub(crate) answer: usize,
    /// Events of a stream; 0 asks for a plain answer.
    #[arg(long, default_value_t = 0)]
    pub(crate) events: u32,
    /// Microseconds between events.
    #[arg(long, default_value_t = 0)]
    pub(crate) gap_us: u64,
    /// Microseconds before the first event.
    #[arg(long, default_value_t = 0)]
    pub(crate) first_us: u64,
    /// Have the mock write send times into the events, to measure their one-way delay.
    #[arg(long)]
    pub(crate) stamp: bool,
    /// How answers are judged.
    #[arg(long, value_enum, default_value = "exact")]
    pub(crate) verify: Verify,
}

impl Plan {
    /// How long the run takes when nothing is slow.
    pub(crate) fn length(&self) -> Duration {
        let stream = self.first_us + self.gap_us * u64::from(self.events);
        let streams = match self.mode {
            Mode::Abort => u64::from(self.conns),
            Mode::Closed | Mode::Open => 1,
        };
        Duration::from_millis(self.millis) + Duration::from_micros(stream * streams)
    }

    /// The flags that parse back to this plan, without the key: that goes by `BENCH_KEY`, since
    /// arguments are visible to every process.
    pub(crate) fn flags(&self) -> Vec<String> {
        let mut flags = Vec::new();
        let mut push = |name: &str, value: String| flags.extend([format!("--{name}"), value]);
        push("target", self.target.to_string());
        if let Some(mock) = self.mock {
            push("mock", mock.to_string());
        }
        push("mode", word(&self.mode));
        push("conns", self.conns.to_string());
        push("millis", self.millis.to_string());
        push("rate", self.rate.to_string());
        push("api", word(&self.api));
        if let Some(upstream) = self.upstream {
            push("upstream", word(&upstream));
        }
        push("prompt", word(&self.prompt));
        push("request", self.request.to_string());
        push("answer", self.answer.to_string());
        push("events", self.events.to_string());
        push("gap-us", self.gap_us.to_string());
        push("first-us", self.first_us.to_string());
        push("verify", word(&self.verify));
        for (name, set) in [("--once", self.once), ("--stamp", self.stamp)] {
            if set {
                flags.push(name.to_owned());
            }
        }
        flags
    }
}

fn word(value: &impl ValueEnum) -> String {
    value
        .to_possible_value()
        .map(|value| value.get_name().to_owned())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Cli {
        #[command(flatten)]
        plan: Plan,
    }

    #[test]
    fn flags_parse_back_to_the_plan() {
        let text = "x --target 127.0.0.1:9 --mock 127.0.0.1:8 --mode open --conns 7 --millis 50 \
                    --rate 9 --api chat --upstream responses --prompt work --request 10 --answer 11 --events 12 --gap-us 13 \
                    --first-us 14 --verify status --once --stamp";
        let plan = Cli::parse_from(text.split_whitespace()).plan;
        assert_eq!(plan.mode, Mode::Open);
        let again = std::iter::once("x".to_owned()).chain(plan.flags());
        assert_eq!(Cli::parse_from(again).plan, plan);
    }
}
