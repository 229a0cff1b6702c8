//! Signing in with a code, from the command line and a browser that knows no scripts.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use serde_json::{Value, json};

use crate::support::{Place, Running, mode, shown};

const PASSWORD: &str = "correct horse battery";

/// A browser: sends forms and keeps its cookie.
struct Browser {
    url: String,
    cookie: String,
}

impl Browser {
    /// Somebody who signs in on the page.
    fn sign_in(url: &str) -> Self {
        let mut browser = Self {
            url: url.to_owned(),
            cookie: String::new(),
        };
        let password = PASSWORD.replace(' ', "+");
        let form = format!("email=ada%40example.com&password={password}&next=%2Fdevice");
        let answer = browser.send("POST /signin", &form);
        assert!(answer.starts_with("HTTP/1.1 303"), "{answer}");
        let (_, rest) = answer.split_once("set-cookie: ").unwrap();
        rest.split(';')
            .next()
            .unwrap()
            .clone_into(&mut browser.cookie);
        browser
    }

    fn send(&self, line: &str, form: &str) -> String {
        let address = self.url.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(address).unwrap();
        write!(
            stream,
            "{line} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\norigin: {}\r\ncookie: {}\r\n\
             content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{form}",
            self.url,
            self.cookie,
            form.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// Opens the address that `login` printed, and says something there.
    fn answer(&self, waiting: &Value, said: &str) {
        let complete = waiting["verification_uri_complete"].as_str().unwrap();
        let path = complete.strip_prefix(&self.url).unwrap();
        let page = self.send(&format!("GET {path}"), "");
        assert!(page.contains("my machine"), "{page}");
        let (_, rest) = page.split_once("name=\"csrf\" value=\"").unwrap();
        let csrf = rest.split('"').next().unwrap();
        let code = waiting["user_code"].as_str().unwrap();
        let form = format!("code={code}&csrf={csrf}&{said}");
        let done = self.send("POST /device", &form);
        assert!(done.starts_with("HTTP/1.1 200"), "{done}");
    }
}

/// A server with somebody who has a password, and a machine that knows nothing of it yet.
fn two_places() -> (Running, Place, Place, String) {
    let mut server = Place::new();
    let (demo, ready) = server.demo();
    let url = ready["url"].as_str().unwrap().to_owned();
    let user = [
        "user",
        "create",
        "Ada",
        "--email",
        "ada@example.com",
        "--json",
    ];
    let user: Value = serde_json::from_str(&server.ok(&user)).unwrap();
    let given = ["user", "password", user["id"].as_str().unwrap()];
    let output = server.run_with(&given, &format!("{PASSWORD}\n"));
    assert!(output.status.success(), "{}", shown(&output));
    (demo, server, Place::new(), url)
}

fn login(machine: &Place, url: &str) -> (Running, Value) {
    let arguments = ["login", "--url", url, "--name", "my machine", "--json"];
    let running = machine.start(&arguments, "{");
    let waiting = serde_json::from_str(&running.ready).unwrap();
    (running, waiting)
}

#[test]
fn a_machine_signs_in_works_and_signs_out() {
    let (_demo, server, machine, url) = two_places();
    let browser = Browser::sign_in(&url);
    let (mut running, waiting) = login(&machine, &url);
    browser.answer(&waiting, "answer=approve&scope=admin");
    let done: Value = serde_json::from_str(&running.line()).unwrap();
    let (status, said) = running.wait();
    assert!(status.success(), "{said}");
    assert_eq!(
        (&done["user"]["name"], &done["scope"]),
        (&json!("Ada"), &json!("admin"))
    );
    let (profile, token) = (
        machine.path(".config/tollhouse/profile.toml"),
        machine.path(".config/tollhouse/token"),
    );
    assert_eq!((mode(&profile), mode(&token)), (0o600, 0o600));
    let secret = machine.read(".config/tollhouse/token");
    assert!(secret.starts_with("tht_") && !done.to_string().contains(&secret));
    assert!(
        !machine
            .read(".config/tollhouse/profile.toml")
            .contains(&secret)
    );

    let me = machine.ok(&["whoami"]);
    for line in ["you are\tAda", "scope\tadmin", "address\tada@example.com"] {
        assert!(me.contains(line), "{me}");
    }
    let me: Value = serde_json::from_str(&machine.ok(&["whoami", "--json"])).unwrap();
    assert_eq!(me["acts_as"], "user");
    assert!(server.ok(&["whoami"]).contains("the administrator"));
    let new = "another horse battery";
    for (input, code) in [("", 1), ("wrong and wrong\nanother horse battery\n", 1)] {
        let output = machine.run_with(&["password"], input);
        assert_eq!(output.status.code(), Some(code), "{}", shown(&output));
    }
    let output = machine.run_with(&["password"], &format!("{PASSWORD}\n{new}\n"));
    assert!(output.status.success(), "{}", shown(&output));
    let page = browser.send("GET /device", "");
    assert!(
        page.starts_with("HTTP/1.1 303"),
        "the browser is signed out: {page}"
    );

    machine.ok(&["logout"]);
    assert!(!profile.exists() && !token.exists());
    let again = machine.run(&["logout"]);
    assert_eq!(again.status.code(), Some(2), "{}", shown(&again));
    let tokens = [
        "token",
        "list",
        me["user"]["id"].as_str().unwrap(),
        "--json",
    ];
    let tokens: Value = serde_json::from_str(&server.ok(&tokens)).unwrap();
    assert_eq!(tokens["data"][0]["name"], "my machine");
    assert_eq!(tokens["data"][0]["active"], false);
}

#[test]
fn a_machine_that_is_turned_away_says_so_and_keeps_nothing() {
    let (_demo, _server, machine, url) = two_places();
    let browser = Browser::sign_in(&url);
    let (running, waiting) = login(&machine, &url);
    browser.answer(&waiting, "answer=deny");
    let (status, said) = running.wait();
    assert_eq!(status.code(), Some(1));
    assert!(said.contains("turned this machine away"), "{said}");
    assert!(!machine.path(".config/tollhouse").exists());
    let nowhere = machine.run(&["login"]);
    assert_eq!(nowhere.status.code(), Some(2), "{}", shown(&nowhere));
}

/// Answers one request after the other as told; nothing is a connection that ends.
fn scripted(answers: Vec<Option<(u16, Value)>>) -> (String, thread::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let serve = move || {
        let mut asked = Vec::new();
        for answer in answers {
            let (stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream);
            let (mut line, mut head) = (String::new(), String::new());
            while reader.read_line(&mut head).unwrap() > 2 {
                if line.is_empty() {
                    line.clone_from(&head);
                }
                let length = head.strip_prefix("content-length: ");
                let length = length.map_or(0, |length| length.trim().parse().unwrap());
                if length > 0 {
                    head.clear();
                    while reader.read_line(&mut head).unwrap() > 2 {
                        head.clear();
                    }
                    reader.read_exact(&mut vec![0; length]).unwrap();
                    break;
                }
                head.clear();
            }
            asked.push(line.trim_end().trim_end_matches(" HTTP/1.1").to_owned());
            if let Some((status, body)) = answer {
                let body = body.to_string();
                let length = body.len();
                write!(
                    reader.get_mut(),
                    "HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
                )
                .unwrap();
            }
        }
        asked
    };
    (url, thread::spawn(serve))
}

#[test]
fn a_server_in_trouble_is_asked_again() {
    let codes = json!({
        "device_code": "thd_x", "user_code": "BCDF-GHJK", "verification_uri": "http://h/device",
        "verification_uri_complete": "http://h/device?code=BCDF-GHJK", "expires_in": 600, "interval": 0,
    });
    let error = |code: &str| json!({ "error": { "code": code, "message": "Said so." } });
    let token = json!({ "access_token": "tht_scripted", "id": "tok_1", "scope": "write", "expires_in": 7_776_000 });
    let (url, server) = scripted(vec![
        Some((200, codes)),
        Some((503, error("unavailable"))),
        None,
        Some((400, error("authorization_pending"))),
        Some((200, token)),
        Some((200, json!({ "user": { "name": "Ada" } }))),
    ]);
    let machine = Place::new();
    let output = machine.run(&["login", "--url", &url]);
    assert!(output.status.success(), "{}", shown(&output));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        said.contains("BCDF-GHJK") && said.contains("asking again"),
        "{said}"
    );
    assert!(!shown(&output).contains("tht_scripted"));
    assert_eq!(machine.read(".config/tollhouse/token"), "tht_scripted");
    let asked = server.join().unwrap();
    assert_eq!(asked[4], "POST /api/v1/device/token");
    assert_eq!(asked[5], "GET /api/v1/me");

    // Nobody is there to end it now.
    let output = machine.run(&["logout"]);
    assert_eq!(output.status.code(), Some(1), "{}", shown(&output));
    assert!(machine.path(".config/tollhouse/token").exists());
    machine.ok(&["logout", "--force"]);
    assert!(!machine.path(".config/tollhouse/token").exists());
}
