Import-Module PSReadLine
Set-PSReadLineKeyHandler -Chord Tab -Function MenuComplete
$scriptblock = {
    param($wordToComplete, $commandAst, $cursorPosition)
    $line = $commandAst.ToString()
    $length = $cursorPosition - $commandAst.Extent.StartOffset
    if ($length -lt $line.Length) { $line = $line.Substring(0, $length) }
    $Env:_HFJOBS_COMPLETE = "complete_powershell"
    $Env:_TYPER_COMPLETE_ARGS = $line
    $Env:_TYPER_COMPLETE_WORD_TO_COMPLETE = $wordToComplete
    $offered = @(hfjobs 2>$null | Where-Object { $_ })
    $Env:_HFJOBS_COMPLETE = $null
    $Env:_TYPER_COMPLETE_ARGS = $null
    $Env:_TYPER_COMPLETE_WORD_TO_COMPLETE = $null
    if ($offered.Count -eq 0) { return "" }
    if ($offered[0] -in "/", "./") { return } # a directory is meant, or a file
    $offered | ForEach-Object {
        $word, $help = $_ -Split ":::"
        [System.Management.Automation.CompletionResult]::new($word, $word, 'ParameterValue', $help)
    }
}
Register-ArgumentCompleter -Native -CommandName hfjobs -ScriptBlock $scriptblock
