//! How tokens are drawn, as far as the target lets its caller say.

use crate::Protocol;
use crate::conversation::{Request, Sampling, Thinking};
use crate::dialect::{Dialect, Quirk};
use crate::loss::{Loss, Losses};

/// Drops or bounds the parameters. Thinking is settled.
pub(super) fn fit(request: &mut Request<'_>, target: &Dialect) {
    let losses = &mut request.losses;
    let sampling = &mut request.sampling;
    match target.protocol {
        Protocol::Messages => {
            drop_penalties(sampling, losses);
            // A model that thinks draws as it likes.
            let thinking = request.reasoning.thinking;
            if matches!(thinking, Some(Thinking::Adaptive | Thinking::Budget(_))) {
                drop_drawing(sampling, losses);
            }
            choose_drawing(sampling, losses);
            if let Some(temperature) = sampling.temperature.filter(|&value| value > 1.0) {
                losses.add_if(temperature > 1.0, Loss::Temperature);
                sampling.temperature = Some(1.0);
            }
        }
        Protocol::Chat => losses.add_if(sampling.top_k.take().is_some(), Loss::TopK),
        Protocol::Responses => {
            losses.add_if(sampling.top_k.take().is_some(), Loss::TopK);
            drop_penalties(sampling, losses);
        }
    }
    if target.has(Quirk::NoSampling) {
        drop_drawing(sampling, losses);
        drop_penalties(sampling, losses);
    }
}

/// The default of the temperature and of `top_p` is as good as nothing.
fn changes(value: Option<f64>) -> bool {
    value.is_some_and(|value| (value - 1.0).abs() > f64::EPSILON)
}

/// Newer models of Messages upstreams take the temperature or `top_p`, not both.
fn choose_drawing(sampling: &mut Sampling, losses: &mut Losses) {
    if sampling.temperature.is_some() && sampling.top_p.is_some() {
        if changes(sampling.temperature) {
            losses.add_if(changes(sampling.top_p.take()), Loss::Sampling);
        } else {
            sampling.temperature = None;
        }
    }
}

fn drop_drawing(sampling: &mut Sampling, losses: &mut Losses) {
    let temperature = changes(sampling.temperature.take());
    let top_p = changes(sampling.top_p.take());
    losses.add_if(temperature || top_p, Loss::Sampling);
    losses.add_if(sampling.top_k.take().is_some(), Loss::TopK);
}

fn drop_penalties(sampling: &mut Sampling, losses: &mut Losses) {
    let changes = |value: Option<f64>| value.is_some_and(|value| value.abs() > f64::EPSILON);
    let frequency = changes(sampling.frequency_penalty.take());
    let presence = changes(sampling.presence_penalty.take());
    losses.add_if(frequency || presence, Loss::Penalties);
    losses.add_if(sampling.seed.take().is_some(), Loss::Seed);
}
