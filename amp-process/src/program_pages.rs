//! The pages of the program and its libraries that are in memory: code and constants, which the
//! kernel reads again from their files when they are needed.

/// Lets go of the pages of code and constants of this program and its libraries, so that those which
/// were needed only until now count no longer as its memory.
///
/// A supervisor waits most of its life, and needs little of its code for it. The kernel maps 64 KiB
/// around each function that is called, so what reads arguments and settings alone is megabytes.
/// What is called again is mapped again, without reading the file while the kernel still has it.
///
/// Nothing happens on other systems than Linux, nor under a debugger, whose breakpoints are in such
/// pages.
pub fn release_program_pages() {
    #[cfg(target_os = "linux")]
    if !is_traced() {
        linux::release();
    }
}

#[cfg(target_os = "linux")]
fn is_traced() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let tracer = status
        .lines()
        .find_map(|line| line.strip_prefix("TracerPid:"));
    // Where nothing can be learned of it, nothing is lost by leaving the pages alone.
    tracer.is_none_or(|number| number.trim() != "0")
}

#[cfg(target_os = "linux")]
mod linux {
    use std::ffi::{c_int, c_void};

    /// Lets go of what is mapped from files and cannot be written.
    #[expect(unsafe_code, reason = "only the loader knows where the program is")]
    pub(super) fn release() {
        // SAFETY: the callback keeps nothing of what it is given.
        unsafe { libc::dl_iterate_phdr(Some(release_object), std::ptr::null_mut()) };
    }

    /// Is called with the program and with each library, and asks for the next.
    #[expect(unsafe_code, reason = "the loader hands out plain pointers")]
    unsafe extern "C" fn release_object(
        object: *mut libc::dl_phdr_info,
        _size: usize,
        _data: *mut c_void,
    ) -> c_int {
        // SAFETY: the loader's description and its headers live as long as the call.
        let (base, headers) = unsafe {
            let object = &*object;
            let count = usize::from(object.dlpi_phnum);
            let headers = std::slice::from_raw_parts(object.dlpi_phdr, count);
            (object.dlpi_addr as usize, headers)
        };
        let page = rustix::param::page_size();
        let constant = headers
            .iter()
            .filter(|header| header.p_type == libc::PT_LOAD && header.p_flags & libc::PF_W == 0);
        for header in constant {
            let begin = (base + header.p_vaddr as usize).next_multiple_of(page);
            let end = (base + (header.p_vaddr + header.p_memsz) as usize) / page * page;
            let length = end.saturating_sub(begin);
            // SAFETY: nothing could write there, so the file has what the pages have, and the next
            // access maps them again. What the kernel refuses stays as it is.
            let _ = unsafe { libc::madvise(begin as *mut c_void, length, libc::MADV_DONTNEED) };
        }
        0
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::release_program_pages;

    /// The size of what is mapped from files and in memory, in KiB.
    fn mapped() -> u64 {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("RssFile:"));
        let number = line.unwrap().trim().strip_suffix(" kB").unwrap();
        number.trim().parse().unwrap()
    }

    /// More code than is needed to look at memory.
    fn work() -> String {
        let value: serde_json::Value = serde_json::from_str(r#"{"many": ["words"]}"#).unwrap();
        format!("{value:#}")
    }

    #[test]
    fn code_that_was_let_go_is_there_again_when_it_is_called() {
        let first = work();
        let before = mapped();
        release_program_pages();
        let after = mapped();
        assert!(after < before, "{after} KiB of {before} KiB are left");
        assert_eq!(work(), first);
    }
}
