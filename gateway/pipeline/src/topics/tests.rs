use super::*;

#[test]
fn names_are_built_as_the_table_says() {
    let (pipeline, device, node) = (
        "p".parse().unwrap(),
        "d".parse().unwrap(),
        "n".parse().unwrap(),
    );
    assert_eq!(result("weir", &pipeline, &device), "weir/results/p/d");
    assert_eq!(reject("weir", &pipeline, Some(&device)), "weir/rejects/p/d");
    assert_eq!(reject("weir", &pipeline, None), "weir/rejects/p/_");
    assert_eq!(status("weir", &node), "weir/nodes/n/status");
    assert_eq!(health("weir", &node), "weir/nodes/n/health");
}
