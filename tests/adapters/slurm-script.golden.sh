d='/data/100%/exp007'
umask 077
mkdir -p "$d/record" "$d/files" || exit 1
case $d in */.auto-experiment/runs/*) [ -e "${d%/runs/*}/.gitignore" ] || echo '*' > "${d%/runs/*}/.gitignore" ;; esac
umask 022
[ -e "$d/begun" ] || : > "$d/begun"
: >> "$d/log" || exit 1
[ ! -h "$d/record/started" ] && [ ! -h "$d/record/job" ] || exit 0
late() { [ $? = 124 ] && echo 'no answer in time: try again' >&2; exit 1; }
name='exp007-0123456789abcdef'
j=$(timeout 5 squeue -h -t all -n "$name" -u "$(id -un)" -o %i) || late
j=$(printf '%s' "$j" | head -n 1)
if [ -z "$j" ]; then
for v in $(env | sed -n 's/^\(SLURM_[A-Z0-9_]*\)=.*/\1/p'); do case $v in SLURM_CONF | SLURM_CLUSTERS) ;; *) unset "$v" ;; esac; done
j=$(timeout 30 sbatch '--nodes=1' '--ntasks=1' '--partition=gpu,long' '--account=o'\''neil' '--gres=gpu:a100:2' '--cpus-per-task=8' '--mem=32G' '--time=480' '--constraint=a100&nvlink' '--exclusive' '--parsable' '--job-name=exp007-0123456789abcdef' '--chdir=/data/100%/exp007' '--input=none' '--output=/data/100%%/exp007/log' '--open-mode=append' '--export=ALL' '--kill-on-invalid-dep=yes' '--requeue' '--signal=B:USR1@180' << 'END'
#!/bin/sh
d='/data/100%/exp007'
say() { printf 'auto-experiment: %s\n' "$*" >&2; }
cd "$d/record" || { say "the run's folder is not on this node: $d"; exit 96; }
ln -s "job=$SLURM_JOB_ID" job 2> /dev/null
[ "$(readlink job)" = "job=$SLURM_JOB_ID" ] || { say "this run belongs to another job: $(readlink job)"; exit 97; }
n=${SLURM_RESTART_COUNT:-0}
if [ -h started ]; then
  case $(readlink started) in void*) exit 97 ;; esac
  [ "$n" -gt 0 ] || exit 97
  say "started again by Slurm (restart $n)"
  for f in exited warned where started; do [ ! -h "$f" ] || mv "$f" "$f.$n" || exit 96; done
fi
ln -s "node=${SLURMD_NODENAME:-$(uname -n)};gpus=${SLURM_JOB_GPUS:-}" where
cd '/data/my project' || { say "there is no such folder on this node: "'/data/my project'; exit 96; }
module load cuda/12.4
w=
hard() { for f in $(grep -lF 'AUTO_EXPERIMENT_RUN=exp007@0123456789abcdef' /proc/[0-9]*/environ 2> /dev/null); do p=${f#/proc/}; p=${p%/environ}
[ "$p" = $$ ] || [ "$p" = "$w" ] || kill -s KILL "$p" 2> /dev/null; done; }
trap hard ALRM
trap : HUP INT TERM USR1 USR2
warn() { ln -s "signal=USR1;t=$(date +%s)" "$d/record/warned" 2> /dev/null
i=0; while [ "$i" -lt 100 ]; do c=
[ ! -h "$d/record/started" ] || { read -r c x < "/proc/$w/task/$w/children"; } 2> /dev/null
[ -z "$c" ] || { kill -s USR1 "$c"; return; }
i=$((i + 1)); sleep 0.1; done; }
trap warn USR1
/bin/sh -c 'WRAPPER' auto-experiment "$d/record" 'python' 'train.py' '--name' 'it'\''s $HOME; `id`' 'a
b' < /dev/null &
w=$!
while kill -s 0 "$w" 2> /dev/null; do wait "$w"; r=$?; done
hard
exit "$r"
END
) || late
fi
j=${j%%;*}
ln -s "job=$j" "$d/record/job" 2> /dev/null
[ "$(readlink "$d/record/job")" = "job=$j" ] || scancel "$j"
