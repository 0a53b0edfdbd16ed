"""Runs the job file of a batch on four workers of HyperQueue, one of which is killed.

The wheel has no command line, and makes tasks one by one: the job file is read here. Its workers are
threads of one process; another process becomes one by taking the place of a server of its own.
"""

import signal, subprocess, sys, tempfile, time, tomllib
from pathlib import Path

from hyperqueue import Job, LocalCluster
from hyperqueue.ffi.cluster import Cluster


def worker(server):
    own = Cluster(tempfile.mkdtemp())
    link = Path(own.server_dir, "hq-current")
    link.unlink()
    link.symlink_to(Path(server, "hq-current").resolve())
    own.add_worker(1)
    print("UP", flush=True)
    signal.pause()


def main(file, results):
    array = tomllib.loads(Path(file).read_text())["array"]
    first, last = map(int, array["ids"].split("-"))
    cluster = LocalCluster(tempfile.mkdtemp())
    command = [sys.executable, __file__, "worker", cluster.cluster.server_dir]
    workers = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(4)]
    for one in workers:
        # Its server has something to say first.
        assert any(b"UP" in line for line in one.stdout)
    job = Job(max_fails=None)
    for number in range(first, last + 1):
        words = [word.replace('"$HQ_TASK_ID"', str(number)) for word in array["command"]]
        job.program(
            words,
            stdout=f"{results}/hq-{number}.out",
            stderr=f"{results}/hq-{number}.err",
            crash_limit=array["crash_limit"],
        )
    client = cluster.client()
    submitted = client.submit(job)
    # Each of the four shards that run has two agents, which have named their threads.
    sessions = lambda: Path(results).glob("tasks/*/attempt-1/sessions/*/session.json")
    while sum(b'"T-' in path.read_bytes() for path in sessions()) < 8:
        time.sleep(0.05)
    workers[0].kill()
    is_well = client.wait_for_jobs([submitted], raise_on_error=False)
    for one in workers:
        one.kill()
    cluster.stop()
    sys.exit(not is_well)


if sys.argv[1] == "worker":
    worker(sys.argv[2])
else:
    main(sys.argv[1], sys.argv[2])
