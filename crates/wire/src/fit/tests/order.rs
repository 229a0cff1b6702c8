use super::*;

fn ordered(turns: Vec<Turn<'_>>, target: &Dialect) -> String {
    let mut request = with_turns(turns);
    fit(&mut request, target, "").unwrap();
    shape(&request)
}

#[test]
fn neighbors_of_one_role_are_joined_and_empty_texts_dropped() {
    let turns = || {
        vec![
            user(vec![say("a")]),
            user(vec![say(""), say("b")]),
            assistant(vec![say(" ")]),
            user(vec![say("c")]),
            assistant(vec![]),
            assistant(vec![say("")]),
        ]
    };
    assert_eq!(ordered(turns(), &responses()), "U[a b] A[ ] U[c]");
    assert_eq!(ordered(turns(), &messages(&[])), "U[a b c]");
}

#[test]
fn results_stand_directly_behind_their_calls() {
    let turns = || {
        vec![
            assistant(vec![call("1", "x")]),
            assistant(vec![call("2", "y")]),
            user(vec![say("between"), outcome("2", vec![say("two")])]),
            system(vec![say("rule")]),
            user(vec![outcome("1", vec![say("one")]), say("after")]),
        ]
    };
    let expected = "A[1:x 2:y] U[1=one 2=two between] S[rule] U[after]";
    assert_eq!(ordered(turns(), &responses()), expected);
    let user = "U[1=one 2=two between <system-message>\nrule\n</system-message> after]";
    assert_eq!(
        ordered(turns(), &messages(&[])),
        format!("A[1:x 2:y] {user}")
    );
}

#[test]
fn a_result_past_the_next_answer_moves_back() {
    let turns = vec![
        assistant(vec![call("1", "x")]),
        user(vec![say("go on")]),
        assistant(vec![call("2", "y")]),
        user(vec![outcome("1", vec![]), outcome("2", vec![])]),
    ];
    let expected = "A[1:x] U[1= go on] A[2:y] U[2=]";
    assert_eq!(ordered(turns, &chat(&[])), expected);
}

#[test]
fn ids_that_come_again_are_paired_in_order() {
    let turns = vec![
        assistant(vec![call("1", "x")]),
        user(vec![outcome("1", vec![say("first")])]),
        assistant(vec![call("1", "y")]),
        user(vec![say("hm"), outcome("1", vec![say("second")])]),
    ];
    let expected = "A[1:x] U[1=first] A[1:y] U[1=second hm]";
    assert_eq!(ordered(turns, &responses()), expected);
}

#[test]
fn halves_of_a_pair_stay_where_they_are() {
    let turns = vec![
        user(vec![outcome("9", vec![]), say("a")]),
        assistant(vec![call("1", "x")]),
        user(vec![say("b"), outcome("8", vec![])]),
    ];
    let expected = "U[9= a] A[1:x] U[b 8=]";
    assert_eq!(ordered(turns, &responses()), expected);
}

#[test]
fn system_turns_stand_where_the_target_takes_them() {
    let turns = || {
        vec![
            system(vec![say("lead")]),
            user(vec![say("a")]),
            system(vec![say("x")]),
            assistant(vec![say("b")]),
            system(vec![say("y")]),
            user(vec![say("c")]),
            system(vec![say("z")]),
        ]
    };
    let all = "U[a] S[x] A[b] S[y] U[c] S[z]";
    assert_eq!(ordered(turns(), &responses()), format!("S[lead] {all}"));
    for quirk in [Quirk::OpenaiFields, Quirk::SystemTurns] {
        let mut request = with_turns(turns());
        assert_eq!(lost(&mut request, &chat(&[quirk])), "");
        assert_eq!(shape(&request), all);
        assert!(request.system.len() == 1 && request.system[0].text == "lead");
    }
    let marked = |text: &str| format!("<system-message>\n{text}\n</system-message>");
    let (x, y, z) = (marked("x"), marked("y"), marked("z"));

    for target in [messages(&[]), chat(&[])] {
        let mut request = with_turns(turns());
        assert_eq!(lost(&mut request, &target), "system_turn");
        assert_eq!(shape(&request), format!("U[a {x}] A[b] U[{y} c {z}]"));
        assert!(request.system.len() == 1 && request.system[0].text == "lead");
    }

    let mut request = with_turns(turns());
    let target = messages(&[Quirk::SystemTurns]);
    assert_eq!(lost(&mut request, &target), "");
    assert_eq!(shape(&request), "U[a] S[x] A[b] U[c] S[y z]");
    let after_answer = vec![
        user(vec![say("a")]),
        assistant(vec![say("b")]),
        system(vec![say("x")]),
    ];
    assert_eq!(ordered(after_answer, &target), format!("U[a] A[b] U[{x}]"));
}

#[test]
fn what_is_said_after_a_system_turn_does_not_make_it_the_users() {
    let target = messages(&[Quirk::SystemTurns]);
    let mut turns = vec![user(vec![say("a")]), system(vec![say("rule")])];
    assert_eq!(ordered(turns.clone(), &target), "U[a] S[rule]");
    turns.push(user(vec![say("b")]));
    assert_eq!(ordered(turns.clone(), &target), "U[a b] S[rule]");
    turns.push(assistant(vec![say("c")]));
    assert_eq!(ordered(turns, &target), "U[a b] S[rule] A[c]");
}

#[test]
fn instructions_alone_are_asked_for_messages() {
    let alone = || {
        with_turns(vec![
            system(vec![say("be kind")]),
            system(vec![say("write")]),
        ])
    };
    let mut request = alone();
    fit(&mut request, &messages(&[]), "").unwrap();
    assert_eq!(shape(&request), "U[write]");
    assert!(request.system.len() == 1 && request.system[0].text == "be kind");
    let mut request = alone();
    fit(&mut request, &chat(&[]), "").unwrap();
    assert!(request.turns.is_empty() && request.system.len() == 2);
}

#[test]
fn what_is_said_behind_results_joins_them_where_it_cannot_stand() {
    let turns = |rest: Vec<Part<'static>>| {
        let outcomes = [outcome("1", vec![say("r")]), outcome("2", vec![])];
        let parts = outcomes.into_iter().chain(rest).collect();
        vec![assistant(vec![call("1", "x"), call("2", "y")]), user(parts)]
    };
    let target = chat(&[Quirk::NoUserAfterTool]);
    let shaped = |rest| ordered(turns(rest), &target);
    assert_eq!(shaped(vec![]), "A[1:x 2:y] U[1=r 2=]");
    assert_eq!(shaped(vec![say("a"), say("b")]), "A[1:x 2:y] U[1=r 2=a+b]");
    assert_eq!(
        shaped(vec![say("a"), png()]),
        "A[1:x 2:y] U[1=r 2=] A[I have the results.] U[a <image>]"
    );
    assert_eq!(
        ordered(turns(vec![say("a")]), &chat(&[])),
        "A[1:x 2:y] U[1=r 2= a]"
    );
    let plain = vec![user(vec![say("a"), png()]), assistant(vec![say("b")])];
    assert_eq!(ordered(plain, &target), "U[a <image>] A[b]");
}

#[test]
fn a_system_turn_before_the_results_comes_to_stand_behind_them() {
    let turns = vec![
        assistant(vec![call("1", "x")]),
        system(vec![say("rule")]),
        user(vec![outcome("1", vec![])]),
        assistant(vec![say("a")]),
    ];
    let target = messages(&[Quirk::SystemTurns]);
    assert_eq!(ordered(turns, &target), "A[1:x] U[1=] S[rule] A[a]");
}

#[test]
fn media_in_results_move_behind_them_for_chat() {
    let turns = || {
        let notes = document(Source::Plain("notes".into()));
        vec![
            assistant(vec![call("1", "x"), call("2", "y")]),
            user(vec![
                say("look"),
                outcome(
                    "1",
                    vec![say("one"), png(), document(base64("application/pdf"))],
                ),
                outcome("2", vec![notes, png()]),
            ]),
        ]
    };
    let expected = "A[1:x 2:y] U[1=one 2=notes From the result of the call 1: <image> <document> \
                    From the result of the call 2: <image> look]";
    assert_eq!(ordered(turns(), &chat(&[])), expected);
    let expected = "A[1:x 2:y] U[1=one+<image>+<document> 2=<document>+<image> look]";
    assert_eq!(ordered(turns(), &responses()), expected);
}

#[test]
fn an_answer_begun_by_the_caller_does_not_end_in_blanks_for_messages() {
    let turns = || vec![user(vec![say("a ")]), assistant(vec![say("{ \n")])];
    assert_eq!(ordered(turns(), &messages(&[])), "U[a ] A[{]");
    assert_eq!(ordered(turns(), &chat(&[])), "U[a ] A[{ \n]");
}

#[test]
fn what_the_target_cannot_be_shown_is_refused() {
    let seeing = |part: Part<'static>| with_turns(vec![user(vec![say("a"), png(), part])]);
    let inside = outcome("1", vec![png()]);
    let blind = chat(&[Quirk::NoImages]);
    let sentence = refused(with_turns(vec![user(vec![inside])]), &blind);
    assert!(sentence.starts_with("`here.type`: the target takes no images"));
    let sentence = refused(seeing(image(base64("image/tiff"))), &messages(&[]));
    assert!(sentence.starts_with("`here.source.type`: the target takes images of the types"));
    fit(&mut seeing(image(base64("image/tiff"))), &responses(), "").unwrap();
    let zip = document(base64("application/zip"));
    assert!(refused(seeing(zip), &messages(&[])).starts_with("`here.source.type`: "));
    for (target, told) in [
        (messages(&[]), true),
        (chat(&[]), true),
        (responses(), false),
    ] {
        let text = document(Source::Base64 {
            media_type: "text/markdown".into(),
            data: "IyBoaQ==".into(),
        });
        let mut request = seeing(text);
        fit(&mut request, &target, "").unwrap();
        let Part::Document(document) = &request.turns[0].parts[2] else {
            panic!()
        };
        assert_eq!(document.source == Source::Plain("# hi".into()), told);
    }
    let far = document(Source::Url("https://example.com".into()));
    assert!(refused(seeing(far.clone()), &chat(&[])).starts_with("`here.source.type`: "));
    fit(&mut seeing(far), &messages(&[]), "").unwrap();
    let mut jpg = seeing(image(base64("image/jpg")));
    fit(&mut jpg, &messages(&[]), "").unwrap();
    let Part::Image(image) = &jpg.turns[0].parts[2] else {
        panic!()
    };
    assert!(image.source == base64("image/jpeg"));
}
