//! The `[oidc]` table.

use std::sync::Arc;

use tollhouse_domain::oidc::{Grant, Policy, Rule, is_safe};
use toml::Spanned;

use super::OidcConfig;
use super::error::ConfigError;
use super::file::{Mapping, Oidc};
use super::read::Reader;

const DEFAULT_SCOPES: [&str; 3] = ["openid", "email", "profile"];
const DEFAULT_GROUPS: &str = "groups";

/// Reads the table. `public_url` is the address that somebody wrote down for us: the provider sends
/// browsers back to it, so a guess would not do.
pub(super) fn read(
    reader: &Reader<'_>,
    written: Option<&Spanned<Oidc>>,
    public_url: Option<&String>,
) -> Result<Option<Arc<OidcConfig>>, ConfigError> {
    let Some(table) = written else {
        return Ok(None);
    };
    let written = table.get_ref();
    let start = table.span().start;
    let error = |message: String| reader.error(start..start, message);
    let Some(public_url) = public_url else {
        let message = "oidc: server.public_url is needed: the address that browsers come back to";
        return Err(error(message.to_owned()));
    };
    if !is_safe(public_url) {
        let message = "oidc: server.public_url has to be https, or http on this machine";
        return Err(error(message.to_owned()));
    }
    let issuer = needed(reader, "issuer", written.issuer.as_ref(), &error)?;
    if !is_safe(&issuer) || issuer.contains('?') {
        let span = written.issuer.as_ref().map_or(start..start, Spanned::span);
        let message = "issuer: expected an https:// address without a query, exactly as the \
            provider writes it; http:// only on this machine";
        return Err(reader.error(span, message));
    }
    let secret = written.client_secret.as_ref();
    let secret = secret.map(|written| reader.secret(written.span(), written.get_ref()));
    Ok(Some(Arc::new(OidcConfig {
        issuer,
        client_id: needed(reader, "client_id", written.client_id.as_ref(), &error)?,
        client_secret: secret.transpose()?,
        scopes: scopes(reader, written.scopes.as_ref())?,
        groups_claim: match &written.groups_claim {
            None => DEFAULT_GROUPS.to_owned(),
            Some(_) => needed(
                reader,
                "groups_claim",
                written.groups_claim.as_ref(),
                &error,
            )?,
        },
        policy: policy(reader, written, &error)?,
        allow_password: written.allow_password.unwrap_or(true),
    })))
}

fn needed(
    reader: &Reader<'_>,
    name: &str,
    written: Option<&Spanned<String>>,
    missing: &dyn Fn(String) -> ConfigError,
) -> Result<String, ConfigError> {
    let written = written.ok_or_else(|| missing(format!("oidc: {name} is missing")))?;
    let text = written.get_ref();
    if text.is_empty() || text.trim() != text {
        let message = format!("{name}: expected a name without spaces around it");
        return Err(reader.error(written.span(), message));
    }
    Ok(text.clone())
}

fn scopes(
    reader: &Reader<'_>,
    written: Option<&Spanned<Vec<String>>>,
) -> Result<Vec<String>, ConfigError> {
    let Some(written) = written else {
        return Ok(DEFAULT_SCOPES.map(str::to_owned).to_vec());
    };
    let plain = |scope: &String| {
        let printable = |c: char| c.is_ascii_graphic() && c != '"' && c != '\\';
        !scope.is_empty() && scope.chars().all(printable)
    };
    if !written.get_ref().iter().all(plain) {
        let message = "scopes: expected names without spaces, such as [\"openid\", \"email\"]";
        return Err(reader.error(written.span(), message));
    }
    Ok(written.get_ref().clone())
}

/// Who comes in. A provider may have people whom the operator has never heard of: that all of them get
/// accounts has to be written out.
fn policy(
    reader: &Reader<'_>,
    written: &Oidc,
    missing: &dyn Fn(String) -> ConfigError,
) -> Result<Policy, ConfigError> {
    let rules = written.mapping.iter().map(|rule| self::rule(reader, rule));
    let policy = Policy {
        mapping: rules.collect::<Result<_, _>>()?,
        domains: domains(reader, written.domains.as_ref())?,
        new_accounts: written.new_accounts.unwrap_or(true),
    };
    let said = written.new_accounts.is_some();
    if policy.mapping.is_empty() && policy.domains.is_empty() && !said {
        let message = "oidc: without a mapping everybody whom the provider knows would get an \
            account: name your domains = [\"example.com\"], or write new_accounts = true or false";
        return Err(missing(message.to_owned()));
    }
    Ok(policy)
}

fn domains(
    reader: &Reader<'_>,
    written: Option<&Spanned<Vec<String>>>,
) -> Result<Vec<String>, ConfigError> {
    let Some(written) = written else {
        return Ok(Vec::new());
    };
    let plain = |name: &String| {
        let of = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
        !name.is_empty() && !name.starts_with('.') && name.chars().all(of)
    };
    let names = written.get_ref();
    if names.is_empty() || !names.iter().all(plain) {
        let message = "domains: expected names such as [\"example.com\"]";
        return Err(reader.error(written.span(), message));
    }
    Ok(names.iter().map(|name| name.to_ascii_lowercase()).collect())
}

fn rule(reader: &Reader<'_>, written: &Spanned<Mapping>) -> Result<Rule, ConfigError> {
    let Mapping {
        group,
        org,
        role,
        admin,
    } = written.get_ref();
    let grant = match (org, role, admin) {
        (Some(org), Some(role), None) => Grant::Member {
            org: org.clone(),
            role: *role,
        },
        (None, None, Some(true)) => Grant::Admin,
        _ => {
            let message = "mapping: expected { group, org, role } or { group, admin = true }";
            return Err(reader.error(written.span(), message));
        }
    };
    if group.is_empty() {
        let message = "mapping: group: expected the name of a group";
        return Err(reader.error(written.span(), message));
    }
    Ok(Rule {
        group: group.clone(),
        grant,
    })
}

#[cfg(test)]
mod tests {
    use tollhouse_domain::tenancy::Role;

    use super::*;
    use crate::config::{Config, Overrides, parse};

    const SERVER: &str = "[server]\npublic_url = \"https://gw.example\"\n";
    const SOUND: &str = "issuer = \"https://id.example\"\nclient_id = \"tollhouse\"\n";

    fn config(text: &str) -> Result<Config, ConfigError> {
        let environment = |name: &str| (name == "SECRET").then(|| "canary-secret".to_owned());
        parse("t.toml", text, &Overrides::default(), &environment)
    }

    #[test]
    fn little_is_needed_and_everything_can_be_said() {
        let read = |more: &str| config(&format!("{SERVER}[oidc]\n{SOUND}{more}"));
        let little = read("new_accounts = true").unwrap().oidc.unwrap();
        assert_eq!(little.issuer, "https://id.example");
        assert_eq!(little.scopes, ["openid", "email", "profile"]);
        assert_eq!(little.groups_claim, "groups");
        assert!(little.allow_password && little.client_secret.is_none());
        assert!(little.policy.mapping.is_empty() && little.policy.domains.is_empty());
        let closed = read("domains = [\"Example.com\"]\nnew_accounts = false");
        let closed = closed.unwrap().oidc.unwrap();
        assert_eq!(closed.policy.domains, ["example.com"]);
        assert!(!closed.policy.new_accounts);

        let much = read(
            r#"client_secret = "env:SECRET"
            scopes = ["openid", "groups"]
            groups_claim = "roles"
            allow_password = false
            mapping = [
                { group = "tower", org = "acme", role = "owner" },
                { group = "root", admin = true },
            ]"#,
        );
        let much = much.unwrap().oidc.unwrap();
        assert_eq!(much.scopes, ["openid", "groups"]);
        assert_eq!(much.groups_claim, "roles");
        assert!(!much.allow_password);
        assert_eq!(
            much.client_secret.as_ref().unwrap().expose(),
            "canary-secret"
        );
        let owner = Grant::Member {
            org: "acme".to_owned(),
            role: Role::Owner,
        };
        let grants: Vec<&Grant> = much.policy.mapping.iter().map(|rule| &rule.grant).collect();
        assert_eq!(grants, [&owner, &Grant::Admin]);
        assert!(config("").unwrap().oidc.is_none());
    }

    #[test]
    fn errors_name_the_field() {
        let plain = "[server]\npublic_url = \"http://gw.example\"\n";
        refuses(&[
            (
                format!("[oidc]\n{SOUND}"),
                "t.toml:1: oidc: server.public_url is needed",
            ),
            (
                format!("{plain}[oidc]\n{SOUND}"),
                "t.toml:3: oidc: server.public_url has to be https",
            ),
            (
                format!("{SERVER}[oidc]\n"),
                "t.toml:3: oidc: issuer is missing",
            ),
            (
                format!("{SERVER}[oidc]\nissuer = \"https://id.example\""),
                "t.toml:3: oidc: client_id is missing",
            ),
            (
                format!("{SERVER}[oidc]\nissuer = \"http://id.example\"\nclient_id = \"t\""),
                "t.toml:4: issuer: expected an https:// address",
            ),
            (
                format!("{SERVER}[oidc]\nissuer = \"https://id.example\"\nclient_id = \" t\""),
                "t.toml:5: client_id: expected a name",
            ),
            (
                with("client_secret = \"plain\""),
                "t.toml:6: a secret is written as a reference",
            ),
            (
                with("client_secret = \"env:NOWHERE\""),
                "t.toml:6: NOWHERE is not set",
            ),
            (
                with("scopes = [\"a b\"]"),
                "t.toml:6: scopes: expected names",
            ),
            (
                with("groups_claim = \"\""),
                "t.toml:6: groups_claim: expected a name",
            ),
            (with(""), "t.toml:3: oidc: without a mapping everybody"),
            (with("domains = []"), "t.toml:6: domains: expected names"),
            (
                with("domains = [\"@example.com\"]"),
                "t.toml:6: domains: expected names",
            ),
            (with("issuers = 1"), "t.toml:6: unknown field `issuers`"),
        ]);
    }

    #[test]
    fn a_mapping_is_whole() {
        refuses(&[
            (
                with("mapping = [{ group = \"g\" }]"),
                "t.toml:6: mapping: expected { group, org, role }",
            ),
            (
                with("mapping = [{ group = \"g\", org = \"a\" }]"),
                "t.toml:6: mapping: expected",
            ),
            (
                with("mapping = [{ group = \"g\", org = \"a\", role = \"owner\", admin = true }]"),
                "t.toml:6: mapping: expected",
            ),
            (
                with("mapping = [{ group = \"g\", admin = false }]"),
                "t.toml:6: mapping: expected",
            ),
            (
                with("mapping = [{ group = \"\", admin = true }]"),
                "t.toml:6: mapping: group: expected",
            ),
            (
                with("mapping = [{ group = \"g\", org = \"a\", role = \"boss\" }]"),
                "t.toml:6: unknown variant `boss`",
            ),
        ]);
    }

    fn with(text: &str) -> String {
        format!("{SERVER}[oidc]\n{SOUND}{text}")
    }

    fn refuses(cases: &[(String, &str)]) {
        for (text, expected) in cases {
            let message = match config(text) {
                Ok(_) => panic!("accepted: {text}"),
                Err(error) => error.to_string(),
            };
            assert!(message.starts_with(*expected), "{text}\n  says: {message}");
            assert!(!message.contains("canary-secret"), "{message}");
        }
    }
}
