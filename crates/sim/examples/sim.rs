//! Serves the simulated provider until interrupted.
//!
//!     cargo run -p tollhouse-sim --example sim -- [PORT [KEY [DIRECTORY]]]
//!
//! Port 0 picks a free one; the address is printed. With a key that is not `-`, other credentials
//! are refused. With a directory, every request is written there at the end, one file each. Accounts
//! are signed in and controlled below `/sim/authority/`.

use std::{error::Error, fs, net::SocketAddr, path::Path};

use serde::Serialize;
use tokio::signal::unix::{SignalKind, signal};
use tollhouse_sim::{Recorded, Script, Sim, SimConfig};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let port = arguments.next().map_or(Ok(0), |text| text.parse())?;
    let api_key = arguments.next().filter(|key| key != "-");
    let directory = arguments.next();
    let sim = Sim::start_on(
        SocketAddr::from(([127, 0, 0, 1], port)),
        SimConfig {
            api_key,
            keep: 4096,
            script: Script::default(),
        },
    )
    .await?;
    print(&sim.base_url());
    let mut terminated = signal(SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted?,
        _ = terminated.recv() => {}
    }
    if let Some(directory) = directory {
        for (index, request) in sim.requests().iter().enumerate() {
            let path = Path::new(&directory).join(format!("{index:04}.json"));
            fs::write(path, serde_json::to_string(&Written::of(request))?)?;
        }
    }
    sim.stop().await;
    Ok(())
}

/// A request as it is written down; the body is text as far as it is UTF-8.
#[derive(Serialize)]
struct Written<'a> {
    method: &'a str,
    target: &'a str,
    headers: Vec<(&'a str, String)>,
    body: String,
}

impl<'a> Written<'a> {
    fn of(request: &'a Recorded) -> Self {
        let headers = request.headers.iter().map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            (name.as_str(), value)
        });
        Self {
            method: request.method.as_str(),
            target: request.target(),
            headers: headers.collect(),
            body: String::from_utf8_lossy(&request.body).into_owned(),
        }
    }
}

#[expect(clippy::print_stdout, reason = "this program's output")]
fn print(line: &str) {
    println!("{line}");
}
