//! A TCP connection to ourselves under a given congestion control.

use std::ffi::c_int;
use std::io;
use std::io::Read as _;
use std::io::Write as _;
use std::net::Ipv4Addr;
use std::net::Shutdown;
use std::net::SocketAddrV4;
use std::net::TcpListener;
use std::net::TcpStream;
use std::os::fd::AsRawFd as _;
use std::os::fd::FromRawFd as _;
use std::thread;

/// What came of it.
#[derive(Debug)]
pub(crate) struct Transfer {
    /// What the sender's socket says its congestion control is.
    pub(crate) congestion: String,
    pub(crate) local_port: u16,
    pub(crate) remote_port: u16,
    /// What the receiver got, in bytes.
    pub(crate) received: u64,
    /// What the sender's socket says at the end (`struct tcp_info` of `include/uapi/linux/tcp.h`).
    pub(crate) cwnd: u32,
    /// With a byte each for the SYN and the FIN.
    pub(crate) bytes_acked: u64,
    /// In packets, the first of which began the connection.
    pub(crate) delivered: u32,
    pub(crate) retransmitted: u32,
}

/// Sends so many bytes. `meanwhile` gets the sender's port, while the connection is there.
pub(crate) fn transfer(
    congestion: &str,
    bytes: usize,
    meanwhile: impl FnOnce(u16),
) -> io::Result<Transfer> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let remote_port = listener.local_addr()?.port();
    let receiver = thread::spawn(move || -> io::Result<u64> {
        let (mut stream, _) = listener.accept()?;
        io::copy(&mut stream, &mut io::sink())
    });
    let mut stream = connect(congestion, remote_port)?;
    let local_port = stream.local_addr()?.port();
    let used = option::<16>(&stream, libc::TCP_CONGESTION)?;
    stream.write_all(&vec![b'x'; bytes])?;
    meanwhile(local_port);
    stream.shutdown(Shutdown::Write)?;
    // Once the other side has closed too, all of ours has arrived.
    stream.read_to_end(&mut Vec::new())?;
    let received = receiver.join().map_err(|_| io::ErrorKind::Other)??;
    let info = option::<256>(&stream, libc::TCP_INFO)?;
    let u32_at = |at: usize| u32::from_ne_bytes(std::array::from_fn(|byte| info[at + byte]));
    let u64_at = |at: usize| u64::from_ne_bytes(std::array::from_fn(|byte| info[at + byte]));
    Ok(Transfer {
        congestion: used
            .split(|byte| *byte == 0)
            .next()
            .map_or_else(String::new, |name| {
                String::from_utf8_lossy(name).into_owned()
            }),
        local_port,
        remote_port,
        received,
        cwnd: u32_at(80),
        bytes_acked: u64_at(120),
        delivered: u32_at(192),
        retransmitted: u32_at(100),
    })
}

/// Whether a socket can be given that congestion control.
pub(crate) fn is_offered(congestion: &str) -> io::Result<bool> {
    match socket(congestion) {
        Ok(_) => Ok(true),
        Err(error) if error.raw_os_error() == Some(libc::ENOENT) => Ok(false),
        Err(error) => Err(error),
    }
}

/// A socket with that congestion control.
fn socket(congestion: &str) -> io::Result<TcpStream> {
    let kind = libc::SOCK_STREAM | libc::SOCK_CLOEXEC;
    // SAFETY: it takes numbers.
    let fd = unsafe { libc::socket(libc::AF_INET, kind, 0) };
    check(fd)?;
    // SAFETY: the descriptor is new, and nobody else's.
    let stream = unsafe { TcpStream::from_raw_fd(fd) };
    let len = libc::socklen_t::try_from(congestion.len()).map_err(io::Error::other)?;
    // SAFETY: the value is of that length.
    check(unsafe {
        libc::setsockopt(
            fd,
            libc::IPPROTO_TCP,
            libc::TCP_CONGESTION,
            congestion.as_ptr().cast(),
            len,
        )
    })?;
    Ok(stream)
}

fn connect(congestion: &str, port: u16) -> io::Result<TcpStream> {
    let stream = socket(congestion)?;
    let to = SocketAddrV4::new(Ipv4Addr::LOCALHOST, port);
    let address = libc::sockaddr_in {
        sin_family: libc::sa_family_t::try_from(libc::AF_INET).map_err(io::Error::other)?,
        sin_port: to.port().to_be(),
        sin_addr: libc::in_addr {
            s_addr: u32::from_ne_bytes(to.ip().octets()),
        },
        sin_zero: [0; 8],
    };
    let len = libc::socklen_t::try_from(size_of_val(&address)).map_err(io::Error::other)?;
    // SAFETY: the address is of that length.
    check(unsafe { libc::connect(stream.as_raw_fd(), (&raw const address).cast(), len) })?;
    Ok(stream)
}

/// An option of TCP; what the kernel does not fill in is zero.
fn option<const LEN: usize>(stream: &TcpStream, name: c_int) -> io::Result<[u8; LEN]> {
    let mut value = [0; LEN];
    let mut len = libc::socklen_t::try_from(LEN).map_err(io::Error::other)?;
    // SAFETY: there is room for as many bytes as `len` says.
    check(unsafe {
        libc::getsockopt(
            stream.as_raw_fd(),
            libc::IPPROTO_TCP,
            name,
            value.as_mut_ptr().cast(),
            &mut len,
        )
    })?;
    Ok(value)
}

fn check(result: c_int) -> io::Result<()> {
    match result {
        ..0 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}
