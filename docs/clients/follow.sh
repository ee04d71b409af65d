#!/bin/sh
# Follow one's tasks with curl: ACCESS=<access token> ./follow.sh [http://localhost:8000]
# Keeps its position in the file `position`, as print_events.py does.
server=${1:-http://localhost:8000}
while :; do
  since=$(cat position 2>/dev/null)
  curl --no-progress-meter --no-buffer --fail-with-body "$server/api/v1/tasks/stream/" \
    -H "Authorization: Bearer $ACCESS" ${since:+-H "Last-Event-ID: $since"} |
    while IFS= read -r line || [ -n "$line" ]; do
      case $line in
        "id: "*) id=${line#id: } ;;
        "event: "*) event=${line#event: } ;;
        "data: "*) data=${line#data: } ;;
        "{"*) # a refusal
          echo "refused: $line" >&2
          case $line in *'"status":'40[13]* | *'"status":422'*) exit 1 ;; esac ;;
        "") # the empty line ends a message; one that was cut off never gets here
          case $event in task_*) printf '%s\n' "$data" ;; esac
          [ -z "$id" ] || { echo "$id" >position.new && mv position.new position; }
          case $event$data in stream_closed*'"reconnect":false'*) echo "closed: $data" >&2; exit 1 ;; esac
          event='' data='' id='' ;;
      esac
    done || exit
  sleep 1
done
