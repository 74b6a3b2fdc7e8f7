#include "app/manual/completion_script.h"

namespace teal::app {
namespace {

// Bash has the words apart at each = and :, so they are read off the line, and of what is found
// only the end goes back that Readline replaces.
constexpr std::string_view kBash =
    R"shell(# Completion of teal for bash: it asks the program itself.
_teal() {
  local line=${COMP_LINE:0:COMP_POINT} word rest head=''
  local -a words
  IFS=$' \t' read -ra words <<< "$line"
  [[ $line != *[[:space:]] ]] || words+=('')
  word=${words[${#words[@]} - 1]}
  [[ $COMP_WORDBREAKS != *[=:]* ]] || head=${word%"${word##*[=:]}"}
  COMPREPLY=()
  while IFS=$'\t' read -r word rest; do
    if [[ $word == :files ]]; then
      compopt -o filenames 2> /dev/null
      while IFS= read -r word; do COMPREPLY+=("$word"); done \
        < <(compgen -f -- "${COMP_WORDS[COMP_CWORD]#=}")
    else
      COMPREPLY+=("${word#"$head"}")
    fi
  done < <("${words[0]}" complete -- "${words[@]:1}" 2> /dev/null)
}
complete -F _teal teal
)shell";

constexpr std::string_view kZsh = R"shell(#compdef teal
# Completion of teal for zsh: it asks the program itself.
_teal() {
  local line said
  local -a found
  said="$("$words[1]" complete -- "${(@)words[2,CURRENT-1]}" "$PREFIX" 2> /dev/null)"
  for line in ${(f)said}; do
    if [[ $line == :files* ]]; then
      compset -P '*='
      _files
    else
      found+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
    fi
  done
  (( $#found == 0 )) || _describe -t words teal found
}
if [[ $funcstack[1] == _teal ]]; then _teal "$@"; else compdef _teal teal; fi
)shell";

constexpr std::string_view kFish =
    R"shell(# Completion of teal for fish: it asks the program itself.
function __teal_complete
    set -l words (commandline -opc)
    set -l word (commandline -ct)
    for line in ($words[1] complete -- $words[2..-1] "$word" 2> /dev/null)
        if string match -q ':files*' -- $line
            __fish_complete_path (string replace -r '^--[a-z-]+=' '' -- "$word")
        else
            echo $line
        end
    end
end
complete -c teal -f -a '(__teal_complete)'
)shell";

}  // namespace

std::string_view completion_script(std::string_view shell) {
  if (shell == "bash") return kBash;
  if (shell == "zsh") return kZsh;
  if (shell == "fish") return kFish;
  return {};
}

}  // namespace teal::app
