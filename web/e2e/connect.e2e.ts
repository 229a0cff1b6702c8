// Connecting an agent: what is pasted works as it stands, and the first call is seen.

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  accessible,
  type Browser,
  browser,
  held,
  open,
  type Page,
  portray,
  signIn,
  unharmed,
} from "./browser";
import { BINARY, type World, world } from "./gateway";

let chromium: Browser;
let here: World;

beforeAll(async () => {
  [chromium, here] = await Promise.all([browser(), world(200)]);
});
afterAll(async () => {
  await chromium?.close();
  await here?.stop();
});

async function pasted(page: Page, title = "In a terminal"): Promise<string> {
  return (await page.getByRole("region", { name: title }).textContent()) ?? "";
}

/** The variables that a shell has after what was pasted, without its last command. */
function variables(script: string): Map<string, string> {
  const before = { PATH: process.env.PATH, ANTHROPIC_API_KEY: "mine", OPENAI_API_KEY: "mine" };
  const lines = script.split("\n").filter((line) => /^(unset|export) /.test(line));
  const input = `${lines.join("\n")}\nenv -0`;
  const { stdout, status } = spawnSync("sh", [], { input, env: before, encoding: "utf8" });
  expect(status).toBe(0);
  return new Map(
    stdout
      .split("\0")
      .map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
  );
}

const CLIENTS = [
  ["Qwen Code", "qwen-code", "qwen"],
  ["Codex", "codex", "codex"],
  ["Claude Code", "claude-code", "claude"],
  ["Anthropic Python", "anthropic-python", "anthropic"],
  ["OpenAI Python", "openai-python", "openai"],
] as const;
const SHELLS = ["sh", "fish", "powershell"] as const;
type Shell = (typeof SHELLS)[number];

/** What `tollhouse env` prints for a client, with what stands for a key. */
function told(client: string, shell: Shell, own: string): string {
  const directory = mkdtempSync(join(tmpdir(), "tollhouse-e2e-env-"));
  const env = { PATH: process.env.PATH, HOME: directory, TOLLHOUSE_URL: here.url };
  const file = join(directory, "key");
  writeFileSync(file, "YOUR_VIRTUAL_KEY");
  const args = ["env", client, "--shell", shell, "--key-file", file];
  const made = spawnSync(BINARY, own ? [...args, "--own-login"] : args, { env, encoding: "utf8" });
  rmSync(directory, { recursive: true });
  expect(made.status, made.stderr).toBe(0);
  return made.stdout;
}

const SETS: Record<Shell, RegExp> = {
  sh: /^export (\w+)='(.*)'$/gm,
  fish: /^set -gx (\w+) '(.*)'$/gm,
  powershell: /^\$env:(\w+) = '(.*)'$/gm,
};

/** What a script of a shell takes out, sets, and gives a program that it starts or only tells of. */
function read(shell: Shell, script: string) {
  const all = (pattern: RegExp) => [...script.matchAll(pattern)].map(([, one = ""]) => one);
  const out = {
    sh: all(/^unset (.*)$/gm).flatMap((names) => names.split(" ")),
    fish: [...all(/^set -eg? (\w+)/gm), ...all(/ -u (\w+)/g)],
    powershell: all(/Env:(\w+)/g),
  };
  // Everything that is none of the lines above, without the program and the ends of lines.
  const lines = script.split("\n");
  const at = lines.findIndex((line) => /^(# {3}|env -u |claude|codex|qwen)/.test(line));
  const run =
    at < 0
      ? ""
      : lines
          .slice(at)
          .join(" ")
          .replaceAll(/env( -u \w+)+/g, "");
  const words = [...run.matchAll(/'([^']*)'|([^\s'`\\#]+)/g)].map(([, one, other]) => one ?? other);
  const args = words.filter((word) => !/^(claude|codex|qwen)$/.test(word ?? ""));
  const set = Object.fromEntries(
    [...script.matchAll(SETS[shell])].map(([, name, text]) => [name, text]),
  );
  return { out: out[shell].sort(), set, args };
}

/** What the page tells a shell, but for the model, which `tollhouse env` does not know. */
async function shown(page: Page, shell: Shell) {
  const { args, ...rest } = read(shell, await pasted(page));
  const model = args.findIndex((word) => word === "--model" || word?.startsWith("model="));
  const begin = args[model] === "--model" ? model : model - 1;
  return { ...rest, args: model < 0 ? args : args.toSpliced(begin, 2) };
}

test("a key is made, curl is pasted, and its call is seen", async () => {
  const { page, context, faults } = await open(chromium);
  await signIn(page, here, here.people.root, "connect?client=curl&model=sim-echo");
  await page.getByText("Choose a key to see its first call").waitFor();
  await portray(page, "connect");
  await unharmed(page);
  expect(await pasted(page)).toContain("YOUR_VIRTUAL_KEY");
  await page.getByRole("button", { name: "Create a key" }).click();
  const form = page.getByRole("form", { name: "Create a key" });
  await form.getByLabel("Name").fill("connected");
  await form.getByLabel("May spend the platform's credentials").check();
  await portray(page, "connect-create");
  await form.getByRole("button", { name: "Create key" }).click();
  await page.getByText("Waiting for its first call").waitFor();
  await page.getByText("Calls of sim-echo with this key go to sim.").waitFor();
  const script = await pasted(page);
  expect(script).toMatch(/x-api-key: th-/);
  await portray(page, "connect-waiting");
  const ran = spawnSync("sh", [], { input: script, encoding: "utf8" });
  expect(ran.stdout).toContain('"role":"assistant"');
  await page.getByText("First call received").waitFor();
  await portray(page, "connect-received");
  // The secret was there once.
  const secret = /th-[\w-]+/.exec(script)?.[0] ?? "none";
  expect(page.url()).not.toContain(secret);
  await page.reload();
  await page.getByText("Put the key's secret in place of").waitFor();
  expect(await page.content()).not.toContain(secret);
  await context.close();
  expect(faults).toEqual([]);
});

test("every client is told where to go, and with one credential", async () => {
  const { page, context, faults } = await open(chromium);
  await signIn(page, here, here.people.member, "connect");
  await page
    .getByLabel("Name")
    .or(page.getByLabel("Key", { exact: true }))
    .first()
    .waitFor();
  const claude = variables(await pasted(page));
  expect(claude.get("ANTHROPIC_BASE_URL")).toBe(here.url);
  expect(claude.get("ANTHROPIC_AUTH_TOKEN")).toBe("YOUR_VIRTUAL_KEY");
  expect(claude.has("ANTHROPIC_API_KEY")).toBe(false);
  await page.getByLabel("Codex").check();
  await page.waitForURL(/client=codex/);
  expect(await pasted(page)).toContain(`base_url="${here.url}/v1"`);
  const codex = variables(await pasted(page));
  expect(codex.get("TOLLHOUSE_KEY")).toBe("YOUR_VIRTUAL_KEY");
  expect(codex.has("OPENAI_API_KEY")).toBe(false);
  await page.getByRole("region", { name: "To keep it: ~/.codex/config.toml" }).waitFor();
  await portray(page, "connect-codex");
  await page.getByText("TOLLHOUSE_KEY has to be set in every shell").waitFor();
  for (const [label, name, command] of CLIENTS) {
    await page.getByLabel(label, { exact: true }).check();
    await page.waitForURL((url) => url.searchParams.get("client") === name);
    const choice = page.getByLabel("Who pays");
    for (const own of (await choice.count()) ? ["", "own"] : [""]) {
      if (await choice.count()) await choice.selectOption(own);
      for (const shell of SHELLS) {
        await page.getByLabel("Shell").selectOption(shell);
        const same = read(shell, told(command, shell, own));
        await expect
          .poll(() => shown(page, shell), { message: `${name} ${shell} ${own}` })
          .toEqual(same);
        // Some PowerShells drop these quotes: what Codex then reads is still the same.
        if (name === "codex") {
          for (const arg of same.args.filter((arg) => arg !== "-c")) {
            expect(arg).toMatch(/^[\w.-]+=("[^"\\]+"|true|false)$/);
          }
        }
      }
      await page.getByLabel("Shell").selectOption("sh");
      await expect.poll(() => pasted(page)).toContain("export ");
      // What a shell has then is what it has from the command.
      expect(Object.fromEntries(variables(await pasted(page)))).toEqual(
        Object.fromEntries(variables(told(command, "sh", own))),
      );
    }
  }
  // It would keep no address.
  await page.getByLabel("Qwen Code").check();
  await page.waitForURL(/client=qwen-code/);
  expect(await page.getByRole("region", { name: /^To keep it/ }).count()).toBe(0);
  await page.getByLabel("curl").check();
  await page.getByLabel("Shell").selectOption("powershell");
  await expect.poll(() => pasted(page)).toContain("Invoke-RestMethod -Method Post");
  await portray(page, "connect-powershell");
  await page.getByLabel("Shell").selectOption("sh");
  await page.getByLabel("OpenCode").check();
  await page.getByLabel("Model").selectOption("sim-echo");
  await page.waitForURL(/model=sim-echo/);
  const config = JSON.parse(variables(await pasted(page)).get("OPENCODE_CONFIG_CONTENT") ?? "");
  expect(config.model).toBe("tollhouse/sim-echo");
  expect(config.provider.tollhouse.options.baseURL).toBe(`${here.url}/v1`);
  await page.getByLabel("Anthropic Python").check();
  await page.getByRole("region", { name: "Python" }).waitFor();
  const anthropic = variables(await pasted(page));
  expect(anthropic.get("ANTHROPIC_API_KEY")).toBe("YOUR_VIRTUAL_KEY");
  expect(anthropic.get("ANTHROPIC_BASE_URL")).toBe(here.url);
  await page.getByLabel("OpenAI TypeScript").check();
  expect(await pasted(page, "TypeScript")).toContain("new OpenAI()");
  expect(variables(await pasted(page)).get("OPENAI_BASE_URL")).toBe(`${here.url}/v1`);
  await portray(page, "connect-sdk");
  await context.close();
  expect(faults).toEqual([]);
});

test("a call that fails is told as one", async () => {
  const { page, context } = await open(chromium);
  await signIn(page, here, here.people.owner, "connect?client=curl&model=sim-echo");
  await page.getByRole("button", { name: "Create a key" }).click();
  await page.getByLabel("Name").fill("without credentials");
  expect(await page.getByLabel("May spend the platform's credentials").count()).toBe(0);
  await page.getByRole("button", { name: "Create key" }).click();
  await page.getByText("Waiting for its first call").waitFor();
  // It is said before anything is pasted, with the way to mend it.
  await page.getByText("Nothing to draw on").waitFor();
  const way = page.getByRole("link", { name: "Give it a credential for sim" });
  expect(await way.getAttribute("href")).toContain("/credentials?of=me&set=sim");
  // Of what a client brings of its own, nothing is known before.
  await page.getByLabel("Claude Code").check();
  await page.getByText("Nothing to draw on").waitFor();
  await page.getByLabel("Who pays").selectOption("own");
  await page.getByText("Nothing to draw on").waitFor({ state: "detached" });
  await page.getByLabel("curl").check();
  await page.getByText("Nothing to draw on").waitFor();
  spawnSync("sh", [], { input: await pasted(page), encoding: "utf8" });
  await page.getByText("A call came, and failed").waitFor();
  await page.getByRole("link", { name: "Set a credential" }).waitFor();
  await accessible(page);
  await portray(page, "connect-failed");
  await way.click();
  await page.getByLabel("Secret").waitFor();
  await context.close();
});

test("viewers choose no key, and a page that cannot be had says why", async () => {
  const { page, context } = await open(chromium);
  await page.route("**/api/v1/proxy-info", (route) =>
    route.fulfill({ status: 500, json: { error: { code: "internal", message: "It broke." } } }),
  );
  const go = await held(page, "**/api/v1/proxy-info");
  await signIn(page, here, here.people.viewer, "connect");
  await page.getByRole("status", { name: "Loading" }).waitFor();
  await accessible(page);
  go();
  await page.getByText("It broke.").waitFor();
  await page.unroute("**/api/v1/proxy-info");
  await page.getByRole("button", { name: "Try again" }).click();
  await page.getByText("Choose a key to see its first call").waitFor();
  expect(await page.getByRole("button", { name: "Create a key" }).count()).toBe(0);
  await context.close();
});
