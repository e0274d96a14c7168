//! From web/app to the two files a browser loads: the wasm module and its JavaScript glue.

use std::fs;
use std::hash::{DefaultHasher, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use wasm_bindgen_cli_support::Bindgen;

use crate::glue;
use crate::process;
use crate::progress::step;
use crate::tools::Tools;
use crate::workspace::Workspace;

pub const TARGET: &str = "wasm32-unknown-unknown";
/// The widget: package, and library, hence the name of the files.
const APP: (&str, &str) = ("poolscope-app", "poolscope_app");
/// The same source with everything in it, for readers who ask for more.
const STUDIO: &str = "poolscope_studio";
/// The simulator without a view: what a page loads when a reader turns a knob, and what programs use.
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
    /// What the tests compile anyway.
    Dev,
}

/// The standard library is compiled along, for size and without the texts of panics: a crash is a trap, which the loader catches, and
/// nobody reads where it was.
const WITHOUT_PANICS: &str = "-Zunstable-options -Cpanic=immediate-abort -Zlocation-detail=none -Zfmt-debug=none";

/// With one byte less than the standard megabyte of stack in front of them, the addresses of all data are a byte shorter.
const STACK: &str = "-Clink-arg=-zstack-size=524288";

impl Profile {
    fn name(self) -> &'static str {
        match self {
            Self::Serve => "serve",
            Self::Web => "web",
            Self::Dev => "dev",
        }
    }
}

/// Makes sure that the compiler can target wasm.
pub fn ensure_target(workspace: &Workspace) -> Result<()> {
    ensure(workspace, &format!("{TARGET}/lib"), ["target", "add", TARGET])
}

/// Makes sure that the standard library can be compiled.
fn ensure_library(workspace: &Workspace) -> Result<()> {
    ensure(workspace, "src/rust/library/std", ["component", "add", "rust-src"])
}

/// A toolchain that was not installed by rustup's own reading of rust-toolchain.toml may lack a part.
fn ensure(workspace: &Workspace, part: &str, rustup_args: [&str; 3]) -> Result<()> {
    let mut sysroot = Command::new("rustc");
    sysroot.args(["--print", "sysroot"]).current_dir(&workspace.root);
    let sysroot = PathBuf::from(process::stdout_of(&mut sysroot)?.trim());
    if sysroot.join("lib/rustlib").join(part).is_dir() {
        return Ok(());
    }
    let what = rustup_args[2];
    step(&format!("adding {what} to the toolchain"), || {
        let mut rustup = Command::new("rustup");
        rustup.args(rustup_args).current_dir(&workspace.root);
        process::run(&mut rustup).with_context(|| {
            let line = rustup_args.join(" ");
            format!("the toolchain lacks {what}, which could not be added; with rustup, run `rustup {line}` here while online")
        })
    })
}

/// Compiles the app and writes `poolscope_app.js` and `poolscope_app_bg.wasm` into `folder`.
pub fn build(workspace: &Workspace, profile: Profile, folder: &Path) -> Result<()> {
    compile(workspace, APP, None, profile, folder)
}

/// Compiles the app with everything in it and writes `poolscope_studio.js` and `poolscope_studio_bg.wasm` into `folder`.
pub fn build_studio(workspace: &Workspace, profile: Profile, folder: &Path) -> Result<()> {
    compile(workspace, APP, Some(("studio", STUDIO)), profile, folder)
}

/// Compiles the app that panics where its tests want it to, as `poolscope_app.js` and `poolscope_app_bg.wasm`.
pub fn build_crash(workspace: &Workspace, folder: &Path) -> Result<()> {
    compile(workspace, APP, Some(("crash", APP.1)), Profile::Dev, folder)
}

/// Compiles the simulator alone and writes `poolscope_headless.js` and `poolscope_headless_bg.wasm` into `folder`.
pub fn build_headless(workspace: &Workspace, profile: Profile, folder: &Path) -> Result<()> {
    compile(workspace, HEADLESS, None, profile, folder)
}

/// `variant`: a feature, and what the files are then called.
fn compile(
    workspace: &Workspace,
    (package, library): (&str, &str),
    variant: Option<(&str, &str)>,
    profile: Profile,
    folder: &Path,
) -> Result<()> {
    let name = variant.map_or(library, |(_, name)| name);
    if profile == Profile::Web {
        ensure_library(workspace)?;
    }
    let target = match profile {
        Profile::Serve | Profile::Dev => workspace.target.clone(),
        // A folder of its own, since the flags below would make cargo rebuild what other commands share.
        Profile::Web => workspace.target.join("small"),
    };
    step(&format!("compiling {name} to wasm (profile {})", profile.name()), || {
        let mut cargo = workspace.cargo();
        // Only without an rlib beside it is the module optimised as a whole.
        cargo.args(["rustc", "--package", package, "--lib", "--crate-type", "cdylib"]);
        cargo.args(["--target", TARGET, "--profile", profile.name(), "--target-dir"]).arg(&target);
        if let Some((feature, _)) = variant {
            cargo.args(["--features", feature]);
        }
        if profile == Profile::Web {
            cargo.args(["-Zbuild-std=std,panic_abort", "-Zbuild-std-features=optimize_for_size", "--", STACK]);
            // The pinned compiler is the same compiler with these options; only their names may change with its version.
            cargo.env("RUSTC_BOOTSTRAP", "1").env("RUSTFLAGS", WITHOUT_PANICS).env_remove("CARGO_ENCODED_RUSTFLAGS");
        }
        process::run(&mut cargo)
    })?;
    let built = if profile == Profile::Dev { "debug" } else { profile.name() };
    let module = target.join(TARGET).join(built).join(format!("{library}.wasm"));
    if !module.is_file() {
        bail!("{} was not built; {package} must not give its library another name", workspace.shown(&module));
    }
    step("generating the JavaScript glue", || {
        let mut output = Bindgen::new()
            .input_path(&module)
            .out_name(name)
            .no_modules(true)?
            .typescript(false)
            // The loader brings the module.
            .omit_default_module_path(true)
            .remove_producers_section(profile == Profile::Web)
            .generate_output()
            .context("wasm-bindgen could not process the module")?;
        let mut long_names = Vec::new();
        if profile == Profile::Web {
            for (n, import) in output.wasm_mut().imports.iter_mut().enumerate() {
                long_names.push(std::mem::replace(&mut import.name, format!("i{n}")));
            }
        }
        output.emit(folder)?;
        let glue = folder.join(format!("{name}.js"));
        shorten(&glue, &long_names)?;
        glue::make_factory(&glue)
    })
}

/// Gives the glue the short names that the module's imports have now. The long ones end in digits that do not compress, in both files.
fn shorten(glue: &Path, long_names: &[String]) -> Result<()> {
    let mut text = fs::read_to_string(glue).with_context(|| format!("cannot read {}", glue.display()))?;
    for (n, name) in long_names.iter().enumerate() {
        let definition = format!(" {name}:");
        if text.matches(&definition).count() != 1 {
            bail!("the glue does not define {name} exactly once");
        }
        text = text.replace(&definition, &format!(" i{n}:"));
    }
    fs::write(glue, text).with_context(|| format!("cannot write {}", glue.display()))
}

/// Shrinks the modules in `folder` in place.
pub fn optimise(workspace: &Workspace, tools: &Tools, folder: &Path) -> Result<()> {
    [APP.1, STUDIO, HEADLESS.1]
        .into_iter()
        .try_for_each(|library| shrink(workspace, tools.wasm_opt()?, library, folder))
}

fn shrink(workspace: &Workspace, mut wasm_opt: Command, library: &str, folder: &Path) -> Result<()> {
    step("shrinking the module with wasm-opt", || {
        let module = folder.join(format!("{library}_bg.wasm"));
        let shrunk = module.with_extension("wasm.small");
        wasm_opt
            .args(FEATURES)
            .args(["--flatten", "--rereloop", "-Oz"])
            .args(COMPRESSES_BETTER)
            // The stack has the lowest addresses and grows downwards: no data lies there.
            .arg("--low-memory-unused")
            .arg("--strip-producers");
        // The site and the packages have the same modules: the same module is shrunk in the same way once.
        let mut hasher = DefaultHasher::new();
        hasher.write(process::line(&wasm_opt).as_bytes());
        hasher.write(&fs::read(&module).with_context(|| format!("cannot read {}", module.display()))?);
        let kept = workspace.target.join("shrunk").join(format!("{library}-{:016x}.wasm", hasher.finish()));
        if !kept.is_file() {
            process::run(wasm_opt.arg(&module).arg("-o").arg(&shrunk))?;
            fs::create_dir_all(workspace.target.join("shrunk"))?;
            fs::rename(&shrunk, &kept).with_context(|| format!("cannot write {}", kept.display()))?;
        }
        fs::copy(&kept, &module).with_context(|| format!("cannot replace {}", module.display()))?;
        Ok(())
    })
}
