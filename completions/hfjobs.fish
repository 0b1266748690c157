function _hfjobs_completion
    set -l line (commandline -cp | string collect)
    set -l offered (_HFJOBS_COMPLETE=complete_fish _TYPER_COMPLETE_ARGS="$line" hfjobs 2>/dev/null)
    if test "$offered" = / # a directory is meant
        __fish_complete_directories (commandline -ct) ''
    else if test "$offered" = ./ # a file is meant, as behind a command of which nothing is known
        complete -C"'' "(commandline -ct)
    else
        string join \n -- $offered
    end
end

complete --command hfjobs --no-files --keep-order --arguments '(_hfjobs_completion)'
