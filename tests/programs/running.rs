//! Programs: started, waited for, ended.

use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

/// Where a program is to run: a folder of its own, and ports that are free.
pub(crate) struct Place {
    pub(crate) folder: PathBuf,
    pub(crate) ports: [u16; 2],
}

impl Place {
    fn new(name: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("whimbrel-{name}-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("the folder for temporary files can be written");
        Self { folder, ports: free_ports() }
    }

    pub(crate) fn write(&self, file: &str, content: impl AsRef<[u8]>) {
        let path = self.folder.join(file);
        std::fs::create_dir_all(path.parent().expect("it is in the folder")).expect("there is room");
        std::fs::write(path, content).expect("there is room");
    }
}

/// Held both at once, or they could be one.
fn free_ports() -> [u16; 2] {
    let listeners = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").expect("loopback ports are free"));
    listeners.map(|listener| listener.local_addr().expect("it listens").port())
}

/// A program that runs until it is dropped.
pub(crate) struct Running {
    program: Child,
    place: Place,
}

impl Running {
    /// Waits until it says that it listens: its output has this word then. What the function returns is in the file `config`.
    pub(crate) fn start(name: &str, arguments: &[&str], ready: &str, config: impl FnOnce(&Place) -> String) -> Self {
        Self::with(name, arguments, &[], ready, config)
    }

    /// The same with variables of the environment.
    pub(crate) fn with(
        name: &str,
        arguments: &[&str],
        variables: &[(&str, &str)],
        ready: &str,
        config: impl FnOnce(&Place) -> String,
    ) -> Self {
        let place = Place::new(name);
        place.write("config", config(&place));
        let mut command = Command::new(name);
        command.args(arguments).envs(variables.iter().copied()).current_dir(&place.folder);
        let command = command.stdout(Stdio::piped()).stderr(Stdio::null());
        let mut program = command.spawn().unwrap_or_else(|error| panic!("{name}: {error}; scripts/setup installs it"));
        let output = program.stdout.take().expect("it is piped");
        wait_for(output, name, ready);
        Self { program, place }
    }

    pub(crate) fn ports(&self) -> [u16; 2] {
        self.place.ports
    }

    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.place.folder.join(file)
    }
}

/// Reads on in a thread of its own, lest the program should wait for a reader.
fn wait_for(output: impl Read + Send + 'static, name: &str, ready: &str) {
    let mut output = BufReader::new(output);
    let mut said = String::new();
    while !said.contains(ready) {
        assert_ne!(output.read_line(&mut said).expect("it says text"), 0, "{name} ended: {said}");
    }
    std::thread::spawn(move || std::io::copy(&mut output, &mut std::io::sink()));
}

impl Drop for Running {
    fn drop(&mut self) {
        // Asked to end, it takes its children with it.
        let _ = Command::new("kill").arg(self.program.id().to_string()).status();
        let _ = self.program.wait();
        let _ = std::fs::remove_dir_all(&self.place.folder);
    }
}
