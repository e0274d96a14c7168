//! The layout step: a timeline seen through a viewport, as placed shapes. Every exporter reads only this.

mod bars;
mod causes;
mod chart;
mod labels;
mod layout;
mod marks;
mod playhead;

use poolscope_sim::time::SimTime;
use poolscope_sim::trace::EventId;

use crate::timeline::Timeline;
use crate::viewport::{TimeScale, Viewport};

#[derive(Clone, Debug)]
pub struct SceneOptions {
    /// Width of the picture in px; 320 to 2000 are sensible.
    pub width: f32,
    /// BCP 47: `en` or `zh-CN`.
    pub lang: String,
    /// An instant to mark in the picture itself. A widget leaves it out and draws its own line with `Scene::scale`.
    pub playhead: Option<SimTime>,
    /// Where two runs part that are drawn beside each other.
    pub divergence: Option<SimTime>,
}

impl SceneOptions {
    pub fn new(width: f32, lang: &str) -> SceneOptions {
        SceneOptions { width, lang: lang.to_owned(), playhead: None, divergence: None }
    }
}

/// Everything placed, in painting order.
#[derive(Clone, Debug)]
pub struct Scene {
    pub width: f32,
    pub height: f32,
    /// For `<title>` and `<desc>`: what the picture is, and what is to be seen in it.
    pub title: String,
    pub desc: String,
    /// Where time runs: right of the labels, between the axis and the bottom.
    pub plot: Frame,
    /// Time ↔ px inside the plot, for playheads and pointers.
    pub scale: TimeScale,
    /// Of each lane of the timeline, from top to bottom: the height at which its marks stand.
    pub middles: Vec<f32>,
    pub items: Vec<Item>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Frame {
    pub left: f32,
    pub top: f32,
    pub right: f32,
    pub bottom: f32,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// One or more CSS classes of `css()`, separated by spaces.
    pub class: &'static str,
    pub shape: Shape,
    /// What a click selects.
    pub event: Option<EventId>,
    /// The DBAPI connection that it is about, so that a widget can light it in all three groups.
    pub connection: Option<u32>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    Rect {
        x: f32,
        y: f32,
        width: f32,
        height: f32,
        radius: f32,
    },
    Line {
        x1: f32,
        y1: f32,
        x2: f32,
        y2: f32,
    },
    /// A horizontal stroke as thick as a bar: stripes come from the stylesheet's dashes.
    Stroke {
        x1: f32,
        x2: f32,
        y: f32,
        thick: f32,
    },
    /// A connected line through these points; `closed` ones are areas.
    Path {
        points: Vec<(f32, f32)>,
        closed: bool,
    },
    /// Centred on (x, y), `size` px across.
    Glyph {
        glyph: Glyph,
        x: f32,
        y: f32,
        size: f32,
    },
    /// `y` is the baseline.
    Text {
        x: f32,
        y: f32,
        anchor: Anchor,
        text: String,
    },
}

/// Kinds of marks differ in shape, not only in colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Glyph {
    /// Errors, failed pings.
    Cross,
    /// Connect, ping ok.
    Dot,
    /// A dot among thousands.
    Speck,
    /// Checkout.
    Up,
    /// Checkin.
    Down,
    /// Invalidate.
    Diamond,
    /// Close, quit: an end that somebody wanted.
    Stop,
    /// wait_timeout: an end that nobody was told of.
    Hourglass,
    /// KILL, restart.
    Bolt,
    /// A client turned away.
    Barred,
    /// A Session lost.
    Ring,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    Start,
    Middle,
    End,
}

/// Places a timeline.
pub fn scene(timeline: &Timeline, viewport: &Viewport, options: &SceneOptions) -> Scene {
    layout::place(timeline, viewport, options)
}

/// A pointer may miss a mark by this many pixels.
const GRACE: f32 = 4.0;

impl Scene {
    /// The event under a point: the topmost clickable shape that is there, marks with a few pixels of grace.
    pub fn hit(&self, x: f32, y: f32) -> Option<EventId> {
        let mark = self.items.iter().rev().find(|item| match item.shape {
            Shape::Glyph { x: gx, y: gy, size, .. } => {
                item.event.is_some() && (x - gx).abs().max((y - gy).abs()) <= size / 2.0 + GRACE
            }
            _ => false,
        });
        let bar = || {
            self.items.iter().rev().find(|item| match item.shape {
                Shape::Rect { x: left, y: top, width, height, .. } => {
                    let grace = if width < 2.0 * GRACE { GRACE / 2.0 } else { 0.0 };
                    item.event.is_some()
                        && (left - grace..=left + width + grace).contains(&x)
                        && (top - 1.0..=top + height + 1.0).contains(&y)
                }
                _ => false,
            })
        };
        mark.or_else(bar).and_then(|item| item.event)
    }
}
