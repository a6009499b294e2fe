#!/bin/sh
# Sets up auto-experiment: the command, and Claude Code and Codex where they are here. No root, no build.
#
#   curl -fsSL https://…/install.sh | bash            from anywhere (with options: … | bash -s -- --dry-run)
#   ./install.sh [options]                            from a clone; needs no network
#
# Options are those of `auto-experiment install`: --host claude,codex  --project [DIR]  --keep-host-defaults
#   --dry-run  --uninstall  --json  --help
# Environment: AUTO_EXPERIMENT_REPO, what to clone; AUTO_EXPERIMENT_HOME, where the clone goes
#   (~/.local/share/auto-experiment).
set -eu

# The one place that names the public repository.
repo=${AUTO_EXPERIMENT_REPO:-https://github.com/auto-experiment/auto-experiment.git}
need="Node.js 20.19 or newer"

say() { printf '%s\n' "$*" >&2; }
fail() {
  say "error: $1"
  say "hint: $2"
  exit 1
}

check_node() {
  how="get it from https://nodejs.org or, without root, with nvm (https://github.com/nvm-sh/nvm); nothing was changed"
  node=$(command -v node) || fail "$need is needed, and there is no node on PATH" "$how"
  version=$("$node" -p 'process.versions.node' 2>/dev/null) || fail "$node does not run" "$how"
  major=${version%%.*}
  rest=${version#*.}
  minor=${rest%%.*}
  if [ "$major" -lt 20 ] || { [ "$major" -eq 20 ] && [ "$minor" -lt 19 ]; }; then
    fail "$need is needed; $node is $version" "$how"
  fi
}

# The folder that this script lies in, when it is the package; a script that comes through a pipe lies nowhere.
own_folder() {
  case $0 in
    */install.sh | install.sh) ;;
    *) return 0 ;;
  esac
  dir=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd) || return 0
  if [ -f "$dir/install.sh" ] && [ -d "$dir/mcp-server" ] && grep -q '"name": "auto-experiment"' "$dir/package.json" 2>/dev/null; then
    printf '%s\n' "$dir"
  fi
}

# Built by npm run build, or the one that comes with the repository.
program_in() {
  for file in "$1/mcp-server/dist/main.cjs" "$1/mcp-server/plugin/server.cjs"; do
    if [ -f "$file" ]; then
      printf '%s\n' "$file"
      return 0
    fi
  done
  fail "there is no program in $1" "run npm ci in it, or take a whole clone"
}

# What lies below .git/ is no part of the files: by this mark we know a clone of ours, and which folders we made for it.
mark=.git/auto-experiment-installed

clone() {
  command -v git >/dev/null || fail "git is needed to fetch the program" "install git, or unpack the program and run ./install.sh in it"
  git clone --quiet --depth 1 -- "$repo" "$1" || fail "$repo could not be cloned" "AUTO_EXPERIMENT_REPO=URL names another place; from a clone, ./install.sh needs no network"
}

# Those of a list that are empty; one a line, innermost first.
remove_folders() {
  printf '%s\n' "$1" | while IFS= read -r folder; do
    if [ -n "$folder" ]; then rmdir -- "$folder" 2>/dev/null || true; fi
  done
}

fetch() {
  home=$1
  if [ -f "$home/$mark" ]; then
    git -C "$home" pull --quiet --ff-only || say "note: $home could not be brought up to date; going on with what is there"
    return 0
  fi
  if [ -e "$home" ]; then
    fail "$home is there and was not made by this script" "AUTO_EXPERIMENT_HOME=DIR names another folder"
  fi
  made=$(dirname -- "$home")
  missing=
  while [ ! -e "$made" ]; do
    missing="$missing$made
"
    made=$(dirname -- "$made")
  done
  mkdir -p -- "$(dirname -- "$home")" || fail "$(dirname -- "$home") cannot be made" "give yourself write access, or name another folder with AUTO_EXPERIMENT_HOME=DIR"
  (clone "$home") || {
    remove_folders "$missing"
    exit 1
  }
  printf '%s' "$missing" >"$home/$mark"
}

# Takes the clone away again, unless somebody works in it.
remove_clone() {
  home=$1
  [ -f "$home/$mark" ] || return 0
  if [ -n "$(git -C "$home" status --porcelain 2>/dev/null || echo unknown)" ]; then
    say "note: $home holds changes, so it stays"
    return 0
  fi
  missing=$(cat "$home/$mark")
  rm -rf -- "$home"
  remove_folders "$missing"
}

main() {
  uninstall=false
  dry=false
  for word in "$@"; do
    case $word in
      --uninstall) uninstall=true ;;
      --dry-run) dry=true ;;
    esac
  done
  check_node
  here=$(own_folder)
  if [ -n "$here" ]; then
    program=$(program_in "$here")
    exec "$node" "$program" install "$@"
  fi
  [ -n "${AUTO_EXPERIMENT_HOME:-}" ] || [ -n "${HOME:-}" ] || fail "HOME is not set" "set it, or AUTO_EXPERIMENT_HOME"
  home=${AUTO_EXPERIMENT_HOME:-$HOME/.local/share/auto-experiment}
  if $uninstall; then
    [ -f "$home/$mark" ] || fail "there is no installation in $home" "a clone of your own is uninstalled by its own ./install.sh --uninstall"
    program=$(program_in "$home")
    "$node" "$program" install "$@"
    $dry || remove_clone "$home"
    return 0
  fi
  if $dry && [ ! -e "$home" ]; then
    temporary=$(mktemp -d)
    trap 'rm -rf -- "$temporary"' EXIT
    clone "$temporary/program"
    say "a dry run: $repo would be cloned to $home, which is $temporary/program below"
    program=$(program_in "$temporary/program")
    "$node" "$program" install "$@"
    return 0
  fi
  if ! $dry; then fetch "$home"; fi
  program=$(program_in "$home")
  "$node" "$program" install "$@"
}

# Read to its end before anything runs: a download that breaks off does nothing.
main "$@"
