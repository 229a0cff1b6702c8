//! What the command says of itself.

use crate::support::{Place, snapshot};

#[test]
fn without_arguments_it_says_what_there_is() {
    let place = Place::new();
    snapshot!(place, place.run(&[]));
}

#[test]
fn the_long_help_is_worth_reading() {
    let place = Place::new();
    snapshot!(place, place.run(&["--help"]));
}

#[test]
fn help_of_run() {
    let place = Place::new();
    snapshot!(place, place.run(&["run", "--help"]));
}

#[test]
fn help_of_serve_shows_no_values_of_the_environment() {
    let mut place = Place::new();
    place.set("TOLLHOUSE_DATA_DIR", "/canary");
    snapshot!(place, place.run(&["serve", "--help"]));
}

#[test]
fn help_of_demo() {
    let place = Place::new();
    snapshot!(place, place.run(&["demo", "--help"]));
}

#[test]
fn version() {
    let place = Place::new();
    snapshot!(place, place.run(&["--version"]));
}

#[test]
fn a_wrong_command_is_wrong_usage() {
    let place = Place::new();
    snapshot!(place, place.run(&["serv"]));
}

#[test]
fn without_a_server_it_says_what_to_set() {
    let place = Place::new();
    snapshot!(place, place.run(&["key", "list"]));
}

#[test]
fn the_profiles_token_does_not_go_to_another_server() {
    let mut place = Place::new();
    place.write(
        ".config/tollhouse/profile.toml",
        "url = \"http://127.0.0.1:1\"\ntoken_file = \"t\"\n",
    );
    place.write("t", "canary-canary-canary-canary-canary-1\n");
    place.set("TOLLHOUSE_URL", "http://127.0.0.1:2");
    snapshot!(place, place.run(&["key", "list"]));
}

#[test]
fn a_server_that_is_away_is_a_failure() {
    let mut place = Place::new();
    place.set("TOLLHOUSE_URL", "http://127.0.0.1:1");
    place.set("TOLLHOUSE_TOKEN", "canary-canary-canary-canary-canary-1");
    snapshot!(place, place.run(&["calls"]));
}
