//! Configuration files of the servers under test.

use std::path::Path;

use super::entry::Crossing;
use super::target::Ends;

/// What a key that is limited in every way may use: far more than a run asks for, so that each limit
/// is counted and none is reached.
const LIMITS: &str = r#"limits = { rpm = 100000000, tpm = 1000000000000, concurrency = 100000 }
budget = [
    { usd = "1000000", window = "day" },
    { usd = "1000000", window = "month" },
    { usd = "1000000", window = "session" },
]
"#;

/// Everything on, nothing tuned: what a new user gets. The provider goes by a name whose prices are
/// known, so that calls are priced too.
pub(super) fn tollhouse(ends: Ends, home: &Path, crossing: Crossing, limited: bool) -> String {
    let Ends { target, mock } = ends;
    let data = home.join("data");
    let upstream = crossing.upstream;
    let limits = if limited { LIMITS } else { "" };
    format!(
        r#"[server]
listen = "{target}"
data_dir = "{}"

[[provider]]
name = "anthropic"
endpoints = {{ messages = "http://{mock}", chat = "http://{mock}/v1", responses = "http://{mock}/v1" }}
api_key = "env:BENCH_UPSTREAM_KEY"

[[key]]
name = "bench"
secret = "env:BENCH_KEY"
credentials = {{ platform = true }}
{limits}
[[route]]
model = "*"
targets = [ {{ provider = "anthropic", protocol = "{upstream}" }} ]
"#,
        data.display()
    )
}

/// One process, so that its CPU time is the process's; bodies are streamed both ways, as in
/// the other targets.
pub(super) fn nginx(ends: Ends, home: &Path) -> String {
    let Ends { target, mock } = ends;
    let home = home.display();
    format!(
        r#"daemon off;
master_process off;
worker_processes 1;
worker_rlimit_nofile 16384;
pid {home}/nginx.pid;
error_log stderr error;
events {{ worker_connections 16384; }}
http {{
    access_log off;
    client_body_temp_path {home}/body;
    proxy_temp_path {home}/proxy;
    fastcgi_temp_path {home}/fastcgi;
    uwsgi_temp_path {home}/uwsgi;
    scgi_temp_path {home}/scgi;
    client_max_body_size 64m;
    keepalive_requests 1000000000;
    upstream mock {{
        server {mock};
        keepalive 4096;
        keepalive_requests 1000000000;
    }}
    server {{
        listen {target} backlog=4096;
        location / {{
            proxy_pass http://mock;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_buffering off;
            proxy_request_buffering off;
        }}
    }}
}}
"#
    )
}
