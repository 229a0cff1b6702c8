//! Accounts from the command line, at a simulated authority.

use std::io::{Read, Write};
use std::net::TcpStream;

use rustix::process::Signal;
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tollhouse_sim::{Sim, SimConfig, Vendor};

use crate::serve::serve;
use crate::support::{Place, Running, shown};

const CLIENT: &str = "app_EMoamEEZ73f0CkXaXp7hrann";
const LOGIN: [&str; 4] = ["account", "login", "--json", "--name"];

/// A simulator that issues tokens, and a server that asks it.
struct World {
    sim: Sim,
    place: Place,
    server: Running,
    _runtime: Runtime,
}

#[expect(
    clippy::disallowed_methods,
    reason = "the simulator has no clock of its own"
)]
fn world() -> World {
    let runtime = Runtime::new().unwrap();
    let sim = runtime.block_on(Sim::start(SimConfig::default())).unwrap();
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    sim.authority().set_now(since.unwrap().as_secs());
    let place = Place::new();
    let base = sim.base_url();
    let text = format!(
        "[server]\nlisten = \"127.0.0.1:0\"\n[[provider]]\nname = \"chatgpt\"\n\
         endpoints = {{ responses = \"{base}/backend-api/codex\" }}\naccount = {{ authority = \"codex\" }}\n\
         [accounts.authority.codex]\nbase = \"{base}\"\n"
    );
    place.write("tollhouse.toml", &text);
    let server = serve(&place);
    World {
        sim,
        place,
        server,
        _runtime: runtime,
    }
}

impl World {
    fn login(&self, arguments: &[&str]) -> (Running, Value) {
        let arguments = [&LOGIN[..], arguments].concat();
        let running = self.place.start(&arguments, "{");
        let begun = serde_json::from_str(&running.ready).unwrap();
        (running, begun)
    }

    /// The file of a login, as Codex keeps it.
    fn file(&self, holder: &str) -> String {
        let tokens = self.sim.authority().sign_in(Vendor::OpenAi, holder, CLIENT);
        json!({ "tokens": serde_json::to_value(&tokens).unwrap() }).to_string()
    }
}

/// What an address answers: its head and body.
fn browse(url: &str) -> String {
    let rest = url.strip_prefix("http://").unwrap();
    let (address, path) = rest.split_once('/').unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    let head = format!("GET /{path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn somebody_signs_in_pauses_resumes_and_removes() {
    let world = world();
    let (mut running, begun) = world.login(&["default"]);
    let code = begun["user_code"].as_str().unwrap();
    assert!(world.sim.authority().approve(code, "ada"));
    let account: Value = serde_json::from_str(&running.line()).unwrap();
    let (status, said) = running.wait();
    assert!(status.success(), "{said}");
    for warning in ["began this sign-in yourself", "nobody else's", code] {
        assert!(said.contains(warning), "{said}");
    }
    assert_eq!(
        (&account["holder"], &account["state"]),
        (&json!("ada@example.com"), &json!("ready"))
    );
    let place = &world.place;
    let list = place.ok(&["account", "list"]);
    assert!(
        list.contains("chatgpt\tdefault\tplatform\tada@example.com\tplus\tready"),
        "{list}"
    );
    let show = place.ok(&["account", "show", "chatgpt"]);
    assert!(show.contains("holder\tada@example.com"), "{show}");
    let missing = "missing\tNo model leads to `chatgpt` yet.";
    assert!(show.contains(missing), "{show}");
    let id = account["id"].as_str().unwrap();
    let paused = place.ok(&["account", "pause", id]);
    assert!(
        paused.contains("state\tcooling") && paused.contains("why\tpaused"),
        "{paused}"
    );
    let resumed = place.ok(&["account", "resume", "chatgpt/default"]);
    assert!(resumed.contains("state\tready"), "{resumed}");
    place.ok(&["account", "wake", "chatgpt"]);
    let renewed = place.ok(&["account", "refresh", "chatgpt"]);
    assert!(
        renewed.contains("state\tready") && renewed.contains("refreshed_at\t"),
        "{renewed}"
    );
    assert_eq!(world.sim.authority().totals().refreshes, 1);
    place.ok(&["account", "remove", "chatgpt"]);
    assert_eq!(place.ok(&["account", "list"]), "");
    let gone = place.run(&["account", "show", "chatgpt"]);
    assert_eq!(gone.status.code(), Some(1), "{}", shown(&gone));
    let stranger = place.run(&["account", "login", "chatgpt", "--org", "nobody"]);
    assert_eq!(stranger.status.code(), Some(1), "{}", shown(&stranger));
    world.server.stop();
}

#[test]
fn being_interrupted_gives_it_up_at_the_server() {
    let world = world();
    let (running, begun) = world.login(&["default"]);
    running.signal(Signal::INT);
    let (status, said) = running.wait();
    assert_eq!(status.code(), Some(1), "{said}");
    assert!(said.contains("is given up"), "{said}");
    assert!(
        world
            .sim
            .authority()
            .approve(begun["user_code"].as_str().unwrap(), "ada")
    );
    let (url, token) = (
        world.server.ready.split_once("http://").unwrap().1,
        world.place.read("tollhouse-data/admin.token"),
    );
    let address = url
        .split_whitespace()
        .next()
        .unwrap()
        .trim_end_matches(['/', ',']);
    let mut stream = TcpStream::connect(address).unwrap();
    let poll = begun["poll"].as_str().unwrap();
    let head = format!(
        "GET {poll} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\nauthorization: Bearer {}\r\n\r\n",
        token.trim()
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.contains("\"state\":\"cancelled\""), "{answer}");
    assert_eq!(world.sim.authority().counters("ada").sign_ins, 0);
    world.server.stop();
}

#[test]
fn a_browser_comes_back_to_this_machine() {
    let world = world();
    world.sim.authority().set_browser(Some("ada"));
    let (mut running, begun) = world.login(&["default", "--browser"]);
    let sent = browse(begun["authorize_url"].as_str().unwrap());
    let (_, location) = sent.split_once("location: ").unwrap();
    let location = location.split_whitespace().next().unwrap();
    let back = location.replace("localhost:", "127.0.0.1:");
    // Any page can send a browser there: what it brings is another sign-in's.
    let other = back.replace("state=", "state=x");
    let listening = std::iter::repeat_with(|| TcpStream::connect("127.0.0.1:1455"));
    drop(listening.take(10_000).find_map(Result::ok).unwrap());
    assert!(browse(&other).starts_with("HTTP/1.1 200"));
    assert!(browse("http://127.0.0.1:1455/favicon.ico").starts_with("HTTP/1.1 404"));
    assert!(browse(&back).starts_with("HTTP/1.1 200"));
    let account: Value = serde_json::from_str(&running.line()).unwrap();
    assert_eq!(account["holder"], "ada@example.com");
    let (status, said) = running.wait();
    assert!(
        status.success() && said.contains("another sign-in"),
        "{said}"
    );
    world.server.stop();
}

#[test]
fn a_login_is_imported_with_consent_and_never_by_argv() {
    let world = world();
    let place = &world.place;
    let file = world.file("ada");
    place.write("codex/auth.json", &file);
    let import = ["account", "import", "--file", "codex/auth.json"];
    let asked = place.run(&import);
    assert_eq!(asked.status.code(), Some(2), "{}", shown(&asked));
    assert!(
        String::from_utf8_lossy(&asked.stderr).contains("--yes"),
        "{}",
        shown(&asked)
    );
    assert_eq!(place.ok(&["account", "list"]), "");
    let taken = place.run(&[&import[..], &["--yes"]].concat());
    assert!(taken.status.success(), "{}", shown(&taken));
    assert!(
        String::from_utf8_lossy(&taken.stderr).contains("goes stale"),
        "{}",
        shown(&taken)
    );
    assert!(String::from_utf8_lossy(&taken.stdout).contains("holder\tada@example.com"));
    assert_eq!(place.read("codex/auth.json"), file, "it stays as it is");
    let second = ["account", "import", "--yes", "--name", "second"];
    let taken = place.run_with(&second, &world.file("bob"));
    assert!(taken.status.success(), "{}", shown(&taken));
    let bad = place.run_with(&second, "{}");
    assert_eq!(bad.status.code(), Some(1), "{}", shown(&bad));
    assert_eq!(place.ok(&["account", "list"]).lines().count(), 2);
    world.server.stop();
}

/// Whoever is told to resume an account of theirs is told its name, which others' have too.
#[test]
fn of_several_accounts_of_a_name_ones_own_is_meant() {
    let mut world = world();
    let import = ["account", "import", "--yes", "--json"];
    let mut owners = Vec::new();
    for holder in ["root", "ada", "bob"] {
        let file = world.file(holder);
        let place = &mut world.place;
        if holder != "root" {
            let user: Value = json(place, &["user", "create", holder, "--service", "--json"]);
            let id = user["id"].as_str().unwrap();
            let token = ["token", "create", id, "--name", "t", "--json"];
            let token: Value = json(place, &token);
            owners.push(token["secret"].as_str().unwrap().to_owned());
        }
        let bearer = owners.last().map_or(String::new(), Clone::clone);
        place.set("TOLLHOUSE_TOKEN", &bearer);
        let taken = place.run_with(&import, &file);
        assert!(taken.status.success(), "{}", shown(&taken));
        place.set("TOLLHOUSE_TOKEN", "");
    }
    let place = &mut world.place;
    assert_eq!(place.ok(&["account", "list"]).lines().count(), 3);
    let shown = place.ok(&["account", "show", "chatgpt/default"]);
    assert!(shown.contains("holder\troot@example.com"), "{shown}");
    place.set("TOLLHOUSE_TOKEN", &owners[1]);
    let shown = place.ok(&["account", "show", "chatgpt/default"]);
    assert!(shown.contains("holder\tbob@example.com"), "{shown}");
    world.server.stop();
}

fn json(place: &Place, arguments: &[&str]) -> Value {
    serde_json::from_str(&place.ok(arguments)).unwrap()
}
