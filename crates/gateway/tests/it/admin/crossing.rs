//! Hundreds of conversations at once, each with credentials of its own: clients', users', organizations'
//! and the platform's, in three protocols at two providers. They leave in the middle, try again, change
//! provider and credential, are refused, limited and sent to the next target. No credential may ever be
//! seen with a call that is not its own.

mod judge;
mod talk;

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use tokio::task::JoinSet;
use tollhouse_sim::{Sim, SimConfig};

use self::judge::Verdict;
use self::talk::{Talk, Told};
use super::Api;
use super::credentials::people::somebody;
use crate::support::{KEY, TestGateway, configuration, virtual_key};

const TALKS: usize = 320;
const TURNS: usize = 6;
/// More than this is a fault of its own.
const LONGEST: Duration = Duration::from_mins(1);

/// A provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum At {
    Anthropic,
    OpenAi,
}

impl At {
    const BOTH: [Self; 2] = [Self::Anthropic, Self::OpenAi];

    fn name(self) -> &'static str {
        match self {
            Self::Anthropic => "anthropic",
            Self::OpenAi => "openai",
        }
    }

    /// A secret of somebody's for it.
    fn secret(self, whose: &str) -> String {
        match self {
            Self::Anthropic => format!("sk-ant-of-{whose}"),
            Self::OpenAi => format!("sk-proj-of-{whose}"),
        }
    }
}

/// Who pays for the calls of a key.
#[derive(Debug, Clone)]
struct Payer {
    key: String,
    /// As the ledger calls it.
    source: &'static str,
    /// What may be sent for it, by provider; a client's own is its own affair.
    secrets: BTreeMap<At, String>,
    /// The ids of those that are kept.
    kept: BTreeSet<String>,
}

/// Numbers that follow from a seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % most as u64).unwrap()
    }

    fn percent(&mut self, chance: usize) -> bool {
        self.below(100) < chance
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }
}

/// Everything in front of two simulated providers that take whatever credential they are shown.
struct Place {
    anthropic: Sim,
    openai: Sim,
    gateway: TestGateway,
    api: Api,
}

async fn place() -> Place {
    let sim = async || {
        let config = SimConfig {
            keep: 1 << 20,
            ..SimConfig::default()
        };
        Sim::start(config).await.unwrap()
    };
    let (anthropic, openai) = (sim().await, sim().await);
    let data_dir = tempfile::TempDir::new().unwrap();
    // The clients' keys may draw on the platform's too: what goes wrong would go there unnoticed.
    let more = format!(
        r#"
[[key]]
name = "clients"
secret = "env:KEY_clients"
credentials = {{ client = true, platform = true }}
[[provider]]
name = "anthropic"
endpoints = {{ messages = "{}" }}
api_key = "env:UPSTREAM_anthropic"
[[provider]]
name = "openai"
endpoints = {{ responses = "{1}/v1", chat = "{1}/v1" }}
api_key = "env:UPSTREAM_openai"
[[route]]
model = "claude-*"
targets = [ {{ provider = "anthropic" }} ]
[[route]]
model = "gpt-*"
targets = [ {{ provider = "openai" }} ]
[[route]]
model = "both-*"
targets = [ {{ provider = "anthropic" }}, {{ provider = "openai" }} ]
"#,
        anthropic.base_url(),
        openai.base_url()
    );
    let text = configuration(&anthropic.base_url(), data_dir.path(), "") + &more;
    let gateway = TestGateway::from_text(&text, data_dir).await;
    let api = Api::new(&gateway);
    Place {
        anthropic,
        openai,
        gateway,
        api,
    }
}

/// Stores what somebody has for both providers: the ids.
async fn keep(api: &Api, place: &str, whose: &str) -> BTreeSet<String> {
    let mut ids = BTreeSet::new();
    for at in At::BOTH {
        let path = format!("/api/v1/{place}/credentials/{}", at.name());
        let body = format!(r#"{{"api_key":"{}"}}"#, at.secret(whose));
        let answer = api.put(&path, &body).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        ids.insert(answer.json()["id"].as_str().unwrap().to_owned());
    }
    ids
}

fn secrets(whose: &str) -> BTreeMap<At, String> {
    At::BOTH.map(|at| (at, at.secret(whose))).into()
}

/// Some of every kind. All of one kind share organizations, keys or names, as far as they can.
async fn payers(place: &Place) -> Vec<Payer> {
    let root = &place.api;
    let mut payers = Vec::new();
    for org in ["acme", "globex"] {
        let made = root
            .post("/api/v1/orgs", &format!(r#"{{"name":"{org}"}}"#))
            .await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
        let kept = keep(root, &format!("orgs/{org}"), org).await;
        for n in 0..2 {
            let (_, key) = root
                .key(&format!(r#"{{"name":"{org} {n}","org":"{org}"}}"#))
                .await;
            payers.push(Payer {
                key,
                source: "org",
                secrets: secrets(org),
                kept: kept.clone(),
            });
        }
        for n in 0..4 {
            let name = format!("{org}-{n}");
            let user = somebody(&place.gateway, root, &name, &[(org, "member")]).await;
            let kept = keep(&user.api, "me", &name).await;
            let new = format!(r#"{{"name":"{name}","owner":"me","org":"{org}"}}"#);
            let (_, key) = user.api.key(&new).await;
            payers.push(Payer {
                key,
                source: "user",
                secrets: secrets(&name),
                kept,
            });
        }
    }
    let platforms = root.get("/api/v1/platform/credentials").await;
    let ids = platforms["data"].as_array().unwrap().iter();
    let ids = ids.map(|row| row["id"].as_str().unwrap().to_owned());
    let upstream = At::BOTH.map(|at| (at, crate::support::upstream_key(at.name())));
    payers.push(Payer {
        key: KEY.to_owned(),
        source: "platform",
        secrets: upstream.into(),
        kept: ids.collect(),
    });
    payers
}

/// A client's own credentials, with a key that all clients share.
fn client(n: usize) -> Payer {
    Payer {
        key: virtual_key("clients"),
        source: "client",
        secrets: secrets(&format!("client-{n}")),
        kept: BTreeSet::new(),
    }
}

fn seed() -> u64 {
    // To play one again: TOLLHOUSE_SEED=… cargo nextest run -p tollhouse-gateway crossing
    let given = option_env!("TOLLHOUSE_SEED").and_then(|text| text.parse().ok());
    given.unwrap_or_else(|| RandomState::new().build_hasher().finish())
}

#[tokio::test]
async fn no_credential_is_seen_with_a_call_that_is_not_its_own() {
    let seed = seed();
    let place = place().await;
    let payers = payers(&place).await;
    let mut talks = JoinSet::new();
    for n in 0..TALKS {
        // Two in five bring their own.
        let payer = if n % 5 < 2 {
            client(n)
        } else {
            payers[n % payers.len()].clone()
        };
        let dice = Dice(seed ^ (n as u64).wrapping_mul(0x9e37_79b9));
        let talk = Talk::new(n, &place.gateway.url, payer, dice);
        talks.spawn(talk.go(TURNS));
    }
    let mut told: Vec<Told> = Vec::new();
    let playing = async {
        while let Some(ended) = talks.join_next().await {
            told.extend(ended.unwrap_or_else(|error| panic!("seed {seed}: {error}")));
        }
    };
    let played = tokio::time::timeout(LONGEST, playing).await;
    assert!(played.is_ok(), "seed {seed}: it takes too long");
    place.gateway.calls().await;
    let rows = place.api.all("/api/v1/calls", 200).await;
    let mut verdict = Verdict::new(Arc::new(told));
    verdict.providers(At::Anthropic, &place.anthropic.requests());
    verdict.providers(At::OpenAi, &place.openai.requests());
    verdict.ledger(&rows);
    verdict.say(seed);
    place.gateway.stop().await;
}
