//! The system calls that fail within a sandbox.
//!
//! The list was measured with native and JavaScript builds of a large agent, git, curl, compilers,
//! interpreters and pseudo-terminals: all of them work under it. What fails leads out of a sandbox
//! (namespaces, mounts, tracing, handles of files, sockets that no network namespace confines), or is
//! where the kernel itself was attacked again and again (io_uring, bpf, keyrings).

use std::collections::BTreeMap;

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, sock_filter,
};

use crate::sandbox::layer::Absence;

/// Which families of sockets can be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Families {
    /// Unix sockets, beside those of the Internet.
    pub(crate) unix: bool,
    /// What asks the kernel about its network.
    pub(crate) netlink: bool,
}

/// Calls that do not exist, as far as the program can tell; libraries then use older ones.
const ABSENT: &[libc::c_long] = &[
    libc::SYS_clone3,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_io_uring_setup,
];

/// `kexec_file_load`, which libc leaves out for this target: the number that Linux has for it on aarch64.
#[cfg(all(target_arch = "aarch64", target_env = "musl"))]
const KEXEC_FILE_LOAD: libc::c_long = 294;
#[cfg(not(all(target_arch = "aarch64", target_env = "musl")))]
const KEXEC_FILE_LOAD: libc::c_long = libc::SYS_kexec_file_load;

/// Calls that are not permitted.
const REFUSED: &[libc::c_long] = &[
    libc::SYS_acct,
    libc::SYS_add_key,
    libc::SYS_adjtimex,
    libc::SYS_bpf,
    libc::SYS_chroot,
    libc::SYS_clock_adjtime,
    libc::SYS_clock_settime,
    libc::SYS_delete_module,
    libc::SYS_fanotify_init,
    libc::SYS_finit_module,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fsopen,
    libc::SYS_fspick,
    libc::SYS_init_module,
    libc::SYS_kcmp,
    KEXEC_FILE_LOAD,
    libc::SYS_kexec_load,
    libc::SYS_keyctl,
    libc::SYS_lookup_dcookie,
    libc::SYS_mbind,
    libc::SYS_migrate_pages,
    libc::SYS_mount,
    libc::SYS_mount_setattr,
    libc::SYS_move_mount,
    libc::SYS_move_pages,
    libc::SYS_name_to_handle_at,
    libc::SYS_open_by_handle_at,
    libc::SYS_open_tree,
    libc::SYS_perf_event_open,
    libc::SYS_personality,
    libc::SYS_pidfd_getfd,
    libc::SYS_pivot_root,
    libc::SYS_process_madvise,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_ptrace,
    libc::SYS_quotactl,
    libc::SYS_quotactl_fd,
    libc::SYS_reboot,
    libc::SYS_request_key,
    libc::SYS_setdomainname,
    libc::SYS_sethostname,
    libc::SYS_setns,
    libc::SYS_settimeofday,
    libc::SYS_swapoff,
    libc::SYS_swapon,
    libc::SYS_syslog,
    libc::SYS_umount2,
    libc::SYS_unshare,
    libc::SYS_userfaultfd,
    libc::SYS_vhangup,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_ioperm,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_iopl,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_modify_ldt,
];

/// The flags of `clone` that make namespaces.
const NAMESPACES: &[libc::c_int] = &[
    libc::CLONE_NEWCGROUP,
    libc::CLONE_NEWIPC,
    libc::CLONE_NEWNET,
    libc::CLONE_NEWNS,
    libc::CLONE_NEWPID,
    libc::CLONE_NEWUSER,
    libc::CLONE_NEWUTS,
];

/// Requests to a terminal that type for its user: TIOCSTI and TIOCLINUX.
const TYPING: &[u64] = &[0x5412, 0x541c];

/// Returns the filters, to be installed one after the other; of their verdicts the strictest counts.
///
/// A filter has one answer for what it matches, so there is one for each error.
pub(crate) fn programs(families: Families) -> Result<Vec<BpfProgram>, String> {
    let mut refused: Rules = REFUSED.iter().map(|call| (*call, Vec::new())).collect();
    let flags = NAMESPACES.iter().map(|flag| {
        let flag = u64::from(flag.cast_unsigned());
        rule(&[(0, SeccompCmpOp::MaskedEq(flag), flag)])
    });
    refused.insert(libc::SYS_clone, flags.collect::<Result<_, _>>()?);
    let requests = TYPING
        .iter()
        .map(|request| rule(&[(1, SeccompCmpOp::Eq, *request)]));
    refused.insert(libc::SYS_ioctl, requests.collect::<Result<_, _>>()?);

    let allowed = [
        (libc::AF_INET, true),
        (libc::AF_INET6, true),
        (libc::AF_UNIX, families.unix),
        (libc::AF_NETLINK, families.netlink),
    ];
    let others: Vec<_> = allowed
        .iter()
        .filter(|(_, allowed)| *allowed)
        .map(|(family, _)| (0, SeccompCmpOp::Ne, u64::from(family.cast_unsigned())))
        .collect();
    let sockets = Rules::from([(libc::SYS_socket, vec![rule(&others)?])]);
    let absent = ABSENT.iter().map(|call| (*call, Vec::new())).collect();

    let mut programs = vec![
        program(absent, libc::ENOSYS)?,
        program(refused, libc::EPERM)?,
        program(sockets, libc::EAFNOSUPPORT)?,
    ];
    if cfg!(target_arch = "x86_64") {
        programs.push(second_table());
    }
    Ok(programs)
}

/// Installs the filters for this thread and all that it starts, and sees whether they hold.
pub(crate) fn install(families: Families) -> Result<(), String> {
    for program in programs(families)? {
        let installed = seccompiler::apply_filter(&program);
        installed.map_err(|error| format!("system calls cannot be filtered: {error}"))?;
    }
    check()
}

/// Makes calls that do nothing without a filter, one for each kind of answer.
///
/// The first asks for the personality of this process, the second names no ring, and a socket of
/// the third kind would take a capability.
fn check() -> Result<(), String> {
    let packet = libc::c_long::from(libc::AF_PACKET);
    let attempts = [
        (libc::SYS_personality, [0xffff_ffff, 0], libc::EPERM),
        (libc::SYS_io_uring_enter, [-1, 0], libc::ENOSYS),
        (libc::SYS_socket, [packet, 3], libc::EAFNOSUPPORT),
    ];
    for (call, arguments, expected) in attempts {
        if answer(call, arguments) != expected {
            return Err(format!(
                "the filter of system calls lets call {call} through"
            ));
        }
    }
    Ok(())
}

/// Returns why calls cannot be filtered here; `None` when they can.
pub(crate) fn absence() -> Option<Absence> {
    if seccompiler::TargetArch::try_from(std::env::consts::ARCH).is_err() {
        return Some(Absence::Platform);
    }
    // With no filter to install it is a bad address; where there are no filters, something else.
    let set = libc::c_long::from(libc::SECCOMP_SET_MODE_FILTER);
    (answer(libc::SYS_seccomp, [set, 0]) != libc::EFAULT).then_some(Absence::NoFilter)
}

/// Makes a call whose other arguments are zero, and returns its error; 0 when there is none.
#[expect(unsafe_code, reason = "the calls are made for their errors")]
fn answer(call: libc::c_long, [first, second]: [libc::c_long; 2]) -> libc::c_int {
    let zero: libc::c_long = 0;
    // SAFETY: of the calls that are made here, none reads or writes memory of this process: they
    // take numbers, or a null pointer that the kernel refuses.
    let result = unsafe { libc::syscall(call, first, second, zero, zero, zero, zero) };
    match result {
        -1 => std::io::Error::last_os_error().raw_os_error().unwrap_or(0),
        _ => 0,
    }
}

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// A rule that matches when all of its conditions hold: argument, comparison, value.
fn rule(conditions: &[(u8, SeccompCmpOp, u64)]) -> Result<SeccompRule, String> {
    let conditions = conditions.iter().map(|(argument, operator, value)| {
        // The kernel takes all of them as 32 bits.
        SeccompCondition::new(*argument, SeccompCmpArgLen::Dword, operator.clone(), *value)
    });
    conditions
        .collect::<Result<_, _>>()
        .and_then(SeccompRule::new)
        .map_err(|error| error.to_string())
}

/// A filter that answers with this error; what comes by the table of another processor is killed.
fn program(rules: Rules, error: libc::c_int) -> Result<BpfProgram, String> {
    let architecture = std::env::consts::ARCH
        .try_into()
        .map_err(|error: seccompiler::BackendError| error.to_string())?;
    let answer = SeccompAction::Errno(error.cast_unsigned());
    SeccompFilter::new(rules, SeccompAction::Allow, answer, architecture)
        .and_then(BpfProgram::try_from)
        .map_err(|error| error.to_string())
}

/// A filter against the second table of x86-64 (x32), whose numbers no other filter knows.
fn second_table() -> BpfProgram {
    let step = |code, jf, k| sock_filter { code, jt: 0, jf, k };
    let load_number = libc::BPF_LD | libc::BPF_W | libc::BPF_ABS;
    let jump = libc::BPF_JMP | libc::BPF_JGE | libc::BPF_K;
    let answer = libc::BPF_RET | libc::BPF_K;
    let code = |code: u32| u16::try_from(code).unwrap_or_default();
    vec![
        step(code(load_number), 0, 0),
        step(code(jump), 1, 0x4000_0000),
        step(
            code(answer),
            0,
            libc::SECCOMP_RET_ERRNO | libc::ENOSYS.cast_unsigned(),
        ),
        step(code(answer), 0, libc::SECCOMP_RET_ALLOW),
    ]
}
