//! Man pages and shell completions, from the command line itself: what `packaging/man` and `packaging/completions`
//! hold.

mod configuration;
mod roff;

use std::io;

use clap::{Command, CommandFactory};
use clap_complete::Shell;
use clap_mangen::Man;

use crate::cli::{Cli, EXIT_CODES, FIRST_STEPS};

const MANUAL: &str = "Weir";

/// One generated file: its name, and what it holds.
pub(crate) struct File {
    pub(crate) name: String,
    pub(crate) text: Vec<u8>,
}

/// Every man page: `weir.1`, one for each command, and `weir.toml.5`.
pub(crate) fn pages() -> io::Result<Vec<File>> {
    let mut command = shown();
    command.build();
    let mut pages = Vec::new();
    collect(&command, &mut pages)?;
    pages.push(File {
        name: "weir.toml.5".to_owned(),
        text: configuration::page(command.get_version().unwrap_or_default()).into_bytes(),
    });
    Ok(pages)
}

/// What a shell completes.
pub(crate) fn completions(shell: Shell) -> Vec<u8> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut shown(), "weir", &mut text);
    text
}

/// The command line without what is not for users: a shell would offer it.
fn shown() -> Command {
    let whole = Cli::command().disable_help_subcommand(true);
    let hidden = whole
        .get_subcommands()
        .filter(|command| command.is_hide_set());
    let hidden: Vec<_> = hidden
        .map(|command| command.get_name().to_owned())
        .collect();
    let subcommands: Vec<_> = whole
        .get_subcommands()
        .filter(|command| !hidden.iter().any(|name| name == command.get_name()))
        .cloned()
        .collect();
    let arguments: Vec<_> = whole.get_arguments().cloned().collect();
    let bare = Command::new("weir")
        .disable_help_subcommand(true)
        .subcommand_required(true)
        .propagate_version(true)
        .version(env!("CARGO_PKG_VERSION"))
        .args(arguments)
        .subcommands(subcommands);
    let about = whole.get_about().cloned().unwrap_or_default();
    let long = whole.get_long_about().cloned();
    bare.about(about).long_about(long.unwrap_or_default())
}

fn collect(command: &Command, pages: &mut Vec<File>) -> io::Result<()> {
    for further in command.get_subcommands().filter(|it| !it.is_hide_set()) {
        collect(further, pages)?;
    }
    let man = Man::new(command.clone())
        .manual(MANUAL)
        .source(source(command));
    let mut text = Vec::new();
    man.render_title(&mut text)?;
    man.render_name_section(&mut text)?;
    man.render_synopsis_section(&mut text)?;
    man.render_description_section(&mut text)?;
    if command
        .get_arguments()
        .any(|argument| !argument.is_hide_set())
    {
        man.render_options_section(&mut text)?;
    }
    if command.has_subcommands() {
        man.render_subcommands_section(&mut text)?;
    }
    let is_root = command.get_name() == "weir";
    if is_root {
        roff::section(&mut text, "FIRST STEPS", &roff::verbatim(body(FIRST_STEPS)))?;
    }
    roff::section(&mut text, "EXIT STATUS", &exit_status(is_root))?;
    roff::section(&mut text, "SEE ALSO", &see_also(command, is_root))?;
    pages.push(File {
        name: man.get_filename(),
        text,
    });
    Ok(())
}

fn source(command: &Command) -> String {
    format!("weir {}", command.get_version().unwrap_or_default())
}

/// What follows the heading.
fn body(text: &str) -> &str {
    text.split_once('\n').map_or(text, |(_, rest)| rest)
}

fn exit_status(is_root: bool) -> String {
    if is_root {
        roff::verbatim(body(EXIT_CODES))
    } else {
        "As listed in\n.BR weir (1).\n".to_owned()
    }
}

fn see_also(command: &Command, is_root: bool) -> String {
    let own = command.get_display_name().unwrap_or("weir").to_owned();
    let mut pages = Vec::new();
    if !is_root {
        pages.push(("weir".to_owned(), 1));
    }
    let below = command.get_subcommands().filter(|it| !it.is_hide_set());
    pages.extend(below.map(|it| (format!("{own}-{}", it.get_name()), 1)));
    pages.push(("weir.toml".to_owned(), 5));
    let lines: Vec<_> = pages
        .iter()
        .map(|(name, section)| format!(".BR {} ({section})", roff::escaped(name)))
        .collect();
    format!("{}\n", lines.join(",\n"))
}

#[cfg(test)]
mod tests;
