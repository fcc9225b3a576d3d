use std::{
    fs::File,
    io::{self, Write},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

/// A file that remembers why it could not be written: encoders wrap that into errors of their own, where a full disk
/// looks like a fault of the format.
pub(crate) struct Sink {
    file: File,
    fault: Fault,
}

/// What a [`Sink`] remembers.
#[derive(Clone, Default)]
pub(crate) struct Fault(Arc<Mutex<Option<io::Error>>>);

impl Fault {
    /// The first error there was, once.
    pub(crate) fn take(&self) -> Option<io::Error> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn note<T>(&self, result: io::Result<T>) -> io::Result<T> {
        result.map_err(|error| {
            // The caller gets the kind; the first error itself, with the system's words, stays here.
            let kind = error.kind();
            if kind != io::ErrorKind::Interrupted {
                self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
            }
            kind.into()
        })
    }
}

impl Sink {
    /// Creates the file.
    pub(crate) fn create(path: &Path) -> io::Result<(Self, Fault)> {
        let fault = Fault::default();
        Ok((Self { file: File::create(path)?, fault: fault.clone() }, fault))
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let result = self.file.write(bytes);
        self.fault.note(result)
    }

    fn flush(&mut self) -> io::Result<()> {
        let result = self.file.flush();
        self.fault.note(result)
    }
}
