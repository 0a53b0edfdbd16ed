# Runs the array of a batch on a Slurm of its own: two nodes on this machine, one of which is drained
# in the middle of its work. Wants root, and a network namespace: its daemons listen everywhere.
job=$1 results=$2
# An address beside that of the loopback interface: without one, names of this machine are not looked up.
ip link set lo up && ip address add 192.0.2.1/32 dev lo
here=$PWD/slurm host=$(hostname -s)
mkdir -p "$here/state" "$here/n1" "$here/n2"
cd "$here" || exit 3
head -c 1024 /dev/urandom >munge.key && chmod 400 munge.key
munged --force --key-file="$here/munge.key" --socket="$here/munge.sock" --pid-file="$here/munged.pid" \
  --log-file="$here/munged.log" --seed-file="$here/munge.seed" || exit 3
cat >slurm.conf <<END
ClusterName=trial
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=16817
AuthType=auth/munge
AuthInfo=socket=$here/munge.sock
CredType=cred/munge
SlurmUser=root
StateSaveLocation=$here/state
SlurmdSpoolDir=$here/%n
SlurmctldPidFile=$here/slurmctld.pid
SlurmdPidFile=$here/slurmd-%n.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
MpiDefault=none
SchedulerParameters=sched_interval=2
NodeName=n[1-2] NodeHostname=$host NodeAddr=127.0.0.1 Port=[16818-16819] CPUs=2
PartitionName=trial Nodes=n[1-2] Default=YES OverSubscribe=FORCE:2
END
export SLURM_CONF="$here/slurm.conf"
slurmctld -D >slurmctld.log 2>&1 & daemons=$!
for node in n1 n2; do
  slurmd -D -N $node >$node.log 2>&1 & daemons="$daemons $!"
done
# Children of ours that do not end with us.
trap 'kill $daemons "$(cat munged.pid)" 2>/dev/null' EXIT
wait_for() {
  left=1200
  until "$@"; do
    left=$((left - 1))
    [ $left -gt 0 ] || { echo "waited in vain: $*"; squeue; sinfo; tail -n 20 ./*.log "$results"/submit/*.log; exit 4; } >&2
    sleep 0.1
  done
}
are_idle() { [ "$(sinfo -h -t idle -o %D 2>/dev/null)" = 2 ]; }
wait_for are_idle
cd .. && id=$(sbatch --parsable "$job") && cd "$here" || exit 5
# An element of the first node has sent a prompt and named its thread.
of_first() { squeue -h -r -j "$id" -t R -w n1 -o %K 2>/dev/null; }
has_begun() {
  for element in $(of_first); do
    grep -qs '"T-' "$results/tasks/t$element/attempt-1/sessions"/*/session.json && return
  done
  return 1
}
wait_for has_begun
elements=$(of_first)
scontrol update NodeName=n1 State=DRAIN Reason=trial
for element in $elements; do
  scontrol requeue "${id}_$element"
done
# Slurm holds what was queued again for two minutes.
is_pending() { [ "$(squeue -h -r -j "${id}_$1" -t PD -o %K 2>/dev/null)" = "$1" ]; }
for element in $elements; do
  wait_for is_pending "$element"
  scontrol update JobId="${id}_$element" StartTime=now
done
is_over() { [ -z "$(squeue -h -j "$id" 2>/dev/null)" ]; }
wait_for is_over
[ "$(sinfo -h -n n1 -t drained -o %D)" = 1 ] || exit 6
