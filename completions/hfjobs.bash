_hfjobs_completion() {
    local IFS=' ' line="${COMP_LINE:0:$COMP_POINT}" word="${2-${COMP_WORDS[COMP_CWORD]}}" offered option=
    [ -n "$line" ] || line="${COMP_WORDS[*]:0:COMP_CWORD+1}"
    COMPREPLY=()
    while IFS= read -r offered; do
        case "$offered" in
            '') continue ;;
            /)  # a directory is meant
                case "$word" in -*=*) option="${word%%=*}=" ;; esac
                [ -z "$option" ] && compopt -o dirnames 2>/dev/null && return
                while IFS= read -r offered; do
                    [ -z "$offered" ] || COMPREPLY+=("$option${offered// /\\ }/")
                done <<< "$(compgen -d -- "${word#"$option"}")" ;;
            *)  COMPREPLY+=("$offered") ;;
        esac
    done <<< "$(_HFJOBS_COMPLETE=complete_bash _TYPER_COMPLETE_ARGS="$line" \
                _TYPER_COMPLETE_WORD_TO_COMPLETE="$word" "$1" 2>/dev/null)"
    case "${COMPREPLY[0]-}" in
        *[=/]) compopt -o nospace 2>/dev/null ;;
    esac
    return 0
}

complete -F _hfjobs_completion hfjobs
