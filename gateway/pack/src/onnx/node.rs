use std::collections::HashMap;

use tract_onnx::pb::{AttributeProto, NodeProto};

use super::{Constant, OnnxError};

/// A node of the graph.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NodeRef<'g>(&'g NodeProto);

impl<'g> NodeRef<'g> {
    pub(crate) const fn new(node: &'g NodeProto) -> Self {
        Self(node)
    }

    /// Its name; where it has none, that of its first output.
    pub(crate) fn name(&self) -> &'g str {
        if self.0.name.is_empty() {
            self.0.output.first().map_or("", String::as_str)
        } else {
            &self.0.name
        }
    }

    /// Its operator, with the domain where it is not the standard one.
    pub(crate) fn operator(&self) -> String {
        let NodeProto {
            domain, op_type, ..
        } = self.0;
        if domain.is_empty() || domain == "ai.onnx" {
            op_type.clone()
        } else {
            format!("{domain}.{op_type}")
        }
    }

    /// Input by position; none where it is left out.
    pub(crate) fn input(&self, position: usize) -> Option<&'g str> {
        let input = self.0.input.get(position)?;
        Some(input.as_str()).filter(|input| !input.is_empty())
    }

    pub(crate) fn inputs(&self) -> impl Iterator<Item = &'g str> + use<'g> {
        let inputs = self.0.input.iter().map(String::as_str);
        inputs.filter(|input| !input.is_empty())
    }

    /// Output by position; none where it is left out.
    pub(crate) fn output(&self, position: usize) -> Option<&'g str> {
        let output = self.0.output.get(position)?;
        Some(output.as_str()).filter(|output| !output.is_empty())
    }

    fn attribute(&self, name: &str) -> Option<&'g AttributeProto> {
        self.0
            .attribute
            .iter()
            .find(|attribute| attribute.name == name)
    }

    pub(crate) fn integer(&self, name: &str, usual: i64) -> i64 {
        self.attribute(name).map_or(usual, |attribute| attribute.i)
    }

    pub(crate) fn float(&self, name: &str, usual: f32) -> f32 {
        self.attribute(name).map_or(usual, |attribute| attribute.f)
    }

    pub(crate) fn integers(&self, name: &str) -> Option<&'g [i64]> {
        self.attribute(name)
            .map(|attribute| attribute.ints.as_slice())
    }

    pub(crate) fn text(&self, name: &str) -> Option<&'g str> {
        let attribute = self.attribute(name)?;
        std::str::from_utf8(&attribute.s).ok()
    }

    /// Its output and what that is, where that is known without running anything.
    pub(super) fn constant(
        &self,
        known: &HashMap<String, Constant>,
    ) -> Result<Option<(&'g str, Constant)>, OnnxError> {
        let Some(output) = self.output(0) else {
            return Ok(None);
        };
        let constant = match self.operator().as_str() {
            "Constant" => self.stated()?,
            "Identity" => self.input(0).and_then(|input| known.get(input).cloned()),
            _ => None,
        };
        Ok(constant.map(|constant| (output, constant)))
    }

    /// What a node `Constant` states.
    fn stated(&self) -> Result<Option<Constant>, OnnxError> {
        if let Some(tensor) = self.attribute("value").and_then(|value| value.t.as_ref()) {
            return Constant::read(tensor).map(Some);
        }
        if let Some(value) = self.attribute("value_float") {
            return Ok(Some(Constant::float(value.f)));
        }
        let listed = self.integers("value_ints").map(<[i64]>::to_vec);
        let single = || self.attribute("value_int").map(|value| vec![value.i]);
        Ok(listed.or_else(single).map(Constant::integers))
    }
}
