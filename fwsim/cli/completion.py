"""`fwsim completion`: the script that makes a shell complete fwsim's commands, options and values.

Read first: `fwsim.cli.completing`, which answers the shell when it asks.
"""

from __future__ import annotations

import click

EXAMPLES = """\b
To try it in the shell that runs:
  bash:  source <(fwsim completion bash)
  zsh:   source <(fwsim completion zsh)      (after: autoload -Uz compinit && compinit)
  fish:  fwsim completion fish | source

\b
To keep it:
  bash:  mkdir -p ~/.local/share/bash-completion/completions
         fwsim completion bash > ~/.local/share/bash-completion/completions/fwsim
  zsh:   mkdir -p ~/.zfunc && fwsim completion zsh > ~/.zfunc/_fwsim
         (in ~/.zshrc: fpath+=~/.zfunc; autoload -Uz compinit && compinit)
  fish:  mkdir -p ~/.config/fish/completions
         fwsim completion fish > ~/.config/fish/completions/fwsim.fish
"""


@click.command("completion", epilog=EXAMPLES)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> int:
    """Print the script that completes fwsim in a shell.

    With it, TAB offers commands, options, files, and the values that an option can have: formats, names of attacks,
    settings, the fields and words of -Y. bash has to be 4.4 or later; where the package bash-completion is not there,
    source the script in ~/.bashrc instead.
    """
    from fwsim.cli import commands
    from fwsim.cli.completing import script

    click.echo(script(commands, shell), nl=False)
    return 0
