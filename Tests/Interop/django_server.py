"""django-oauth-toolkit as an authorization server on 127.0.0.1, with two users of one public client.

    python django_server.py FOLDER

Its database is in FOLDER. It prints one line of JSON when it listens, and ends when its standard input is closed.
"""

import io
import json
import pathlib
import secrets
import socketserver
import sys
import threading
import wsgiref.simple_server

import django
from django.conf import settings
from django.core.management import call_command

from login import CALLBACK

LOGIN_PAGE = '<form method="post">{% csrf_token %}{{ form }}<input type="hidden" name="next" value="{{ next }}"></form>'


def configure(folder: pathlib.Path) -> None:
    settings.configure(
        SECRET_KEY=secrets.token_urlsafe(32), ALLOWED_HOSTS=["127.0.0.1"], ROOT_URLCONF=__name__, USE_TZ=True,
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": folder / "database"}},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        INSTALLED_APPS=[
            "django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", "oauth2_provider",
        ],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware", "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
        ],
        TEMPLATES=[{
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "OPTIONS": {
                "context_processors": ["django.template.context_processors.request"],
                "loaders": [("django.template.loaders.locmem.Loader", {"registration/login.html": LOGIN_PAGE})],
            },
        }],
        # The production hasher takes most of a second for each password.
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        LOGIN_URL="/login", LOGGING_CONFIG=None,
        OAUTH2_PROVIDER={
            "SCOPES": {name: name for name in ("mcp:use", "notes:read", "notes:write", "introspection")},
            "COMPLIANT_BCP_RFC9700_AUTHZ_RESPONSE_ISS": True, "PKCE_REQUIRED": True,
        },
    )
    django.setup()


configure(pathlib.Path(sys.argv[1]))

from django.contrib.auth.models import User  # noqa: E402  (Django's models exist only once it is configured)
from django.contrib.auth.views import LoginView  # noqa: E402
from django.urls import include, path  # noqa: E402
from oauth2_provider.models import get_application_model  # noqa: E402

urlpatterns = [path("login", LoginView.as_view()), path("", include("oauth2_provider.urls"))]


def accounts() -> dict:
    """Two users, the client that both use, and the resource server's own account."""
    call_command("migrate", verbosity=0, stdout=io.StringIO())
    users = {name: secrets.token_urlsafe(9) for name in ("alice", "bob")}
    for name, password in users.items():
        User.objects.create_user(name, password=password)
    Application, secret = get_application_model(), secrets.token_urlsafe(24)
    client = Application.objects.create(
        name="interop", client_type=Application.CLIENT_PUBLIC, redirect_uris=CALLBACK, skip_authorization=True,
        authorization_grant_type=Application.GRANT_AUTHORIZATION_CODE,
    )
    resource_server = Application.objects.create(
        name="resource server", client_type=Application.CLIENT_CONFIDENTIAL, client_secret=secret,
        authorization_grant_type=Application.GRANT_CLIENT_CREDENTIALS,
    )
    return {"users": users, "client": client.client_id, "server": resource_server.client_id, "secret": secret}


class Server(socketserver.ThreadingMixIn, wsgiref.simple_server.WSGIServer):
    daemon_threads = True


class Quiet(wsgiref.simple_server.WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


if __name__ == "__main__":
    from django.core.wsgi import get_wsgi_application

    made = accounts()
    server = Server(("127.0.0.1", 0), Quiet)
    server.set_app(get_wsgi_application())
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(json.dumps(made | {"issuer": f"http://127.0.0.1:{server.server_port}"}), flush=True)
    sys.stdin.read()
