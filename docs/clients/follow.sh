#!/bin/sh
# Follow one's tasks with curl: TOKEN=<access token> ./follow.sh [http://localhost:8000]
# Keeps its position in the file `position`.
server=${1:-http://localhost:8000}
while :; do
  since=$(cat position 2>/dev/null)
  curl --no-progress-meter --no-buffer --fail-with-body "$server/api/v1/tasks/stream/" \
    -H "Authorization: Bearer $TOKEN" ${since:+-H "Last-Event-ID: $since"} |
    while IFS= read -r line; do
      case $line in
        "event: "*) event=${line#event: } ;;
        "data: "*) data=${line#data: } ;;
        "") # the empty line ends an event; one that was cut off never gets here
          case $event in task_*) printf '%s\n' "$data" ;; esac
          seq=$(printf '%s' "$data" | sed -n 's/.*"seq": *\([0-9]*\).*/\1/p')
          [ -z "$seq" ] || echo "$seq" >position
          event='' data='' ;;
      esac
    done
  sleep 1
done
