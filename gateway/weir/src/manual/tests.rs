use std::{collections::BTreeSet, env, fs, path::Path};

use clap::CommandFactory;
use clap_complete::Shell;

use super::{File, completions, pages};
use crate::cli::Cli;

/// Compares what is committed with what the command line says; with `WEIR_BLESS` set, writes it anew.
fn published(folder: &str, files: &[File]) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../packaging")
        .join(folder);
    if env::var_os("WEIR_BLESS").is_some() {
        fs::create_dir_all(&folder).unwrap();
        for stale in fs::read_dir(&folder).unwrap() {
            fs::remove_file(stale.unwrap().path()).unwrap();
        }
        for file in files {
            fs::write(folder.join(&file.name), &file.text).unwrap();
        }
    }
    let there = fs::read_dir(&folder).unwrap();
    let there: BTreeSet<_> = there
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let wanted: BTreeSet<_> = files.iter().map(|file| file.name.clone()).collect();
    assert_eq!(there, wanted, "run `cargo xtask bless`");
    for file in files {
        let committed = fs::read(folder.join(&file.name)).unwrap();
        assert!(
            committed == file.text,
            "{} is stale: run `cargo xtask bless`",
            folder.join(&file.name).display()
        );
    }
}

#[test]
fn the_man_pages_are_those_of_the_command_line() {
    published("man", &pages().unwrap());
}

#[test]
fn the_completions_are_those_of_the_command_line() {
    let shells = [
        ("weir.bash", Shell::Bash),
        ("_weir", Shell::Zsh),
        ("weir.fish", Shell::Fish),
    ];
    let files = shells.map(|(name, shell)| File {
        name: name.to_owned(),
        text: completions(shell),
    });
    published("completions", &files);
}

#[test]
fn no_page_shows_what_is_not_for_users() {
    let pages = pages().unwrap();
    let whole = Cli::command();
    let hidden: Vec<_> = whole
        .get_subcommands()
        .filter(|command| command.is_hide_set())
        .map(|command| command.get_name())
        .collect();
    assert!(hidden.contains(&"man"), "{hidden:?}");
    for name in hidden {
        assert!(
            pages
                .iter()
                .all(|page| page.name != format!("weir-{name}.1"))
        );
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
            let text = String::from_utf8(completions(shell)).unwrap();
            let mut words = text.split(|letter: char| !letter.is_alphanumeric() && letter != '-');
            assert!(!words.any(|word| word == name), "{shell}: {name}");
        }
    }
}

#[test]
fn the_page_of_the_configuration_has_every_key() {
    let pages = pages().unwrap();
    let page = pages
        .iter()
        .find(|page| page.name == "weir.toml.5")
        .unwrap();
    let text = std::str::from_utf8(&page.text).unwrap();
    for key in [
        "password_file",
        "gap_ms_max",
        "guest_memory_kib_max",
        "nn_backend",
    ] {
        assert!(text.contains(&format!(".TP\n\\fB{key}\\fR (")), "{key}");
    }
    assert!(
        !text.contains('|') && !text.contains('`'),
        "Markdown is left"
    );
}
