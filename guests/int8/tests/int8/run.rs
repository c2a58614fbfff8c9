use int8_network::{Fault, Memory, Network};

/// Runs a file in memory of exactly the stated size, filled with what must not matter.
pub(crate) fn run(file: &[u8], input: &[f32], filling: i8) -> Result<Vec<f32>, Fault> {
    let network = Network::read(file)?;
    let elements: u32 = network.output_dims().iter().product();
    let mut output = vec![f32::NAN; usize::try_from(elements).expect("fits")];
    let mut activations = vec![filling; network.activation_bytes()];
    let mut scratch = vec![i64::from(filling) << 24; network.scratch_words()];
    let mut memory = Memory {
        activations: &mut activations,
        scratch: &mut scratch,
    };
    network.run(&mut memory, input, &mut output)?;
    Ok(output)
}
