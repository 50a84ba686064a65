"""The scripts that make bash, zsh and fish ask `fwsim` for candidates.

Read first: `fwsim.cli.completing` for what passes between them; "Programmable Completion" in bash(1), zshcompwid(1)
and zshcompsys(1), complete(1) of fish. The names in `%(...)s` are filled in by click. They ask the very program that
stands on the line, so that one in a virtual environment answers for itself, and show nothing where it cannot.
"""

from __future__ import annotations

BASH = """\
# Completion of %(prog_name)s for bash 4.4 or later.
%(complete_func)s() {
    local type value help program=${COMP_WORDS[0]/#\\~/$HOME}
    COMPREPLY=()
    while IFS=$'\\t' read -r type value help; do
        case $type in
            file) compopt -o default +o nospace 2>/dev/null ;;
            plain | open) COMPREPLY+=("$value") ;;
        esac
    done < <(COMP_LINE=${COMP_LINE:0:COMP_POINT} %(complete_var)s=bash_complete "$program" 2>/dev/null)
}
complete -o nospace -o nosort -F %(complete_func)s %(prog_name)s
"""

ZSH = """\
#compdef %(prog_name)s
# Completion of %(prog_name)s for zsh.
_%(prog_name)s() {
    local type value help program=${(Q)words[1]}
    local line="${(j: :)words[1,CURRENT-1]} ${QIPREFIX}${PREFIX}"
    local -a plain unfinished
    while IFS=$'\\t' read -r type value help; do
        case $type in
            file)
                compset -P "${(b)value}"
                _files
                ;;
            plain) plain+=("${${value//\\\\/\\\\\\\\}//:/\\\\:}${help:+:$help}") ;;
            open) unfinished+=("${${value//\\\\/\\\\\\\\}//:/\\\\:}${help:+:$help}") ;;
        esac
    done < <(COMP_LINE=$line %(complete_var)s=zsh_complete "${program/#\\~/$HOME}" 2>/dev/null)
    (( $#plain )) && _describe -V '%(prog_name)s' plain
    (( $#unfinished )) && _describe -V '%(prog_name)s' unfinished -S ''
}
if [[ $funcstack[1] == _%(prog_name)s ]]; then # loaded from fpath, by the first TAB
    _%(prog_name)s "$@"
else
    compdef _%(prog_name)s %(prog_name)s
fi
"""

FISH = """\
# Completion of %(prog_name)s for fish.
function %(complete_func)s
    set -l line (commandline -cp | string collect)
    set -l program (string replace -r '^~' $HOME -- (commandline -opc)[1])
    for candidate in (env COMP_LINE=$line %(complete_var)s=fish_complete $program 2>/dev/null)
        set -l parts (string split -m 2 \\t -- $candidate)
        if test "$parts[1]" = file
            set -l before $parts[2]
            set -l path (string sub -s (math 1 + (string length -- "$before")) -- (commandline -ct))
            for found in (__fish_complete_path "$path")
                echo -- $before$found
            end
        else if test -n "$parts[3]"
            printf '%%s\\t%%s\\n' $parts[2] $parts[3]
        else
            echo -- $parts[2]
        end
    end
end
complete --command %(prog_name)s --no-files --keep-order --arguments '(%(complete_func)s)'
"""
