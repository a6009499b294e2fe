/**
 * The wrapper that stays beside a training: POSIX sh, run as `sh -c WRAPPER auto-experiment RECORD-FOLDER argv…`.
 * Given with -c rather than as a file, so that an upgrade of this program cannot change it under a running job.
 *
 * - It claims the record folder by the link `started`; links are exclusive, so a second start ends at once (97).
 * - The command runs in the foreground and through env(1): signals reach it with default handlers (a background
 *   command of sh ignores SIGINT), and a word such as `exit` is a program's name, not a word of the shell.
 * - Traps that do nothing, rather than ignored signals: ignoring is inherited by the command, trapping is not.
 * - The records are links under 60 bytes: they need no data block and are written on a full disk.
 * - `oom` is how many processes the kernel ended for memory in this control group meanwhile (cgroup v2
 *   memory.events, v1 memory.oom_control).
 */
export const WRAPPER = `D=$1; shift
oom() {
  n=0
  if [ -r /proc/self/cgroup ]; then
    while IFS=: read -r i c p; do
      case $i:$c in
        0:) f=/sys/fs/cgroup$p/memory.events; [ -r "$f" ] || f=/sys/fs/cgroup/memory.events ;;
        *:*memory*) f=/sys/fs/cgroup/memory$p/memory.oom_control; [ -r "$f" ] || f=/sys/fs/cgroup/memory/memory.oom_control ;;
        *) continue ;;
      esac
      [ -r "$f" ] && while read -r k v; do [ "$k" = oom_kill ] && n=$((n + v)); done < "$f"
    done < /proc/self/cgroup
  fi
  echo $n
}
read -r b < /proc/sys/kernel/random/boot_id; b=\${b%%-*}
read -r s < /proc/$$/stat; s=\${s##*) }
s=$(set -f; set -- $s; echo "\${20}")
o=$(oom)
ln -s "pid=$$;start=$s;boot=$b;t=$(date +%s)" "$D/started" || exit 97
trap : HUP INT TERM USR1 USR2
env "$@"
r=$?
ln -s "rc=$r;oom=$(($(oom) - o));t=$(date +%s)" "$D/exited"
exit $r`;
