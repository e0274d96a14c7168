//! The site on disk, made of parts that can be rebuilt one at a time.
//!
//! ```text
//! <site>/index.html    sends the reader to the first edition
//! <site>/poolscope/    the widget: wasm, its glue, the custom elements, scenarios by name
//! <site>/shared/       what the pages of every edition load
//! <site>/cases/        what pages are backed by: the recordings of the conformance suite
//! <site>/en/           the book, one folder per edition
//! ```

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::book;
use crate::cases;
use crate::edition;
use crate::elements;
use crate::light;
use crate::scenarios;
use crate::tools::Tools;
use crate::wasm::{self, Profile};
use crate::workspace::Workspace;

/// What a rebuild has to redo. The order is the order of building: a later part may need an earlier one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    Wasm,
    Elements,
    /// The scripts of the pages themselves.
    Shared,
    Preprocessor,
    /// One edition, by name, or all.
    Book(Option<String>),
}

#[derive(Debug)]
pub struct Site<'w> {
    workspace: &'w Workspace,
    profile: Profile,
    pub folder: PathBuf,
    preprocessor: Option<PathBuf>,
}

impl<'w> Site<'w> {
    /// The site that `serve` shows. It must not be called `target/serve`: that folder is cargo's, for the
    /// profile of the same name.
    pub fn preview(workspace: &'w Workspace) -> Self {
        Self { workspace, profile: Profile::Serve, folder: workspace.target.join("preview"), preprocessor: None }
    }

    /// The site that is published.
    pub fn release(workspace: &'w Workspace) -> Self {
        Self { workspace, profile: Profile::Web, folder: workspace.target.join("site"), preprocessor: None }
    }

    pub fn widget_folder(&self) -> PathBuf {
        self.folder.join("poolscope")
    }

    /// Builds everything into an empty folder.
    pub fn build(&mut self) -> Result<()> {
        let parts = [Part::Wasm, Part::Elements, Part::Shared, Part::Preprocessor, Part::Book(None)];
        if self.folder.exists() {
            fs::remove_dir_all(&self.folder).with_context(|| format!("cannot clear {}", self.folder.display()))?;
        }
        for part in &parts {
            self.build_part(part)?;
        }
        self.write_index()
    }

    /// Rebuilds what it can, reports the rest and returns it. What fails keeps its former state.
    pub fn rebuild(&mut self, parts: &BTreeSet<Part>) -> BTreeSet<Part> {
        let mut failed = BTreeSet::new();
        for part in parts {
            // An old preprocessor would show pictures that the new one contradicts.
            let stale = matches!(part, Part::Book(_)) && failed.contains(&Part::Preprocessor);
            if stale {
                failed.insert(part.clone());
            } else if let Err(error) = self.build_part(part) {
                eprintln!("error: {error:#}");
                failed.insert(part.clone());
            }
        }
        failed
    }

    fn build_part(&mut self, part: &Part) -> Result<()> {
        match part {
            Part::Wasm => self.build_wasm(),
            Part::Elements => self.copy_elements(),
            Part::Shared => self.copy_shared(),
            Part::Preprocessor => {
                self.preprocessor = Some(book::build_preprocessor(self.workspace)?);
                Ok(())
            }
            Part::Book(name) => self.build_books(name.as_deref()),
        }
    }

    fn build_wasm(&self) -> Result<()> {
        wasm::ensure_target(self.workspace)?;
        let folder = self.widget_folder();
        fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
        wasm::build(self.workspace, self.profile, &folder)?;
        wasm::build_headless(self.workspace, self.profile, &folder)?;
        wasm::build_studio(self.workspace, self.profile, &folder)
    }

    fn copy_elements(&self) -> Result<()> {
        elements::copy(self.workspace, &self.widget_folder())
    }

    fn copy_shared(&self) -> Result<()> {
        elements::copy_modules(self.workspace, "book/shared", &self.folder.join("shared"))
    }

    fn build_books(&self, only: Option<&str>) -> Result<()> {
        let Some(preprocessor) = &self.preprocessor else {
            bail!("the book cannot be built before its preprocessor");
        };
        if only.is_none() {
            scenarios::write(
                self.workspace,
                &scenarios::files(self.workspace)?,
                &self.widget_folder().join("scenarios"),
            )?;
            cases::write(self.workspace, &self.folder.join("cases"))?;
        }
        let editions = self.workspace.editions()?;
        for edition in &editions {
            if only.is_none_or(|name| name == edition.name) {
                book::build(edition, &editions, preprocessor, &self.folder.join(&edition.name))?;
            }
        }
        Ok(())
    }

    pub fn edition_folders(&self) -> Result<Vec<PathBuf>> {
        Ok(self.workspace.editions()?.iter().map(|edition| self.folder.join(&edition.name)).collect())
    }

    fn lighten(&self, tools: &Tools) -> Result<()> {
        light::lighten(tools, self.workspace, &self.folder.join("shared"), &self.edition_folders()?)
    }

    fn write_index(&self) -> Result<()> {
        let file = self.folder.join("index.html");
        fs::write(&file, edition::front_door(&self.workspace.editions()?))
            .with_context(|| format!("cannot write {}", file.display()))
    }
}

/// Builds the published site.
pub fn build_release(workspace: &Workspace) -> Result<Site<'_>> {
    // Node is asked for before the long compilation rather than after it.
    let tools = Tools::new()?;
    let mut site = Site::release(workspace);
    site.build()?;
    wasm::optimise(workspace, &tools, &site.widget_folder())?;
    elements::shrink(&tools, &site.widget_folder(), &[])?;
    site.lighten(&tools)?;
    println!("The site is in {}.", workspace.shown(&site.folder));
    Ok(site)
}

/// Builds the pages of the published site anew, beside the widget that is there.
pub fn build_pages(workspace: &Workspace) -> Result<Site<'_>> {
    let mut site = Site::release(workspace);
    if !site.widget_folder().is_dir() {
        bail!("there is no widget yet; run `cargo xtask build` first");
    }
    for part in [Part::Shared, Part::Preprocessor, Part::Book(None)] {
        site.build_part(&part)?;
    }
    site.lighten(&Tools::new()?)?;
    site.write_index()?;
    Ok(site)
}
