using DeviceQueue.Desktop;

namespace DeviceQueue.Cli;

/// <summary>
/// Scripts that let a shell complete what is typed. Each asks the tool itself, by the name that was typed, and gives
/// the line behind that name with the place of the cursor in it.
/// </summary>
internal static class CompletionScript
{
    public static readonly string[] Shells = ["bash", "zsh", "powershell"];

    private const string Bash = """
        # In ~/.bashrc: source <(devicequeue completion bash)
        _devicequeue() {
            local before="${COMP_LINE:0:COMP_POINT}" tool="${COMP_WORDS[0]}" IFS=$'\n'
            local line="${before#*"$tool"}"
            local found="$("$tool" "[suggest:${#line}]" "$line" 2>/dev/null)"
            COMPREPLY=($(compgen -W "$found" -- "${COMP_WORDS[COMP_CWORD]}"))
        }
        complete -o bashdefault -o default -F _devicequeue devicequeue
        """;

    private const string Zsh = """
        # In ~/.zshrc, below compinit: source <(devicequeue completion zsh)
        _devicequeue() {
            local line="${LBUFFER#*${words[1]}}"
            local -a found=("${(@f)$("${words[1]}" "[suggest:${#line}]" "$line" 2>/dev/null)}")
            compadd -a found || _files
        }
        compdef _devicequeue devicequeue
        """;

    private const string PowerShell = """
        # In $PROFILE: devicequeue completion powershell | Out-String | Invoke-Expression
        Register-ArgumentCompleter -Native -CommandName devicequeue -ScriptBlock {
            param($word, $command, $cursor)
            $tool = $command.CommandElements[0].Extent.Text
            $line = $command.ToString().PadRight($cursor).Substring($tool.Length)
            & $tool "[suggest:$($cursor - $tool.Length)]" $line |
                Where-Object { $_ -like "$word*" } |
                ForEach-Object { [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_) }
        }
        """;

    /// <exception cref="UserException">There is none for this shell.</exception>
    public static string Of(string shell) => shell switch
    {
        "bash" => Bash,
        "zsh" => Zsh,
        "powershell" or "pwsh" => PowerShell,
        _ => throw new UserException($"shell '{Plain.Text(shell)}': {string.Join(", ", Shells)} are allowed"),
    };
}
