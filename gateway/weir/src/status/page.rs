//! A status document as an installer reads it.

use std::fmt::Write;

use comfy_table::{Cell, CellAlignment, Table, presets::NOTHING};
use weir_health::{
    BrokerStatus, Health, Last, Machine, NextStep, NodeState, PipelineHealth, RejectSeen,
    ResultSeen, Status, Throttling,
};

/// The page, with a final newline.
pub(crate) fn page(status: &Status) -> String {
    let mut lines = vec![heading(status), String::new()];
    lines.extend(status.broker.as_ref().map(broker));
    lines.extend(status.health.as_ref().map(resources));
    lines.extend(machine(&status.machine));
    lines.extend(
        status
            .engines_absent
            .iter()
            .map(|absent| format!("engine     {} is absent: {}", absent.engine, absent.reason)),
    );
    let pipelines = status.health.as_ref().map(|health| &health.pipelines[..]);
    let pipelines = pipelines.unwrap_or_default();
    if !pipelines.is_empty() {
        lines.push(String::new());
        lines.extend(
            table(pipelines, &status.last)
                .lines()
                .map(|line| line.trim_end().to_owned()),
        );
        let rejects = pipelines.iter().zip(&status.last);
        lines.extend(rejects.filter_map(|(health, last)| rejected(health, last.reject.as_ref()?)));
    }
    if !status.next.is_empty() {
        lines.push(String::new());
        lines.push("Next:".to_owned());
        lines.extend(status.next.iter().map(next));
    }
    let text = lines.join("\n").replace("\n\n\n", "\n\n");
    printable(&format!("{}\n", text.trim_end()))
}

fn heading(status: &Status) -> String {
    let sign = match (status.healthy, status.state) {
        (true, _) => "●",
        (false, NodeState::Starting | NodeState::Stopping) => "◐",
        (
            false,
            NodeState::NotRunning | NodeState::Waiting | NodeState::Serving | NodeState::Stuck,
        ) => "✗",
    };
    let node = status.health.as_ref().map(|health| {
        let up = span(health.resources.uptime_s);
        format!("   node {}, weir {}, up {up}", health.node, health.version)
    });
    format!("{sign} {}{}", status.words, node.unwrap_or_default())
}

fn broker(broker: &BrokerStatus) -> String {
    let time = broker
        .for_s
        .map(|seconds| format!(" for {}", span(seconds)));
    let time = time.unwrap_or_default();
    match (&broker.error, broker.connected) {
        (_, true) => format!("broker     {}, connected{time}", broker.url),
        (None, false) => format!("broker     {}, not connected{time}", broker.url),
        (Some(error), false) => format!("broker     {}, not connected{time}: {error}", broker.url),
    }
}

fn resources(health: &Health) -> String {
    let used = &health.resources;
    let memory = used.pss_bytes.or(used.rss_bytes);
    let memory = memory.map(|bytes| format!("{} MiB of memory", bytes >> 20));
    let processor = used
        .cpu_percent
        .map(|percent| format!("{percent} % of a processor"));
    let link = &health.link;
    let waits = (link.outbox > 0).then(|| format!("{} results wait for the broker", link.outbox));
    let parts: Vec<_> = [memory, processor, waits].into_iter().flatten().collect();
    format!("node       {}", parts.join(", "))
}

fn machine(machine: &Machine) -> Option<String> {
    let temperature = machine
        .temperature_celsius
        .map(|celsius| format!("{celsius:.1} °C"));
    let throttling = machine.throttling.as_ref().map(|throttling| {
        let words: Vec<_> = throttling.iter().map(|one| throttled(*one)).collect();
        match words.is_empty() {
            true => "not throttled".to_owned(),
            false => words.join(", "),
        }
    });
    let parts: Vec<_> = temperature.into_iter().chain(throttling).collect();
    (!parts.is_empty()).then(|| format!("machine    {}", parts.join(", ")))
}

fn throttled(throttling: Throttling) -> &'static str {
    match throttling {
        Throttling::UnderVoltage => "power supply too weak",
        Throttling::FrequencyCapped => "clock capped",
        Throttling::Throttled => "throttled",
        Throttling::SoftTemperatureLimit => "soft temperature limit",
        Throttling::UnderVoltageOccurred => "power supply was too weak",
        Throttling::FrequencyCappedOccurred => "clock was capped",
        Throttling::ThrottledOccurred => "was throttled",
        Throttling::SoftTemperatureLimitOccurred => "soft temperature limit was reached",
    }
}

fn table(pipelines: &[PipelineHealth], last: &[Last]) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING).set_header([
        "pipeline",
        "engine",
        "in",
        "results",
        "rejects",
        "windowed",
        "waiting",
        "last result",
    ]);
    for (health, last) in pipelines.iter().zip(last) {
        let number = |value: u64| Cell::new(value).set_alignment(CellAlignment::Right);
        table.add_row([
            Cell::new(&health.name),
            Cell::new(&health.engine),
            number(health.counts.accepted),
            number(health.counts.results),
            number(health.counts.rejects),
            number(health.counts.windowed),
            number(health.queued),
            Cell::new(last.result.as_ref().map_or("–".to_owned(), result)),
        ]);
    }
    table.to_string()
}

fn result(seen: &ResultSeen) -> String {
    let device = seen.device.as_deref().unwrap_or("_");
    let label = seen.label.as_deref().map(|label| format!(": {label}"));
    let confidence = seen
        .confidence
        .map(|confidence| format!(" {confidence:.2}"));
    format!(
        "{device}{}{}, {} ago",
        label.unwrap_or_default(),
        confidence.unwrap_or_default(),
        span(seen.age_s)
    )
}

fn rejected(health: &PipelineHealth, last: &RejectSeen) -> Option<String> {
    let codes = health
        .rejects
        .iter()
        .map(|(code, count)| format!("{count} as {code}"));
    let codes: Vec<_> = codes.collect();
    (!codes.is_empty()).then(|| {
        format!(
            " {} rejected {}; the last {} ago, from {}: {}",
            health.name,
            codes.join(", "),
            span(last.age_s),
            last.topic,
            last.words
        )
    })
}

fn next(step: &NextStep) -> String {
    let mut text = format!("  • {}", step.words);
    if let Some(command) = &step.command {
        write!(text, "\n      {command}").expect("a text can be written to");
    }
    text
}

/// The two largest units of a time.
fn span(seconds: u64) -> String {
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, minutes) => format!("{minutes} min {} s", seconds % 60),
        (0, hours, minutes) => format!("{hours} h {} min", minutes % 60),
        (days, hours, _) => format!("{days} d {} h", hours % 24),
    }
}

/// Without what a sensor or a broker may have put in to move the cursor of a terminal.
fn printable(text: &str) -> String {
    let shown = |letter: char| letter == '\n' || !letter.is_control();
    text.chars()
        .map(|letter| if shown(letter) { letter } else { '·' })
        .collect()
}

#[cfg(test)]
#[path = "page/tests.rs"]
mod tests;
