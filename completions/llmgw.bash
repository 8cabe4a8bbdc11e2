# bash completion for llmgw; printed by `llmgw completions bash`
_llmgw() {
    local cur path word words
    cur="${COMP_WORDS[COMP_CWORD]}"
    path=""
    for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        case "$path $word" in
            ' serve') path=' serve' ;;
            ' ask') path=' ask' ;;
            ' env') path=' env' ;;
            ' keys') path=' keys' ;;
            ' keys set') path=' keys set' ;;
            ' keys list') path=' keys list' ;;
            ' keys test') path=' keys test' ;;
            ' keys rotate') path=' keys rotate' ;;
            ' keys remove') path=' keys remove' ;;
            ' usage') path=' usage' ;;
            ' logs') path=' logs' ;;
            ' models') path=' models' ;;
            ' routes') path=' routes' ;;
            ' routes explain') path=' routes explain' ;;
            ' routes list') path=' routes list' ;;
            ' prices') path=' prices' ;;
            ' prices show') path=' prices show' ;;
            ' config') path=' config' ;;
            ' config init') path=' config init' ;;
            ' config check') path=' config check' ;;
            ' config show') path=' config show' ;;
            ' config path') path=' config path' ;;
            ' doctor') path=' doctor' ;;
            ' demo') path=' demo' ;;
            ' completions') path=' completions' ;;
        esac
    done
    case "$path" in
        '') words='serve ask env keys usage logs models routes prices config doctor demo completions --help --version ' ;;
        ' serve') words='--help --listen --config ' ;;
        ' ask') words='--help --feature --model --system --file --schema --continue --conversation --no-keep --user --meta --max-tokens --temperature --no-stream --plain --json --verbose --dry-run --list --forget --prune ' ;;
        ' env') words='--help --shell --feature --passthrough ' ;;
        ' keys') words='set list test rotate remove --help ' ;;
        ' keys set') words='--help --timeout --config ' ;;
        ' keys list') words='--help --json --timeout --config ' ;;
        ' keys test') words='--help --json --timeout --config ' ;;
        ' keys rotate') words='--help --no-test --timeout --config ' ;;
        ' keys remove') words='--help --timeout --config ' ;;
        ' usage') words='--help --by --since --until --where --format --json --top --compare --strict ' ;;
        ' logs') words='--help --since --until --where --call --json ' ;;
        ' models') words='--help --provider --config --json ' ;;
        ' routes') words='explain list --help ' ;;
        ' routes explain') words='--help --request --format --feature --user --agent --client-key --metadata --header --config --json ' ;;
        ' routes list') words='--help --config --json ' ;;
        ' prices') words='show --help ' ;;
        ' prices show') words='--help --provider --json ' ;;
        ' config') words='init check show path --help ' ;;
        ' config init') words='--help ' ;;
        ' config check') words='--help ' ;;
        ' config show') words='--help --config --json ' ;;
        ' config path') words='--help ' ;;
        ' doctor') words='--help --online --json --config ' ;;
        ' demo') words='--help ' ;;
        ' completions') words='--help ' ;;
    esac
    COMPREPLY=($(compgen -W "$words" -- "$cur"))
    [ -n "${COMPREPLY[*]}" ] || COMPREPLY=($(compgen -f -- "$cur"))
}
complete -F _llmgw llmgw
