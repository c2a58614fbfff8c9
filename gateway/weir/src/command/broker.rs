use tokio::signal::unix::{SignalKind, signal};

use crate::{cli::BrokerArgs, embedded, exit::Exit};

/// `weir broker`: the embedded broker alone, until SIGTERM or Ctrl-C.
pub(crate) fn broker(args: &BrokerArgs) -> anyhow::Result<Exit> {
    if args.child {
        embedded::serve(args)?;
        return Ok(Exit::Done);
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let broker = embedded::start(args).await?;
        eprintln!("MQTT 5 on {}; Ctrl-C ends it", broker.addr());
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        broker.stop().await;
        Ok(Exit::Done)
    })
}
