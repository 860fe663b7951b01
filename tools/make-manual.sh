#!/usr/bin/env bash
# Makes the manual page and the shells' completions from what the program says about itself, so that
# they always agree with it. The build calls it; tests compare the result with the program.
# Usage: tools/make-manual.sh PROGRAM TEMPLATE VERSION FOLDER
#   PROGRAM    lorafleet
#   TEMPLATE   the page's hand-written part (docs/lorafleet.1.in)
#   FOLDER     gets lorafleet.1, lorafleet.bash, _lorafleet (zsh) and lorafleet.fish
set -euo pipefail

if [[ $# -ne 4 ]]; then
  sed -n '/^# Usage/,/^#   FOLDER/s/^# \{0,1\}//p' "$0" >&2
  exit 2
fi
program=$1 template=$2 version=$3 folder=$4
mkdir -p "$folder"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# "name<TAB>text" for the indented list of a help text, one line an entry, up to the line that ends it.
listed() { sed -n 's/^  \([a-z][a-z-]*\)  *\(.*\)$/\1\t\2/p'; }

"$program" --help | sed '/^Example/,$d' | listed >"$work/commands"
[[ -s "$work/commands" ]] || { echo "error: $program --help lists no commands" >&2; exit 1; }
"$program" import --help | sed '/^Options/,$d' |
  sed -n 's/^  \([a-z][a-z-]*\) \(.*\)$/\1\t\2/p' >"$work/kinds"

# "import wordnet" is a command with options of its own.
while IFS=$'\t' read -r name _; do
  [[ "$name" == import ]] || echo "$name"
done <"$work/commands" >"$work/names"
echo import >>"$work/names"
sed 's/^\([^\t]*\).*/import \1/' "$work/kinds" >>"$work/names"

index=0
while read -r name; do
  # shellcheck disable=SC2086  # two words for "import KIND"
  "$program" $name --help >"$work/help.$index" </dev/null &
  index=$((index + 1))
done <"$work/names"
wait

# One line an item: command, kind (usage, summary, argument, option, note, example), name, value, text.
index=0
while read -r name; do
  [[ -s "$work/help.$index" ]] || { echo "error: $program $name --help says nothing" >&2; exit 1; }
  awk -v command="$name" '
    function flush() {
      if (kind != "") printf "%s\t%s\t%s\t%s\t%s\n", command, kind, name, value, text
      kind = ""
    }
    function begin(new_kind, new_name, new_value, new_text) {
      flush()
      kind = new_kind; name = new_name; value = new_value; text = new_text
    }
    NR == 1 && /^Usage: / { begin("usage", "", "", substr($0, 8)); next }
    /^Options:$/ { flush(); part = "options"; next }
    /^Example:$/ { flush(); part = "example"; next }
    /^$/ { flush(); if (part == "options") part = "notes"; next }
    part == "" && /^[^ ]/ { begin("summary", "", "", $0); next }
    part == "" && /^  [^ ]/ {
      line = substr($0, 3); end = index(line, "  ")
      begin("argument", substr(line, 1, end - 1), "", substr(line, end))
      sub(/^ +/, "", text); next
    }
    part == "options" && /^  -/ {
      line = substr($0, 3); end = index(line, " ")
      option = substr(line, 1, end - 1); rest = substr(line, end + 1); option_value = ""
      if (rest ~ /^[A-Z]/) {
        end = index(rest, " ")
        option_value = substr(rest, 1, end - 1); rest = substr(rest, end + 1)
      }
      sub(/^ +/, "", rest)
      begin("option", option, option_value, rest); next
    }
    part == "options" { sub(/^ +/, ""); text = text (text ~ / $/ ? "" : " ") $0; next }
    part == "notes" { begin("note", "", "", $0); next }
    part == "example" { sub(/^ +/, ""); begin("example", "", "", $0); next }
    END { flush() }
  ' "$work/help.$index" | sed 's/ *$//'
  index=$((index + 1))
done <"$work/names" >"$work/items"

# ---- the manual page
awk -F '\t' '
  function escaped(line) {
    gsub(/\\/, "\\e", line); gsub(/-/, "\\-", line); gsub(/`/, "\\(ga", line)
    gsub(/\047/, "\\(aq", line); gsub(/\^/, "\\(ha", line); gsub(/~/, "\\(ti", line)
    if (line ~ /^\./) line = "\\&" line
    return line
  }
  $2 == "usage" { print ".SS " escaped($1); usage = $5; sub(/^lorafleet /, "", usage)
                  print ".B lorafleet " escaped(usage); next }
  $2 == "summary" { print ".PP"; print escaped($5); next }
  $2 == "argument" { print ".TP"; print ".I " escaped($3); print escaped($5); next }
  $2 == "option" && $4 == "" { print ".TP"; print ".B " escaped($3); print escaped($5); next }
  $2 == "option" { print ".TP"; print ".BI \"" escaped($3) " \" \"" escaped($4) "\""
                   print escaped($5); next }
  $2 == "note" { print ".PP"; print escaped($5); next }
  $2 == "example" { print ".PP"; print "Example:"; print ".PP"; print ".EX"; print escaped($5); print ".EE"; next }
' "$work/items" >"$work/commands.1"
awk -v version="$version" -v commands="$work/commands.1" '
  /^@COMMANDS@$/ { while ((getline line < commands) > 0) print line; next }
  { gsub(/@VERSION@/, version); print }
' "$template" >"$folder/lorafleet.1"

names=$(cut -f 1 "$work/commands" | tr '\n' ' ')
kinds=$(cut -f 1 "$work/kinds" | tr '\n' ' ')
# Options of a command, of its KINDs too; with a pattern for their values.
options_of() { awk -F '\t' -v c="$1" -v v="$2" \
  '($1 == c || index($1, c " ") == 1) && $2 == "option" && $4 ~ v && !seen[$3]++ { print $3 }' \
  "$work/items" | tr '\n' ' ' | sed 's/ $//'; }
takes_files() { awk -F '\t' -v c="$1" \
  '($1 == c || index($1, c " ") == 1) && $2 == "argument" && $3 !~ /ADDRESS|HOST/ { n++ } END { exit n == 0 }' \
  "$work/items"; }

# ---- bash
{
  cat <<'BASH'
# bash completion for lorafleet; made by tools/make-manual.sh
_lorafleet() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
  local options="" files="" folders="" valued="" arguments=""
  COMPREPLY=()
BASH
  echo "  if [[ \$COMP_CWORD -eq 1 ]]; then"
  echo "    mapfile -t COMPREPLY < <(compgen -W '${names}--help --version' -- \"\$current\")"
  echo "    return"
  echo "  fi"
  echo "  case \${COMP_WORDS[1]} in"
  for name in $names; do
    echo "    $name)"
    echo "      options='$(options_of "$name" '')'"
    echo "      folders='$(options_of "$name" '^DIR$')'"
    echo "      files='$(options_of "$name" '^FILE$')'"
    echo "      valued='$(options_of "$name" '.')'"
    if [[ "$name" == import ]]; then
      echo "      arguments='${kinds% }'"
    elif takes_files "$name"; then
      echo "      arguments=files"
    fi
    echo "      ;;"
  done
  cat <<'BASH'
  esac
  local reply=arguments
  if [[ " $folders " == *" $previous "* ]]; then
    reply=folders
  elif [[ " $files " == *" $previous "* ]]; then
    reply=files
  elif [[ " $valued " == *" $previous "* ]]; then
    return
  elif [[ $current == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
    return
  elif [[ $arguments == files ]]; then
    reply=files
  fi
  case $reply in
    folders) mapfile -t COMPREPLY < <(compgen -d -- "$current") ;;
    files) mapfile -t COMPREPLY < <(compgen -f -- "$current") ;;
    *) mapfile -t COMPREPLY < <(compgen -W "$arguments" -- "$current") ;;
  esac
  [[ $reply == arguments ]] || compopt -o filenames 2>/dev/null
}
complete -F _lorafleet lorafleet
BASH
} >"$folder/lorafleet.bash"

# ---- zsh
quoted() { sed "s/'/'\\\\''/g"; }
{
  echo "#compdef lorafleet"
  echo "# zsh completion for lorafleet; made by tools/make-manual.sh"
  echo "_lorafleet() {"
  echo "  local -a commands"
  echo "  commands=("
  sed 's/:/\\:/g' "$work/commands" | quoted | awk -F '\t' '{ printf "    \047%s:%s\047\n", $1, $2 }'
  echo "  )"
  cat <<'ZSH'
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
ZSH
  for name in $names; do
    echo "    $name)"
    echo "      _arguments \\"
    awk -F '\t' -v c="$name" '
      ($1 == c || index($1, c " ") == 1) && $2 == "option" && !seen[$3]++ {
        text = $5; gsub(/[\\\[\]:]/, "\\\\&", text); gsub(/\047/, "\047\\\047\047", text)
        value = $4; gsub(/:/, "\\:", value)
        action = $4 == "DIR" ? "_files -/" : $4 == "FILE" ? "_files" : ""
        printf "        \047*%s[%s]%s\047 \\\n", $3, text, $4 == "" ? "" : ":" value ":" action
      }' "$work/items"
    if [[ "$name" == import ]]; then
      echo "        '1:kind:(${kinds% })' '*:file:_files'"
    elif takes_files "$name"; then
      echo "        '*:file:_files'"
    else
      echo "        '*: :'"
    fi
    echo "      ;;"
  done
  echo "  esac"
  echo "}"
  echo '_lorafleet "$@"'
} >"$folder/_lorafleet"

# ---- fish
{
  echo "# fish completion for lorafleet; made by tools/make-manual.sh"
  echo "complete -c lorafleet -f"
  awk -F '\t' '{ gsub(/\047/, "\\\047", $2)
                 printf "complete -c lorafleet -n __fish_use_subcommand -a %s -d \047%s\047\n", $1, $2 }' \
    "$work/commands"
  awk -F '\t' '
    $2 == "option" {
      split($1, words, " ")
      if (seen[words[1] " " $3]++) next
      text = $5; gsub(/\\/, "\\\\", text); gsub(/\047/, "\\\047", text)
      kind = $4 == "" ? "" : $4 == "DIR" ? " -x -a \"(__fish_complete_directories)\"" : \
             $4 == "FILE" ? " -r -F" : " -x"
      printf "complete -c lorafleet -n \"__fish_seen_subcommand_from %s\" -l %s%s -d \047%s\047\n", \
             words[1], substr($3, 3), kind, text
    }
  ' "$work/items"
  echo "complete -c lorafleet -n '__fish_seen_subcommand_from import' -a '${kinds% }'"
  for name in $names; do
    if [[ "$name" != import ]] && takes_files "$name"; then
      echo "complete -c lorafleet -n '__fish_seen_subcommand_from $name' -F"
    fi
  done
} >"$folder/lorafleet.fish"
