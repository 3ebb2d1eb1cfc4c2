#!/bin/sh
# Start one program of a production server in the foreground: web, streams, worker or beat. `manage` runs manage.py,
# `probe` asks the web server on this machine whether it can do its work.
set -eu
cd "$(dirname "$0")/.."
bin=.venv/bin

case ${1:-} in
web)
    # The processes of one web server count their requests together, in files that no other server shares.
    PROMETHEUS_MULTIPROC_DIR=${PROMETHEUS_MULTIPROC_DIR:-${RUNTIME_DIRECTORY:-${VAR_DIR:-var}}/metrics-${WEB_PORT:-8000}}
    export PROMETHEUS_MULTIPROC_DIR
    mkdir -p "$PROMETHEUS_MULTIPROC_DIR"
    find "$PROMETHEUS_MULTIPROC_DIR" -name '*.db' -delete # of processes that are gone
    exec $bin/python -m config.serve
    ;;
streams)
    exec $bin/uvicorn config.asgi:application --host "${STREAMS_HOST:-127.0.0.1}" --port "${STREAMS_PORT:-8001}" --lifespan on --ws none \
        --no-access-log --no-server-header --no-proxy-headers --timeout-graceful-shutdown 5
    ;;
worker)
    # A name of its own: RabbitMQ refuses the second of two on one machine that are called the same.
    exec $bin/celery --quiet --app config.celery worker --hostname "worker-$$@%h" --pool threads --concurrency "${WORKER_THREADS:-8}" \
        --without-gossip --without-mingle
    ;;
beat)
    # The schedule needs no memory: each task looks for work that is due.
    exec $bin/celery --quiet --app config.celery beat --scheduler celery.beat:Scheduler --pidfile ''
    ;;
manage)
    shift
    exec $bin/python manage.py "$@"
    ;;
probe)
    exec $bin/python -m config.probe
    ;;
*)
    echo "usage: $0 web|streams|worker|beat|manage|probe" >&2
    exit 2
    ;;
esac
