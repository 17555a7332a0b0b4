#!/bin/sh
set -e

echo "Applying migrations"
python manage.py migrate --noinput

echo "Collecting static files"
python manage.py collectstatic --noinput > /dev/null

if [ -n "$DJANGO_SUPERUSER_USERNAME" ]; then
    python manage.py createsuperuser --noinput --email admin@example.com
fi

users=$(python manage.py shell --no-imports -c 'from django.contrib.auth.models import User; print(User.objects.count())' 2>/dev/null)
echo "users: $users"

exec python visit.py 8000 "$@"
