# bash completion for llmgw; printed by `llmgw completions bash`
_llmgw() {
    local cur prev path word words head=''
    cur="${COMP_WORDS[COMP_CWORD]}"
    prev="${COMP_WORDS[COMP_CWORD-1]}"
    # --option=value comes in three words.
    if [ "$cur" = '=' ]; then
        cur=''
    elif [ "$prev" = '=' ]; then
        prev="${COMP_WORDS[COMP_CWORD-2]}"
    fi
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
            ' help') path=' help' ;;
        esac
    done
    case "$path $prev" in
        ' ask -m'|' ask --model') words="$(llmgw internal-words models 2>/dev/null)" ;;
        ' env --shell') words="sh bash zsh fish powershell" ;;
        ' usage --by') words="feature model provider user key agent session status error prompt hour day week month meta:"; case "$cur" in *,*) head="${cur%,*}," ;; esac ;;
        ' usage --where') words="feature= model= provider= user= key= agent= session= status= error= prompt= hour= day= week= month= meta:" ;;
        ' usage --format') words="table json csv markdown" ;;
        ' logs --where') words="feature= model= provider= user= key= agent= session= status= error= prompt= hour= day= week= month= meta:" ;;
        ' models --provider') words="$(llmgw internal-words providers 2>/dev/null)" ;;
        ' routes explain --format') words="anthropic openai-chat openai-responses gemini" ;;
        ' prices show --provider') words="$(llmgw internal-words providers 2>/dev/null)" ;;
        ' serve --listen'|' serve --config'|' ask --feature'|' ask -s'|' ask --system'|' ask --file'|' ask --schema'|' ask --conversation'|' ask --user'|' ask --meta'|' ask --max-tokens'|' ask --temperature'|' ask --config'|' ask --forget'|' ask --prune'|' env --feature'|' env --listen'|' env --config'|' keys set --timeout'|' keys set --config'|' keys list --timeout'|' keys list --config'|' keys test --timeout'|' keys test --config'|' keys rotate --timeout'|' keys rotate --config'|' keys remove --timeout'|' keys remove --config'|' usage --since'|' usage --until'|' usage --top'|' usage --compare'|' logs -n'|' logs --since'|' logs --until'|' logs --call'|' models --config'|' routes explain --request'|' routes explain --feature'|' routes explain --user'|' routes explain --agent'|' routes explain --client-key'|' routes explain --metadata'|' routes explain --header'|' routes explain --config'|' routes list --config'|' config show --config'|' doctor --config') words='' ;;
        *) case "$path" in
            '') words="serve ask env keys usage logs models routes prices config doctor demo completions help --help --version " ;;
            ' serve') words="--help --listen --config " ;;
            ' ask') words="--help --feature --model --system --file --schema --continue --conversation --no-keep --user --meta --max-tokens --temperature --no-stream --plain --json --verbose --dry-run --config --list --forget --prune " ;;
            ' env') words="claude codex gemini opencode cursor curl --help --shell --feature --listen --config --passthrough " ;;
            ' keys') words="set list test rotate remove --help " ;;
            ' keys set') words="$(llmgw internal-words providers 2>/dev/null) --help --timeout --config " ;;
            ' keys list') words="--help --json --timeout --config " ;;
            ' keys test') words="$(llmgw internal-words providers 2>/dev/null) --help --json --timeout --config " ;;
            ' keys rotate') words="$(llmgw internal-words providers 2>/dev/null) --help --no-test --timeout --config " ;;
            ' keys remove') words="$(llmgw internal-words providers 2>/dev/null) --help --timeout --config " ;;
            ' usage') words="--help --by --since --until --where --format --json --top --compare --strict " ;;
            ' logs') words="--help --since --until --where --call --json " ;;
            ' models') words="--help --provider --config --online --json " ;;
            ' routes') words="explain list --help " ;;
            ' routes explain') words="$(llmgw internal-words models 2>/dev/null) --help --request --format --feature --user --agent --client-key --metadata --header --config --json " ;;
            ' routes list') words="--help --config --json " ;;
            ' prices') words="show --help " ;;
            ' prices show') words="$(llmgw internal-words models 2>/dev/null) --help --provider --json " ;;
            ' config') words="init check show path --help " ;;
            ' config init') words="--help " ;;
            ' config check') words="--help " ;;
            ' config show') words="--help --config --json " ;;
            ' config path') words="--help " ;;
            ' doctor') words="--help --online --json --config " ;;
            ' demo') words="--help " ;;
            ' completions') words="bash zsh fish --help " ;;
            ' help') words="$(llmgw internal-words commands 2>/dev/null) --help " ;;
        esac ;;
    esac
    COMPREPLY=($(compgen -P "$head" -W "$words" -- "${cur#"$head"}"))
    [ -n "${COMPREPLY[*]}" ] || COMPREPLY=($(compgen -f -- "$cur"))
    case "${COMPREPLY[0]}" in *=|*:) compopt -o nospace 2>/dev/null ;; esac
}
complete -F _llmgw llmgw
