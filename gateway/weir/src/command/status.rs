use std::{
    io::{self, IsTerminal, Write},
    path::PathBuf,
    sync::mpsc::sync_channel,
    time::Duration,
};

use weir_health::NodeState;
use weir_profile::LoadOptions;

use crate::{
    cli::StatusArgs,
    exit::Exit,
    status::{Asked, ask, page},
};

/// Between two questions of `--watch`.
const WATCH_EVERY: Duration = Duration::from_secs(2);

/// `weir status`: how the running node is.
pub(crate) fn status(args: &StatusArgs) -> anyhow::Result<Exit> {
    let places = places(args);
    if !args.watch {
        let asked = ask(&places);
        say(args, &asked)?;
        return Ok(exit(args, &asked));
    }
    // Nobody sends: what is waited for is the time.
    let (_never, time) = sync_channel::<()>(0);
    loop {
        let asked = ask(&places);
        if !args.json && io::stdout().is_terminal() {
            io::stdout().write_all(b"\x1b[2J\x1b[H")?;
        }
        say(args, &asked)?;
        if time.recv_timeout(WATCH_EVERY).is_ok() {
            return Ok(exit(args, &asked));
        }
    }
}

fn say(args: &StatusArgs, asked: &Asked) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match args.json {
        true => {
            serde_json::to_writer(&mut out, asked.status())?;
            writeln!(out)?;
        }
        false => out.write_all(page(asked.status()).as_bytes())?,
    }
    out.flush()
}

fn exit(args: &StatusArgs, asked: &Asked) -> Exit {
    let alive = match asked {
        Asked::Answered(status) => status.state != NodeState::Stuck,
        Asked::Not(_) => false,
    };
    let well = match args.alive {
        true => alive,
        false => asked.status().healthy,
    };
    if well { Exit::Done } else { Exit::Failed }
}

/// Where a node may be asked. A configuration that is refused, or that only the service may read, is no reason not to ask.
fn places(args: &StatusArgs) -> Vec<PathBuf> {
    if let Some(socket) = &args.socket {
        return vec![socket.clone()];
    }
    let options = LoadOptions {
        file: args.config.config.clone(),
        ..LoadOptions::from_process()
    };
    match weir_profile::load(&options) {
        Ok(loaded) => loaded.settings.node.status_sockets,
        Err(_) => options.status_sockets(),
    }
}
