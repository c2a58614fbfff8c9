/// JSON pointers (RFC 6901) as a tree, so that a payload is read in one pass.
#[derive(Debug, Clone, Default)]
pub(in crate::decode) struct Tree {
    /// The slot for the value at this place.
    pub(in crate::decode) slot: Option<usize>,
    children: Vec<Child>,
}

#[derive(Debug, Clone)]
struct Child {
    key: String,
    /// The same key as an index of an array, or as an integer key of a CBOR map.
    integer: Option<i128>,
    tree: Tree,
}

impl Tree {
    /// Adds a pointer. No pointer may be, or lie within, another.
    pub(super) fn insert(&mut self, pointer: &str, slot: usize) -> Result<(), String> {
        if !pointer.is_empty() && !pointer.starts_with('/') {
            return Err(
                "is no JSON pointer: it starts with / (\"/ax\"), or is empty for the whole payload"
                    .to_owned(),
            );
        }
        let mut tree = self;
        for key in pointer.split('/').skip(1) {
            if tree.slot.is_some() {
                return Err("lies within another pointer".to_owned());
            }
            tree = tree.child(key.replace("~1", "/").replace("~0", "~"));
        }
        if tree.slot.is_some() || !tree.children.is_empty() {
            return Err("stands twice, or another pointer lies within it".to_owned());
        }
        tree.slot = Some(slot);
        Ok(())
    }

    fn child(&mut self, key: String) -> &mut Self {
        let found = self.children.iter().position(|child| child.key == key);
        let place = found.unwrap_or(self.children.len());
        if found.is_none() {
            let integer: Option<i128> = key.parse().ok();
            self.children.push(Child {
                integer: integer.filter(|integer| integer.to_string() == key),
                key,
                tree: Self::default(),
            });
        }
        &mut self.children[place].tree
    }

    /// The tree below a key of an object.
    pub(in crate::decode) fn at_key(&self, key: &str) -> Option<&Self> {
        self.children
            .iter()
            .find(|child| child.key == key)
            .map(|child| &child.tree)
    }

    /// The tree below an index of an array, or an integer key of a map.
    pub(in crate::decode) fn at_integer(&self, integer: i128) -> Option<&Self> {
        self.children
            .iter()
            .find(|child| child.integer == Some(integer))
            .map(|child| &child.tree)
    }
}
