//! The first pipeline: an example, or one of the user's own.

use anyhow::Result;
use weir_profile::PipelineName;

use crate::cli::{Example, SetupArgs};

use super::{
    ask::{Asker, Check, Question, wrong},
    board::Board,
    catalogue::{self, Catalogue, parsed},
};

/// Samples of a window.
const WINDOW_MAX: u32 = 65_536;

/// A pipeline, as it is written.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct PipelineAnswer {
    pub(super) name: String,
    pub(super) topic: String,
    pub(super) profile: String,
    pub(super) guest: String,
    pub(super) model: Option<String>,
    pub(super) fields: Vec<String>,
    pub(super) scale: Option<f64>,
    pub(super) window: Option<WindowAnswer>,
    pub(super) min_confidence: Option<f64>,
}

/// A window, as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct WindowAnswer {
    pub(super) size: u32,
    pub(super) stride: Option<u32>,
    pub(super) gap_ms_max: Option<u32>,
}

/// Asks for the pipeline; none where there is to be none yet.
pub(super) fn gather(
    args: &SetupArgs,
    asker: &Asker,
    board: &Board,
    catalogue: &Catalogue,
) -> Result<Option<PipelineAnswer>> {
    let kind = match (args.example, &args.guest) {
        (Some(_), Some(_)) => {
            return wrong("--example and --guest say two things: leave one of them out");
        }
        (Some(example), None) => Some(example),
        (None, Some(_)) => None,
        (None, None) => kind(asker)?,
    };
    if kind == Some(Example::None) {
        return Ok(None);
    }
    let about = Asking {
        args,
        asker,
        board,
        catalogue,
    };
    let pipeline = match kind {
        Some(Example::Vibration) => about.example(vibration())?,
        Some(Example::Anomaly) => about.example(anomaly())?,
        Some(Example::None) | None => about.own()?,
    };
    Ok(Some(pipeline))
}

fn kind(asker: &Asker) -> Result<Option<Example>> {
    let items = [
        "pump vibration (JSON with ax, ay, az, 400 a second): tells a pump's condition",
        "a number in a JSON payload: scores how unusual it is for its device",
        "one of my own: guest, model and topic",
        "none yet",
    ];
    let items = items.map(str::to_owned);
    Ok(
        match asker.choice("--example", "Pipeline to begin with", &items)? {
            0 => Some(Example::Vibration),
            1 => Some(Example::Anomaly),
            2 => None,
            _ => Some(Example::None),
        },
    )
}

fn vibration() -> PipelineAnswer {
    PipelineAnswer {
        name: "pump-vibration".to_owned(),
        topic: "sensors/{device}/vibration".to_owned(),
        profile: String::new(),
        guest: "tinynn".to_owned(),
        model: Some("vibration-int8".to_owned()),
        fields: ["/ax", "/ay", "/az"].map(str::to_owned).to_vec(),
        scale: Some(0.001),
        window: Some(WindowAnswer {
            size: 128,
            stride: Some(64),
            gap_ms_max: Some(500),
        }),
        min_confidence: Some(0.6),
    }
}

fn anomaly() -> PipelineAnswer {
    PipelineAnswer {
        name: "anomaly".to_owned(),
        topic: "sensors/{device}/value".to_owned(),
        profile: String::new(),
        guest: "anomaly".to_owned(),
        model: None,
        fields: vec!["/value".to_owned()],
        scale: None,
        window: None,
        min_confidence: None,
    }
}

/// What the questions about a pipeline need.
struct Asking<'a> {
    args: &'a SetupArgs,
    asker: &'a Asker,
    board: &'a Board,
    catalogue: &'a Catalogue,
}

impl Asking<'_> {
    /// An example: options may change it; name, model and window are not asked for.
    fn example(&self, example: PipelineAnswer) -> Result<PipelineAnswer> {
        let args = self.args;
        let only_field = (example.fields.len() == 1).then(|| example.fields[0].clone());
        let fields = match only_field {
            Some(field) if args.field.is_empty() => {
                vec![self.text(
                    "--field",
                    "Where the number stands in the payload (JSON pointer)",
                    None,
                    Some(field),
                    &catalogue::field,
                )?]
            }
            Some(_) => self.fields(None)?,
            None => self.fields(Some(example.fields))?,
        };
        let profile = self.profile()?;
        let model = args.model.clone().or(example.model);
        Ok(PipelineAnswer {
            name: match &args.pipeline {
                Some(_) => self.name(None)?,
                None => example.name,
            },
            topic: self.topic(Some(example.topic))?,
            fields,
            model: self.checked_model(model, &profile)?,
            scale: args.scale.or(example.scale),
            window: self.window(example.window)?,
            profile,
            ..example
        })
    }

    /// One of the user's own.
    fn own(&self) -> Result<PipelineAnswer> {
        let args = self.args;
        let name = self.name(None)?;
        let topic = self.topic(None)?;
        let profile = self.profile()?;
        let guest = self.text(
            "--guest",
            "The guest (anomaly, tinynn, onnx, nn, or a .wasm of your own in /var/lib/weir/guests)",
            args.guest.as_deref(),
            None,
            &|guest| self.catalogue.guest(guest, &profile),
        )?;
        let model = self.text(
            "--model",
            "The model, a folder in /var/lib/weir/models (empty: none)",
            args.model.as_deref(),
            Some(String::new()),
            &|model| match model {
                "" => Ok(()),
                model => self.catalogue.model(model, &profile),
            },
        )?;
        Ok(PipelineAnswer {
            name,
            topic,
            guest,
            model: Some(model).filter(|model| !model.is_empty()),
            fields: self.fields(None)?,
            scale: args.scale,
            window: self.window(None)?,
            profile,
            min_confidence: None,
        })
    }

    fn text(
        &self,
        option: &'static str,
        words: &str,
        given: Option<&str>,
        default: Option<String>,
        check: Check<'_>,
    ) -> Result<String> {
        let question = Question {
            option,
            words,
            default,
        };
        self.asker.text(given, &question, check)
    }

    fn name(&self, default: Option<String>) -> Result<String> {
        let check = |text: &str| match text.strip_prefix('.') {
            Some(_) => Err("a file that begins with a dot is not read".to_owned()),
            None => parsed::<PipelineName>(text).map(drop),
        };
        let given = self.args.pipeline.as_deref();
        self.text("--pipeline", "Name of the pipeline", given, default, &check)
    }

    fn topic(&self, default: Option<String>) -> Result<String> {
        let words = "The topics that it takes; {device} is the sensor's segment";
        let given = self.args.topic.as_deref();
        let default = default.or_else(|| Some("sensors/{device}/value".to_owned()));
        self.text("--topic", words, given, default, &catalogue::topic)
    }

    fn profile(&self) -> Result<String> {
        let words = match &self.board.name {
            Some(name) => format!("Device profile (this is a {name})"),
            None => "Device profile".to_owned(),
        };
        let given = self.args.profile.as_deref();
        let default = Some(self.board.profile.to_owned());
        self.text("--profile", &words, given, default, &|name| {
            self.catalogue.profile(name)
        })
    }

    fn checked_model(&self, model: Option<String>, profile: &str) -> Result<Option<String>> {
        if let Some(Err(why)) = model
            .as_ref()
            .map(|name| self.catalogue.model(name, profile))
        {
            return wrong(format!("--model: {why}"));
        }
        Ok(model)
    }

    fn fields(&self, default: Option<Vec<String>>) -> Result<Vec<String>> {
        for field in &self.args.field {
            if let Err(why) = catalogue::field(field) {
                return wrong(format!("--field: {why}"));
            }
        }
        if !self.args.field.is_empty() {
            return Ok(self.args.field.clone());
        }
        if let Some(default) = default {
            return Ok(default);
        }
        let words = "Where the values stand in the payload (JSON pointers, with spaces between)";
        let check = |text: &str| text.split_whitespace().try_for_each(catalogue::field);
        let text = self.text("--field", words, None, None, &check)?;
        Ok(text.split_whitespace().map(str::to_owned).collect())
    }

    fn window(&self, default: Option<WindowAnswer>) -> Result<Option<WindowAnswer>> {
        match self.args.window {
            None => Ok(default),
            Some(size) if (1..=WINDOW_MAX).contains(&size) => Ok(Some(WindowAnswer {
                size,
                stride: None,
                gap_ms_max: None,
            })),
            Some(size) => wrong(format!("--window: {size} is not from 1 to {WINDOW_MAX}")),
        }
    }
}
