# Runs the array of a batch on a Slurm of its own: two nodes on this machine, one of which is drained
# in the middle of its work. Wants root, and namespaces of its own for network and processes: its
# daemons listen everywhere, and end with this script.
job=$1 results=$2
# An address beside that of the loopback interface: without one, names of this machine are not looked up.
ip link set lo up && ip address add 192.0.2.1/32 dev lo
here=$PWD/slurm host=$(hostname -s)
mkdir -p "$here/state" "$here/n1" "$here/n2"
cd "$here" || exit 3
head -c 1024 /dev/urandom >munge.key && chmod 400 munge.key
munged --foreground --force --key-file="$here/munge.key" --socket="$here/munge.sock" \
  --pid-file="$here/munged.pid" --seed-file="$here/munge.seed" >munged.log 2>&1 &
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
# Asks a daemon, which may not answer.
ask() { timeout 20 "$@"; }
# Two minutes at most.
wait_for() {
  begin=$(date +%s)
  until "$@"; do
    [ $(($(date +%s) - begin)) -lt 120 ] || { echo "waited in vain: $*"; ask squeue; ask sinfo; tail -n 20 ./*.log "$results"/submit/*.log; exit 4; } >&2
    sleep 0.1
  done
}
can_sign() { [ -S munge.sock ]; }
wait_for can_sign
slurmctld -D >slurmctld.log 2>&1 &
for node in n1 n2; do
  slurmd -D -N $node >$node.log 2>&1 &
done
are_idle() { [ "$(ask sinfo -h -t idle -o %D 2>/dev/null)" = 2 ]; }
wait_for are_idle
cd .. && id=$(ask sbatch --parsable "$job") && cd "$here" || exit 5
# An element of the first node has sent a prompt and named its thread.
of_first() { ask squeue -h -r -j "$id" -t R -w n1 -o %K 2>/dev/null; }
has_begun() {
  for element in $(of_first); do
    grep -qs '"T-' "$results/tasks/t$element/attempt-1/sessions"/*/session.json && return
  done
  return 1
}
wait_for has_begun
elements=$(of_first)
ask scontrol update NodeName=n1 State=DRAIN Reason=trial
for element in $elements; do
  ask scontrol requeue "${id}_$element"
done
# Slurm holds what was queued again for two minutes.
is_pending() { [ "$(ask squeue -h -r -j "${id}_$1" -t PD -o %K 2>/dev/null)" = "$1" ]; }
for element in $elements; do
  wait_for is_pending "$element"
  ask scontrol update JobId="${id}_$element" StartTime=now
done
is_over() { [ -z "$(ask squeue -h -j "$id" 2>/dev/null)" ]; }
wait_for is_over
[ "$(ask sinfo -h -n n1 -t drained -o %D)" = 1 ] || exit 6
