//! The demo without an engine: its pipelines are left out, and named.

use serde::Serialize;
use weir_engine::EngineKind;
use weir_profile::{EngineDecision, EngineError, Profile, Settings};

use crate::engines::Absent;

/// An engine that is not here, and the pipelines that need it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct LeftOut {
    engine: &'static str,
    reason: String,
    pipelines: Vec<String>,
}

impl LeftOut {
    /// One line for a reader.
    pub(super) fn line(&self) -> String {
        let Self {
            engine,
            reason,
            pipelines,
        } = self;
        match pipelines.as_slice() {
            [] => format!("Engine {engine} is absent: {reason}."),
            pipelines => format!(
                "Engine {engine} is absent, so {} is left out: {reason}.",
                pipelines.join(", ")
            ),
        }
    }
}

/// Removes the pipelines whose device profile asks for an engine that is not here.
pub(super) fn leave_out(
    settings: &mut Settings,
    absent: &[Absent],
    choose: impl Fn(&Profile) -> Result<EngineDecision, EngineError>,
) -> Vec<LeftOut> {
    let mut removed: Vec<(EngineKind, String)> = Vec::new();
    let profiles = &settings.profiles;
    settings.pipelines.retain(|pipeline| {
        let missing = match choose(&profiles[&pipeline.profile]) {
            Err(EngineError::NotInBuild { engine, .. }) => Some(engine),
            Ok(_) | Err(_) => None,
        };
        removed.extend(missing.map(|engine| (engine, pipeline.name.to_string())));
        missing.is_none()
    });
    let without = |absent: &Absent| LeftOut {
        engine: absent.engine,
        reason: absent.reason.to_string(),
        pipelines: removed
            .iter()
            .filter(|(engine, _)| engine.name() == absent.engine)
            .map(|(_, pipeline)| pipeline.clone())
            .collect(),
    };
    absent.iter().map(without).collect()
}

#[cfg(test)]
mod tests {
    use weir_engine::Enforces;
    use weir_profile::{HostEngines, choose_engine};

    use super::*;

    const ENFORCES: Enforces = Enforces {
        memory: true,
        deadline: true,
        fuel: true,
        stack: true,
        simd: true,
        nn: true,
    };

    fn settings() -> Settings {
        let pipeline = |name: &str, profile: &str| {
            format!(
                "[pipeline.{name}]\ntopic = \"sensors/{{device}}/{name}\"\nprofile = \"{profile}\"\nguest = \"anomaly\"\n\
                 decode = {{ codec = \"postcard\" }}\n"
            )
        };
        let text = [pipeline("chip", "esp32"), pipeline("board", "pi-4")].concat();
        weir_profile::parse(&text)
            .expect("a configuration")
            .settings
    }

    fn left_out(engines: &[(EngineKind, Enforces)]) -> (Vec<String>, Vec<LeftOut>) {
        let mut settings = settings();
        let absent: Vec<_> = EngineKind::ALL
            .into_iter()
            .filter(|kind| engines.iter().all(|(present, _)| present != kind))
            .map(|kind| Absent {
                engine: kind.name(),
                reason: "not installed".into(),
            })
            .collect();
        let host = HostEngines {
            architecture: "x86_64",
            engines,
        };
        let left = leave_out(&mut settings, &absent, |profile| {
            choose_engine(profile, host)
        });
        let names = settings
            .pipelines
            .iter()
            .map(|pipeline| pipeline.name.to_string());
        (names.collect(), left)
    }

    #[test]
    fn a_pipeline_whose_engine_is_absent_is_left_out_and_named() {
        let engines = [EngineKind::Wasmi, EngineKind::Wasmtime].map(|kind| (kind, ENFORCES));
        let (stay, left) = left_out(&engines);
        assert_eq!(stay, ["board"]);
        assert_eq!(left.len(), 1);
        assert_eq!(
            left[0].line(),
            "Engine wasm3 is absent, so chip is left out: not installed."
        );
        let json = serde_json::to_value(&left).expect("JSON");
        assert_eq!(
            json,
            serde_json::json!([{"engine": "wasm3", "reason": "not installed", "pipelines": ["chip"]}])
        );
    }

    #[test]
    fn with_every_engine_nothing_is_left_out() {
        let (stay, left) = left_out(&EngineKind::ALL.map(|kind| (kind, ENFORCES)));
        assert_eq!(stay, ["board", "chip"]);
        assert_eq!(left, []);
    }

    #[test]
    fn an_engine_that_no_pipeline_asks_for_is_named_all_the_same() {
        let engines = [EngineKind::Wasmi, EngineKind::Wasm3].map(|kind| (kind, ENFORCES));
        let (stay, left) = left_out(&engines);
        assert_eq!(stay, ["board", "chip"]);
        assert_eq!(left[0].line(), "Engine wasmtime is absent: not installed.");
    }
}
