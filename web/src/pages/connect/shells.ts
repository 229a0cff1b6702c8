// How things are said in each shell, as `tollhouse env` says them.

export const SHELLS = [
  ["sh", "sh, bash, zsh"],
  ["fish", "fish"],
  ["powershell", "PowerShell"],
] as const;

export type Shell = (typeof SHELLS)[number][0];

/** A word of a shell, whatever is in it. */
export function quoted(shell: Shell, text: string): string {
  switch (shell) {
    case "sh":
      return `'${text.replaceAll("'", "'\\''")}'`;
    case "fish":
      return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
    case "powershell":
      // It takes these for the same sign: each would end the word.
      return `'${text.replaceAll(/['\u2018-\u201B]/g, "$&$&")}'`;
  }
}

export function setting(shell: Shell, name: string, text: string): string {
  const value = quoted(shell, text);
  switch (shell) {
    case "sh":
      return `export ${name}=${value}`;
    case "fish":
      return `set -gx ${name} ${value}`;
    case "powershell":
      return `$env:${name} = ${value}`;
  }
}

/** Takes variables out of a session; there may be none. */
function unsetting(shell: Shell, names: readonly string[]): string[] {
  if (names.length === 0) return [];
  switch (shell) {
    case "sh":
      return [`unset ${names.join(" ")}`];
    case "fish":
      return names.map(hiding);
    case "powershell":
      return [
        `Remove-Item ${names.map((name) => `Env:${name}`).join(", ")} -ErrorAction SilentlyContinue`,
      ];
  }
}

/**
 * In fish, `set -e` alone would erase what somebody keeps with `set -Ux` for good. That is kept and hidden, by an empty
 * value, since fish hands it to programs as long as nothing that is exported stands before it.
 */
function hiding(name: string): string {
  return `set -eg ${name}; set -qUx ${name}; and set -gx ${name} ''`;
}

export type Script = {
  unset: readonly string[];
  set: readonly (readonly [name: string, text: string])[];
  /** A program and its arguments, where one is started. */
  run?: readonly [program: string, args: readonly string[]];
};

/** Takes variables out, sets others, and starts a program. */
export function script(shell: Shell, { unset, set, run }: Script): string {
  const sets = set.map(([name, text]) => setting(shell, name, text));
  if (!run) return [...unsetting(shell, unset), ...sets].join("\n");
  const [program, args] = run;
  // Without a variable is better than with an empty one, and here it can be had.
  if (shell === "fish" && unset.length > 0) {
    const out = unset.filter((name) => set.every(([one]) => one !== name));
    const without = out.map((name) => `-u ${name}`).join(" ");
    return [...sets, command(shell, `env ${without} \\\n  ${program}`, args)].join("\n");
  }
  return [...unsetting(shell, unset), ...sets, command(shell, program, args)].join("\n");
}

/** A command with its arguments, one option a line. */
export function command(shell: Shell, program: string, args: readonly string[]): string {
  const lines = [program];
  for (const argument of args) {
    // Models may be called anything: only what says nothing to a shell stays as it is.
    if (/^--?[a-z][a-z-]*$/i.test(argument)) lines.push(argument);
    else lines[lines.length - 1] += ` ${quoted(shell, argument)}`;
  }
  return lines.join(shell === "powershell" ? " `\n  " : " \\\n  ");
}
