use super::*;

fn names(chosen: &[Scenario]) -> Vec<&str> {
    chosen.iter().map(|scenario| scenario.name).collect()
}

#[test]
fn without_names_all_but_soak_and_chat_run() {
    let chosen = choose(&[], false, false, None).unwrap();
    assert_eq!(chosen.len(), ALL.len() + TRANSLATED.len() - 1);
    assert!(!names(&chosen).contains(&"soak"));
    let quick = choose(&[], true, false, None).unwrap();
    assert!(!names(&quick).contains(&"i2000"));
}

#[test]
fn translated_calls_stand_beside_the_gateways_own_that_are_not() {
    let load = |name: &str| {
        let chosen = choose(&[name.to_owned()], false, false, None).unwrap();
        let Kind::Load(load) = chosen[0].kind else {
            panic!("{name} is no load");
        };
        load
    };
    let names = [Name::Passthrough, Name::Tollhouse, Name::Litellm];
    let labels = |name: &str| -> Vec<String> {
        let entries = load(name).entries(&names);
        assert_eq!(entries.iter().filter(|entry| entry.is_bound).count(), 1);
        entries.iter().map(|entry| entry.label(true)).collect()
    };
    let same_answer = [
        "tollhouse, chat unchanged",
        "tollhouse, messages → chat",
        "LiteLLM, messages → chat",
    ];
    assert_eq!(labels("b32-m2c"), same_answer);
    let same_request = [
        "tollhouse, responses unchanged",
        "tollhouse, responses → messages",
    ];
    assert_eq!(labels("d4-r2m"), same_request);
    assert_eq!(load("a1").entries(&names).len(), 3);
}

#[test]
fn names_and_flags_add_up() {
    let chosen = choose(&["a32".to_owned()], false, true, Some(2)).unwrap();
    assert_eq!(names(&chosen), ["a32", "soak", "a1-chat", "a32-chat"]);
    assert!(matches!(chosen[1].kind, Kind::Soak { minutes: 2 }));
    assert!(choose(&["a33".to_owned()], false, false, None).is_err());
}
