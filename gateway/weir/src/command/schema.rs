use std::io::Write;

use crate::{
    cli::{SchemaArgs, SchemaName},
    exit::Exit,
};

/// `weir schema`: one document's JSON schema.
pub(crate) fn schema(args: &SchemaArgs) -> anyhow::Result<Exit> {
    let text = match args.document {
        SchemaName::Config => weir_profile::config_schema(),
        SchemaName::Profile => weir_profile::profile_schema(),
        SchemaName::Result => weir_pipeline::result_schema(),
        SchemaName::Reject => weir_pipeline::reject_schema(),
        SchemaName::Health => weir_health::schema(),
        SchemaName::Status => weir_health::status_schema(),
    };
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(Exit::Done)
}
