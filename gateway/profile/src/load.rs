use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use config::{Value, ValueKind};
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use crate::{
    Pipeline, ProfileName, Settings, builtin,
    check::{self, Context, Profiles, Search, Source},
    finding::{Finding, Severity},
    layers::{self, Layer},
    origin::Origins,
    reference::schema_of,
    report::{Key, Report, value_at},
    shape,
    written::{self, ProfileFile},
};

/// The file that is read unless another is named.
pub const DEFAULT_FILE: &str = "/etc/weir/weir.toml";

/// The greatest number of pipelines of a node.
const PIPELINES_MAX: usize = 1024;

/// Where a configuration comes from. Nothing is taken from the process but by [`LoadOptions::from_process`], so that
/// tests and tools say themselves what counts.
#[derive(Debug, Clone, Default)]
pub struct LoadOptions {
    /// The main file; it must exist.
    pub file: Option<PathBuf>,
    /// The main file where `file` names none; it may be missing.
    pub default_file: Option<PathBuf>,
    /// The folder of further files; none = `conf.d` beside the main file.
    pub conf_dir: Option<PathBuf>,
    /// Environment variables; those that begin with `WEIR__` count.
    pub env: Vec<(String, String)>,
    /// Keys with dots and their values, which win over all else: `("broker.url", "embedded")`.
    pub overrides: Vec<(String, String)>,
    /// The node's name unless one is stated.
    pub host_name: Option<String>,
    /// Folders in which `guests`, `models` and `device-profiles` are looked for unless `[paths]` says otherwise.
    pub search: Vec<PathBuf>,
    /// The folder of compiled guests unless `[paths]` says otherwise.
    pub cache: PathBuf,
}

/// A configuration that may be relied on.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// What it says.
    pub settings: Settings,
    /// What the user should know all the same.
    pub warnings: Vec<Finding>,
    /// The files that were read, in the order of their layers.
    pub files: Vec<PathBuf>,
}

impl LoadOptions {
    /// The options of a service: [`DEFAULT_FILE`], the process's environment, the host's name, and the folders of a
    /// package, beside the binary and below the working directory.
    #[must_use]
    pub fn from_process() -> Self {
        let env: Vec<(String, String)> = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        let binary = std::env::current_exe().ok();
        let beside_binary = binary
            .as_deref()
            .and_then(Path::parent)
            .map(Path::to_path_buf);
        let folders = ["/var/lib/weir", "/usr/share/weir"].map(PathBuf::from);
        let search = folders
            .into_iter()
            .chain(beside_binary)
            .chain([PathBuf::from(".")]);
        Self {
            default_file: Some(DEFAULT_FILE.into()),
            host_name: host_name(),
            search: search.collect(),
            cache: cache(&env),
            env,
            ..Self::default()
        }
    }
}

/// systemd's cache folder, else the user's, else the system's.
fn cache(env: &[(String, String)]) -> PathBuf {
    let variable = |name: &str| {
        let found = env.iter().find(|(known, _)| known == name);
        found
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    };
    let systemd = variable("CACHE_DIRECTORY").and_then(|list| list.split(':').next());
    systemd
        .map(PathBuf::from)
        .or_else(|| variable("XDG_CACHE_HOME").map(|home| Path::new(home).join("weir")))
        .or_else(|| variable("HOME").map(|home| Path::new(home).join(".cache/weir")))
        .unwrap_or_else(|| PathBuf::from("/var/cache/weir"))
}

fn host_name() -> Option<String> {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").ok()?;
    Some(name.trim().to_owned()).filter(|name| !name.is_empty())
}

/// Reads, merges and checks a configuration.
///
/// # Errors
/// Gives everything that was found, warnings included, where at least one of the findings is an error.
pub fn load(options: &LoadOptions) -> Result<Loaded, Vec<Finding>> {
    let mut loader = Loader::default();
    let files = loader.main_and_further_files(options);
    let texts = loader.read(files);
    loader.settings(texts, options)
}

/// Checks a configuration given as text, without any file, environment or folder: the built-in profiles only.
///
/// # Errors
/// As [`load`].
pub fn parse(text: &str) -> Result<Loaded, Vec<Finding>> {
    let texts = vec![(PathBuf::from("weir.toml"), text.to_owned())];
    Loader::default().settings(texts, &LoadOptions::default())
}

#[derive(Default)]
struct Loader {
    origins: Origins,
    findings: Vec<Finding>,
}

impl Loader {
    fn main_and_further_files(&mut self, options: &LoadOptions) -> Vec<PathBuf> {
        let default = options.default_file.as_ref();
        let main = match &options.file {
            Some(file) => Some(file),
            None => default.filter(|file| file.exists()),
        };
        let folder = options.conf_dir.clone().or_else(|| {
            let folder = main.or(default)?.parent()?;
            Some(folder.join("conf.d"))
        });
        let further = folder.map_or(Ok(Vec::new()), |folder| layers::files(&folder));
        let further = further.unwrap_or_else(|finding| {
            self.findings.push(finding);
            Vec::new()
        });
        main.cloned().into_iter().chain(further).collect()
    }

    fn read(&mut self, files: Vec<PathBuf>) -> Vec<(PathBuf, String)> {
        let mut texts = Vec::new();
        for file in files {
            match layers::read(&file) {
                Ok(text) => texts.push((file, text)),
                Err(finding) => self.findings.push(finding),
            }
        }
        texts
    }

    fn settings(
        mut self,
        texts: Vec<(PathBuf, String)>,
        options: &LoadOptions,
    ) -> Result<Loaded, Vec<Finding>> {
        let schema = schema_of::<written::Config>();
        let tree = self.tree(&texts, options, &schema)?;
        let origins = std::mem::take(&mut self.origins);
        let mut report = Report::new(&tree, &origins);
        shape::check(&mut report, &schema, &tree);
        let main = texts
            .first()
            .map(|(path, _)| path)
            .or(options.default_file.as_ref());
        let search = Search {
            folders: options.search.clone(),
            beside_config: main
                .and_then(|file| file.parent())
                .map(Path::to_path_buf)
                .filter(|_| !options.search.is_empty()),
            cache: options.cache.clone(),
        };
        let settings = self.check(&mut report, &tree, &search, options.host_name.as_deref());
        self.findings.extend(report.into_findings());
        self.findings.sort_by(|a, b| {
            let place = |finding: &Finding| (finding.severity, finding.file.clone(), finding.line);
            place(a).cmp(&place(b))
        });
        match settings {
            Some(settings) if !self.findings.iter().any(Finding::is_error) => Ok(Loaded {
                settings,
                warnings: self.findings,
                files: texts.into_iter().map(|(path, _)| path).collect(),
            }),
            _ => Err(self.findings),
        }
    }

    /// All layers in one tree. Errors of syntax end it here: what a file did not say cannot be checked.
    fn tree(
        &mut self,
        texts: &[(PathBuf, String)],
        options: &LoadOptions,
        schema: &Json,
    ) -> Result<Value, Vec<Finding>> {
        let mut files = Vec::new();
        for (path, text) in texts {
            match layers::parse(path, text, &mut self.origins) {
                Ok(layer) => files.push(layer),
                Err(findings) => self.findings.extend(findings),
            }
        }
        if self.findings.iter().any(Finding::is_error) {
            return Err(std::mem::take(&mut self.findings));
        }
        self.findings.extend(stated_twice(texts, &files));
        let tree = merged(files.clone())?;
        let (variables, findings) =
            layers::variables(&options.env, schema, &tree, &mut self.origins);
        self.findings.extend(findings);
        files.push(variables);
        let tree = merged(files.clone())?;
        let (overrides, findings) =
            layers::overrides(&options.overrides, schema, &tree, &mut self.origins);
        self.findings.extend(findings);
        files.push(overrides);
        merged(files)
    }

    fn check(
        &mut self,
        report: &mut Report<'_>,
        tree: &Value,
        search: &Search,
        host_name: Option<&str>,
    ) -> Option<Settings> {
        let written: written::Node = section(report, tree, &["node"])?;
        let root = written.root.clone();
        let node = check::node(report, &written, host_name);
        let written: written::Broker = section(report, tree, &["broker"])?;
        let packet_bytes_max = written.packet_bytes_max;
        let broker = check::broker(report, &written, node.as_ref().map(|node| &node.name));
        let written: written::Paths = section(report, tree, &["paths"])?;
        let paths = check::paths(report, &written, search);
        let profiles = self.profiles(&paths.profiles);
        let devices: BTreeMap<String, String> = section(report, tree, &["devices"])?;
        let devices = check::devices(report, &devices, |report, key, name| {
            profiles.known(report, key, name)
        });
        let context = Context {
            root: &root,
            packet_bytes_max,
            profiles: &profiles,
        };
        let pipelines = pipelines(report, tree, &context);
        Some(Settings {
            node: node?,
            broker: broker?,
            paths,
            devices,
            pipelines,
            profiles: profiles.into_complete(),
        })
    }

    /// The profiles of the folders over those that are built in.
    fn profiles(&mut self, folders: &[PathBuf]) -> Profiles {
        let mut origins = Origins::default();
        let mut sources = BTreeMap::new();
        for (name, text) in builtin::PROFILES {
            self.profile(
                &mut sources,
                &mut origins,
                &builtin::path(name),
                Path::new(name),
                text,
            );
        }
        for folder in folders.iter().rev() {
            let files = layers::files(folder).unwrap_or_else(|finding| {
                self.findings.push(finding);
                Vec::new()
            });
            for (path, text) in self.read(files) {
                let name = PathBuf::from(path.file_stem().unwrap_or_default());
                self.profile(&mut sources, &mut origins, &path, &name, &text);
            }
        }
        let (profiles, findings) = Profiles::resolve(&sources, &origins);
        self.findings.extend(findings);
        profiles
    }

    fn profile(
        &mut self,
        sources: &mut BTreeMap<ProfileName, Source>,
        origins: &mut Origins,
        path: &Path,
        name: &Path,
        text: &str,
    ) {
        let name: ProfileName = match name.to_string_lossy().parse() {
            Ok(name) => name,
            Err(error) => {
                let message = format!("is not a device profile: {error}");
                self.findings
                    .push(Finding::file(Severity::Error, Some(path), message));
                return;
            }
        };
        let tree = match layers::parse(path, text, origins) {
            Ok(layer) => Value::new(None, ValueKind::Table(layer.0)),
            Err(findings) => return self.findings.extend(findings),
        };
        let mut report = Report::new(&tree, origins);
        shape::check(&mut report, &schema_of::<ProfileFile>(), &tree);
        let written = section::<ProfileFile>(&mut report, &tree, &[]);
        self.findings.extend(report.into_findings());
        if let Some(written) = written {
            let source = Source {
                path: path.to_path_buf(),
                values: tree,
                written,
            };
            sources.insert(name, source);
        }
    }
}

fn merged(layers: Vec<Layer>) -> Result<Value, Vec<Finding>> {
    layers::merge(layers).map_err(|error| {
        let message = format!("the layers cannot be merged: {error}");
        vec![Finding::file(Severity::Error, None, message)]
    })
}

/// One section of the tree, without what was reported already; none where something that it needs is missing.
fn section<T: DeserializeOwned>(report: &mut Report<'_>, tree: &Value, key: Key<'_>) -> Option<T> {
    let json = match value_at(tree, key) {
        Some(value) => json(report, value, key),
        None => Json::Object(serde_json::Map::new()),
    };
    match serde_path_to_error::deserialize(json) {
        Ok(section) => Some(section),
        Err(error) => {
            if !report.has_errors() {
                report.error(key, error.to_string(), "");
            }
            None
        }
    }
}

fn pipelines(report: &mut Report<'_>, tree: &Value, context: &Context<'_>) -> Vec<Pipeline> {
    let mut names = match value_at(tree, &["pipeline"]).map(|value| &value.kind) {
        Some(ValueKind::Table(table)) => table.keys().map(String::as_str).collect(),
        _ => Vec::new(),
    };
    names.sort_unstable();
    if names.is_empty() {
        let help = "add a table [pipeline.<name>] with topic, profile, guest and decode";
        report.warning(
            &["pipeline"],
            "no pipeline is configured: nothing is inferred",
            help,
        );
    }
    if names.len() > PIPELINES_MAX {
        let message = format!(
            "has {} pipelines; at most {PIPELINES_MAX} are allowed",
            names.len()
        );
        report.error(&["pipeline"], message, "");
    }
    names
        .into_iter()
        .take(PIPELINES_MAX)
        .filter_map(|name| {
            let written: written::Pipeline = section(report, tree, &["pipeline", name])?;
            check::pipeline(report, name, &written, context)
        })
        .collect()
}

/// Pipelines whose topic two files state: mostly a copied file whose name was not changed.
fn stated_twice(texts: &[(PathBuf, String)], layers: &[Layer]) -> Vec<Finding> {
    let mut first: BTreeMap<String, &Path> = BTreeMap::new();
    let mut findings = Vec::new();
    for ((path, _), layer) in texts.iter().zip(layers) {
        let Some(ValueKind::Table(pipelines)) = layer.0.get("pipeline").map(|value| &value.kind)
        else {
            continue;
        };
        for (name, pipeline) in pipelines {
            if value_at(pipeline, &["topic"]).is_none() {
                continue;
            }
            if let Some(earlier) = first.insert(name.clone(), path) {
                let message = format!(
                    "replaces the pipeline of this name in {}",
                    earlier.display()
                );
                let finding = Finding {
                    key: format!("pipeline.{name}"),
                    ..Finding::file(Severity::Warning, Some(path), message)
                };
                findings.push(finding.with_help("give one of them another name"));
            }
        }
    }
    findings
}

/// The tree as JSON, for deserialisation, without the keys that were reported already.
fn json(report: &Report<'_>, value: &Value, key: Key<'_>) -> Json {
    match &value.kind {
        ValueKind::Nil | ValueKind::I128(_) | ValueKind::U64(_) | ValueKind::U128(_) => Json::Null,
        ValueKind::Boolean(value) => Json::from(*value),
        ValueKind::I64(number) => Json::from(*number),
        ValueKind::Float(number) => Json::from(*number),
        ValueKind::String(text) => Json::from(text.as_str()),
        ValueKind::Array(items) => items.iter().map(|item| json(report, item, key)).collect(),
        ValueKind::Table(table) => table
            .iter()
            .filter_map(|(name, value)| {
                let key = [key, &[name.as_str()]].concat();
                (!report.has_error_at(&key)).then(|| (name.clone(), json(report, value, &key)))
            })
            .collect(),
    }
}
