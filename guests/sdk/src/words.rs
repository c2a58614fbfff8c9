use core::fmt;

/// The longest text that leaves the guest, in bytes; the rest is cut off.
pub(crate) const WORDS_BYTES_MAX: usize = 512;

/// A text of bounded length that needs no allocation, so that it can say that memory ran out.
pub(crate) struct Words {
    bytes: [u8; WORDS_BYTES_MAX],
    len: usize,
}

impl Words {
    pub(crate) const fn new() -> Self {
        Self {
            bytes: [0; WORDS_BYTES_MAX],
            len: 0,
        }
    }

    pub(crate) fn clear(&mut self) {
        self.len = 0;
    }

    pub(crate) fn set(&mut self, words: &dyn fmt::Display) {
        self.clear();
        self.append(format_args!("{words}"));
    }

    pub(crate) fn append(&mut self, words: fmt::Arguments<'_>) {
        // An error here means that the text was cut off, which is what is wanted.
        fmt::Write::write_fmt(self, words).unwrap_or_default();
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

impl fmt::Write for Words {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = WORDS_BYTES_MAX - self.len;
        let taken = text.floor_char_boundary(room);
        self.bytes[self.len..self.len + taken].copy_from_slice(&text.as_bytes()[..taken]);
        self.len += taken;
        if taken == text.len() {
            Ok(())
        } else {
            Err(fmt::Error)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_between_characters() {
        let mut words = Words::new();
        words.set(&"ü".repeat(WORDS_BYTES_MAX));
        assert_eq!(words.as_bytes().len(), WORDS_BYTES_MAX);
        words.set(&std::format!("a{}", "ü".repeat(WORDS_BYTES_MAX)));
        assert_eq!(words.as_bytes().len(), WORDS_BYTES_MAX - 1);
        assert!(std::str::from_utf8(words.as_bytes()).is_ok());
        words.clear();
        assert!(words.as_bytes().is_empty());
    }
}
