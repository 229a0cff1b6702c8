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
      return `'${text.replaceAll("'", "''")}'`;
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

/** Takes variables out; there is always one. */
export function unsetting(shell: Shell, names: readonly string[]): string {
  switch (shell) {
    case "sh":
      return `unset ${names.join(" ")}`;
    case "fish":
      return `set -e ${names.join(" ")}`;
    case "powershell":
      return `Remove-Item ${names.map((name) => `Env:${name}`).join(", ")} -ErrorAction SilentlyContinue`;
  }
}

/** A command with its arguments, one option a line. */
export function command(shell: Shell, program: string, args: readonly string[]): string {
  const lines = [program];
  for (const argument of args) {
    if (argument.startsWith("-")) lines.push(argument);
    else lines[lines.length - 1] += ` ${quoted(shell, argument)}`;
  }
  return lines.join(shell === "powershell" ? " `\n  " : " \\\n  ");
}
