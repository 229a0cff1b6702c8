//! The one list of the ledger's columns: the row type and every statement that names them all are
//! made from it.

/// Calls `$then!` with `$given` and every column: its name, its type here and in PostgreSQL.
macro_rules! with_columns {
    ($then:ident!($($given:tt)*)) => {
        $then! {
            ($($given)*)
            id: Uuid = "uuid",
            at: i64 = "bigint",
            key_id: Uuid = "uuid",
            user_id: Option<Uuid> = "uuid",
            org_id: Option<Uuid> = "uuid",
            agent: Option<String> = "text",
            caller: String = "text",
            session_id: Uuid = "uuid",
            session_name: Option<String> = "text",
            subagent: Option<String> = "text",
            protocol: Option<String> = "text",
            endpoint: String = "text",
            stream: bool = "boolean",
            provider: Option<String> = "text",
            credential_id: Option<Uuid> = "uuid",
            credential_source: Option<String> = "text",
            credential_kind: Option<String> = "text",
            mode: String = "text",
            model_requested: Option<String> = "text",
            model_sent: Option<String> = "text",
            model_served: Option<String> = "text",
            status: Option<i64> = "bigint",
            outcome: String = "text",
            error: Option<String> = "text",
            stop_reason: Option<String> = "text",
            tokens_input: Option<i64> = "bigint",
            tokens_cache_read: Option<i64> = "bigint",
            tokens_cache_write_5m: Option<i64> = "bigint",
            tokens_cache_write_1h: Option<i64> = "bigint",
            tokens_output: Option<i64> = "bigint",
            tokens_reasoning: Option<i64> = "bigint",
            estimated: bool = "boolean",
            cost: Option<i64> = "bigint",
            list_cost: Option<i64> = "bigint",
            ttft_ms: Option<f64> = "double precision",
            duration_ms: Option<f64> = "double precision",
            bytes_in: i64 = "bigint",
            bytes_out: i64 = "bigint",
            attempts: i64 = "bigint",
            fallback: Option<String> = "text",
            upstream_object: Option<String> = "text",
            snapshot_revision: i64 = "bigint",
            detail: String = "text",
        }
    };
}

/// The columns' names, each after a comma but the first.
macro_rules! names {
    (() $first:ident: $_type:ty = $_postgres:literal,
        $($name:ident: $_types:ty = $_postgreses:literal,)+) => {
        concat!(stringify!($first), $(", ", stringify!($name)),+)
    };
}

macro_rules! select_calls {
    () => {
        concat!(
            "SELECT ",
            crate::calls::columns::with_columns!(names!()),
            " FROM calls"
        )
    };
}

pub(crate) use {names, select_calls, with_columns};
