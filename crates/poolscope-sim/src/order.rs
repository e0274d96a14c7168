//! A small sort: each use of the library's generic one would be kilobytes of wasm.

/// In the order of the keys; equals stay in the order in which they are.
pub fn sorted<T>(items: Vec<T>, key: impl Fn(&T) -> (u64, u64)) -> Vec<T> {
    let mut order: Vec<Key> = items.iter().enumerate().map(|(at, item)| (key(item), at)).collect();
    heap_sort(&mut order);
    let mut items: Vec<Option<T>> = items.into_iter().map(Some).collect();
    order.into_iter().filter_map(|(_, at)| items.get_mut(at)?.take()).collect()
}

type Key = ((u64, u64), usize);

fn heap_sort(keys: &mut [Key]) {
    let length = keys.len();
    for root in (0..length / 2).rev() {
        sink(keys, root);
    }
    for end in (1..length).rev() {
        keys.swap(0, end);
        sink(&mut keys[..end], 0);
    }
}

/// Restores the heap below `root`: no parent is smaller than its children.
fn sink(heap: &mut [Key], mut root: usize) {
    loop {
        let mut largest = root;
        for child in [2 * root + 1, 2 * root + 2] {
            if child < heap.len() && heap[largest] < heap[child] {
                largest = child;
            }
        }
        if largest == root {
            return;
        }
        heap.swap(root, largest);
        root = largest;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorts_and_keeps_the_order_of_equals() {
        let items: Vec<(u64, usize)> = (0..500).map(|i| ((i as u64 * 7919) % 37, i)).collect();
        let mut expected = items.clone();
        expected.sort_by_key(|i| i.0);
        assert_eq!(sorted(items, |i| (i.0, 0)), expected);
        assert!(sorted(Vec::<u8>::new(), |_| (0, 0)).is_empty());
    }
}
