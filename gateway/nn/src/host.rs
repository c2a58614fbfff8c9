use std::{sync::Arc, time::Instant};

use weir_engine::{NnCall, NnFunction, NnHost};

use crate::{
    Graphs,
    backend::{Fault, Run},
    errno::Errno,
    memory::{self, Record},
};

/// What one instance has open. A graph's handle is its place among the lane's graphs, a context's its place here.
pub(crate) struct Instance {
    graphs: Arc<Graphs>,
    loaded: Vec<bool>,
    contexts: Vec<Context>,
    /// Bytes of the inputs and outputs of all contexts.
    bytes: usize,
    /// A guest that fails again and again is in the log once.
    told: bool,
}

struct Context {
    graph: usize,
    run: Box<dyn Run>,
    /// The inputs that were set: nothing is computed from what was not given.
    given: Vec<bool>,
    computed: bool,
}

impl Instance {
    pub(crate) fn new(graphs: Arc<Graphs>) -> Self {
        Self {
            loaded: vec![false; graphs.named.len()],
            contexts: Vec::new(),
            bytes: 0,
            told: false,
            graphs,
        }
    }

    fn load_by_name(&mut self, memory: &mut [u8], args: [i32; 5]) -> Result<(), Errno> {
        let [address, len, out, ..] = args;
        let name = memory::name(memory, address, len)?;
        let mut graphs = self.graphs.named.iter();
        let found = graphs.position(|(known, _)| known.as_bytes() == name);
        let graph = found.ok_or(Errno::NotFound)?;
        memory::put(memory, out, handle(graph)?)?;
        self.loaded[graph] = true;
        Ok(())
    }

    fn init_execution_context(&mut self, memory: &mut [u8], args: [i32; 5]) -> Result<(), Errno> {
        let [graph, out, ..] = args;
        let graph = index(graph)?;
        if self.loaded.get(graph) != Some(&true) {
            return Err(Errno::InvalidArgument);
        }
        memory::bytes(memory, out.cast_unsigned(), 4)?;
        let (_, prepared) = &self.graphs.named[graph];
        let bytes = self.bytes.saturating_add(prepared.facts().bytes());
        let bounds = self.graphs.bounds;
        if self.contexts.len() >= bounds.contexts_max || bytes > bounds.tensor_bytes_max {
            return Err(Errno::TooLarge);
        }
        let opened = prepared.open();
        let context = Context {
            graph,
            given: vec![false; prepared.facts().inputs.len()],
            computed: false,
            run: opened.map_err(|fault| self.tell(graph, &fault))?,
        };
        memory::put(memory, out, handle(self.contexts.len())?)?;
        self.contexts.push(context);
        self.bytes = bytes;
        Ok(())
    }

    fn set_input(&mut self, memory: &mut [u8], args: [i32; 5]) -> Result<(), Errno> {
        let [context, input, record, ..] = args;
        let context = find(&mut self.contexts, context)?;
        let input = index(input)?;
        let (_, graph) = &self.graphs.named[context.graph];
        let fact = graph.facts().inputs.get(input);
        let fact = fact.ok_or(Errno::InvalidArgument)?;
        let record = Record::read(memory, record)?;
        if record.number != fact.number || !record.has_dims(memory, &fact.dims)? {
            return Err(Errno::InvalidArgument);
        }
        let data = record.data(memory, fact.bytes)?;
        let into = context.run.input(input).ok_or(Errno::RuntimeError)?;
        if into.len() != data.len() {
            return Err(Errno::RuntimeError);
        }
        into.copy_from_slice(data);
        context.given[input] = true;
        context.computed = false;
        Ok(())
    }

    fn compute(&mut self, args: [i32; 5], ends: Instant) -> Result<(), Errno> {
        let context = find(&mut self.contexts, args[0])?;
        if context.given.contains(&false) {
            return Err(Errno::InvalidArgument);
        }
        context.computed = false;
        let graph = context.graph;
        match context.run.compute(ends) {
            Ok(()) => {
                context.computed = true;
                Ok(())
            }
            Err(fault) => Err(self.tell(graph, &fault)),
        }
    }

    fn get_output(&mut self, memory: &mut [u8], args: [i32; 5]) -> Result<(), Errno> {
        let [context, output, buffer, len_max, written] = args;
        let context = find(&mut self.contexts, context)?;
        let output = index(output)?;
        let (_, graph) = &self.graphs.named[context.graph];
        if output >= graph.facts().outputs.len() {
            return Err(Errno::InvalidArgument);
        }
        if !context.computed {
            return Err(Errno::RuntimeError);
        }
        let data = context.run.output(output).ok_or(Errno::RuntimeError)?;
        let len = u32::try_from(data.len()).map_err(|_| Errno::TooLarge)?;
        if len > len_max.cast_unsigned() {
            return Err(Errno::TooLarge);
        }
        memory::bytes(memory, written.cast_unsigned(), 4)?;
        memory::bytes(memory, buffer.cast_unsigned(), data.len())?.copy_from_slice(data);
        memory::put(memory, written, len)
    }

    fn tell(&mut self, graph: usize, fault: &Fault) -> Errno {
        let (name, prepared) = &self.graphs.named[graph];
        if let (Fault::Failed(words), false) = (fault, self.told) {
            let backend = prepared.backend();
            tracing::warn!(graph = %name, backend, "graph {name} failed under {backend}: {words}");
            self.told = true;
        }
        Errno::RuntimeError
    }
}

impl NnHost for Instance {
    fn call(&mut self, call: NnCall<'_>) -> i32 {
        let NnCall {
            function,
            args,
            memory,
            ends,
        } = call;
        Errno::of(match function {
            NnFunction::Load => Err(Errno::UnsupportedOperation),
            NnFunction::LoadByName => self.load_by_name(memory, args),
            NnFunction::InitExecutionContext => self.init_execution_context(memory, args),
            NnFunction::SetInput => self.set_input(memory, args),
            NnFunction::GetOutput => self.get_output(memory, args),
            NnFunction::Compute => self.compute(args, ends),
        })
    }
}

fn find(contexts: &mut [Context], handle: i32) -> Result<&mut Context, Errno> {
    contexts
        .get_mut(index(handle)?)
        .ok_or(Errno::InvalidArgument)
}

fn index(number: i32) -> Result<usize, Errno> {
    usize::try_from(number.cast_unsigned()).map_err(|_| Errno::InvalidArgument)
}

fn handle(index: usize) -> Result<u32, Errno> {
    u32::try_from(index).map_err(|_| Errno::TooLarge)
}
