//! Header names that the `http` crate does not know.

use http::HeaderName;

macro_rules! names {
    ($($constant:ident = $name:literal;)*) => {
        $(pub(crate) const $constant: HeaderName = HeaderName::from_static($name);)*
    };
}

names! {
    KEY = "x-tollhouse-key";
    SESSION = "x-tollhouse-session";
    CALLER = "x-tollhouse-caller";
    AGENT = "x-tollhouse-agent";
    TAGS = "x-tollhouse-tags";
    CALL = "x-tollhouse-call";
    MODE = "x-tollhouse-mode";
    PROVIDER = "x-tollhouse-provider";
    MODEL = "x-tollhouse-model";
    CREDENTIAL = "x-tollhouse-credential";
    FALLBACK = "x-tollhouse-fallback";
    LOSS = "x-tollhouse-loss";
    PROTOCOL = "x-tollhouse-protocol";
    X_API_KEY = "x-api-key";
    X_GOOG_API_KEY = "x-goog-api-key";
    API_KEY = "api-key";
    X_FORWARDED_FOR = "x-forwarded-for";
    REQUEST_ID = "request-id";
    SESSION_ID = "session-id";
    X_REQUEST_ID = "x-request-id";
    ANTHROPIC_VERSION = "anthropic-version";
}
