"""How the command line explains itself: commands and options in groups, examples, exit statuses."""

from __future__ import annotations

import click

COMMANDS = {
    "Write": ("init", "new", "import", "list"),
    "Build": ("build", "serve", "clean"),
    "Results of code": ("why", "freeze", "check"),
}
"""Groups of commands in the order of their use; what stands in none comes last."""

OPTIONS = {
    "build": {
        "The site": ("posts", "output", "base_url", "drafts", "future"),
        "What runs": ("no_cache", "refresh", "no_execute", "allow_stale"),
        "How it runs": ("jobs", "timeout", "cluster"),
    },
}
"""Groups of a command's options, by their names in Python; what stands in none comes last."""

EXAMPLES = {
    "build": (
        ("inkcell build", "run what has changed, write site/"),
        ("inkcell build --drafts --refresh ncut", "with drafts; the code of ncut runs again"),
        ("inkcell build --json > result.json", "for other programs"),
    ),
    "check": (
        ("inkcell check", "what is wrong with the finished site?"),
        ("inkcell check --accept", "note the feed ids of new posts"),
        ("inkcell check --cold ncut", "does ncut depend on a warm kernel?"),
    ),
    "clean": (
        ("inkcell clean", "remove the site"),
        ("inkcell clean --cache", "and all kept results"),
    ),
    "completion": (
        ('eval "$(inkcell completion bash)"', "in ~/.bashrc"),
        ('eval "$(inkcell completion zsh)"', "in ~/.zshrc"),
        ("inkcell completion fish > ~/.config/fish/completions/inkcell.fish", ""),
    ),
    "freeze": (
        ("inkcell freeze dino", "run it here, write posts/dino/frozen.json"),
        ("inkcell freeze --refresh dino", "run it even if its results fit"),
    ),
    "import": (
        ("inkcell import ../old-blog --dry-run", "what would be written, and what is told"),
        ("inkcell import ../old-blog", "write what is new into posts/"),
        ("inkcell import notebooks --from files --category notes", "a folder of notebooks"),
    ),
    "init": (
        ("inkcell init my-blog", "an English blog, named after its folder"),
        ("inkcell init my-blog --language ko --language en", "in two, the first one the default"),
    ),
    "list": (
        ("inkcell list", "a table"),
        ("inkcell list --json", "for other programs"),
    ),
    "new": (
        ('inkcell new "The cut" --category math --tag graphs', "posts/the-cut/index.en.md"),
        ("inkcell new Sets --lang ko --lang en --notebook", "both versions, as .ipynb"),
    ),
    "serve": (
        ("inkcell serve", "http://127.0.0.1:8000/"),
        ("inkcell serve --no-drafts --port 8080", "without drafts, at another port"),
    ),
    "why": (
        ("inkcell why", "what the next build would run"),
        ("inkcell why ncut", "one post"),
    ),
}

STATUSES = """\
Exit status: 0 if all is well, 1 if something is wrong with the blog, 2 if the command line is \
wrong, 130 after Ctrl-C."""


class Command(click.Command):
    """A command whose help has groups of options, examples and exit statuses."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, group by group."""
        groups = OPTIONS.get(self.name or "", {})
        grouped = {name for names in groups.values() for name in names}
        params = [param for param in self.get_params(ctx) if isinstance(param, click.Option)]
        others = tuple(param.name or "" for param in params if param.name not in grouped)
        for title, names in {**groups, "Options": others}.items():
            chosen = [param for param in params if (param.name or "") in names]
            records = [record for param in chosen if (record := param.get_help_record(ctx))]
            if records:
                with formatter.section(title):
                    formatter.write_dl(records)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write examples and exit statuses."""
        examples = EXAMPLES.get(self.name or "", ())
        if examples:
            with formatter.section("Examples"):
                formatter.write_dl(examples, col_max=60)
        formatter.write_paragraph()
        formatter.write_text(STATUSES)


class Group(click.Group):
    """The command itself: its help lists the commands in groups."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what each command does, group by group."""
        grouped = {name for names in COMMANDS.values() for name in names}
        others = tuple(name for name in self.commands if name not in grouped)
        widest = max(map(len, self.commands))
        limit = formatter.width - 6 - widest
        for title, names in {**COMMANDS, "More": others}.items():
            with formatter.section(title):
                formatter.write_dl(
                    [
                        (name.ljust(widest), self.commands[name].get_short_help_str(limit))
                        for name in names
                    ]
                )

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write where to begin, and exit statuses."""
        formatter.write_paragraph()
        formatter.write_text(
            "Begin with `inkcell init my-blog`. `inkcell COMMAND --help` shows a command's "
            "options, with examples."
        )
        formatter.write_paragraph()
        formatter.write_text(STATUSES)
