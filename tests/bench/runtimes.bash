# SPDX-License-Identifier: Apache-2.0
# runtimes: hart and its peers, for benchmarks: "NAME PROGRAM" each in `runtimes`. HART_PEERS adds more. Sourced with
# `work`, a folder, and `hart`.
# shellcheck shell=bash disable=SC2154 # the script's own

# crun 1.8 raises RLIMIT_MEMLOCK and gives up where it may not; where that is so it is told that it did.
crun=crun
if command -v crun >/dev/null && ! (ulimit -H -l unlimited) 2>/dev/null; then
  printf 'int setrlimit(int r, const void *p) { (void)r; (void)p; return 0; }\n' |
    gcc -shared -fPIC -xc -o "$work/memlock.so" -
  crun="env LD_PRELOAD=$work/memlock.so crun"
fi
runtimes=("hart $hart")
command -v crun >/dev/null && runtimes+=("crun $crun")
command -v runc >/dev/null && runtimes+=("runc runc")
for peer in ${HART_PEERS-}; do runtimes+=("${peer%%=*} ${peer#*=}"); done
echo "On Linux $(uname -r), $(nproc) processors:"
for rt in "${runtimes[@]}"; do
  # shellcheck disable=SC2086 # a program may have words in front of it
  printf '  %-12s %s\n' "${rt%% *}" "$(${rt#* } --version | head -n 1)"
done
