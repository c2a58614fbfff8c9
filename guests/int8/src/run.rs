use crate::{Fault, Finish, Memory, Network, Step, edge, kernel};

impl<'m> Network<'m> {
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
        self.infer(self.steps(), memory, input, output)
    }

    /// One inference with the [`steps`](Self::steps) that the caller keeps, which saves reading them anew.
    ///
    /// # Errors
    /// Fails as [`run`](Self::run) does, and may where the steps are another network's.
    pub fn run_steps(
        &self,
        steps: &[Step<'m>],
        memory: &mut Memory<'_>,
        input: &[f32],
        output: &mut [f32],
    ) -> Result<(), Fault> {
        self.infer(steps.iter().map(Ok), memory, input, output)
    }

    #[inline(always)]
    fn infer<S: core::borrow::Borrow<Step<'m>>>(
        &self,
        steps: impl Iterator<Item = Result<S, Fault>>,
        memory: &mut Memory<'_>,
        input: &[f32],
        output: &mut [f32],
    ) -> Result<(), Fault> {
        let activations = memory.activations.get_mut(..self.activation_bytes());
        let activations = activations.ok_or(Fault::Memory)?;
        let inside = activations.split_at_mut_checked(self.places_bytes());
        let (activations, room) = inside.ok_or(Fault::Memory)?;
        let scratch = memory.scratch.get_mut(..self.scratch_words());
        let scratch = scratch.ok_or(Fault::Memory)?;

        let first = self.steps.place();
        let inside = activations.get_mut(first.range()).ok_or(Fault::Memory)?;
        edge::quantise(&self.header.input, first.shape, input, inside)?;
        for step in steps {
            kernel::run(step?.borrow(), activations, room, scratch)?;
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
