use std::{mem, sync::Arc};

use guest_abi::Manifest;
use weir_engine::{
    Budget, Engine, EngineKind, Equipment, Export, GuestCode, Instance, Module, Trap,
};

use crate::{
    engines::limits,
    generate,
    guest_code::{guest_code, keep, kind},
    tally::Tally,
    threads::Trial,
};

/// Arguments of a call: near zero, and at the ends of what there is.
const ARGUMENTS: [[i32; 3]; 3] = [
    [1, 2, 3],
    [-1, 0x7f80_0001, i32::MIN],
    [0x4048_f5c3, i32::MAX, 70_000],
];
/// wasm3 has no operation for some instructions behind a branch, where nothing gets: wasm-smith makes such code, compilers
/// do not. It says so before anything runs, and the last of the engines is then left out.
const NO_OPERATION: &str = "no operation found for opcode";
/// A trap ends an instance; a module gets this many.
const INSTANCES_MAX: usize = 4;

/// Runs each module on every engine at once, and compares after every call.
pub(crate) struct Lockstep {
    engines: Vec<Box<dyn Engine>>,
    /// Of each engine: as it is, and as it was at the last comparison.
    memories: Vec<(Vec<u8>, Vec<u8>)>,
    tally: Tally,
}

/// How a step ended on one engine: what has to be the same on all.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Ending {
    Returned(i32),
    /// By the name of its kind; the words are the engine's own.
    Trapped(String),
}

/// The same module on every engine.
type Instances = Vec<Box<dyn Instance>>;

impl Lockstep {
    pub(crate) fn new(engines: Vec<Box<dyn Engine>>) -> Self {
        Self {
            memories: vec![Default::default(); engines.len()],
            engines,
            tally: Tally::default(),
        }
    }

    fn compare(&mut self, code: &GuestCode, functions: u32) -> Result<(), String> {
        let mut modules = self.load(code)?;
        let mut instances = self.instantiate(&mut modules)?;
        self.tally.instantiated += u64::from(instances.is_some());
        let mut left = INSTANCES_MAX;
        let mut wrote = false;
        let calls = (0..functions).flat_map(|which| ARGUMENTS.map(|args| (which, args)));
        for (which, [a, b, c]) in calls {
            let Some(running) = &mut instances else {
                break;
            };
            let which = which.cast_signed();
            let ending = self.call(running, [which, a, b, c])?;
            match ending {
                Ending::Returned(_) => wrote |= self.compare_memories(running)?,
                Ending::Trapped(_) => {
                    left -= 1;
                    instances = match left {
                        0 => None,
                        _ => self.instantiate(&mut modules)?,
                    };
                }
            }
        }
        self.tally.wrote_memory += u64::from(wrote);
        Ok(())
    }

    fn load(&self, code: &GuestCode) -> Result<Vec<Arc<dyn Module>>, String> {
        let loaded = self.engines.iter().map(|engine| {
            let refused = |error| format!("{} refuses a valid module: {error}", engine.kind());
            engine
                .load(code, &Equipment::default(), &limits())
                .map_err(refused)
        });
        loaded.collect()
    }

    /// One instance on each engine, or none where all of them refuse its segments.
    ///
    /// What wasm3 has no operation for is left to the others from here on.
    fn instantiate(
        &mut self,
        modules: &mut Vec<Arc<dyn Module>>,
    ) -> Result<Option<Instances>, String> {
        let (mut instances, mut refusals) = (Instances::new(), Vec::new());
        for (module, engine) in modules.iter().zip(&self.engines) {
            match module.instantiate() {
                Ok(instance) => instances.push(instance),
                Err(trap) => refusals.push((engine.kind(), trap)),
            }
        }
        if let [(EngineKind::Wasm3, Trap::Other(words))] = refusals.as_slice()
            && words.contains(NO_OPERATION)
        {
            modules.truncate(instances.len());
            refusals.clear();
            self.tally.untranslated += 1;
        }
        if !refusals.is_empty() && !instances.is_empty() {
            return Err(format!("only some engines instantiate it: {refusals:?}"));
        }
        if refusals.is_empty() {
            self.compare_memories(&mut instances)?;
        }
        Ok(refusals.is_empty().then_some(instances))
    }

    fn call(&mut self, instances: &mut Instances, args: [i32; 4]) -> Result<Ending, String> {
        let limits = limits();
        let budget = Budget {
            deadline: limits.call_deadline,
            fuel: limits.fuel_max,
        };
        let mut call =
            |instance: &mut Box<dyn Instance>| instance.call(Export::Predict, &args, budget);
        let results: Vec<Result<i32, Trap>> = instances.iter_mut().map(&mut call).collect();
        let endings: Vec<Ending> = results.iter().map(ending).collect();
        let first = endings.first().cloned().expect("an engine");
        if endings.iter().any(|ending| *ending != first) {
            let kinds = self.engines.iter().map(|engine| engine.kind().name());
            let each: Vec<_> = kinds.zip(&results).collect();
            return Err(format!("predict{args:?} ends differently: {each:?}"));
        }
        match &first {
            Ending::Returned(_) => self.tally.returned += 1,
            Ending::Trapped(name) => self.tally.trap(name),
        }
        if let Some(Err(trap @ (Trap::Deadline { .. } | Trap::Fuel { .. } | Trap::StackOverflow))) =
            results.into_iter().next()
        {
            return Err(format!("predict{args:?} does not end by itself: {trap}"));
        }
        Ok(first)
    }

    /// Whether memory, the same everywhere, is another than at the last comparison.
    fn compare_memories(&mut self, instances: &mut Instances) -> Result<bool, String> {
        let mut changed = false;
        for (instance, (memory, before)) in instances.iter_mut().zip(&mut self.memories) {
            mem::swap(memory, before);
            let bytes = usize::try_from(instance.memory_bytes()).map_err(|e| e.to_string())?;
            memory.resize(bytes, 0);
            instance
                .read(0, memory)
                .map_err(|error| error.to_string())?;
            changed |= memory != before;
        }
        let compared = &self.memories[..instances.len()];
        let ((first, _), others) = compared.split_first().expect("an engine");
        for ((other, _), engine) in others.iter().zip(self.engines.iter().skip(1)) {
            if first.len() != other.len() {
                let (a, b) = (first.len(), other.len());
                return Err(format!("memory has {a} bytes, {b} on {}", engine.kind()));
            }
            if let Some(at) = (0..first.len()).find(|at| first[*at] != other[*at]) {
                let (a, b) = (first[at], other[at]);
                return Err(format!("memory at {at} is {a}, {b} on {}", engine.kind()));
            }
        }
        Ok(changed)
    }
}

impl Trial for Lockstep {
    fn try_seed(&mut self, seed: u64) {
        self.tally.modules += 1;
        let generated = generate::module(seed);
        let code = guest_code(
            &format!("seed-{seed}"),
            &generated.wasm,
            Manifest {
                name: String::new(),
                version: "1.0.0".to_owned(),
                abi: guest_abi::abi_version(),
                model_format: String::new(),
                inputs: Vec::new(),
                outputs: Vec::new(),
                state: Vec::new(),
                labels: Vec::new(),
                features: Vec::new(),
            },
        );
        if let Err(difference) = self.compare(&code, generated.functions) {
            self.tally.finding(keep(&code, &difference));
        }
    }

    fn tally(self) -> Tally {
        self.tally
    }
}

fn ending(result: &Result<i32, Trap>) -> Ending {
    match result {
        Ok(value) => Ending::Returned(*value),
        Err(trap) => Ending::Trapped(kind(trap)),
    }
}
