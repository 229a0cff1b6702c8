//! Serves the simulated provider until interrupted: `cargo run -p tollhouse-sim --example sim 9090`.

use std::{error::Error, net::SocketAddr};

use tollhouse_sim::{Sim, SimConfig};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let port = std::env::args().nth(1).map_or(Ok(0), |text| text.parse())?;
    let addr = SocketAddr::from(([127, 0, 0, 1], port));
    let sim = Sim::start_on(addr, SimConfig::default()).await?;
    print(&sim.base_url());
    tokio::signal::ctrl_c().await?;
    sim.stop().await;
    Ok(())
}

#[expect(clippy::print_stdout, reason = "this program's output")]
fn print(line: &str) {
    println!("{line}");
}
