//! What is to be written, before anything is: shown, then written, then explained.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};

use crate::cli::SetupArgs;

use super::{
    answers::{Answers, NodeAnswer},
    broker::{self, BrokerAnswer, Password},
    catalogue::quoted,
    document::{self, Said},
    files::{Access, Planned, State},
    mosquitto::{self, DASHBOARD, NODE},
    pipeline::PipelineAnswer,
};

/// The files, and what their reader must know.
pub(super) struct Plan {
    files: Vec<Planned>,
    config: PathBuf,
    /// Users of Mosquitto that are new, with their passwords.
    users: Vec<(String, Password)>,
    /// Mosquitto's folder.
    mosquitto: PathBuf,
    /// Its port, where it is set up.
    port: Option<u16>,
    /// Where sensors publish to.
    topic: Option<String>,
}

/// The services that have to read something anew.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Changed {
    pub(super) mosquitto: bool,
    pub(super) weir: bool,
}

impl Plan {
    /// Plans; nothing is written.
    pub(super) fn make(args: &SetupArgs, answers: &Answers) -> Result<Self> {
        let config = std::path::absolute(&args.config)
            .with_context(|| format!("{} is no path", args.config.display()))?;
        let pipeline = answers.pipeline.as_ref();
        let mut plan = Self {
            files: Vec::new(),
            config,
            users: Vec::new(),
            mosquitto: std::path::absolute(&args.mosquitto_folder)?,
            port: None,
            topic: pipeline.map(|pipeline| pipeline.topic.clone()),
        };
        match (&answers.node, pipeline) {
            (Some(node), _) => plan.whole(args, node, pipeline)?,
            (None, Some(pipeline)) => plan.one_pipeline(args, pipeline)?,
            (None, None) => {}
        }
        for file in &plan.files {
            file.state()?;
        }
        Ok(plan)
    }

    fn whole(
        &mut self,
        args: &SetupArgs,
        node: &NodeAnswer,
        pipeline: Option<&PipelineAnswer>,
    ) -> Result<()> {
        let credentials = broker::credentials(&self.config);
        let (mut said, password) = match &node.broker {
            BrokerAnswer::Embedded => (vec![("url", quoted("embedded"))], None),
            BrokerAnswer::Local(local) => {
                let known = broker::stored(&credentials);
                let folder = &args.mosquitto_folder;
                let topic = pipeline.map(|pipeline| pipeline.topic.as_str());
                let port = args.mosquitto_port;
                let plan = mosquitto::plan(folder, port, local, known, topic)?;
                self.files.extend(plan.files);
                self.users = plan.new;
                self.port = Some(port);
                let url = format!("mqtt://127.0.0.1:{port}");
                let said = vec![("url", quoted(&url)), ("username", quoted(NODE))];
                (said, Some(plan.node))
            }
            BrokerAnswer::Remote(remote) => {
                let mut said: Vec<Said> = vec![("url", quoted(&remote.url))];
                said.extend(
                    remote
                        .username
                        .iter()
                        .map(|name| ("username", quoted(name))),
                );
                let file = remote
                    .ca_file
                    .as_ref()
                    .map(|file| text_of(file))
                    .transpose()?;
                said.extend(file.map(|file| ("ca_file", quoted(file))));
                let kept = remote
                    .username
                    .as_ref()
                    .and_then(|_| broker::stored(&credentials));
                (said, remote.password.clone().or(kept))
            }
        };
        if let Some(Password(password)) = password {
            said.push(("password_file", quoted(text_of(&credentials)?)));
            self.files.push(Planned {
                path: credentials,
                text: format!("{password}\n"),
                access: Access::Node,
                only_own: false,
            });
        }
        let name = [("name", quoted(&node.name))];
        let text = document::whole(&name, &said, pipeline);
        self.files.push(public(self.config.clone(), text));
        Ok(())
    }

    /// A pipeline beside what is there; a file of that name is somebody's pipeline already.
    fn one_pipeline(&mut self, args: &SetupArgs, pipeline: &PipelineAnswer) -> Result<()> {
        let folder = self
            .config
            .parent()
            .unwrap_or(Path::new("/"))
            .join("conf.d");
        let file = public(
            folder.join(format!("{}.toml", pipeline.name)),
            document::one_pipeline(pipeline),
        );
        if file.state()? == State::Changed {
            bail!(
                "{} is there and says something else: edit it, or name the pipeline otherwise (--pipeline)",
                file.path.display()
            );
        }
        self.files.push(file);
        let rights = mosquitto::with_topic(&args.mosquitto_folder, &pipeline.topic)?;
        if let Some(file) = rights
            && file.state()? != State::Unchanged
        {
            self.files.push(file);
        }
        Ok(())
    }

    /// Which services have to read something anew.
    pub(super) fn changed(&self) -> Result<Changed> {
        let mut changed = Changed::default();
        for file in &self.files {
            let is_mosquitto = file.path.starts_with(&self.mosquitto);
            if file.state()? != State::Unchanged {
                changed.mosquitto |= is_mosquitto;
                changed.weir |= !is_mosquitto;
            }
        }
        Ok(changed)
    }

    /// Which files, and how they stand to what is there.
    pub(super) fn show(&self, out: &mut impl Write) -> Result<()> {
        writeln!(out, "To be written:")?;
        for file in &self.files {
            let state = match file.state()? {
                State::New => "new",
                State::Changed => "changed",
                State::Unchanged => "unchanged",
            };
            writeln!(out, "  {:9} {}", state, file.path.display())?;
        }
        Ok(())
    }

    /// The same with what the files say; no passwords.
    pub(super) fn show_whole(&self, out: &mut impl Write) -> Result<()> {
        self.show(out)?;
        for file in &self.files {
            writeln!(out, "\n==> {} <==\n{}", file.path.display(), file.shown())?;
        }
        Ok(())
    }

    /// Writes the files, the configuration last: it names the others.
    pub(super) fn write(&self, out: &mut impl Write) -> Result<()> {
        for file in &self.files {
            let state = file.state()?;
            let backup = file.write()?;
            let words = match state {
                State::New | State::Changed => "wrote",
                State::Unchanged => "left",
            };
            write!(out, "{words} {}", file.path.display())?;
            match backup {
                Some(backup) => writeln!(out, " (what was there: {})", backup.display())?,
                None => writeln!(out)?,
            }
        }
        Ok(())
    }

    /// The configuration's file, whole.
    pub(super) fn config(&self) -> &Path {
        &self.config
    }

    /// The command that checks what was written.
    pub(super) fn check_command(&self) -> String {
        if self.config == Path::new(weir_profile::DEFAULT_FILE) {
            "weir check".to_owned()
        } else {
            format!("weir check --config {}", self.config.display())
        }
    }

    /// The new users, at once: whatever fails afterwards, their passwords are known.
    pub(super) fn say_users(&self, out: &mut impl Write) -> io::Result<()> {
        if !self.users.is_empty() {
            writeln!(
                out,
                "\nNew users of Mosquitto. Their passwords stand nowhere else:"
            )?;
        }
        for (user, Password(password)) in &self.users {
            writeln!(out, "  {user}  {password}")?;
        }
        Ok(())
    }

    /// Where sensors publish to, and where results appear.
    pub(super) fn say_topics(&self, out: &mut impl Write) -> io::Result<()> {
        if let Some(port) = self.port {
            let users = self.mosquitto.join("weir.passwords");
            writeln!(
                out,
                "Sensors publish to this machine, port {port}, each as its own user. Another one: \
                 sudo mosquitto_passwd {} NAME",
                users.display()
            )?;
        }
        let dashboard = self.users.iter().find(|(user, _)| user == DASHBOARD);
        if let (Some((_, Password(password))), Some(port)) = (dashboard, self.port) {
            writeln!(
                out,
                "What comes out: mosquitto_sub -p {port} -u {DASHBOARD} -P {password} -t 'weir/#' -v"
            )?;
        }
        if let Some(topic) = &self.topic {
            let topic = topic.replace("{device}", "DEVICE");
            writeln!(
                out,
                "Topic of the pipeline: {topic}; results: weir/results/#"
            )?;
        }
        Ok(())
    }
}

/// The commands that are left to run.
pub(super) fn say_commands(out: &mut impl Write, commands: &[String]) -> io::Result<()> {
    for command in commands {
        writeln!(out, "  {command}")?;
    }
    Ok(())
}

fn public(path: PathBuf, text: String) -> Planned {
    Planned {
        path,
        text,
        access: Access::Public,
        only_own: false,
    }
}

/// A path as text, which a configuration needs.
fn text_of(path: &Path) -> Result<&str> {
    path.to_str()
        .with_context(|| format!("{} is not UTF-8", path.display()))
}
