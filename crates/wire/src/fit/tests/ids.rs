use super::*;

#[test]
fn ids_are_replaced_alike_in_calls_and_results() {
    let long = "x".repeat(41);
    for (id, target, kept) in [
        ("call_1", messages(&[]), true),
        ("call:1", messages(&[]), false),
        ("", messages(&[]), false),
        ("call:1", chat(&[]), true),
        (long.as_str(), chat(&[]), false),
        (long.as_str(), responses(), true),
    ] {
        let turns = vec![
            assistant(vec![call(id, "x")]),
            user(vec![outcome(id, vec![])]),
        ];
        let mut request = with_turns(turns);
        fit(&mut request, &target, "").unwrap();
        let [Part::Call(call)] = &request.turns[0].parts[..] else {
            panic!()
        };
        let [Part::Outcome(outcome)] = &request.turns[1].parts[..] else {
            panic!()
        };
        assert_eq!(call.id, outcome.id);
        assert_eq!(call.id == id, kept, "{id}");
        assert!(kept || call.id.len() == 21 && call.id.starts_with("call_"));
    }
}

#[test]
fn ids_that_come_again_are_told_apart_for_messages() {
    let turns = || {
        let round = |text| {
            [
                assistant(vec![call("1", "x")]),
                user(vec![outcome("1", vec![say(text)])]),
            ]
        };
        [round("a"), round("b"), round("c")].concat()
    };
    let mut request = with_turns(turns());
    fit(&mut request, &messages(&[]), "").unwrap();
    let ids = request.turns.iter().map(|turn| match &turn.parts[0] {
        Part::Call(call) => call.id.clone(),
        Part::Outcome(outcome) => outcome.id.clone(),
        _ => panic!(),
    });
    let ids: Vec<_> = ids.collect();
    assert!(ids.chunks(2).all(|pair| pair[0] == pair[1]));
    assert!(ids[0] == "1" && ids[2] != "1" && ids[4] != "1" && ids[2] != ids[4]);
    let expected = "A[1:x] U[1=a] A[1:x] U[1=b] A[1:x] U[1=c]";
    let mut request = with_turns(turns());
    fit(&mut request, &chat(&[]), "").unwrap();
    assert_eq!(shape(&request), expected);
}

#[test]
fn short_ids_have_nine_letters_and_digits() {
    let target = chat(&[Quirk::ShortCallIds]);
    let sent = |id| {
        let mut request = with_turns(vec![
            assistant(vec![call(id, "x")]),
            user(vec![outcome(id, vec![])]),
        ]);
        fit(&mut request, &target, "").unwrap();
        let shape = shape(&request);
        let (id, _) = shape[2..].split_once(':').unwrap();
        assert_eq!(shape, format!("A[{id}:x] U[{id}=]"));
        id.to_owned()
    };
    assert_eq!(sent("a1B2c3D4e"), "a1B2c3D4e");
    for id in ["call_1234", "toolu_01", "", "a1B2c3D4ef"] {
        let short = sent(id);
        assert!(short.len() == 9 && short.bytes().all(|b| b.is_ascii_alphanumeric()));
        assert_ne!(short, id);
    }
}
