/// JSON pointers (RFC 6901) as a tree, so that a payload is read in one pass.
#[derive(Debug, Clone, Default)]
pub(super) struct Tree {
    /// The slot for the value at this place.
    pub(super) slot: Option<usize>,
    children: Vec<Child>,
}

#[derive(Debug, Clone)]
struct Child {
    key: String,
    /// The same key as an index of an array.
    index: Option<usize>,
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
            let plain = key == "0" || !key.starts_with('0');
            self.children.push(Child {
                index: key.parse().ok().filter(|_| plain),
                key,
                tree: Self::default(),
            });
        }
        &mut self.children[place].tree
    }

    /// The tree below a key of an object.
    pub(super) fn at_key(&self, key: &str) -> Option<&Self> {
        self.children
            .iter()
            .find(|child| child.key == key)
            .map(|child| &child.tree)
    }

    /// The tree below an index of an array.
    pub(super) fn at_index(&self, index: usize) -> Option<&Self> {
        self.children
            .iter()
            .find(|child| child.index == Some(index))
            .map(|child| &child.tree)
    }
}
