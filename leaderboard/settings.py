"""Settings of the site, all read from the environment; the defaults are the embedded site of `make run`."""

from pathlib import Path
from typing import Any

import django_stubs_ext
from celery.schedules import crontab
from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from leaderboard import broker, env
from submissions import log_lines

django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent
VERNIER_VAR = Path(env.text("VERNIER_VAR", str(BASE_DIR / "var"))).absolute()
VERNIER_PORT = env.number("VERNIER_PORT", 8000)
VERNIER_WEB_WORKERS = env.number("VERNIER_WEB_WORKERS", 2)  # read by gunicorn's own file
# The web role may not read truth; worker and organizer (the commands) may.
VERNIER_ROLE = env.text("VERNIER_ROLE", "organizer", one_of=("web", "worker", "organizer"))
# The embedded default runs on this machine alone: plain HTTP, mail on a page.
VERNIER_EMBEDDED = env.flag("VERNIER_EMBEDDED", default=not env.text("VERNIER_DATABASE_URL"))

SECRET_KEY = env.secret_key(VERNIER_VAR, embedded=VERNIER_EMBEDDED)
DEBUG = False
ALLOWED_HOSTS = env.words("VERNIER_HOSTS", "127.0.0.1,localhost,[::1]")
# What was signed under an earlier key stays good: links in old mails, which never end.
SECRET_KEY_FALLBACKS = env.words("VERNIER_OLD_SECRET_KEYS")
CSRF_TRUSTED_ORIGINS = env.words("VERNIER_ORIGINS")
VERNIER_URL = env.origin("VERNIER_URL", VERNIER_PORT, hosts=ALLOWED_HOSTS)

INSTALLED_APPS = [
    # Ours first: of two templates of one name, the first app's is drawn.
    "leaderboard",
    "submissions.ui",
    "submissions",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "csp",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "leaderboard.requests.RequestMiddleware",
    "leaderboard.cors.CrossOriginMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "leaderboard.slashes.SlashMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "submissions.api.rate_limits.RateLimitMiddleware",
]

ROOT_URLCONF = "leaderboard.urls"
WSGI_APPLICATION = "leaderboard.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "submissions.ui.context.site",
            ],
        },
    },
]

# Database. ATOMIC_REQUESTS stays off: with it every GET would take SQLite's write lock.
DATABASES = {"default": env.database(env.text("VERNIER_DATABASE_URL"), VERNIER_VAR)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Storage: answers in one place, truth and outcomes in another (submissions/storage.py).
VERNIER_ANSWERS_URL = env.store("VERNIER_ANSWERS", VERNIER_VAR / "answers")
VERNIER_TRUTH_URL = env.store("VERNIER_TRUTH", VERNIER_VAR / "truth")
VERNIER_S3 = {
    "endpoint": env.text("VERNIER_S3_ENDPOINT"),
    "region": env.text("VERNIER_S3_REGION", "us-east-1"),
    "access_key": env.text("VERNIER_S3_ACCESS_KEY"),
    "secret_key": env.text("VERNIER_S3_SECRET_KEY"),
    # How the service is asked to encrypt what is put; what it does unasked, it does in any case.
    "encryption": env.text("VERNIER_S3_ENCRYPTION", one_of=("", "AES256", "aws:kms")),
    # Where browsers reach the service, when downloads are to come from there.
    "public_endpoint": env.text("VERNIER_S3_PUBLIC_ENDPOINT"),
}

# Uploads
VERNIER_MAX_UPLOAD_BYTES = 64 * 1024 * 1024
FILE_UPLOAD_HANDLERS = [
    "submissions.uploads.CappedUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
FILE_UPLOAD_PERMISSIONS = 0o600
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

# Queue. The database is the truth and Redis only the doorbell: a lost message costs a sweep, not a submission.
VERNIER_REDIS_URL = env.text("VERNIER_REDIS_URL") or f"unix://{broker.socket_path(VERNIER_VAR)}"
CELERY_BROKER_URL = VERNIER_REDIS_URL.replace("unix://", "redis+socket://", 1)
SCORE_SECONDS = 100  # hard limit of one scoring run
READ_SECONDS = 60  # of the processor's time, for reading an answer file; 64 MiB of long replies take ten
WORKER_ROOM_BYTES = 700 * 1024 * 1024  # what a worker's process may add to the 150 MB with which it begins
CELERY_TASK_TIME_LIMIT = SCORE_SECONDS
CELERY_TASK_SOFT_TIME_LIMIT = int(SCORE_SECONDS * 0.9)
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": int(SCORE_SECONDS * 1.1),
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "socket_connect_timeout": 2,
    "socket_timeout": 10,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # however long Redis is away
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_MAX_TASKS_PER_CHILD = 200
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 600_000  # kB; whoever had more at any time is replaced after the task
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    "sweep": {"task": "submissions.tasks.sweep", "schedule": 10.0},
}
if VERNIER_EMBEDDED:
    # Elsewhere no worker may remove truth: an organizer's timer runs it (deploy/).
    CELERY_BEAT_SCHEDULE["reconcile"] = {
        "task": "submissions.tasks.reconcile",
        "schedule": crontab(hour="3", minute="17"),
    }

# People
AUTH_USER_MODEL = "submissions.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_ADAPTER = "submissions.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_SUBJECT_PREFIX = "Vernier: "
ACCOUNT_CONFIRM_EMAIL_ON_GET = False
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "http" if VERNIER_EMBEDDED else "https"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Vernier"
# Whether organizers must have a second factor before they act as such; once one is set up it is asked for in any case.
VERNIER_SECOND_FACTOR = env.flag("VERNIER_SECOND_FACTOR", default=not VERNIER_EMBEDDED)
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "teams"
LOGOUT_REDIRECT_URL = "home"

# Mail
globals().update(env.mail(env.text("VERNIER_EMAIL_URL"), VERNIER_VAR, embedded=VERNIER_EMBEDDED))
DEFAULT_FROM_EMAIL = env.text("VERNIER_EMAIL_FROM", "vernier@localhost")
SERVER_EMAIL = DEFAULT_FROM_EMAIL

# Webhooks. Messages go to the public internet alone, and to the networks that the operator opens.
VERNIER_WEBHOOK_NETWORKS = env.networks("VERNIER_WEBHOOK_NETWORKS")

# Language and time
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English"))]
TIME_ZONE = "UTC"
FORMAT_MODULE_PATH = "leaderboard.formats"
USE_TZ = True

# Static files
STATIC_URL = "static/"
STATIC_ROOT = Path(env.text("VERNIER_STATIC", str(VERNIER_VAR / "static")))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},  # unused: storage.py keeps files
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage",
        # Everybody's to read: who collects them is another user than who serves them. Uploads are nobody else's.
        "OPTIONS": {"file_permissions_mode": 0o644, "directory_permissions_mode": 0o755},
    },
}

# Cache. allauth counts sign-ins and their failures in the default one. It is the database's, because every process has
# to see the same counts, and signing in must not need Redis: without the database nobody signs in anyway.
CACHES: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "vernier_cache",
        # Far above what honest people need: beyond it a third is thrown away, and with it what was counted.
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    },
    # What any process may keep for itself.
    "local": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
    # Drawn pages by their ETags (leaderboard/etags.py): the boards that everybody reads.
    "pages": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": "pages",
        "OPTIONS": {"MAX_ENTRIES": 60},
    },
}

# Trusted publishing: (kind, issuer) of the services whose identity tokens are exchanged for tokens of ours.
VERNIER_OIDC_ISSUERS = env.issuers(
    "VERNIER_OIDC_ISSUERS",
    "github=https://token.actions.githubusercontent.com gitlab=https://gitlab.com",
)

# Security
HTTPS = env.flag("VERNIER_HTTPS", default=not VERNIER_EMBEDDED)
SECURE_SSL_REDIRECT = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
# Each adds the address that it was asked from to X-Forwarded-For; what stands before those is the client's own claim.
# Where TLS ends at a proxy there is one.
ALLAUTH_TRUSTED_PROXY_COUNT = env.number("VERNIER_PROXIES", 1 if HTTPS else 0)
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_ENGINE = "django.contrib.sessions.backends.db"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    },
}

# API
REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "submissions.api.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.AllowAny"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": [
        "submissions.api.parsers.JSONParser",
        "rest_framework.parsers.MultiPartParser",
        "rest_framework.parsers.FormParser",
    ],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "submissions.api.negotiation.NamedFormats",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "submissions.api.problems.handle",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "STRICT_JSON": True,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Vernier",
    "DESCRIPTION": """Send answer files, follow them, read the boards.

Scores are in percent, shares go from 0 to 1, waits are in seconds, moments in UTC. Ignore fields that you do not know:
version 1 grows, and takes nothing away. What is to go is told at least six months before, by the headers `Deprecation`
and `Sunset` and in the changelog. Every problem is a document of RFC 9457 whose `code` stays. What everybody may read,
pages of other sites may read too, without credentials. The whole policy is docs/api.md of the project.""",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "leaderboard.schema.complete",
        "leaderboard.schema.with_rate_limits",
    ],
    "TAGS": [
        {"name": "site", "description": "Where to go from here."},
        {"name": "benchmarks", "description": "Definitions, boards, questions and what was sent to them."},
        {"name": "submissions", "description": "One answer file of an entry, and what became of it."},
        {"name": "entries", "description": "A model as run: what the board ranks."},
        {"name": "oidc", "description": "A pipeline’s own identity in exchange for a token of 15 minutes."},
        {"name": "token", "description": "The token that a call is sent with."},
    ],
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "YesNoEnum": "submissions.models.Entry.YesNo",
        "VisibilityEnum": "submissions.models.Submission.Visibility",
        "UploadVisibilityEnum": "submissions.api.serializers.VISIBILITIES",
        "StatusEnum": "submissions.models.Submission.Status",
        "ComparisonStatusEnum": "leaderboard.shapes.COMPARISON_STATUS",
    },
}

# Figures for Prometheus at /metrics, for whoever has the token alone.
VERNIER_METRICS_TOKEN = env.text("VERNIER_METRICS_TOKEN")
VERNIER_METRICS_DIR = Path(env.text("VERNIER_METRICS_DIR", str(VERNIER_VAR / "run" / "metrics")))

# Logs: lines for people where one looks at them, for machines where they are collected.
VERNIER_LOG_FORMAT = env.text(
    "VERNIER_LOG_FORMAT", "text" if VERNIER_EMBEDDED else "json", one_of=tuple(log_lines.FORMATS)
)
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": log_lines.FORMATS[VERNIER_LOG_FORMAT]}},
    "filters": {"name_requests": {"()": log_lines.NameRequests}},
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["name_requests"]}
    },
    "root": {"handlers": ["console"], "level": env.text("VERNIER_LOG_LEVEL", "INFO", one_of=LOG_LEVELS)},
    "loggers": {
        "django.server": {"level": "WARNING"},
        # At DEBUG it writes down what it sends and signs, and what it is answered.
        "botocore": {"level": "INFO"},
    },
}

# Faults are told to an operator's Sentry, if there is one.
if VERNIER_SENTRY_DSN := env.text("VERNIER_SENTRY_DSN"):
    from leaderboard import faults  # a second of every start, for those alone who want it

    faults.report_to(VERNIER_SENTRY_DSN)
