# An agent whose threads last: it notes each prompt that it is sent, and answers after a while.
id_of() { printf 'T-00000000-0000-7000-8000-%012d' "${1#do }"; }
user() { echo "{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"$1\"}]}"; }
case "$1 $2" in
"--version "*) echo "$AGENT_VERSION"; exit 0 ;;
"threads export") echo "{\"id\":\"$3\",\"messages\":[$(cat "$AGENT_FOLDER/$3")]}"; exit 0 ;;
"threads continue")
  id=$3
  cat >/dev/null
  (echo ,; user continue) >>"$AGENT_FOLDER/$id"
  echo "continue $id" >>"$AGENT_FOLDER/continued"
  ;;
*)
  prompt=$(cat)
  id=$(id_of "$prompt")
  user "$prompt" >"$AGENT_FOLDER/$id"
  echo "$prompt" >>"$AGENT_FOLDER/sent"
  ;;
esac
echo "{\"type\":\"system\",\"subtype\":\"init\",\"cwd\":\"/\",\"session_id\":\"$id\",\"tools\":[],\"mcp_servers\":[]}"
sleep 2
echo "{\"type\":\"result\",\"subtype\":\"success\",\"duration_ms\":1,\"is_error\":false,\"num_turns\":1,\"result\":\"Done.\",\"session_id\":\"$id\"}"
