use tollhouse_domain::id::{OrgId, UserId};
use uuid::Uuid;

use super::*;

const ACCOUNT: CredentialKind = CredentialKind::OauthAccount;
const KEY: CredentialKind = CredentialKind::ApiKey;

fn user() -> Owner {
    Owner::User(UserId(Uuid::nil()))
}

fn org() -> Owner {
    Owner::Org(OrgId(Uuid::nil()))
}

fn told(owner: Owner, kind: CredentialKind, operators: bool) -> Told<'static> {
    Told {
        owner,
        kind,
        provider: "lab",
        name: "work",
        operators,
        hearer: Hearer::Caller,
    }
}

#[test]
fn what_is_refused_is_named_to_its_owner_with_the_command_that_mends_it() {
    let since = Timestamp::from_secs(0);
    let cases = [
        (
            told(user(), ACCOUNT, false),
            "Your login `work` at the provider `lab` does not work since 1970-01-01T00:00:00.000000Z: sign in again with \
             `tollhouse account login lab --name work`, or under Accounts in the dashboard.",
        ),
        (
            told(Owner::Platform, ACCOUNT, true),
            "The operator's login `work` at the provider `lab` does not work since 1970-01-01T00:00:00.000000Z: sign in \
             again with `tollhouse account login lab --name work` and the administrator's token.",
        ),
        (
            told(org(), ACCOUNT, false),
            "Your organization's login at the provider `lab` does not work since 1970-01-01T00:00:00.000000Z: an \
             administrator of the organization signs in again, under Accounts in the dashboard or with `tollhouse \
             account login lab --org org_00000000000000000000000000000000` and the `--name` that `tollhouse account \
             list` shows.",
        ),
        (
            told(user(), KEY, false),
            "The provider `lab` refuses your credential `work` since 1970-01-01T00:00:00.000000Z: \
             set it anew, with `tollhouse credential set lab --me --name work`, or under Credentials in the \
             dashboard.",
        ),
        (
            told(org(), KEY, false),
            "The provider `lab` refuses your organization's credential `work` since \
             1970-01-01T00:00:00.000000Z: an administrator of the organization can set it anew, with `tollhouse \
             credential set lab --org org_00000000000000000000000000000000 --name work`, or under Credentials in \
             the dashboard.",
        ),
        (
            told(Owner::Platform, KEY, true),
            "The provider `lab` refuses the operator's credential `work` since \
             1970-01-01T00:00:00.000000Z: set it anew, with `tollhouse credential set lab --name work`, or under \
             Credentials in the dashboard; what the configuration file has is set there.",
        ),
        (
            told(Owner::Platform, KEY, false),
            "The provider `lab` refuses the operator's credential since \
             1970-01-01T00:00:00.000000Z: whoever runs this gateway sees to that.",
        ),
    ];
    for (told, expected) in cases {
        assert_eq!(told.refused(since), expected);
    }
}

#[test]
fn what_is_out_of_use_says_why_and_how_it_comes_back() {
    let cases = [
        (
            told(user(), ACCOUNT, false).unused(Why::Off),
            "Your login `work` at the provider `lab` is switched off: `tollhouse account resume lab/work` puts it \
             back into use, or Accounts in the dashboard; or remove it.",
        ),
        (
            told(user(), KEY, false).unused(Why::Off),
            "Your credential `work` for the provider `lab` is switched off: switch it on, or remove it, with \
             `tollhouse credential enable lab --me --name work`, or under Credentials in the dashboard.",
        ),
        (
            told(org(), ACCOUNT, false).unused(Why::Off),
            "Your organization's login at the provider `lab` is switched off: an administrator of the organization \
             resumes it, under Accounts in the dashboard.",
        ),
        (
            told(user(), ACCOUNT, false).unused(Why::Broken),
            "Your login `work` at the provider `lab` cannot be used: sign in again with `tollhouse account login \
             lab --name work`, or under Accounts in the dashboard.",
        ),
        (
            told(Owner::Platform, KEY, false).unused(Why::Broken),
            "The operator's credential for the provider `lab` cannot be used: whoever runs this gateway sees to \
             that.",
        ),
        (
            told(org(), ACCOUNT, false).unused(Why::Barred),
            "Your organization's login at the provider `lab` is not used: accounts, or those of organizations, are \
             switched off here.",
        ),
        (
            told(user(), ACCOUNT, false).unused(Why::Barred),
            "Your login `work` at the provider `lab` is not used. Accounts are switched off here: `[accounts] \
             enabled = false` in the configuration file.",
        ),
        (
            told(Owner::Platform, ACCOUNT, true).unused(Why::Off),
            "The operator's login `work` at the provider `lab` is switched off: `tollhouse account resume lab/work` \
             with the administrator's token puts it back into use; or remove it.",
        ),
        (
            told(user(), ACCOUNT, false)
                .to(Hearer::Manager)
                .unused(Why::Off),
            "Its user's own login at the provider `lab` is switched off: they see to that.",
        ),
        (
            told(user(), KEY, false)
                .to(Hearer::Manager)
                .unused(Why::Broken),
            "Its user's own credential for the provider `lab` cannot be used: they see to that.",
        ),
        (
            told(user(), ACCOUNT, false).ended(),
            "The token of your login `work` at the provider `lab` has ended, and its provider does not renew it at \
             the moment.",
        ),
    ];
    for (said, expected) in cases {
        assert_eq!(said, expected);
    }
}

/// The names of an organization's logins are its administrators', and those of what the platform lends nobody's
/// but the operator's.
#[test]
fn nobody_is_told_the_name_of_what_is_somebody_elses() {
    for (told, named) in [
        (told(org(), ACCOUNT, false), false),
        (told(org(), ACCOUNT, true), false),
        (told(Owner::Platform, KEY, false), false),
        (told(Owner::Platform, KEY, true), true),
        (told(user(), ACCOUNT, false), true),
        (told(user(), ACCOUNT, false).to(Hearer::Manager), false),
        (told(user(), KEY, false).to(Hearer::Manager), false),
        (told(org(), KEY, false).to(Hearer::Manager), true),
    ] {
        let since = Timestamp::from_secs(0);
        let mut said = vec![told.refused(since), told.ended()];
        said.extend([Why::Off, Why::Barred, Why::Broken].map(|why| told.unused(why)));
        for text in said {
            // The commands of an account's owner name it only where the text does.
            assert!(named || !text.contains("work`"), "{text}");
        }
    }
}
