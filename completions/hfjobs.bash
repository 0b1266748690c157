_hfjobs_completion() {
    local IFS=' ' line="${COMP_LINE:0:$COMP_POINT}" word="${2-${COMP_WORDS[COMP_CWORD]}}" answer offered option=
    local kind=default action=-f
    [ -n "$line" ] || line="${COMP_WORDS[*]:0:COMP_CWORD+1}"
    COMPREPLY=()
    answer="$(_HFJOBS_COMPLETE=complete_bash _TYPER_COMPLETE_ARGS="$line" \
              _TYPER_COMPLETE_WORD_TO_COMPLETE="$word" "$1" 2>/dev/null)"
    case "$answer" in
        /|./)  # a directory is meant, or a file
            [ "$answer" != / ] || { kind=dirnames action=-d; }
            case "$word" in -*=*) option="${word%%=*}=" ;; esac
            [ -z "$option" ] && compopt -o "$kind" 2>/dev/null && return
            while IFS= read -r offered; do
                [ ! -d "$offered" ] || offered="$offered/"
                [ -z "$offered" ] || COMPREPLY+=("$option${offered// /\\ }")
            done <<< "$(compgen "$action" -- "${word#"$option"}")" ;;
        *)
            while IFS= read -r offered; do
                [ -z "$offered" ] || COMPREPLY+=("$offered")
            done <<< "$answer" ;;
    esac
    case "${COMPREPLY[0]-}" in
        *[=/.]) compopt -o nospace 2>/dev/null
            case "${COMP_LINE:$COMP_POINT:1}" in  # not twice where the cursor is inside a word
                [=/]) COMPREPLY=("${COMPREPLY[@]%"${COMP_LINE:$COMP_POINT:1}"}") ;;
            esac ;;
    esac
    return 0
}

complete -F _hfjobs_completion hfjobs
