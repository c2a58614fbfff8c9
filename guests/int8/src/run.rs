use crate::{Fault, Finish, Memory, Network, edge, kernel};

impl Network<'_> {
    /// One inference.
    ///
    /// # Errors
    /// Fails where input, output or memory have other sizes than the network states.
    pub fn run(
        &self,
        memory: &mut Memory<'_>,
        input: &[f32],
        output: &mut [f32],
    ) -> Result<(), Fault> {
        let activations = memory.activations.get_mut(..self.activation_bytes());
        let activations = activations.ok_or(Fault::Memory)?;
        let scratch = memory.scratch.get_mut(..self.scratch_words());
        let scratch = scratch.ok_or(Fault::Memory)?;

        let first = self.steps.place();
        let inside = activations.get_mut(first.range()).ok_or(Fault::Memory)?;
        edge::quantise(&self.header.input, first.shape, input, inside)?;
        for step in self.steps() {
            kernel::run(&step?, activations, scratch)?;
        }
        let last = self.output();
        let inside = activations.get(last.range()).ok_or(Fault::Memory)?;
        edge::dequantise(&self.header.output, last.shape, inside, output)?;
        match self.header.finish {
            Finish::None => {}
            Finish::Softmax => edge::softmax(self.header.output.layout, last.shape, output),
        }
        Ok(())
    }
}
