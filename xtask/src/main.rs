//! The developer's one tool: `cargo xtask <command>`. Progress goes to stderr; stdout belongs to what is run.

mod cli;
mod process;
mod tree;

mod apt_repo;
mod bench;
mod bless;
mod ci;
mod compiled;
mod deb;
mod demo;
mod dist;
mod firmware;
mod guests;
mod oci;
mod packaging;
mod prepare;
mod test;
mod test_deb;
mod tidy;
mod worker;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

use crate::{
    cli::{Cli, Command},
    prepare::{Installing, Needs},
    tree::Tree,
};

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> Result<()> {
    let tree = Tree::locate()?;
    let installing = if cli.no_install {
        Installing::Refused
    } else {
        Installing::Allowed
    };
    match cli.command {
        Command::Prepare { test } => {
            let needs = if test { Needs::TEST } else { Needs::BUILD };
            prepare::prepare(&needs, installing)
        }
        Command::Guests => {
            prepare::prepare(&Needs::BUILD, installing).and_then(|()| guests::build(&tree))
        }
        Command::Demo { args } => demo::demo(&tree, installing, &args),
        Command::Test { filter } => test::test(&tree, installing, filter.as_deref()),
        Command::Tidy => tidy::tidy(&tree),
        Command::Bless => bless::bless(&tree),
        Command::Bench { name, args } => bench::bench(&tree, installing, &name, &args),
        Command::Oci(args) => oci::oci(&tree, installing, &args),
        Command::CheckPackaging => packaging::check(&tree, installing),
        Command::Ci => ci::ci(&tree),
        Command::AptRepo(args) => apt_repo::apt_repo(&tree, installing, &args),
        Command::Deb(args) => deb::deb(&tree, installing, &args).map(drop),
        Command::TestDeb(args) => test_deb::test_deb(&tree, installing, &args),
    }
}
