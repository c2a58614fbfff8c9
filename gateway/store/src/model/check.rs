use std::path::{Component, Path};

use guest_abi::{DType, RANK_MAX, TensorInfo};
use weir_engine::TENSORS_MAX;
use weir_profile::ModelName;

use super::{
    Golden, GraphUse, Layout, Meaning, ModelInput, ModelOutput,
    written::{InputTable, LayoutName, MeaningName, ModelFile},
};
use crate::file;

/// A key and what is wrong with it.
pub(super) type Fault = (String, String);

/// The tensors of a model.
pub(super) struct Facts {
    pub(super) inputs: Vec<ModelInput>,
    pub(super) outputs: Vec<ModelOutput>,
    pub(super) graph: GraphUse,
}

/// The greatest number of labels.
const LABELS_MAX: usize = 65_536;
/// The greatest number of characters of a version, a format or a name.
const TEXT_BYTES_MAX: usize = 128;
/// The greatest number of golden cases.
const GOLDEN_MAX: u32 = 65_536;

/// Checks everything that needs no other file.
pub(super) fn check(name: &ModelName, written: &ModelFile) -> Result<Facts, Fault> {
    if written.name != name.as_str() {
        return fault(
            "name",
            format!("{:?} is not the folder's name, {name}", written.name),
        );
    }
    for (key, text) in [("version", &written.version), ("format", &written.format)] {
        let plain = |letter: char| letter.is_ascii_graphic() && letter != '@';
        if text.is_empty() || text.len() > TEXT_BYTES_MAX || !text.chars().all(plain) {
            return fault(key, format!("{text:?} is not usable"));
        }
    }
    inside("file", &written.file)?;
    if written.sha256.len() != 64 || !written.sha256.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return fault("sha256", "is not 64 hexadecimal digits");
    }
    let sides = [
        ("inputs", written.inputs.len()),
        ("outputs", written.outputs.len()),
    ];
    for (key, count) in sides {
        if !(1..=TENSORS_MAX).contains(&count) {
            return fault(
                key,
                format!("has {count} tensors, 1 to {TENSORS_MAX} are possible"),
            );
        }
    }
    let inputs = written.inputs.iter().map(input).collect::<Result<_, _>>()?;
    let outputs = written.outputs.iter().map(|table| {
        let info = info(
            "outputs",
            &table.name,
            &table.dtype,
            &table.dims,
            table.len_max,
        )?;
        let meaning = match table.meaning {
            Some(MeaningName::Logits) => Meaning::Logits,
            Some(MeaningName::Probabilities) => Meaning::Probabilities,
            Some(MeaningName::Score) | None => Meaning::Score,
        };
        Ok(ModelOutput { info, meaning })
    });
    let outputs = outputs.collect::<Result<Vec<_>, Fault>>()?;
    labels(written, &outputs)?;
    Ok(Facts {
        inputs,
        outputs,
        graph: super::graph::check(&written.graph)?,
    })
}

pub(super) fn fault<T>(key: &str, fault: impl Into<String>) -> Result<T, Fault> {
    Err((key.to_owned(), fault.into()))
}

fn inside(key: &str, path: &Path) -> Result<(), Fault> {
    let mut components = path.components();
    let plain = components.all(|component| matches!(component, Component::Normal(_)));
    if plain && !path.as_os_str().is_empty() {
        Ok(())
    } else {
        fault(
            key,
            format!(
                "{:?} is not a path inside the model's folder",
                path.display()
            ),
        )
    }
}

fn labels(written: &ModelFile, outputs: &[ModelOutput]) -> Result<(), Fault> {
    let count = written.labels.len();
    if count > LABELS_MAX {
        return fault(
            "labels",
            format!("has {count} labels, {LABELS_MAX} are possible"),
        );
    }
    let classes = written.graph.boxes.as_ref().and(outputs.first());
    if let Some([_, numbers, _]) = classes.map(|output| output.info.dims.as_slice()) {
        return match usize::try_from(numbers.saturating_sub(4)) {
            Ok(classes) if count > 0 && classes != count => fault(
                "labels",
                format!("has {count} labels, but the boxes have {classes} classes"),
            ),
            _ => Ok(()),
        };
    }
    let elements = outputs.first().and_then(|output| output.info.dims.last());
    match elements {
        Some(elements)
            if count > 0 && *elements >= 0 && usize::try_from(*elements) != Ok(count) =>
        {
            fault(
                "labels",
                format!("has {count} labels, but the first output has {elements} elements"),
            )
        }
        Some(_) | None => Ok(()),
    }
}

fn input(table: &InputTable) -> Result<ModelInput, Fault> {
    let info = info(
        "inputs",
        &table.name,
        &table.dtype,
        &table.dims,
        table.len_max,
    )?;
    for (key, numbers) in [("mean", &table.mean), ("std", &table.std)] {
        let key = format!("inputs.{}.{key}", table.name);
        let channels = |dim: &i32| *dim == -1 || usize::try_from(*dim) == Ok(numbers.len());
        if numbers.len() > 1 && !info.dims.iter().any(channels) {
            return fault(
                &key,
                format!("has {} channels, no size of the input does", numbers.len()),
            );
        }
        if numbers.iter().any(|number| !number.is_finite()) {
            return fault(&key, "has a number that is not finite");
        }
    }
    if table.std.iter().any(|number| *number <= 0.0) {
        return fault(
            &format!("inputs.{}.std", table.name),
            "must be greater than 0",
        );
    }
    Ok(ModelInput {
        info,
        layout: table.layout.map(|layout| match layout {
            LayoutName::ChannelsFirst => Layout::ChannelsFirst,
            LayoutName::ChannelsLast => Layout::ChannelsLast,
        }),
        mean: table.mean.clone(),
        std: table.std.clone(),
    })
}

fn info(
    side: &str,
    name: &str,
    dtype: &str,
    dims: &[i32],
    len_max: Option<u32>,
) -> Result<TensorInfo, Fault> {
    let key = |last: &str| format!("{side}.{name}.{last}");
    if name.is_empty() || name.len() > TEXT_BYTES_MAX {
        return fault(&format!("{side}.name"), "is empty or too long");
    }
    let Some(dtype) = DType::from_name(dtype) else {
        let known: Vec<&str> = DType::ALL.into_iter().map(DType::name).collect();
        return fault(
            &key("dtype"),
            format!("{dtype:?} is not one of {}", known.join(", ")),
        );
    };
    if dims.len() > RANK_MAX || dims.iter().any(|dim| *dim == 0 || *dim < -1) {
        let words = format!("has at most {RANK_MAX} sizes, each 1 or more, or -1 where it varies");
        return fault(&key("dims"), words);
    }
    let len_max = match fixed_bytes(dtype, dims) {
        Some(bytes) => bytes,
        None => match len_max {
            Some(bytes) => u64::from(bytes),
            None => return fault(&key("len_max"), "is missing: a size varies"),
        },
    };
    match i32::try_from(len_max).map(i32::cast_unsigned) {
        Ok(len_max) if len_max > 0 => Ok(TensorInfo {
            name: name.to_owned(),
            dtype: dtype.code(),
            dims: dims.to_vec(),
            len_max,
        }),
        _ => fault(&key("dims"), format!("asks for {len_max} bytes")),
    }
}

/// The bytes of a tensor of fixed sizes, at most `u64::MAX`; none where a size varies.
fn fixed_bytes(dtype: DType, dims: &[i32]) -> Option<u64> {
    let element = u64::try_from(dtype.bytes()).ok()?;
    dims.iter().try_fold(element, |bytes, dim| {
        Some(bytes.saturating_mul(u64::try_from(*dim).ok()?))
    })
}

/// Checks that the golden files are there and have the size that the tensors ask for.
pub(super) fn golden(
    folder: &Path,
    written: &ModelFile,
    facts: &Facts,
) -> Result<Option<Golden>, Fault> {
    let Some(table) = &written.golden else {
        return Ok(None);
    };
    if !(1..=GOLDEN_MAX).contains(&table.count) {
        return fault("golden.count", format!("must be 1 to {GOLDEN_MAX}"));
    }
    if !(table.tolerance.is_finite() && table.tolerance >= 0.0) {
        return fault("golden.tolerance", "must be a number of 0 or more");
    }
    let inputs = facts.inputs.iter().map(|input| &input.info);
    let outputs = facts.outputs.iter().map(|output| &output.info);
    Ok(Some(Golden {
        count: table.count,
        inputs: golden_file(folder, "golden.inputs", &table.inputs, table.count, inputs)?,
        outputs: golden_file(
            folder,
            "golden.outputs",
            &table.outputs,
            table.count,
            outputs,
        )?,
        tolerance: table.tolerance,
    }))
}

fn golden_file<'i>(
    folder: &Path,
    key: &str,
    path: &Path,
    count: u32,
    mut infos: impl Iterator<Item = &'i TensorInfo>,
) -> Result<std::path::PathBuf, Fault> {
    inside(key, path)?;
    let path = folder.join(path);
    let bytes = file::size(&path)
        .map_err(|error| (key.to_owned(), format!("{} {error}", path.display())))?;
    let one = infos.try_fold(0_u64, |sum, info| {
        sum.checked_add(fixed_bytes(info.dtype()?, &info.dims)?)
    });
    match one.and_then(|one| one.checked_mul(count.into())) {
        Some(expected) if expected != bytes => fault(
            key,
            format!(
                "{} has {bytes} bytes, {count} cases need {expected}",
                path.display()
            ),
        ),
        Some(_) | None => Ok(path),
    }
}
