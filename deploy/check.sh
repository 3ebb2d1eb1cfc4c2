#!/bin/sh
# Everything `make check` looks at. Each step says ok, or shows what is wrong; all of them run.
set -u
cd "$(dirname "$0")/.." || exit 1
status=0

step() {
    printf '%-12s' "$1"
    shift
    if output=$("$@" 2>&1); then
        echo ok
    else
        status=1
        printf 'FAILED\n%s\n' "$output"
    fi
}

production_check() {
    key=$(python -c 'import secrets; print(secrets.token_urlsafe(64))')
    SECRET_KEY=$key SECRET_ENCRYPTION_KEYS="MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=" ALLOWED_HOSTS=pay.example.com \
        API_BASE_URL=https://pay.example.com DATABASE_URL=postgres://user:password@127.0.0.1:1/checkout \
        REDIS_URL=redis://127.0.0.1:1/0 EMAIL_HOST=mail.example.com DJANGO_SETTINGS_MODULE=config.settings.production \
        python manage.py check --deploy --fail-level WARNING
}

export DJANGO_SETTINGS_MODULE=config.settings.test
step lint ruff check .
step format ruff format --check .
step types mypy .
step floors env PYTHONPATH=clients/python lint-imports
step templates djlint templates --lint
step migrations python -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run
step production production_check
exit $status
