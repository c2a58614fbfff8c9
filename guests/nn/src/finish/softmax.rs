use libm::expf;

/// Makes probabilities of logits, in place.
pub(super) fn softmax(values: &mut [f32]) {
    let greatest = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut sum = 0.0;
    for value in &mut *values {
        *value = expf(*value - greatest);
        sum += *value;
    }
    for value in values {
        *value /= sum;
    }
}
