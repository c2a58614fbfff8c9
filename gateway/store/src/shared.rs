use std::sync::{Arc, Mutex, PoisonError, Weak};

/// Contents of files in use, by their digest: pipelines that run the same guest or model share its memory.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shared(Arc<Mutex<Vec<InUse>>>);

#[derive(Debug)]
struct InUse {
    sha256: [u8; 32],
    bytes: Weak<[u8]>,
}

impl Shared {
    /// The same bytes: those that somebody uses already, where there are any.
    pub(crate) fn of(&self, sha256: [u8; 32], bytes: Arc<[u8]>) -> Arc<[u8]> {
        let mut used = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        used.retain(|one| one.bytes.strong_count() > 0);
        let known = used.iter().find(|one| one.sha256 == sha256);
        if let Some(known) = known.and_then(|one| one.bytes.upgrade()) {
            return known;
        }
        used.push(InUse {
            sha256,
            bytes: Arc::downgrade(&bytes),
        });
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_contents_are_held_once_and_only_while_they_are_used() {
        let shared = Shared::default();
        let bytes = || Arc::<[u8]>::from([1_u8, 2, 3]);
        let first = shared.of([7; 32], bytes());
        let second = shared.clone().of([7; 32], bytes());
        assert!(Arc::ptr_eq(&first, &second));
        assert!(!Arc::ptr_eq(&first, &shared.of([8; 32], bytes())));
        drop((first, second));
        shared.of([9; 32], bytes());
        assert_eq!(shared.0.lock().unwrap().len(), 1, "the last one");
    }
}
