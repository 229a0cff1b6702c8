//! What the gateway says of itself: metrics here, logs through `tracing`.

pub(crate) mod metrics;
