"""Pelican's settings."""

MATH = "@MATH@"

AUTHOR = "Somebody"
SITENAME = "Posts"
SITEURL = "https://example.org"
PATH = "content"
THEME = "theme"
TIMEZONE = "UTC"
DEFAULT_LANG = "ko"

ARTICLE_URL = ARTICLE_LANG_URL = "posts/{slug}/"
ARTICLE_SAVE_AS = ARTICLE_LANG_SAVE_AS = "posts/{slug}/index.html"
TAG_URL, TAG_SAVE_AS = "tag/{slug}/", "tag/{slug}/index.html"
CATEGORY_URL, CATEGORY_SAVE_AS = "category/{slug}/", "category/{slug}/index.html"
AUTHOR_SAVE_AS = ""
DIRECT_TEMPLATES = ["index"]
DEFAULT_PAGINATION = False

FEED_ALL_ATOM = "feed.xml"
FEED_MAX_ITEMS = 10
CATEGORY_FEED_ATOM = TRANSLATION_FEED_ATOM = AUTHOR_FEED_ATOM = AUTHOR_FEED_RSS = None

# Articles that have not changed are not read again.
CACHE_CONTENT = LOAD_CONTENT_CACHE = True

# Each named here is used.
MARKDOWN = {
    "extension_configs": {
        "markdown.extensions.extra": {},
        "markdown.extensions.codehilite": {"css_class": "highlight"},
        **({"pymdownx.arithmatex": {"generic": True}} if MATH == "browser" else {}),
    },
    "output_format": "html5",
}
PLUGINS = [] if MATH == "browser" else ["pelican_katex"]
KATEX = {"output": MATH, "throwOnError": True}
KATEX_STARTUP_TIMEOUT = KATEX_RENDER_TIMEOUT = 60.0
