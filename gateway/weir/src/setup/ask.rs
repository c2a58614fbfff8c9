//! Questions: an option answers one, else somebody at a terminal, else its default.

use std::fmt;

use anyhow::Result;
use dialoguer::{Confirm, Input, Password, Select};

/// The command line is wrong, or says too little where nobody can be asked.
#[derive(Debug)]
pub(super) struct CommandLine(String);

impl fmt::Display for CommandLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for CommandLine {}

/// An error of the command line, as any error.
pub(super) fn wrong<T>(words: impl Into<String>) -> Result<T> {
    Err(CommandLine(words.into()).into())
}

/// One question.
pub(super) struct Question<'q> {
    /// The option that answers it.
    pub(super) option: &'static str,
    /// What is asked.
    pub(super) words: &'q str,
    /// What counts where nothing is said.
    pub(super) default: Option<String>,
}

/// Why a value is refused; none = it is taken.
pub(super) type Check<'c> = &'c dyn Fn(&str) -> Result<(), String>;

/// Asks, where somebody is there.
pub(super) struct Asker {
    /// Whether somebody is.
    pub(super) asks: bool,
}

impl Asker {
    /// A text. Whoever is asked is asked again, with the reason, until the value is taken.
    pub(super) fn text(
        &self,
        given: Option<&str>,
        question: &Question<'_>,
        check: Check<'_>,
    ) -> Result<String> {
        let Question {
            option,
            words,
            default,
        } = question;
        if let Some(given) = given {
            return match check(given) {
                Ok(()) => Ok(given.to_owned()),
                Err(why) => wrong(format!("{option}: {why}")),
            };
        }
        if !self.asks {
            return match default {
                Some(default) => Ok(default.clone()),
                None => wrong(format!(
                    "{option} is missing, and there is no terminal to ask at: {words}"
                )),
            };
        }
        let mut input = Input::<String>::new()
            .with_prompt(*words)
            .validate_with(|text: &String| check(text.trim()));
        if let Some(default) = default {
            input = input
                .show_default(!default.is_empty())
                .default(default.clone());
        }
        Ok(input.interact_text()?.trim().to_owned())
    }

    /// One of several, by its place.
    pub(super) fn choice(
        &self,
        option: &'static str,
        words: &str,
        items: &[String],
    ) -> Result<usize> {
        if !self.asks {
            return wrong(format!(
                "{option} is missing, and there is no terminal to ask at: {words}"
            ));
        }
        let select = Select::new().with_prompt(words).items(items).default(0);
        Ok(select.interact()?)
    }

    /// Yes or no.
    pub(super) fn confirm(&self, option: &'static str, words: &str, default: bool) -> Result<bool> {
        if !self.asks {
            return wrong(format!(
                "there is no terminal to ask at ({words}): add {option}"
            ));
        }
        Ok(Confirm::new()
            .with_prompt(words)
            .default(default)
            .interact()?)
    }

    /// A password, which is not shown; empty where that is allowed.
    pub(super) fn password(&self, words: &str, may_be_empty: bool) -> Result<String> {
        if !self.asks {
            return wrong("the password is missing: add --password-file FILE or --password-stdin");
        }
        let password = Password::new()
            .with_prompt(words)
            .allow_empty_password(may_be_empty);
        Ok(password.interact()?)
    }
}
