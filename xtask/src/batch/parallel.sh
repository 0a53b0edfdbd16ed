# Runs the script of a batch, kills one of its shards in the middle of its work, and runs it again.
job=$1 results=$2
sh "$job" &
# Both of its agents have named their threads.
has_begun() { grep -qs '"T-' "$results/tasks/$1/attempt-1/sessions"/*/session.json; }
until has_begun t2 && has_begun t10; do sleep 0.05; done
kill -9 "$(pgrep -f "^[^ ]*ampctl batch run .*$results .*--shard 2/8" | head -n 1)" || exit 3
wait $! && exit 4
exec sh "$job"
