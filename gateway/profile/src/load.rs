mod options;
mod pipelines;
mod repetition;
mod section;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use config::{Value, ValueKind};
use serde_json::Value as Json;

use crate::{
    ProfileName, Settings, builtin,
    check::{self, Context, Profiles, Search, Source},
    finding::{Finding, Severity},
    layers::{self, Layer},
    origin::Origins,
    reference::schema_of,
    report::Report,
    shape,
    written::{self, ProfileFile},
};

pub use options::{DEFAULT_FILE, LoadOptions};
use pipelines::pipelines;
use repetition::stated_twice;
use section::section;

/// A configuration that may be relied on.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// What it says.
    pub settings: Settings,
    /// What the user should know all the same.
    pub warnings: Vec<Finding>,
    /// The files that were read, in the order of their layers.
    pub files: Vec<PathBuf>,
    places: BTreeMap<String, (PathBuf, usize)>,
}

impl Loaded {
    /// File and line of a key with dots, or of the nearest table around it: for findings that others make later.
    #[must_use]
    pub fn place(&self, key: &str) -> (Option<PathBuf>, Option<usize>) {
        let around = std::iter::successors(Some(key), |key| Some(key.rsplit_once('.')?.0));
        let place = around.filter_map(|key| self.places.get(key)).next();
        place
            .cloned()
            .map_or((None, None), |(file, line)| (Some(file), Some(line)))
    }
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
        let further = further.unwrap_or_else(|findings| {
            self.findings.extend(findings);
            Vec::new()
        });
        main.cloned().into_iter().chain(further).collect()
    }

    fn read(&mut self, files: Vec<PathBuf>) -> Vec<(PathBuf, String)> {
        let mut texts = Vec::new();
        for file in files {
            match layers::read(&file) {
                Ok(text) => texts.push((file, text)),
                Err(findings) => self.findings.extend(findings),
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
            compiled: options.compiled.clone(),
            cache: options.cache.clone(),
            runtime: options.runtime.clone(),
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
                places: origins.places(&tree),
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
        let node = check::node(report, &written, search, host_name);
        let written: written::Broker = section(report, tree, &["broker"])?;
        let packet_bytes_max = written.packet_bytes_max;
        let mqtt_5 = written.protocol == written::Protocol::V5;
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
            mqtt_5,
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
            let files = layers::files(folder).unwrap_or_else(|findings| {
                self.findings.extend(findings);
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
