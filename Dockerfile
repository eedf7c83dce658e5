# One image for all of ours: web, worker, beat, folder and the preparation of the database.
# Nothing is compiled: all requirements come as wheels, by hash.
FROM python:3.11-slim-bookworm AS requirements
COPY requirements.txt /tmp/requirements.txt
RUN python -m venv /opt/venv \
 && /opt/venv/bin/pip install --no-cache-dir --no-deps --require-hashes --only-binary :all: -r /tmp/requirements.txt

FROM python:3.11-slim-bookworm
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
COPY --from=requirements /opt/venv /opt/venv
WORKDIR /srv/pemantau
COPY . .
# The file system is read-only at run time: static files and bytecode are made now, as root, for everybody to read.
RUN SECRET_KEY=only-for-collecting-files RECEIPT_KEY=none SITE_ORIGIN=https://build.example DATABASE_URL=postgres://none/none EMAIL_URL=smtp://none \
    python manage.py collectstatic --noinput --verbosity 0 \
 && python -m compileall -q . /opt/venv \
 && install -d -o 10001 -g 10001 /srv/published /srv/exports
USER 10001:10001
CMD ["gunicorn", "-c", "deploy/gunicorn.conf.py", "pemantau.wsgi"]
