//! Calls as comma-separated values (RFC 4180), for spreadsheets.

use std::fmt::Display;

use tollhouse_domain::call::Call;
use tollhouse_domain::credential::{CredentialKind, CredentialSource};
use tollhouse_wire::Protocol;

/// What spreadsheets take for the beginning of a formula, and clients could have put there. Some take what is as wide as
/// East Asian text for the same.
const FORMULA: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

const NAMES: &str = "id,at,key,user,org,agent,caller,session,session_name,subagent,tags,protocol,endpoint,stream,\
    provider,credential_id,credential_source,mode,protocol_sent,model_requested,model_sent,model_served,status,outcome,\
    error,stop_reason,tokens_input,tokens_cache_read,tokens_cache_write_5m,tokens_cache_write_1h,tokens_output,\
    tokens_reasoning,estimated,cost_usd,charged_usd,list_cost_usd,ttft_ms,duration_ms,bytes_in,bytes_out,attempts,\
    fallback,losses,upstream_request_id,upstream_object,from,credential_kind,\
    subagent_type,subagent_parent\r\n";

/// A line under construction.
struct Line<'a> {
    text: &'a mut String,
    first: bool,
}

impl Line<'_> {
    fn comma(&mut self) {
        if !self.first {
            self.text.push(',');
        }
        self.first = false;
    }

    /// What is never anything but letters, digits, and what numbers and ids are made of.
    fn plain(&mut self, value: Option<impl Display>) {
        self.comma();
        if let Some(value) = value {
            self.text.push_str(&value.to_string());
        }
    }

    /// What somebody else may have chosen: never a formula, and quoted where it has to be.
    fn words(&mut self, value: Option<&str>) {
        self.comma();
        let value = value.unwrap_or_default();
        let prefix = if value.starts_with(FORMULA) { "'" } else { "" };
        if value.contains([',', '"', '\r', '\n']) {
            let quoted = value.replace('"', "\"\"");
            for part in ["\"", prefix, quoted.as_str(), "\""] {
                self.text.push_str(part);
            }
        } else {
            self.text.push_str(prefix);
            self.text.push_str(value);
        }
    }
}

/// The first line.
pub(super) fn head(text: &mut String) {
    text.push_str(NAMES);
}

/// Adds a call's line.
pub(super) fn row(call: &Call, text: &mut String) {
    let mut line = Line { text, first: true };
    // Names and values alone, which is always JSON.
    let tags = (!call.tags.is_empty()).then(|| serde_json::to_string(&call.tags));
    let tags = tags.and_then(Result::ok);
    line.plain(Some(call.id));
    line.plain(Some(call.at));
    line.plain(Some(call.key));
    line.plain(call.user);
    line.plain(call.org);
    line.words(call.agent.as_deref());
    line.words(Some(&call.caller));
    line.plain(Some(call.session));
    line.words(call.session_name.as_deref());
    line.words(call.subagent.as_deref());
    line.words(tags.as_deref());
    line.plain(call.protocol.map(Protocol::as_str));
    line.words(Some(&call.endpoint));
    line.plain(Some(call.stream));
    line.words(call.provider.as_deref());
    line.plain(call.credential_id);
    line.plain(call.credential_source.map(CredentialSource::as_str));
    line.plain(Some(call.mode.as_str()));
    line.plain(call.protocol_sent.map(Protocol::as_str));
    line.words(call.model_requested.as_deref());
    line.words(call.model_sent.as_deref());
    line.words(call.model_served.as_deref());
    line.plain(call.status);
    line.plain(Some(call.outcome.as_str()));
    line.words(call.error.as_deref());
    line.words(call.stop_reason.as_deref());
    let usage = &call.usage;
    line.plain(usage.input);
    line.plain(usage.cache_read);
    line.plain(usage.cache_write_5m);
    line.plain(usage.cache_write_1h);
    line.plain(usage.output);
    line.plain(usage.reasoning);
    line.plain(Some(call.estimated));
    line.plain(call.cost_usd);
    line.plain(call.charged_usd);
    line.plain(call.list_cost_usd);
    line.plain(call.ttft_ms);
    line.plain(call.duration_ms);
    line.plain(Some(call.bytes_in));
    line.plain(Some(call.bytes_out));
    line.plain(Some(call.attempts));
    line.words(call.fallback.as_deref());
    line.words(Some(&call.losses.join(" ")));
    line.words(call.upstream_request_id.as_deref());
    line.words(call.upstream_object.as_deref());
    line.plain(call.from);
    // At the end, so that those who count cells find the others where they were.
    line.plain(call.credential_kind.map(CredentialKind::as_str));
    line.words(call.subagent_type.as_deref());
    line.words(call.subagent_parent.as_deref());
    text.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admin::show::tests::call;

    #[test]
    fn a_line_has_a_cell_for_each_name() {
        let (mut full, mut call) = (String::new(), call());
        // They are JSON, which has quotes of its own.
        call.tags.clear();
        row(&call, &mut full);
        assert!(!full.contains('"'), "no commas but between cells: {full}");
        assert_eq!(full.split(',').count(), NAMES.split(',').count());
        assert!(full.ends_with(",api_key,x,x\r\n"), "{full}");
    }

    #[test]
    fn what_clients_choose_is_no_formula_and_no_second_cell() {
        let cases = [
            ("", ""),
            ("claude-code", "claude-code"),
            ("a=1", "a=1"),
            ("=1+1", "'=1+1"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t=1"),
            ("\r=1", "\"'\r=1\""),
            ("a,b", "\"a,b\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            (
                "=HYPERLINK(\"http://x\",1)",
                "\"'=HYPERLINK(\"\"http://x\"\",1)\"",
            ),
            ("two\nlines", "\"two\nlines\""),
            // As wide as they are in East Asian text, which spreadsheets take for the same.
            ("＝1+1", "'＝1+1"),
            ("＋1", "'＋1"),
            ("－1", "'－1"),
            ("＠SUM(A1)", "'＠SUM(A1)"),
        ];
        for (words, expected) in cases {
            let mut text = String::new();
            let mut line = Line {
                text: &mut text,
                first: true,
            };
            line.words(Some(words));
            assert_eq!(text, expected, "{words:?}");
        }
    }
}
