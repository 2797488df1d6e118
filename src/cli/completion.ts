import type { OptionSpec } from './command.js';
import { GLOBAL_OPTIONS } from './globals.js';
import { flagOf } from './names.js';
import type { AnyCommand } from './registry.js';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

interface Word {
  readonly flag: string;
  readonly spec: OptionSpec;
}

function optionsOf(command: AnyCommand): Word[] {
  return Object.entries({ ...command.options, ...GLOBAL_OPTIONS }).map(([key, spec]) => ({
    flag: flagOf(key),
    spec,
  }));
}

/** One line, without the characters that would end a quoted text of the shells. */
function plain(text: string): string {
  return text.replace(/[\n\r]+/g, ' ').replace(/['"`$\\:[\]]/g, '');
}

/** Verbs, and for verbs with sub-verbs those: "runs" → list, show … */
function tree(commands: readonly AnyCommand[]): ReadonlyMap<string, readonly string[]> {
  const verbs = new Map<string, string[]>();
  for (const { name } of commands) {
    const [verb = name, sub] = name.split(' ');
    verbs.set(verb, [...(verbs.get(verb) ?? []), ...(sub === undefined ? [] : [sub])]);
  }
  return verbs;
}

/** A function that prints the candidates after the words "verb" or "verb sub". */
function bashScript(commands: readonly AnyCommand[]): string {
  const verbs = tree(commands);
  const subs = [...verbs].filter(([, list]) => list.length > 0);
  const optionCases = commands.map((command) => {
    const flags = optionsOf(command).map(({ flag }) => flag);
    return `    '${command.name}') words='${flags.join(' ')}' ;;`;
  });
  const choiceCases = commands.flatMap((command) =>
    optionsOf(command)
      .filter(({ spec }) => spec.choices !== undefined)
      .map(
        ({ flag, spec }) => `    '${command.name} ${flag}') choices='${(spec.choices ?? []).join(' ')}' ;;`,
      ),
  );
  return `# bash completion of aimaas. Load it with: eval "$(aimaas completion bash)"
_aimaas() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}"
  local command='' word words='' choices='' i
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="\${COMP_WORDS[i]}"
    case "$word" in -*) continue ;; esac
    if [ -z "$command" ]; then
      command="$word"
      [ "$word" = help ] && command=''
    else
      case "$command" in
${subs.map(([verb, list]) => `        '${verb}') case " ${list.join(' ')} " in *" $word "*) command="$command $word" ;; esac ;;`).join('\n')}
      esac
      break
    fi
  done
  case "$command $previous" in
${choiceCases.join('\n')}
  esac
  if [ -n "$choices" ]; then
    COMPREPLY=($(compgen -W "$choices" -- "$current"))
    return
  fi
  case "$previous" in
    --workspace) COMPREPLY=($(compgen -d -- "$current")); return ;;
  esac
  case "$command" in
    '') words='${[...verbs.keys(), 'help'].join(' ')}' ;;
${subs.map(([verb, list]) => `    '${verb}') words='${list.join(' ')}' ;;`).join('\n')}
${optionCases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  if [ \${#COMPREPLY[@]} -eq 0 ]; then COMPREPLY=($(compgen -f -- "$current")); fi
}
complete -o filenames -F _aimaas aimaas`;
}

function zshScript(commands: readonly AnyCommand[]): string {
  const verbs = tree(commands);
  const summaryOf = (verb: string): string =>
    plain(commands.find(({ name }) => name === verb)?.summary ?? `${verb} commands`);
  const argument = ({ flag, spec }: Word): string => {
    const repeat = spec.repeatable === true ? '*' : '';
    const value =
      spec.type === 'boolean'
        ? ''
        : `:${plain(spec.placeholder ?? 'value')}:${spec.choices === undefined ? '_files' : `(${spec.choices.join(' ')})`}`;
    return `'${repeat}${flag}[${plain(spec.description)}]${value}'`;
  };
  const cases = commands.map((command) => {
    const lines = optionsOf(command).map((word) => `        ${argument(word)} \\`);
    return `    '${command.name}')\n      _arguments \\\n${lines.join('\n')}\n        '*:file:_files' ;;`;
  });
  const subs = [...verbs].filter(([, list]) => list.length > 0);
  return `#compdef aimaas
# zsh completion of aimaas. Load it with: eval "$(aimaas completion zsh)"
_aimaas() {
  local -a verbs subs
  verbs=(
${[...verbs.keys()].map((verb) => `    '${verb}:${summaryOf(verb)}'`).join('\n')}
    'help:show the help of a command'
  )
  if (( CURRENT == 2 )); then _describe command verbs; return; fi
  local command="$words[2]"
  case "$command" in
${subs.map(([verb, list]) => `    '${verb}') subs=(${list.join(' ')}); if (( CURRENT == 3 )); then _describe command subs; return; fi; command="$command $words[3]" ;;`).join('\n')}
  esac
  case "$command" in
${cases.join('\n')}
  esac
}
if [ "$funcstack[1]" = _aimaas ]; then _aimaas "$@"; else compdef _aimaas aimaas; fi`;
}

function fishScript(commands: readonly AnyCommand[]): string {
  const verbs = tree(commands);
  const summaryOf = (verb: string): string =>
    plain(commands.find(({ name }) => name === verb)?.summary ?? `${verb} commands`);
  const lines = [...verbs].flatMap(([verb, list]) => [
    `complete -c aimaas -n __fish_use_subcommand -a '${verb}' -d '${summaryOf(verb)}'`,
    ...list.map((sub) => {
      const unused = `__fish_seen_subcommand_from ${verb}; and not __fish_seen_subcommand_from ${list.join(' ')}`;
      const summary = plain(commands.find(({ name }) => name === `${verb} ${sub}`)?.summary ?? '');
      return `complete -c aimaas -n '${unused}' -a '${sub}' -d '${summary}'`;
    }),
  ]);
  for (const command of commands) {
    const seen = command.name
      .split(' ')
      .map((word) => `__fish_seen_subcommand_from ${word}`)
      .join('; and ');
    for (const [key, spec] of Object.entries(command.options)) {
      const value =
        spec.type === 'boolean'
          ? ''
          : ` -r${spec.choices === undefined ? '' : ` -f -a '${spec.choices.join(' ')}'`}`;
      lines.push(
        `complete -c aimaas -n '${seen}' -l ${flagOf(key).slice(2)}${value} -d '${plain(spec.description)}'`,
      );
    }
  }
  for (const [key, spec] of Object.entries(GLOBAL_OPTIONS)) {
    const short = 'short' in spec ? ` -s ${spec.short}` : '';
    const value = spec.type === 'boolean' ? '' : ' -r';
    lines.push(
      `complete -c aimaas -l ${flagOf(key).slice(2)}${short}${value} -d '${plain(spec.description)}'`,
    );
  }
  return `# fish completion of aimaas. Load it with: aimaas completion fish | source\n${lines.join('\n')}`;
}

/** The script that teaches a shell the commands and options. */
export function completionScript(shell: Shell, commands: readonly AnyCommand[]): string {
  switch (shell) {
    case 'bash':
      return bashScript(commands);
    case 'zsh':
      return zshScript(commands);
    case 'fish':
      return fishScript(commands);
  }
}
