//! Everything that setup was told.

use anyhow::Result;
use weir_profile::NodeName;

use crate::cli::{Example, SetupArgs};

use super::{
    ask::{Asker, Question, wrong},
    board,
    broker::{self, BrokerAnswer},
    catalogue::{Catalogue, parsed},
    files::MARK,
    pipeline::{self, PipelineAnswer},
};

/// What is to be set up.
pub(super) struct Answers {
    /// None = the node stays as it is, and only gets a pipeline.
    pub(super) node: Option<NodeAnswer>,
    pub(super) pipeline: Option<PipelineAnswer>,
}

/// The node and its broker.
pub(super) struct NodeAnswer {
    pub(super) name: String,
    pub(super) broker: BrokerAnswer,
}

/// Takes what the options say and asks for the rest.
pub(super) fn gather(args: &SetupArgs, asker: &Asker) -> Result<Answers> {
    let only_a_pipeline = only_a_pipeline(args, asker)?;
    let node = match only_a_pipeline {
        true => None,
        false => Some(NodeAnswer {
            name: node_name(args, asker)?,
            broker: broker::gather(args, asker)?,
        }),
    };
    let board = board::here();
    let pipeline = pipeline::gather(args, asker, &board, &Catalogue::beside(&args.config)?)?;
    if node.is_none() && pipeline.is_none() {
        return wrong("--add needs a pipeline: name an --example or a --guest");
    }
    Ok(Answers { node, pipeline })
}

fn only_a_pipeline(args: &SetupArgs, asker: &Asker) -> Result<bool> {
    let there = std::fs::read_to_string(&args.config);
    if args.add {
        return match there {
            Ok(_) => Ok(true),
            Err(error) => wrong(format!(
                "--add: {} cannot be read: {error}",
                args.config.display()
            )),
        };
    }
    let set_up_before = there.is_ok_and(|text| text.starts_with(MARK));
    let says_more = args.broker.is_some() || args.node_name.is_some();
    if !set_up_before || says_more || !asker.asks || args.example == Some(Example::None) {
        return Ok(false);
    }
    let items = ["add a pipeline", "set everything up anew"].map(str::to_owned);
    let words = format!("{} was set up before", args.config.display());
    Ok(asker.choice("--add", &words, &items)? == 0)
}

fn node_name(args: &SetupArgs, asker: &Asker) -> Result<String> {
    let check = |text: &str| parsed::<NodeName>(text).map(drop);
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host = Some(host.trim().to_owned()).filter(|host| check(host).is_ok());
    let question = Question {
        option: "--node-name",
        words: "Name of this node, a segment of its topics",
        default: host,
    };
    asker.text(args.node_name.as_deref(), &question, &check)
}
