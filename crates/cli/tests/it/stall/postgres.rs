//! A database in PostgreSQL, and a network between it and us that can fail.

use std::process::Command;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// A database of a test's own, gone when this is.
pub(crate) struct Database {
    server: String,
    name: String,
}

impl Database {
    /// `None`, and a word about it, when no server is given.
    pub(crate) fn new(purpose: &str) -> Option<Self> {
        #[expect(clippy::disallowed_methods, reason = "a test binary has no other edge")]
        let Ok(server) = std::env::var("TEST_DATABASE_URL") else {
            #[expect(clippy::print_stderr, reason = "a test left out should be seen to be")]
            {
                eprintln!("skipped: TEST_DATABASE_URL is not set");
            }
            return None;
        };
        let name = format!("tollhouse_{purpose}_{}", std::process::id());
        psql(&server, &format!("CREATE DATABASE {name}"));
        Some(Self { server, name })
    }

    /// Where the server listens.
    pub(super) fn address(&self) -> &str {
        let (_, rest) = self.server.rsplit_once('@').unwrap();
        rest.split('/').next().unwrap()
    }

    /// The database.
    pub(crate) fn url(&self) -> String {
        self.url_at(self.address())
    }

    /// The one number that a query finds.
    pub(crate) fn number(&self, sql: &str) -> i64 {
        let mut command = Command::new("psql");
        command.args(["--no-psqlrc", "--quiet", "--tuples-only", "--command"]);
        command.args([format!("SET search_path TO tollhouse; {sql}"), self.url()]);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let said = String::from_utf8(output.stdout).unwrap();
        said.trim().parse().unwrap()
    }

    /// Changes something behind everybody's back.
    pub(crate) fn execute(&self, sql: &str) {
        psql(&self.url(), &format!("SET search_path TO tollhouse; {sql}"));
    }

    /// The database by way of another address.
    pub(super) fn url_at(&self, address: &str) -> String {
        let (user, _) = self.server.rsplit_once('@').unwrap();
        format!("{user}@{address}/{}", self.name)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        psql(
            &self.server,
            &format!("DROP DATABASE {} WITH (FORCE)", self.name),
        );
    }
}

fn psql(server: &str, sql: &str) {
    let mut command = Command::new("psql");
    command.args(["--no-psqlrc", "--quiet", "--command", sql, server]);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Weather {
    Fine,
    /// What the server says stays on the way.
    Lost,
}

/// Forwards connections; can lose all that the server answers.
pub(super) struct Network {
    pub(super) address: String,
    weather: watch::Sender<Weather>,
    _accepting: JoinSet<()>,
}

impl Network {
    pub(super) async fn to(server: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (weather, _) = watch::channel(Weather::Fine);
        let mut accepting = JoinSet::new();
        accepting.spawn(accept(listener, server.to_owned(), weather.clone()));
        Self {
            address,
            weather,
            _accepting: accepting,
        }
    }

    /// From now on the server hears us and we do not hear it.
    pub(super) fn fail(&self) {
        self.weather.send_replace(Weather::Lost);
    }

    /// Ends the connections that suffered; new ones work.
    pub(super) fn heal(&self) {
        self.weather.send_replace(Weather::Fine);
    }
}

async fn accept(listener: TcpListener, server: String, weather: watch::Sender<Weather>) {
    let mut connections = JoinSet::new();
    while let Ok((near, _)) = listener.accept().await {
        let far = TcpStream::connect(&server).await.unwrap();
        connections.spawn(forward(near, far, weather.subscribe()));
    }
}

async fn forward(near: TcpStream, far: TcpStream, mut weather: watch::Receiver<Weather>) {
    let (near_read, near_write) = near.into_split();
    let (far_read, far_write) = far.into_split();
    let mut sky = weather.clone();
    let broken = async {
        // Both fail only when the network itself is gone.
        let _ = sky.wait_for(|weather| *weather == Weather::Lost).await;
        let _ = sky.wait_for(|weather| *weather == Weather::Fine).await;
    };
    let questions = copy(near_read, far_write, None);
    let answers = copy(far_read, near_write, Some(&mut weather));
    tokio::select! {
        () = broken => {}
        () = questions => {}
        () = answers => {}
    }
}

/// Copies until either side closes; holds what it has while the weather is bad.
async fn copy(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut weather: Option<&mut watch::Receiver<Weather>>,
) {
    let mut buffer = vec![0; 16 << 10];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        if let Some(weather) = &mut weather {
            let _ = weather.wait_for(|weather| *weather == Weather::Fine).await;
        }
        if to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
}
