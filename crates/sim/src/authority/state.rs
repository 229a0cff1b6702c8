//! What the authorities remember. Equal controls and requests in equal order lead to equal states.

use std::collections::{BTreeMap, HashMap, VecDeque};

use serde::{Deserialize, Serialize};

use super::{
    answers::{Outage, Shape, TokenAnswer},
    calls::{AccountCall, Counters},
    device::Device,
    tokens::{Access, Code, Family, Refresh},
};
use crate::{chatgpt::Plan, shared::CREATED};

/// How long access tokens live unless a test says otherwise: as long as Codex's do.
const LIFETIME: u64 = 10 * 24 * 60 * 60;

/// How long short tokens of Copilot do.
const SHORT_LIFETIME: u64 = 30 * 60;

/// Who issues tokens.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default,
)]
#[serde(rename_all = "lowercase")]
pub enum Vendor {
    /// `auth.openai.com`.
    #[default]
    OpenAi,
    /// `github.com`.
    GitHub,
    /// The exchange of a GitHub token for a short one.
    Copilot,
    /// `login.microsoftonline.com`.
    Microsoft,
}

/// Somebody who can sign in.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    pub(crate) name: String,
    /// At the provider.
    pub(crate) id: String,
    pub(crate) email: String,
    pub(crate) plan: String,
    pub(crate) closed: bool,
    /// Whether it may use Microsoft 365 Copilot.
    pub(crate) licensed: bool,
    pub(crate) usage: Plan,
}

#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of its own that tests throw"
)]
pub(crate) struct State {
    pub(crate) now: u64,
    pub(super) lifetime: u64,
    pub(super) short_lifetime: u64,
    pub(super) port: u16,
    serial: u64,
    accounts: BTreeMap<String, Account>,
    pub(super) devices: Vec<Device>,
    pub(super) codes: HashMap<String, Code>,
    pub(super) families: Vec<Family>,
    pub(super) refresh: HashMap<String, Refresh>,
    pub(super) access: HashMap<String, Access>,
    pub(super) answers: BTreeMap<Vendor, VecDeque<TokenAnswer>>,
    pub(super) outages: BTreeMap<Vendor, Outage>,
    pub(super) shape: Shape,
    pub(super) usercode_alias: bool,
    pub(super) pending_status: u16,
    /// Whether apps may offer codes at all, at GitHub and Microsoft.
    pub(super) device_flow: bool,
    /// For codes offered from now on.
    pub(super) slow_downs: u32,
    pub(super) browser: Option<String>,
    pub(super) keep: usize,
    pub(super) calls: VecDeque<AccountCall>,
    pub(super) counters: BTreeMap<String, Counters>,
    /// Models that have no room, of the `ChatGPT` backend.
    pub(crate) full_models: Vec<String>,
    pub(crate) empty_output: bool,
    /// Whether Copilot takes calls only of those who say which editor they are.
    pub(crate) editor_required: bool,
}

impl State {
    pub(super) fn new(port: u16, keep: usize) -> Self {
        Self {
            now: CREATED,
            lifetime: LIFETIME,
            short_lifetime: SHORT_LIFETIME,
            port,
            serial: 0,
            accounts: BTreeMap::new(),
            devices: Vec::new(),
            codes: HashMap::new(),
            families: Vec::new(),
            refresh: HashMap::new(),
            access: HashMap::new(),
            answers: BTreeMap::new(),
            outages: BTreeMap::new(),
            shape: Shape::Nested,
            usercode_alias: false,
            pending_status: 403,
            device_flow: true,
            slow_downs: 0,
            browser: Some("browser".to_owned()),
            keep,
            calls: VecDeque::new(),
            counters: BTreeMap::new(),
            full_models: Vec::new(),
            empty_output: false,
            editor_required: true,
        }
    }

    pub(crate) fn serial(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }

    /// A new id. The port keeps those of several servers in one test apart.
    pub(crate) fn id(&mut self, prefix: &str) -> String {
        let serial = self.serial();
        format!("{prefix}sim{:04x}{serial:016x}", self.port)
    }

    /// The account of that name, which exists from its first mention on.
    pub(crate) fn account(&mut self, name: &str) -> &mut Account {
        self.accounts
            .entry(name.to_owned())
            .or_insert_with(|| Account {
                name: name.to_owned(),
                id: format!("acct-{name}"),
                email: format!("{name}@example.com"),
                plan: "plus".to_owned(),
                closed: false,
                licensed: true,
                usage: Plan::default(),
            })
    }

    pub(crate) fn count(&mut self, account: &str) -> &mut Counters {
        self.counters.entry(account.to_owned()).or_default()
    }
}
