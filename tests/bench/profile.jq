# A containers-common / Docker default profile into linux.seccomp: the rules for this architecture and for a
# container without extra capabilities.
.linux.seccomp = ($p[0] | {
  defaultAction, defaultErrnoRet,
  architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
  syscalls: [.syscalls[]
    | select((.includes.caps // []) == [] and (.includes.arches // ["amd64"] | index("amd64")))
    | select((.excludes.arches // []) | index("amd64") | not)
    | {names, action, args: (.args // []), errnoRet} | with_entries(select(.value != null))]
} | with_entries(select(.value != null)))
