//! One conversation: what it asks, and what it does about the answers.

use std::collections::BTreeSet;

use http::{Method, Request};
use http_body_util::{BodyExt as _, Full};

use super::{At, Dice, Payer};
use crate::support::client::{Client, read};

const SCRIPTS: [&str; 9] = [
    "status=401",
    "status=403",
    "status=429;retry_after=1",
    "status=500",
    "status=529",
    "reset_after=0",
    "reset_after=2",
    "truncate_after=2",
    "inband_error=2",
];

/// What a call was, as its client knows it.
#[derive(Debug, Clone)]
pub(super) struct Told {
    /// In the body, wherever that goes.
    pub(super) tag: String,
    pub(super) key: String,
    /// What the client calls its conversation.
    pub(super) name: String,
    pub(super) source: &'static str,
    /// The one that the client brought.
    pub(super) own: Option<String>,
    /// The header that one is in.
    pub(super) header: Option<&'static str>,
    /// What may be sent, and where to.
    pub(super) allowed: BTreeSet<(At, String)>,
    pub(super) kept: BTreeSet<String>,
    /// The call's id, where its client stayed for it.
    pub(super) call: Option<String>,
    pub(super) status: Option<u16>,
    pub(super) left: bool,
    pub(super) fell_back: bool,
}

pub(super) struct Talk {
    n: usize,
    client: Client,
    payer: Payer,
    dice: Dice,
    /// How often the client's own credentials changed.
    changed: usize,
    asked: usize,
}

impl Talk {
    pub(super) fn new(n: usize, url: &str, payer: Payer, dice: Dice) -> Self {
        Self {
            n,
            client: Client::new(url),
            payer,
            dice,
            changed: 0,
            asked: 0,
        }
    }

    pub(super) async fn go(mut self, turns: usize) -> Vec<Told> {
        let mut told = Vec::new();
        for _ in 0..turns {
            if self.dice.percent(15) {
                self.changed += 1;
            }
            let turn = self.turn();
            for _ in 0..3 {
                let one = self.call(&turn).await;
                let again = one.status != Some(200) && self.dice.percent(60);
                told.push(one);
                if !again {
                    break;
                }
            }
        }
        told
    }

    /// What is asked next.
    fn turn(&mut self) -> Turn {
        let path = self.dice.of(&[
            "/v1/messages",
            "/v1/messages",
            "/v1/messages/count_tokens",
            "/v1/chat/completions",
            "/v1/responses",
        ]);
        let model = self.dice.of(&["claude-x", "gpt-x", "both-x"]);
        let at = match model {
            "claude-x" => At::Anthropic,
            "gpt-x" => At::OpenAi,
            _ => self.dice.of(&At::BOTH),
        };
        // A client that forgot to change its credential when it changed its model.
        let wrong = self.dice.percent(8);
        Turn {
            path,
            model,
            at: if wrong {
                At::BOTH[usize::from(at == At::Anthropic)]
            } else {
                at
            },
            streamed: !path.ends_with("count_tokens") && self.dice.percent(70),
            script: self.dice.percent(35).then(|| self.dice.of(&SCRIPTS)),
            leaves: self.dice.percent(20),
        }
    }

    async fn call(&mut self, turn: &Turn) -> Told {
        self.asked += 1;
        let mut told = self.about(turn);
        let request = self.request(turn, &told);
        if turn.leaves && self.dice.percent(30) {
            told.left = true;
            self.abandoned(request).await;
            return told;
        }
        let Ok(answer) = self.client.try_send(request).await else {
            return told;
        };
        let text = |name: &str| Some(answer.headers().get(name)?.to_str().unwrap().to_owned());
        told.call = text("x-tollhouse-call");
        told.fell_back = text("x-tollhouse-fallback").is_some();
        told.status = Some(answer.status().as_u16());
        if turn.leaves {
            told.left = true;
            // With a bit of the answer, and never with all of it.
            drop(answer.into_body().frame().await);
        } else {
            read(answer).await;
        }
        told
    }

    /// Leaves before the answer begins, after a while that nobody knows.
    async fn abandoned(&mut self, request: Request<Full<bytes::Bytes>>) {
        let patience = self.dice.below(40);
        let leaving = async {
            for _ in 0..patience {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            _ = self.client.try_send(request) => {}
            () = leaving => {}
        }
    }

    /// What the client knows of the call before it is made.
    fn about(&mut self, turn: &Turn) -> Told {
        let secret = &self.payer.secrets[&turn.at];
        let own = (self.payer.source == "client").then(|| format!("{secret}-{}", self.changed));
        let header = own
            .as_ref()
            .map(|_| self.dice.of(&["authorization", "x-api-key"]));
        let allowed = match &own {
            Some(own) => [(turn.at, own.clone())].into(),
            None => self.payer.secrets.clone().into_iter().collect(),
        };
        Told {
            tag: format!("tag-{}-{}-", self.n, self.asked),
            key: self.payer.key.clone(),
            // Many have the same one.
            name: format!("talk-{}", self.n % 40),
            source: self.payer.source,
            own,
            header,
            allowed,
            kept: self.payer.kept.clone(),
            call: None,
            status: None,
            left: false,
            fell_back: false,
        }
    }

    fn request(&self, turn: &Turn, told: &Told) -> Request<Full<bytes::Bytes>> {
        let Turn {
            path,
            model,
            streamed,
            ..
        } = *turn;
        let text = &told.tag;
        let rest = match path {
            "/v1/messages" => format!(
                r#""max_tokens":99,"stream":{streamed},"messages":[{{"role":"user","content":"{text}"}}]"#
            ),
            "/v1/messages/count_tokens" => {
                format!(r#""messages":[{{"role":"user","content":"{text}"}}]"#)
            }
            "/v1/chat/completions" => {
                format!(r#""stream":{streamed},"messages":[{{"role":"user","content":"{text}"}}]"#)
            }
            _ => format!(r#""stream":{streamed},"input":"{text}""#),
        };
        let body = format!(r#"{{"model":"{model}",{rest}}}"#);
        let value = told.own.as_ref().map(|own| match told.header {
            Some("authorization") => format!("Bearer {own}"),
            _ => own.clone(),
        });
        let mut headers = vec![
            ("x-tollhouse-key", told.key.as_str()),
            ("x-tollhouse-session", told.name.as_str()),
            ("content-type", "application/json"),
        ];
        headers.extend(told.header.zip(value.as_deref()));
        headers.extend(turn.script.map(|script| ("x-sim", script)));
        self.client.request(Method::POST, path, &headers, body)
    }
}

struct Turn {
    path: &'static str,
    model: &'static str,
    /// Whose credential a client shows.
    at: At,
    streamed: bool,
    script: Option<&'static str>,
    leaves: bool,
}
