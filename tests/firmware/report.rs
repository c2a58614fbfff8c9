use std::{collections::BTreeMap, fmt};

use guest_abi::DType;
use weir_engine::Tensor;

/// What the chip said: the lines that `guests/firmware/README.md` lists.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// The outputs of each call, in order.
    pub(crate) calls: Vec<Vec<Tensor>>,
    pub(crate) figures: Figures,
    /// Why it gave up.
    pub(crate) failed: Option<String>,
}

/// What running took: names with the unit last.
#[derive(Debug, Default)]
pub(crate) struct Figures(BTreeMap<String, u64>);

impl Report {
    pub(crate) fn read(log: &str) -> Self {
        let mut report = Self::default();
        let mut done = false;
        for line in log.lines() {
            match line.split_once(' ') {
                Some(("output", words)) => report.output(words),
                Some(("log", words)) => println!("the guest says: {words}"),
                Some(("failed:", words)) => report.failed = Some(words.to_owned()),
                Some((name, value)) => {
                    let value = value
                        .parse()
                        .unwrap_or_else(|_| panic!("not a figure: {line}"));
                    report.figures.0.insert(name.to_owned(), value);
                }
                None => done |= line == "done",
            }
        }
        assert!(
            done != report.failed.is_some(),
            "the chip says how it ended:\n{log}"
        );
        report
    }

    fn output(&mut self, words: &str) {
        let [call, name, dtype, dims, hex] = words
            .splitn(5, ' ')
            .collect::<Vec<_>>()
            .try_into()
            .unwrap_or_else(|_| panic!("not an output: {words}"));
        let call: usize = call.parse().expect("a call's number");
        if call == self.calls.len() {
            self.calls.push(Vec::new());
        }
        assert_eq!(call + 1, self.calls.len(), "calls are told in order");
        let code = dtype.parse().expect("a type's code");
        self.calls[call].push(Tensor {
            name: name.into(),
            dtype: DType::from_code(code).expect("a known type"),
            dims: dims
                .split_terminator(',')
                .map(|dim| dim.parse().expect("a size"))
                .collect(),
            data: bytes(hex),
        });
    }
}

fn bytes(hex: &str) -> Vec<u8> {
    let (pairs, rest) = hex.as_bytes().as_chunks::<2>();
    assert!(rest.is_empty(), "two digits for a byte");
    let byte = |pair: &[u8; 2]| {
        let digits = str::from_utf8(pair).expect("digits");
        u8::from_str_radix(digits, 16).expect("hexadecimal digits")
    };
    pairs.iter().map(byte).collect()
}

impl Figures {
    pub(crate) fn get(&self, name: &str) -> u64 {
        let value = self.0.get(name);
        *value.unwrap_or_else(|| panic!("the chip did not say {name}"))
    }

    /// Guest, heap, stack and statics together are the RAM that the chip has, and none was used up.
    pub(crate) fn fit(&self) {
        assert_eq!(self.get("ram_bytes"), 256 * 1024);
        assert!(self.get("flash_bytes") <= 768 * 1024);
        assert!(self.get("heap_bytes_used") <= self.get("heap_bytes"));
        assert!(self.get("stack_bytes_used") <= self.get("stack_bytes"));
        let parts = ["memory_bytes", "heap_bytes", "stack_bytes", "static_bytes"];
        let sum: u64 = parts.iter().map(|part| self.get(part)).sum();
        // What is lost to alignment.
        let lost = self
            .get("ram_bytes")
            .checked_sub(sum)
            .expect("no more than there is");
        assert!(lost < 64, "{lost} bytes of RAM are nowhere");
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "RAM: guest {} KiB + heap {} of {} KiB + stack {} of {} KiB; flash: {} KiB; fuel of a call at most {}",
            self.get("memory_bytes") / 1024,
            self.get("heap_bytes_used").div_ceil(1024),
            self.get("heap_bytes") / 1024,
            self.get("stack_bytes_used").div_ceil(1024),
            self.get("stack_bytes") / 1024,
            self.get("flash_bytes").div_ceil(1024),
            self.get("fuel_most"),
        )
    }
}
