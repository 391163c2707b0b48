//! `assay-node module …`: for challenge authors.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};
use clap::Subcommand;

use assay_runtime::tooling::{self, CallReport, InspectReport};
use assay_runtime::{
    CallContext, Engine, EngineConfig, GrantedPrograms, MemoryStorage, SandboxedPrograms,
};
use assay_sandbox::{BackendKind, ContainerConfig, Sandbox, SandboxConfig};

/// Largest file that is read, in bytes.
const FILE_MAX_BYTES: u64 = 64 * 1024 * 1024;

/// Tools for challenge modules.
#[derive(Debug, Subcommand)]
pub enum ModuleCommand {
    /// Say what a module is: name, version, SDK generation, exports, imports, routes, sizes.
    #[command(after_help = "Example:\n  assay-node module inspect challenge.wasm --json")]
    Inspect {
        /// The module (.wasm).
        file: PathBuf,
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Call one export with raw input bytes.
    #[command(after_help = "Examples:
  assay-node module call challenge.wasm get_weights --json
  assay-node module call challenge.wasm evaluate --input input.bin --storage state.json --epoch 7
  assay-node module call challenge.wasm evaluate --input input.bin --sandbox --image python:3.11-slim

The storage file is a JSON object from hex keys to hex values; the storage_writes of one call fit
into the storage file of the next.")]
    Call {
        /// The module (.wasm).
        file: PathBuf,
        /// Name of the export.
        export: String,
        /// File with the input bytes.
        #[arg(long)]
        input: Option<PathBuf>,
        /// JSON file with the storage before the call.
        #[arg(long)]
        storage: Option<PathBuf>,
        /// Chain epoch the module sees.
        #[arg(long, default_value_t = 0)]
        epoch: u64,
        /// Time the module sees, in milliseconds since 1970.
        #[arg(long, default_value_t = 0)]
        timestamp: i64,
        /// Random seed the module sees: 64 hex digits.
        #[arg(long)]
        seed: Option<String>,
        /// Run the programs that the module asks for, in the sandbox.
        #[arg(long)]
        sandbox: bool,
        /// Run the commands that the module asks for in containers of this image, which must be on
        /// the machine; needs a Docker or Podman daemon.
        #[arg(long)]
        image: Option<String>,
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
    },
}

/// Runs a module command. A call that the module fails is an error.
pub fn run(command: ModuleCommand) -> anyhow::Result<()> {
    let engine = Engine::new(EngineConfig::default())?;
    match command {
        ModuleCommand::Inspect { file, json } => {
            let report = tooling::inspect(&engine, &read(&file)?)
                .with_context(|| file.display().to_string())?;
            if json {
                print_json(&report)
            } else {
                print_inspection(&report)
            }
        }
        ModuleCommand::Call {
            file,
            export,
            input,
            storage,
            epoch,
            timestamp,
            seed,
            sandbox,
            image,
            json,
        } => {
            let storage = match storage {
                Some(path) => tooling::parse_storage(&read(&path)?)
                    .with_context(|| path.display().to_string())?,
                None => MemoryStorage::default(),
            };
            let input = input.map(|path| read(&path)).transpose()?;
            let mut context = CallContext {
                epoch,
                timestamp_ms: timestamp,
                seed: seed.map(|seed| parse_seed(&seed)).transpose()?,
                ..CallContext::new("module-call")
            };
            if sandbox || image.is_some() {
                let programs = granted_programs(sandbox, image)?;
                context.live = Arc::new(GrantedPrograms::new(Arc::new(programs)));
            }
            let report = tooling::call(
                &engine,
                &read(&file)?,
                &export,
                input.as_deref(),
                storage,
                &context,
            );
            let report = report.with_context(|| file.display().to_string())?;
            if json {
                print_json(&report)?
            } else {
                print_call(&report)?
            }
            match report.error {
                Some(error) if !json => bail!("{export}: {error}"),
                Some(_) => bail!("{export} failed"),
                None => Ok(()),
            }
        }
    }
}

fn print_json(report: &impl serde::Serialize) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, report)?;
    Ok(writeln!(out)?)
}

fn print_inspection(report: &InspectReport) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    let module = &report.module;
    let unknown = || "(no answer)".to_owned();
    writeln!(
        out,
        "name         {}",
        report.name.value().cloned().unwrap_or_else(unknown)
    )?;
    writeln!(
        out,
        "version      {}",
        report.version.value().cloned().unwrap_or_else(unknown)
    )?;
    writeln!(
        out,
        "challenge    {}",
        if report.is_challenge {
            "yes"
        } else {
            "no: it exports no evaluate"
        }
    )?;
    writeln!(out, "SDK          {}", module.sdk_generation)?;
    writeln!(out, "hash         {}", module.code_hash)?;
    writeln!(
        out,
        "size         {} bytes, code {}, data {}, {} functions",
        module.size_bytes, module.code_bytes, module.data_bytes, module.functions
    )?;
    let memory_max = module
        .memory_max_pages
        .map_or("no maximum".to_owned(), |pages| format!("at most {pages}"));
    writeln!(
        out,
        "memory       {} pages of 64 KiB, {memory_max}",
        module.memory_min_pages
    )?;
    let cached = if module.from_disk_cache {
        " (from cache)"
    } else {
        ""
    };
    writeln!(out, "compiled in  {} ms{cached}", module.load_ms)?;
    writeln!(out, "\nexports")?;
    for export in &module.exports {
        writeln!(out, "  {:<24} {}", export.name, export.signature)?;
    }
    writeln!(out, "\nimports")?;
    for import in &module.imports {
        let name = format!("{}.{}", import.namespace, import.name);
        writeln!(
            out,
            "  {name:<48} {:<28} {}",
            import.signature,
            serde_plain(&import.access)?
        )?;
    }
    if let Some(routes) = report.routes.value() {
        writeln!(out, "\nroutes")?;
        for route in routes {
            let signed = if route.requires_auth {
                "  (signed)"
            } else {
                ""
            };
            writeln!(
                out,
                "  {:<5} {:<32} {}{signed}",
                route.method, route.path, route.description
            )?;
        }
    }
    Ok(())
}

fn print_call(report: &CallReport) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    if let Some(value) = report.return_value {
        writeln!(out, "returned     {value}")?;
    }
    if let Some(text) = &report.output_text {
        writeln!(out, "output       {text}")?;
    } else if let Some(hex) = &report.output_hex {
        writeln!(out, "output       {hex}")?;
    }
    if let Some(fuel) = report.fuel_used {
        writeln!(out, "fuel         {fuel}")?;
    }
    for (key, value) in &report.storage_writes {
        writeln!(
            out,
            "write        {key} = {}",
            value.as_deref().unwrap_or("(deleted)")
        )?;
    }
    for line in &report.logs {
        writeln!(out, "log          {}", line.message)?;
    }
    Ok(())
}

fn serde_plain(value: &impl serde::Serialize) -> anyhow::Result<String> {
    Ok(serde_json::to_value(value)?
        .as_str()
        .unwrap_or_default()
        .to_owned())
}

fn parse_seed(text: &str) -> anyhow::Result<[u8; 32]> {
    let mut seed = [0u8; 32];
    hex::decode_to_slice(text, &mut seed)
        .with_context(|| format!("expected a seed of 64 hex digits, got {text:?}"))?;
    Ok(seed)
}

/// What a module may run: programs in the sandbox, commands in containers, or both.
fn granted_programs(sandbox: bool, image: Option<String>) -> anyhow::Result<SandboxedPrograms> {
    let config = SandboxConfig {
        slots: 1,
        ..SandboxConfig::default()
    };
    let mut programs = SandboxedPrograms::none();
    if sandbox {
        programs = programs.with_sandbox(Sandbox::start(&config, Vec::new())?);
    }
    if let Some(image) = image {
        let containers = SandboxConfig {
            backends: vec![BackendKind::Container],
            container: Some(ContainerConfig::of(image.clone())),
            ..config
        };
        programs = programs.with_containers(Sandbox::start(&containers, Vec::new())?, image);
    }
    Ok(programs)
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    let len = path
        .metadata()
        .with_context(|| path.display().to_string())?
        .len();
    if len > FILE_MAX_BYTES {
        bail!(
            "{}: expected at most {FILE_MAX_BYTES} bytes, got {len}",
            path.display()
        );
    }
    std::fs::read(path).with_context(|| path.display().to_string())
}
