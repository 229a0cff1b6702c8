use super::*;
use crate::oidc::Grant;

fn claims(more: &str) -> Claims {
    let text = format!(r#"{{"iss":"i","sub":"s","aud":"a","exp":1,"iat":1{more}}}"#);
    let read = Claims::read(text.as_bytes(), "groups");
    read.unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn root() -> Rule {
    Rule {
        group: "root".to_owned(),
        grant: Grant::Admin,
    }
}

#[test]
fn only_people_of_a_domain_that_is_meant_come_in() {
    let policy = Policy {
        domains: vec!["example.com".to_owned(), "example.org".to_owned()],
        new_accounts: true,
        ..Policy::default()
    };
    for (more, comes) in [
        ("", false),
        (r#","email":"a@example.com""#, false),
        (r#","email":"a@example.com","email_verified":"true""#, false),
        (r#","email":"a@example.com","email_verified":true"#, true),
        (r#","email":"a@Example.ORG","email_verified":true"#, true),
        (
            r#","email":"a@example.com.evil.net","email_verified":true"#,
            false,
        ),
        (
            r#","email":"a@sub.example.com","email_verified":true"#,
            false,
        ),
        (
            r#","email":"a@example.com@evil.net","email_verified":true"#,
            false,
        ),
        (r#","email":"example.com","email_verified":true"#, false),
        (r#","hd":"example.com""#, true),
        (r#","hd":"EXAMPLE.com""#, true),
        (r#","hd":"evil.net""#, false),
        (
            r#","hd":"example.com","email":"a@evil.net","email_verified":true"#,
            true,
        ),
    ] {
        let expected = comes.then_some(()).ok_or(Unwelcome::Domain);
        assert_eq!(policy.terms(&claims(more)).entry, expected, "{more}");
        assert_eq!(Policy::default().terms(&claims(more)).entry, Ok(()));
    }
}

#[test]
fn somebody_new_needs_a_place_and_leave() {
    let (no_account, no_place) = (Err(Unwelcome::NoAccount), Err(Unwelcome::NoPlace));
    for (mapping, new_accounts, groups, expected) in [
        (vec![], true, "[]", Ok(())),
        (vec![], false, "[]", no_account),
        (vec![root()], true, "[]", no_place),
        (vec![root()], true, r#"["root"]"#, Ok(())),
        (vec![root()], false, r#"["root"]"#, no_account),
    ] {
        let policy = Policy {
            mapping,
            new_accounts,
            ..Policy::default()
        };
        let terms = policy.terms(&claims(&format!(r#","groups":{groups}"#)));
        assert_eq!(terms.newcomer, expected, "{policy:?} {groups}");
        assert_eq!(terms.entry, Ok(()));
    }
}

#[test]
fn silence_about_groups_is_no_answer_where_they_mean_something() {
    let unsaid = Err(Unwelcome::GroupsUnsaid);
    for (more, mapped) in [
        ("", unsaid),
        (r#","_claim_names":{"groups":"src1"}"#, unsaid),
        (r#","groups":[],"_claim_names":{"groups":"src1"}"#, unsaid),
        (r#","groups":[]"#, Ok(())),
        (r#","groups":"other""#, Ok(())),
    ] {
        for (mapping, expected) in [(vec![root()], mapped), (vec![], Ok(()))] {
            let policy = Policy {
                mapping,
                new_accounts: true,
                ..Policy::default()
            };
            assert_eq!(policy.terms(&claims(more)).entry, expected, "{more}");
        }
    }
}
