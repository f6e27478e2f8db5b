"""Refusals: the errors of a command that cannot run."""

import click


class Refusal(click.ClickException):
    """A command cannot run; the message names what is wrong and the remedy."""

    exit_code = 2
