//! Threads that differ from the rest of the process.

use std::ffi::c_char;
use std::fs;
use std::io;
use std::os::fd::AsRawFd as _;
use std::os::fd::FromRawFd as _;
use std::os::fd::OwnedFd;
use std::sync::mpsc;
use std::sync::mpsc::Receiver;
use std::sync::mpsc::Sender;
use std::thread;
use std::thread::JoinHandle;
use std::time::Duration;
use std::time::Instant;

/// How long a thread may take for what takes no time.
const PATIENCE: Duration = Duration::from_secs(20);

/// The calling thread's id.
pub(crate) fn tid() -> i32 {
    // SAFETY: `gettid` has no preconditions.
    unsafe { libc::gettid() }
}

/// Gives up root for good, in the calling thread only: the C library would do it in all of them.
pub(crate) fn become_user(uid: libc::uid_t) -> io::Result<()> {
    // SAFETY: The call takes three numbers and no memory.
    match unsafe { libc::syscall(libc::SYS_setresuid, uid, uid, uid) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Runs something in a thread of this name; what came of it, and the thread's id.
pub(crate) fn in_thread<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<(T, i32), String> {
    thread::Builder::new()
        .name(name.to_owned())
        .spawn(move || (work(), tid()))
        .map_err(|error| format!("cannot start a thread: {error}"))?
        .join()
        .map_err(|_| format!("the thread {name} panicked"))
}

/// A thread beside this one, until this is dropped.
#[derive(Debug)]
pub(crate) struct Companion {
    pub(crate) name: String,
    pub(crate) tid: i32,
    end: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Companion {
    /// Prepares itself with `begin`, and then does `work` again and again.
    pub(crate) fn start(
        name: &str,
        begin: impl FnOnce() -> io::Result<()> + Send + 'static,
        work: impl Fn() + Send + 'static,
    ) -> Result<Self, String> {
        Self::spawn(name, begin, move |is_end| {
            while is_end.try_recv() == Err(mpsc::TryRecvError::Empty) {
                work();
            }
        })
    }

    /// Prepares itself with `begin`, and then sleeps until the end.
    pub(crate) fn asleep(
        name: &str,
        begin: impl FnOnce() -> io::Result<()> + Send + 'static,
    ) -> Result<Self, String> {
        let task = Self::spawn(name, begin, |is_end| {
            // An error, as nothing is ever sent.
            let _ = is_end.recv();
        })?;
        let start = Instant::now();
        while !status(task.tid.cast_unsigned(), "State").is_some_and(|state| state.starts_with('S'))
        {
            if start.elapsed() > PATIENCE {
                return Err(format!("the thread {name} does not fall asleep"));
            }
            thread::sleep(Duration::from_millis(1));
        }
        Ok(task)
    }

    fn spawn(
        name: &str,
        begin: impl FnOnce() -> io::Result<()> + Send + 'static,
        work: impl FnOnce(&Receiver<()>) + Send + 'static,
    ) -> Result<Self, String> {
        let (ready, is_ready) = mpsc::channel();
        let (end, is_end) = mpsc::channel::<()>();
        let thread = thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || {
                // Nobody waits for the answer any more if the main thread has gone.
                let _ = ready.send(begin().map(|()| tid()));
                work(&is_end);
            })
            .map_err(|error| format!("cannot start a thread: {error}"))?;
        let tid = is_ready
            .recv_timeout(PATIENCE)
            .map_err(|error| format!("the thread {name} does not begin: {error}"))?
            .map_err(|error| format!("the thread {name} cannot begin: {error}"))?;
        Ok(Self {
            name: name.to_owned(),
            tid,
            end: Some(end),
            thread: Some(thread),
        })
    }
}

impl Drop for Companion {
    fn drop(&mut self) {
        self.end.take();
        if let Some(thread) = self.thread.take() {
            // A panic of its has been said by itself.
            let _ = thread.join();
        }
    }
}

/// What `/proc` says about a process, by the name of the line in its `status`.
pub(crate) fn status(pid: u32, key: &str) -> Option<String> {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    text.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        (name == key).then(|| value.trim().to_owned())
    })
}

/// Lets the machine talk to itself, as nothing else has started the device.
pub(crate) fn bring_up_loopback() -> io::Result<()> {
    // SAFETY: The call takes numbers only.
    let socket = unsafe { libc::socket(libc::AF_INET, libc::SOCK_DGRAM | libc::SOCK_CLOEXEC, 0) };
    if socket < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: The descriptor is new, and nobody else's.
    let socket = unsafe { OwnedFd::from_raw_fd(socket) };
    // SAFETY: All-zero is a request without a name.
    let mut request = unsafe { std::mem::zeroed::<libc::ifreq>() };
    // A C character has a sign on some machines only.
    for (to, from) in request.ifr_name.iter_mut().zip(*b"lo") {
        *to = c_char::from_ne_bytes([from]);
    }
    request.ifr_ifru.ifru_flags = UP_AND_RUNNING;
    // SAFETY: The request is ours, and of the type that this one takes.
    match unsafe { libc::ioctl(socket.as_raw_fd(), libc::SIOCSIFFLAGS, &raw const request) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// `IFF_UP | IFF_RUNNING`, which are no shorts in libc.
const UP_AND_RUNNING: libc::c_short = 0x41;
