// Long because it is one row for each instruction.
#![expect(
    clippy::as_conversions,
    reason = "Rust's `as` between numbers is what WebAssembly's conversions do"
)]

/// An instruction, and what the host computes for it.
pub(super) struct Op {
    pub(super) wat: &'static str,
    operands: usize,
    operand: Lane,
    result: Lane,
    moves_bits: bool,
    /// None where the instruction traps.
    pub(super) host: Box<dyn Fn(u64, u64) -> Option<u64>>,
}

#[derive(Clone, Copy, PartialEq)]
enum Lane {
    I32,
    I64,
    F32,
    F64,
}

/// A host type that stands for a lane, in the low bits of 64.
trait Bits: Copy + 'static {
    const LANE: Lane;
    fn of(bits: u64) -> Self;
    fn bits(self) -> u64;
}

macro_rules! bits {
    ($($host:ty: $lane:ident, $of:expr, $bits:expr;)*) => {
        $(impl Bits for $host {
            const LANE: Lane = Lane::$lane;
            fn of(bits: u64) -> Self { $of(bits) }
            fn bits(self) -> u64 { $bits(self) }
        })*
    };
}

bits! {
    i32: I32, |bits| bits as Self, |value: Self| u64::from(value.cast_unsigned());
    u32: I32, |bits| bits as Self, u64::from;
    i64: I64, |bits: u64| bits.cast_signed(), |value: Self| value.cast_unsigned();
    u64: I64, |bits| bits, |value| value;
    f32: F32, |bits| Self::from_bits(bits as u32), |value: Self| u64::from(value.to_bits());
    f64: F64, Self::from_bits, Self::to_bits;
}

impl Op {
    /// Whether these bits of a result are a NaN whose bits are left open.
    pub(super) fn is_nan(&self, bits: u64) -> bool {
        match self.result {
            Lane::F32 => f32::of(bits).is_nan() && !self.moves_bits,
            Lane::F64 => f64::of(bits).is_nan() && !self.moves_bits,
            Lane::I32 | Lane::I64 => false,
        }
    }

    /// The quiet form of an `f32` that is a NaN.
    pub(super) fn quieted(&self, bits: u64) -> Option<u64> {
        const QUIET: u64 = 1 << 22;
        let is_nan = matches!(self.result, Lane::F32) && f32::of(bits).is_nan();
        is_nan.then_some(bits | QUIET)
    }

    /// The instruction as a function of two times 64 bits.
    pub(super) fn function(&self, at: usize) -> String {
        let operand = |local: &str| match self.operand {
            Lane::I32 => format!("(i32.wrap_i64 (local.get {local}))"),
            Lane::I64 => format!("(local.get {local})"),
            Lane::F32 => format!("(f32.reinterpret_i32 (i32.wrap_i64 (local.get {local})))"),
            Lane::F64 => format!("(f64.reinterpret_i64 (local.get {local}))"),
        };
        let operands: String = ["$a", "$b"]
            .into_iter()
            .take(self.operands)
            .map(operand)
            .collect();
        let applied = format!("({} {operands})", self.wat);
        let result = match self.result {
            Lane::I32 => format!("(i64.extend_i32_u {applied})"),
            Lane::I64 => applied,
            Lane::F32 => format!("(i64.extend_i32_u (i32.reinterpret_f32 {applied}))"),
            Lane::F64 => format!("(i64.reinterpret_f64 {applied})"),
        };
        format!("(func $op{at} (type $op) (param $a i64) (param $b i64) (result i64) {result})\n")
    }

    fn moving_bits(mut self) -> Self {
        self.moves_bits = true;
        self
    }
}

fn two<A: Bits, R: Bits>(wat: &'static str, host: fn(A, A) -> R) -> Op {
    Op {
        wat,
        operands: 2,
        operand: A::LANE,
        result: R::LANE,
        moves_bits: false,
        host: Box::new(move |a, b| Some(host(A::of(a), A::of(b)).bits())),
    }
}

fn two_or_trap<A: Bits>(wat: &'static str, host: fn(A, A) -> Option<A>) -> Op {
    Op {
        host: Box::new(move |a, b| host(A::of(a), A::of(b)).map(Bits::bits)),
        ..two(wat, |a: A, _| a)
    }
}

fn one<A: Bits, R: Bits>(wat: &'static str, host: fn(A) -> R) -> Op {
    Op {
        wat,
        operands: 1,
        operand: A::LANE,
        result: R::LANE,
        moves_bits: false,
        host: Box::new(move |a, _| Some(host(A::of(a)).bits())),
    }
}

fn one_or_trap<A: Bits, R: Bits>(wat: &'static str, host: fn(A) -> Option<R>) -> Op {
    Op {
        host: Box::new(move |a, _| host(A::of(a)).map(Bits::bits)),
        ..one(wat, |a: A| R::of(a.bits()))
    }
}

pub(super) fn all() -> Vec<Op> {
    let mut ops = integers();
    ops.extend(singles());
    ops.extend(doubles());
    ops.extend(conversions());
    ops.extend(truncations());
    ops
}

macro_rules! float_ops {
    ($name:ident, $float:ty, $($wat:literal),*) => {
        fn $name() -> Vec<Op> {
            let [add, sub, mul, div, min, max, copysign, abs, neg, ceil, floor, trunc, nearest, sqrt, eq, lt, le] =
                [$($wat),*];
            vec![
                two(add, |a: $float, b| a + b),
                two(sub, |a: $float, b| a - b),
                two(mul, |a: $float, b| a * b),
                two(div, |a: $float, b| a / b),
                two(min, |a: $float, b| {
                    if a.is_nan() || b.is_nan() { <$float>::NAN }
                    else if a == b { if a.is_sign_negative() { a } else { b } }
                    else if a < b { a } else { b }
                }),
                two(max, |a: $float, b| {
                    if a.is_nan() || b.is_nan() { <$float>::NAN }
                    else if a == b { if a.is_sign_negative() { b } else { a } }
                    else if a > b { a } else { b }
                }),
                two(copysign, <$float>::copysign).moving_bits(),
                one(abs, <$float>::abs).moving_bits(),
                one(neg, |a: $float| -a).moving_bits(),
                one(ceil, <$float>::ceil),
                one(floor, <$float>::floor),
                one(trunc, <$float>::trunc),
                one(nearest, <$float>::round_ties_even),
                one(sqrt, <$float>::sqrt),
                two(eq, |a: $float, b| u32::from(a == b)),
                two(lt, |a: $float, b| u32::from(a < b)),
                two(le, |a: $float, b| u32::from(a <= b)),
            ]
        }
    };
}

float_ops!(
    singles,
    f32,
    "f32.add",
    "f32.sub",
    "f32.mul",
    "f32.div",
    "f32.min",
    "f32.max",
    "f32.copysign",
    "f32.abs",
    "f32.neg",
    "f32.ceil",
    "f32.floor",
    "f32.trunc",
    "f32.nearest",
    "f32.sqrt",
    "f32.eq",
    "f32.lt",
    "f32.le"
);
float_ops!(
    doubles,
    f64,
    "f64.add",
    "f64.sub",
    "f64.mul",
    "f64.div",
    "f64.min",
    "f64.max",
    "f64.copysign",
    "f64.abs",
    "f64.neg",
    "f64.ceil",
    "f64.floor",
    "f64.trunc",
    "f64.nearest",
    "f64.sqrt",
    "f64.eq",
    "f64.lt",
    "f64.le"
);

fn integers() -> Vec<Op> {
    vec![
        two("i32.add", u32::wrapping_add),
        two("i32.mul", u32::wrapping_mul),
        two_or_trap("i32.div_s", i32::checked_div),
        two_or_trap("i32.div_u", u32::checked_div),
        two_or_trap("i32.rem_s", |a: i32, b| (b != 0).then(|| a.wrapping_rem(b))),
        two_or_trap("i32.rem_u", u32::checked_rem),
        two("i32.shl", |a: u32, b| a.wrapping_shl(b)),
        two("i32.shr_s", |a: i32, b| a.wrapping_shr(b.cast_unsigned())),
        two("i32.rotr", |a: u32, b| a.rotate_right(b & 31)),
        one("i32.clz", u32::leading_zeros),
        one("i32.ctz", u32::trailing_zeros),
        one("i32.popcnt", u32::count_ones),
        one("i32.extend8_s", |a: i32| i32::from(a as i8)),
        one("i32.extend16_s", |a: i32| i32::from(a as i16)),
        two("i64.add", u64::wrapping_add),
        two("i64.sub", u64::wrapping_sub),
        two("i64.mul", u64::wrapping_mul),
        two_or_trap("i64.div_s", i64::checked_div),
        two_or_trap("i64.div_u", u64::checked_div),
        two_or_trap("i64.rem_s", |a: i64, b| (b != 0).then(|| a.wrapping_rem(b))),
        two_or_trap("i64.rem_u", u64::checked_rem),
        two("i64.and", |a: u64, b| a & b),
        two("i64.xor", |a: u64, b| a ^ b),
        two("i64.shl", |a: u64, b| a.wrapping_shl(b as u32)),
        two("i64.shr_s", |a: i64, b| a.wrapping_shr(b as u32)),
        two("i64.shr_u", |a: u64, b| a.wrapping_shr(b as u32)),
        two("i64.rotl", |a: u64, b| a.rotate_left((b & 63) as u32)),
        two("i64.lt_s", |a: i64, b| u32::from(a < b)),
        two("i64.lt_u", |a: u64, b| u32::from(a < b)),
        one("i64.clz", |a: u64| u64::from(a.leading_zeros())),
        one("i64.ctz", |a: u64| u64::from(a.trailing_zeros())),
        one("i64.popcnt", |a: u64| u64::from(a.count_ones())),
        one("i64.extend8_s", |a: i64| i64::from(a as i8)),
        one("i64.extend32_s", |a: i64| i64::from(a as i32)),
    ]
}

fn conversions() -> Vec<Op> {
    vec![
        one("f32.demote_f64", |a: f64| a as f32),
        one("f64.promote_f32", |a: f32| f64::from(a)),
        one("f32.convert_i32_s", |a: i32| a as f32),
        one("f32.convert_i32_u", |a: u32| a as f32),
        one("f32.convert_i64_s", |a: i64| a as f32),
        one("f32.convert_i64_u", |a: u64| a as f32),
        one("f64.convert_i32_u", |a: u32| f64::from(a)),
        one("f64.convert_i64_s", |a: i64| a as f64),
        one("f64.convert_i64_u", |a: u64| a as f64),
        one("i32.wrap_i64", |a: u64| a as u32),
        one("i64.extend_i32_s", |a: i32| i64::from(a)),
        one("i64.reinterpret_f64", f64::to_bits),
        one("f32.reinterpret_i32", f32::from_bits).moving_bits(),
        one("i32.trunc_sat_f32_s", |a: f32| a as i32),
        one("i32.trunc_sat_f32_u", |a: f32| a as u32),
        one("i32.trunc_sat_f64_s", |a: f64| a as i32),
        one("i32.trunc_sat_f64_u", |a: f64| a as u32),
        one("i64.trunc_sat_f32_s", |a: f32| a as i64),
        one("i64.trunc_sat_f32_u", |a: f32| a as u64),
        one("i64.trunc_sat_f64_s", |a: f64| a as i64),
        one("i64.trunc_sat_f64_u", |a: f64| a as u64),
    ]
}

/// The trapping conversions: a result exists where the truncated value is within the type. The bounds are powers
/// of two, so that they are exact in either float.
fn truncations() -> Vec<Op> {
    fn within(value: f64, low: f64, high: f64) -> bool {
        value.trunc() >= low && value.trunc() < high
    }
    const TWO_31: f64 = 2_147_483_648.0;
    const TWO_63: f64 = 9_223_372_036_854_775_808.0;
    vec![
        one_or_trap("i32.trunc_f32_s", |a: f32| {
            within(a.into(), -TWO_31, TWO_31).then_some(a as i32)
        }),
        one_or_trap("i32.trunc_f32_u", |a: f32| {
            within(a.into(), 0.0, 2.0 * TWO_31).then_some(a as u32)
        }),
        one_or_trap("i32.trunc_f64_s", |a: f64| {
            within(a, -TWO_31, TWO_31).then_some(a as i32)
        }),
        one_or_trap("i32.trunc_f64_u", |a: f64| {
            within(a, 0.0, 2.0 * TWO_31).then_some(a as u32)
        }),
        one_or_trap("i64.trunc_f32_s", |a: f32| {
            within(a.into(), -TWO_63, TWO_63).then_some(a as i64)
        }),
        one_or_trap("i64.trunc_f64_s", |a: f64| {
            within(a, -TWO_63, TWO_63).then_some(a as i64)
        }),
        one_or_trap("i64.trunc_f64_u", |a: f64| {
            within(a, 0.0, 2.0 * TWO_63).then_some(a as u64)
        }),
    ]
}
