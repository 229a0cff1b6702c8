//! One Markdown table per scenario.

use super::metric::{Compare, Metric, Values};
use super::outcome::Line;
use super::scenario::Scenario;

/// A heading, then one row per target with each value beside the pass-through's.
pub(super) fn render(scenario: &Scenario, lines: &[Line]) -> String {
    let bound = lines
        .iter()
        .find(|line| line.entry.is_bound)
        .map(|line| &line.values);
    let mut text = format!("### {}: {}\n\n| target |", scenario.name, scenario.about);
    for metric in scenario.columns {
        text.extend([" ", metric.title(), " |"]);
    }
    text.push_str("\n|---|");
    text.push_str(&"--:|".repeat(scenario.columns.len()));
    for line in lines {
        text.extend(["\n| ", &line.label, " |"]);
        for metric in scenario.columns {
            let bound = bound.filter(|_| !line.entry.is_bound);
            text.extend([" ", &cell(*metric, &line.values, bound), " |"]);
        }
        if let Some(failure) = &line.failure {
            let first = failure.lines().next().unwrap_or_default();
            text.extend([" failed: ", &first.replace('|', "/"), " |"]);
        }
    }
    text.push('\n');
    text
}

fn cell(metric: Metric, values: &Values, bound: Option<&Values>) -> String {
    let Some(value) = values.get(&metric) else {
        return "–".to_owned();
    };
    let digits = metric.digits();
    let text = format!("{value:.digits$}");
    let Some(bound) = bound.and_then(|bound| bound.get(&metric)) else {
        return text;
    };
    match metric.compare() {
        Compare::Ratio if *bound > 0.0 => format!("{text} ({:.2}x)", value / bound),
        Compare::Difference => format!("{text} ({:+.digits$})", value - bound),
        Compare::Ratio | Compare::Not => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::Api;
    use crate::run::entry::Entry;
    use crate::run::name::Name;
    use crate::run::scenario::choose;

    fn line(target: Name, cpu: f64, p50: f64) -> Line {
        let mut line = Line::new(Entry::unchanged(target, Api::Messages), false);
        line.values = Values::from([
            (Metric::CpuPerCallUs, cpu),
            (Metric::LatencyP50Ms, p50),
            (Metric::Lost, 0.0),
        ]);
        line
    }

    #[test]
    fn a_row_stands_beside_the_bound() {
        let scenario = choose(&["a1".to_owned()], false, false, None).unwrap()[0];
        let mut failed = line(Name::Nginx, 0.0, 0.0);
        failed.values.clear();
        failed.failure = Some("a | b\nmore".to_owned());
        let lines = [
            line(Name::Tollhouse, 25.0, 0.35),
            line(Name::Passthrough, 20.0, 0.25),
            failed,
        ];
        let text = render(&scenario, &lines);
        let rows: Vec<&str> = text.lines().collect();
        assert!(rows[0].starts_with("### a1: 1 KB"));
        assert!(rows[2].starts_with("| target | CPU µs/call | calls/s | p50 ms |"));
        assert_eq!(rows[2].matches('|').count(), rows[3].matches('|').count());
        assert!(rows[4].starts_with("| tollhouse | 25.0 (1.25x) | – | 0.350 (+0.100) |"));
        assert!(rows[5].starts_with("| passthrough | 20.0 | – | 0.250 |"));
        assert!(rows[6].ends_with("| failed: a / b |"));
    }

    #[test]
    fn without_the_bound_there_are_no_ratios() {
        let scenario = choose(&["a1".to_owned()], false, false, None).unwrap()[0];
        let text = render(&scenario, &[line(Name::Tollhouse, 25.0, 0.35)]);
        assert!(!text.contains('x') || !text.contains("(1."), "{text}");
        assert!(text.contains("| tollhouse | 25.0 | – | 0.350 |"));
    }
}
