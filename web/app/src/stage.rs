//! The picture: laid out once per run, width and window; only the overlay with the playhead changes from step to step.

use poolscope_sim::time::SimTime;
use poolscope_sim::trace::EventId;
use poolscope_timeline::{Scene, SceneOptions, Shape, Timeline, Viewport, parts, scene, svg};
use yew::prelude::*;

use crate::playhead::Playhead;
use crate::studio::STUDIO;
use crate::view::View;

#[derive(Debug)]
pub struct Stage {
    width: u32,
    lang: String,
    pub viewport: Viewport,
    scene: Scene,
    picture: Html,
    /// Where two runs part that are drawn beside each other.
    pub divergence: Option<SimTime>,
    /// Idle time is drawn shorter than it lasts.
    pub folded: bool,
}

/// Narrower than any phone: what is laid out before the page has given the widget a width.
const WIDTH_MIN: u32 = 280;
const WIDTH_MAX: u32 = 1600;

impl Stage {
    pub fn new(timeline: &Timeline, width: u32, lang: &str) -> Stage {
        let viewport = Viewport::fit(timeline.start, timeline.end);
        let width = width.clamp(WIDTH_MIN, WIDTH_MAX);
        let scene = scene(timeline, &viewport, &SceneOptions::new(width as f32, lang));
        let picture = picture(&scene);
        Stage { width, lang: lang.to_owned(), viewport, scene, picture, divergence: None, folded: false }
    }

    /// Another run on the same window, as far as it reaches.
    pub fn show(&mut self, timeline: &Timeline) {
        let mut whole = Viewport::fit(timeline.start, timeline.end);
        if STUDIO && self.folded {
            whole = whole.folded(&timeline.quiet());
        }
        let viewport =
            if self.viewport.is_fit() { whole } else { whole.show(self.viewport.from(), self.viewport.to()) };
        self.layout(timeline, viewport);
    }

    pub fn resize(&mut self, timeline: &Timeline, width: u32) -> bool {
        let width = width.clamp(WIDTH_MIN, WIDTH_MAX);
        let changed = width != self.width;
        if changed {
            self.width = width;
            self.layout(timeline, self.viewport.clone());
        }
        changed
    }

    pub fn look(&mut self, timeline: &Timeline, viewport: Viewport) {
        if viewport != self.viewport {
            self.layout(timeline, viewport);
        }
    }

    fn layout(&mut self, timeline: &Timeline, viewport: Viewport) {
        let divergence = self.divergence;
        let options = SceneOptions { divergence, ..SceneOptions::new(self.width as f32, &self.lang) };
        self.scene = scene(timeline, &viewport, &options);
        self.picture = picture(&self.scene);
        self.viewport = viewport;
    }

    /// Left and right of the time axis in whole px, for a slider whose thumb (16 px across) stays under the playhead.
    pub fn insets(&self) -> (u32, u32) {
        let plot = self.scene.plot;
        (plot.left as u32, (self.scene.width - plot.right) as u32)
    }

    pub fn hit(&self, x: f32, y: f32) -> Option<EventId> {
        self.scene.hit(x, y)
    }

    /// The instant under a pixel, if the pixel is on the time axis.
    pub fn time(&self, x: f32) -> SimTime {
        self.scene.scale.time(x)
    }

    pub fn scene(&self) -> &Scene {
        &self.scene
    }

    /// `drawn`: what the studio draws over the picture, as paths with their classes.
    pub fn view(
        &self,
        view: &mut View,
        playhead: Playhead,
        subject: Option<EventId>,
        drawn: &[(&'static str, String)],
    ) {
        let (outlines, ring) = self.selection(subject);
        let (mut line, mut thumb) = (String::new(), String::new());
        if let Some((x, stretches)) = self.scene.playhead(playhead.at) {
            let (x, top) = (x as i32, self.scene.plot.top as i32);
            for (from, to) in stretches {
                line += &format!("M{x} {}V{}", from as i32, to as i32);
            }
            thumb = format!("M{x} {top}l-6 -8h12z");
        }
        view.open("div class=picture", &[]).add(self.picture.clone());
        let (width, height) = size(&self.scene);
        view.close().open("svg class=overlay aria-hidden=true width={} height={}", &[&width, &height]);
        let own = [("same", &outlines), ("chosen", &ring), ("playhead", &line), ("thumb", &thumb)];
        for (class, path) in own.into_iter().chain(drawn.iter().map(|(class, path)| (*class, path))) {
            view.open("path class={} d={}", &[class, path]).close();
        }
        view.close();
    }

    /// Where these instants are, as ticks under the axis.
    pub fn ticks(&self, instants: impl Iterator<Item = SimTime>) -> String {
        let mut path = String::new();
        for at in instants.filter(|at| self.scene.scale.shows(*at, *at)) {
            path += &format!("M{} {}v7", self.scene.scale.x(at) as i32, self.scene.plot.top as i32);
        }
        path
    }

    /// The picture alone, as a file.
    pub fn picture(&self) -> String {
        svg(&self.scene)
    }

    /// Outlines around everything that is about the same connection, and a ring around the mark of the event itself.
    fn selection(&self, subject: Option<EventId>) -> (String, String) {
        let (mut outlines, mut ring) = (String::new(), String::new());
        let Some(subject) = subject else { return (outlines, ring) };
        let own = |item: &&poolscope_timeline::Item| item.event == Some(subject);
        let connection = self.scene.items.iter().filter(own).find_map(|item| item.connection);
        for item in &self.scene.items {
            match item.shape {
                Shape::Rect { x, y, width, height, .. } if connection.is_some() && item.connection == connection => {
                    outlines += &format!("M{} {}h{}v{}h-{2}z", x as i32, y as i32, width as i32, height as i32);
                }
                Shape::Glyph { x, y, size, .. } if own(&item) => {
                    let r = size as i32 / 2 + 4;
                    ring += &format!("M{} {}a{r} {r} 0 1 1 {} 0a{r} {r} 0 1 1 -{2} 0z", x as i32 - r, y as i32, 2 * r);
                }
                _ => {}
            }
        }
        (outlines, ring)
    }
}

/// Safe: every text in the picture is escaped where it is written, and the scenario's own text reaches it nowhere else.
fn picture(scene: &Scene) -> Html {
    let (width, height) = size(scene);
    let mut view = View::default();
    let line = "svg class=ps role=img viewBox={} width={} height={}";
    view.open(line, &[&format!("0 0 {width} {height}"), &width, &height]);
    view.leaf("title", &[], &scene.title).leaf("desc", &[], &scene.desc);
    for part in parts(scene) {
        view.part(part);
    }
    view.close();
    view.html()
}

/// Whole px.
fn size(scene: &Scene) -> (String, String) {
    ((scene.width as i32).to_string(), (scene.height as i32).to_string())
}
