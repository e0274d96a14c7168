//! From web/app to the two files a browser loads: the wasm module and its JavaScript glue.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use wasm_bindgen_cli_support::Bindgen;

use crate::glue;
use crate::process;
use crate::progress::step;
use crate::workspace::Workspace;

pub const TARGET: &str = "wasm32-unknown-unknown";
/// The widget: package, and library, hence the name of the files.
const APP: (&str, &str) = ("poolscope-app", "poolscope_app");
/// The simulator without a view.
const HEADLESS: (&str, &str) = ("poolscope-headless", "poolscope_headless");

/// Inlined copies make the module shorter but its gzip longer by 4 %: what counts is what travels.
const COMPRESSES_BETTER: &[&str] = &[
    "--always-inline-max-function-size=0",
    "--flexible-inline-max-function-size=0",
    "--one-caller-inline-max-function-size=0",
    "--skip-pass=local-cse",
];

/// What rustc may emit. They are named one by one because `wasm-opt --all-features` produces types that
/// browsers refuse to load.
const FEATURES: [&str; 7] = [
    "--enable-bulk-memory",
    "--enable-bulk-memory-opt",
    "--enable-nontrapping-float-to-int",
    "--enable-sign-ext",
    "--enable-mutable-globals",
    "--enable-reference-types",
    "--enable-multivalue",
];

/// The cargo profile a module is built with; both are defined in the workspace's Cargo.toml.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// Quick to compile.
    Serve,
    /// Small.
    Web,
}

impl Profile {
    fn name(self) -> &'static str {
        match self {
            Self::Serve => "serve",
            Self::Web => "web",
        }
    }
}

/// Makes sure that the compiler can target wasm, since a toolchain that was not installed by rustup's
/// own reading of rust-toolchain.toml lacks it.
pub fn ensure_target(workspace: &Workspace) -> Result<()> {
    let mut sysroot = Command::new("rustc");
    sysroot.args(["--print", "sysroot"]).current_dir(&workspace.root);
    let sysroot = PathBuf::from(process::stdout_of(&mut sysroot)?.trim());
    if sysroot.join("lib/rustlib").join(TARGET).join("lib").is_dir() {
        return Ok(());
    }
    step("adding the wasm32 target to the toolchain", || {
        let mut rustup = Command::new("rustup");
        rustup.args(["target", "add", TARGET]).current_dir(&workspace.root);
        process::run(&mut rustup).with_context(|| {
            format!(
                "the Rust target {TARGET} is missing and could not be added; \
                 with rustup, run `rustup target add {TARGET}` here while online"
            )
        })
    })
}

/// Compiles the app and writes `poolscope_app.js` and `poolscope_app_bg.wasm` into `folder`.
pub fn build(workspace: &Workspace, profile: Profile, folder: &Path) -> Result<()> {
    compile(workspace, APP, profile, folder)
}

/// Compiles the simulator alone and writes `poolscope_headless.js` and `poolscope_headless_bg.wasm` into `folder`, small already.
pub fn build_headless(workspace: &Workspace, wasm_opt: Command, folder: &Path) -> Result<()> {
    compile(workspace, HEADLESS, Profile::Web, folder)?;
    shrink(wasm_opt, HEADLESS.1, folder)
}

fn compile(workspace: &Workspace, (package, library): (&str, &str), profile: Profile, folder: &Path) -> Result<()> {
    step(&format!("compiling {package} to wasm (profile {})", profile.name()), || {
        let mut cargo = workspace.cargo();
        cargo.args(["build", "--package", package, "--lib", "--target", TARGET]);
        cargo.args(["--profile", profile.name()]);
        process::run(&mut cargo)
    })?;
    let module = workspace.target.join(TARGET).join(profile.name()).join(format!("{library}.wasm"));
    if !module.is_file() {
        bail!(
            "{} was not built; {package} needs `[lib] crate-type = [\"cdylib\", \"rlib\"]`",
            workspace.shown(&module)
        );
    }
    step("generating the JavaScript glue", || {
        Bindgen::new()
            .input_path(&module)
            .out_name(library)
            .no_modules(true)?
            .typescript(false)
            // The loader brings the module.
            .omit_default_module_path(true)
            .remove_producers_section(profile == Profile::Web)
            .generate(folder)
            .context("wasm-bindgen could not process the module")?;
        glue::make_factory(&folder.join(format!("{library}.js")))
    })
}

/// Shrinks the module in `folder` in place.
pub fn optimise(wasm_opt: Command, folder: &Path) -> Result<()> {
    shrink(wasm_opt, APP.1, folder)
}

fn shrink(mut wasm_opt: Command, library: &str, folder: &Path) -> Result<()> {
    step("shrinking the module with wasm-opt", || {
        let module = folder.join(format!("{library}_bg.wasm"));
        let shrunk = module.with_extension("wasm.small");
        wasm_opt.arg(&module).arg("-Oz").args(FEATURES).args(COMPRESSES_BETTER);
        wasm_opt.arg("--strip-producers").arg("-o").arg(&shrunk);
        process::run(&mut wasm_opt)?;
        fs::rename(&shrunk, &module).with_context(|| format!("cannot replace {}", module.display()))
    })
}
