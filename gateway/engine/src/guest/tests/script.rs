use crate::{AccessError, Budget, Export, Instance, Module, Start, Trap, region};

/// What a hostile guest does, drawn anew for each case.
#[derive(Debug, Clone)]
pub(super) struct Script {
    pub(super) abi: i32,
    /// Answers to `weir_buffer`; a sound one where there is none.
    pub(super) addresses: Vec<Option<i32>>,
    /// The answer to `load_model` and `weir_open`.
    pub(super) opening: i32,
    /// The address of the words.
    pub(super) words: i32,
    /// Answers to `predict`, in turn, for ever.
    pub(super) answers: Vec<i32>,
    /// Words that `predict` writes over the outputs' descriptors: (offset, word).
    pub(super) writes: Vec<(u32, u32)>,
    /// Sizes of the memory, in turn: a sound engine never shrinks it, a broken one may.
    pub(super) sizes: Vec<usize>,
    /// Looks at the memory after which the guest is gone.
    pub(super) looks_max: usize,
    pub(super) exports: u8,
    pub(super) start: Start,
}

impl Script {
    pub(super) fn model(&self) -> Option<&'static [u8]> {
        let loads = self.exports & (1 << Export::LoadModel.index()) != 0;
        loads.then_some(b"model")
    }
}

struct Hostile {
    script: Script,
    memory: Vec<u8>,
    next_address: i32,
    buffers: usize,
    calls: usize,
    looks: usize,
}

impl Module for Script {
    fn instantiate(&self) -> Result<Box<dyn Instance>, Trap> {
        Ok(Box::new(Hostile {
            script: self.clone(),
            memory: vec![0x5a; 1 << 20],
            next_address: 4096,
            buffers: 0,
            calls: 0,
            looks: 0,
        }))
    }

    fn start(&self) -> Start {
        self.start
    }
}

impl Hostile {
    /// The memory, in the next of its sizes.
    fn look(&mut self) -> &mut [u8] {
        self.looks += 1;
        let size = self.script.sizes[self.looks % self.script.sizes.len()];
        &mut self.memory[..size]
    }

    fn still_there(&self) -> Result<(), AccessError> {
        if self.looks < self.script.looks_max {
            return Ok(());
        }
        Err(AccessError::Ended(Trap::Unreachable))
    }

    fn buffer(&mut self, len: i32) -> i32 {
        self.buffers += 1;
        let sound = self.next_address;
        self.next_address += (len + 15) & !15;
        let scripted = self.script.addresses.get(self.buffers - 1);
        scripted.copied().flatten().unwrap_or(sound)
    }

    /// What a sound guest writes, then what the script writes over it.
    fn answer_outputs(&mut self, outputs: i32) {
        let sound = [(8, 8), (12, 0x101), (16, 2), (56, 16), (60, 0x101), (64, 4)];
        let sound = sound
            .into_iter()
            .chain([(104, 8), (108, 0x201), (112, 2), (116, 1)]);
        for (offset, word) in sound.chain(self.script.writes.clone()) {
            let at = u64::from(outputs.cast_unsigned()) + u64::from(offset);
            let at = usize::try_from(at).unwrap_or(usize::MAX);
            if let Some(word_at) = self.memory.get_mut(at..at.saturating_add(4)) {
                word_at.copy_from_slice(&word.to_le_bytes());
            }
        }
    }
}

impl Instance for Hostile {
    fn has(&self, export: Export) -> bool {
        export.required() || self.script.exports & (1 << export.index()) != 0
    }

    fn call(&mut self, export: Export, args: &[i32], _budget: Budget) -> Result<i32, Trap> {
        self.calls += 1;
        match export {
            Export::Abi => Ok(self.script.abi),
            Export::Buffer => Ok(self.buffer(args[1])),
            Export::Predict => {
                self.answer_outputs(args[2]);
                Ok(self.script.answers[self.calls % self.script.answers.len()])
            }
            Export::LoadModel | Export::Open => Ok(self.script.opening),
            Export::Error | Export::Initialize => Ok(self.script.words),
        }
    }

    fn memory_bytes(&mut self) -> u64 {
        u64::try_from(self.look().len()).expect("small")
    }

    fn read(&mut self, address: u32, into: &mut [u8]) -> Result<(), AccessError> {
        into.copy_from_slice(region(self.look(), address, into.len())?);
        self.still_there()
    }

    fn write(&mut self, address: u32, bytes: &[u8]) -> Result<(), AccessError> {
        region(self.look(), address, bytes.len())?.copy_from_slice(bytes);
        self.still_there()
    }

    fn take_log(&mut self) -> Vec<(u8, String)> {
        Vec::new()
    }
}
