use clap::ValueEnum;
use tollhouse_domain::onboarding::recipes;

use super::*;
use crate::args::{Agent, Client};

fn name(value: &impl ValueEnum) -> String {
    let value = value.to_possible_value().unwrap();
    value.get_name().to_owned()
}

#[test]
fn what_can_be_typed_is_what_the_table_has() {
    let clients: Vec<_> = Client::value_variants().iter().map(name).collect();
    let mut known: Vec<_> = clients
        .iter()
        .map(|typed| client(typed).unwrap().name)
        .collect();
    let mut table: Vec<_> = recipes().unwrap().into_iter().map(|one| one.name).collect();
    known.sort();
    table.sort();
    assert_eq!(known, table);
    for agent in Agent::value_variants() {
        assert!(client(&name(agent)).unwrap().program.is_some());
    }
}

#[test]
fn the_chosen_variable_is_the_tables() {
    for typed in ["codex", "opencode"] {
        let wanted = Wanted {
            url: "http://h",
            model: None,
            models: &[],
            quiet: true,
        };
        let setup = client(typed).unwrap().setup(wanted).unwrap();
        assert_eq!(setup.token, KEY_VARIABLE);
    }
}
