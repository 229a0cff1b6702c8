//! What callers may do at most, unless their keys say otherwise.

use std::time::Duration;

use tollhouse_domain::key::LONGEST_SCOPED;
use tollhouse_domain::limits::{Assumptions, Limits};
use toml::Spanned;

use super::{ConfigError, Reader};
use crate::config::{Bootstrap, LimitsConfig, file};

const DEFAULT_TOKEN: Duration = Duration::from_hours(2);
const SHORTEST_TOKEN: Duration = Duration::from_mins(1);

impl Reader<'_> {
    pub(super) fn limits(&self, written: &file::Limits) -> Result<LimitsConfig, ConfigError> {
        let usual = LimitsConfig::default();
        let positive = |written: &Option<Spanned<u32>>, name, usual| match written {
            Some(written) if *written.get_ref() == 0 => {
                Err(self.error(written.span(), format!("{name}: at least 1 is needed")))
            }
            Some(written) => Ok(*written.get_ref()),
            None => Ok(usual),
        };
        let (bytes, sessions) = (&written.bytes_per_token, &written.sessions);
        let assumed = usual.assumed;
        Ok(LimitsConfig {
            global: Limits {
                rpm: written.rpm,
                tpm: written.tpm,
                concurrency: written.concurrency,
            },
            key: written.key,
            assumed: Assumptions {
                bytes_per_token: positive(bytes, "bytes_per_token", assumed.bytes_per_token)?,
                output_tokens: written
                    .assumed_output_tokens
                    .unwrap_or(assumed.output_tokens),
                input_tokens: written.assumed_input_tokens.unwrap_or(assumed.input_tokens),
            },
            sessions: positive(sessions, "sessions", usual.sessions)?,
            keys_per_owner: positive(
                &written.keys_per_owner,
                "keys_per_owner",
                usual.keys_per_owner,
            )?,
            keys_per_org: positive(&written.keys_per_org, "keys_per_org", usual.keys_per_org)?,
            credentials_per_provider: positive(
                &written.credentials_per_provider,
                "credentials_per_provider",
                usual.credentials_per_provider,
            )?,
            live_views: positive(&written.live_views, "live_views", usual.live_views)?,
        })
    }

    pub(super) fn bootstrap(&self, written: &file::Bootstrap) -> Result<Bootstrap, ConfigError> {
        let token = match &written.token_seconds {
            None => DEFAULT_TOKEN,
            Some(seconds) => {
                let token = Duration::from_secs(*seconds.get_ref());
                if token < SHORTEST_TOKEN || token > LONGEST_SCOPED {
                    let message = "token_seconds: expected 60 (a minute) to 604800 (seven days)";
                    return Err(self.error(seconds.span(), message));
                }
                token
            }
        };
        Ok(Bootstrap {
            platform: written.platform.unwrap_or(false),
            token,
        })
    }
}
