// People, services, organizations, and who may do what about them.

import { afterAll, beforeAll, expect, test } from "vitest";
import { accessible, type Browser, browser, open, portray, signIn, unharmed } from "./browser";
import { HOSTILE, PASSWORD, type World, world } from "./gateway";

let chromium: Browser;
let here: World;

beforeAll(async () => {
  [chromium, here] = await Promise.all([browser(), world(50)]);
  await here.api("POST", "/users", {
    name: HOSTILE.slice(0, 90),
    kind: "service",
    org: "platform",
  });
  await here.api("POST", "/users", { name: HOSTILE.slice(0, 80), email: "hostile@example.com" });
});
afterAll(async () => {
  await chromium?.close();
  await here?.stop();
});

type User = {
  id: string;
  name: string;
  email?: string;
  disabled_at?: string;
  orgs: { name: string; role: string }[];
};

async function named(name: string): Promise<User> {
  const { data } = await here.api<{ data: User[] }>("GET", "/users?limit=1000");
  const found = data.find((user) => user.name === name);
  if (!found) throw new Error(`there is no ${name}`);
  return found;
}

test("somebody is added, gets a first password, and signs in with it", async () => {
  const { page, context, faults } = await open(chromium);
  await signIn(page, here, here.people.root, "people");
  await page.getByRole("row", { name: /Olga.*platform \(owner\)/ }).waitFor();
  await portray(page, "people");
  await unharmed(page);
  await page.getByRole("button", { name: "New person" }).click();
  const form = page.getByRole("dialog", { name: "New person" });
  await form.getByLabel("Name").fill("Ada");
  await form.getByLabel("Address").fill("olga@example.com");
  await form.getByLabel("Organization").selectOption({ label: "platform" });
  await form.getByLabel("Role there").selectOption("admin");
  await portray(page, "people-new");
  await form.getByRole("button", { name: "Add person" }).click();
  // The address is somebody's already: what was typed stays.
  await form.getByRole("alert").filter({ hasText: /\w/ }).waitFor();
  await form.getByLabel("Address").fill("ada@example.com");
  await form.getByRole("button", { name: "Add person" }).click();
  await page.getByRole("heading", { name: "Ada", exact: true }).waitFor();
  expect((await named("Ada")).orgs).toMatchObject([{ name: "platform", role: "admin" }]);
  await page.getByRole("button", { name: "Set a password" }).click();
  await page.getByLabel("New password").fill(PASSWORD);
  await accessible(page);
  await page.getByRole("dialog").getByRole("button", { name: "Set password" }).click();
  await page.getByText("Ada signs in with the new password").waitFor();
  await portray(page, "person");
  const other = await open(chromium);
  await signIn(other.page, here, { name: "Ada", email: "ada@example.com", id: "" });
  await other.context.close();
  await context.close();
  expect(faults).toEqual([]);
});

test("somebody is renamed, put elsewhere, and switched off and on", async () => {
  const { page, context, faults } = await open(chromium);
  const { id } = await here.api<{ id: string }>("POST", "/users", {
    name: "Bea",
    email: "bea@example.com",
  });
  await signIn(page, here, here.people.root, `people/${id}`);
  await page.getByText("In no organization").waitFor();
  await page.getByRole("button", { name: "Edit" }).click();
  await page.getByLabel("Name").fill("Beatrice");
  await portray(page, "person-edit");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("heading", { name: "Beatrice", exact: true }).waitFor();
  await page.getByRole("button", { name: "Add to one" }).click();
  const form = page.getByRole("dialog");
  await form.getByLabel("Organization").selectOption({ label: "research" });
  await form.getByLabel("Role").selectOption("viewer");
  await accessible(page);
  await form.getByRole("button", { name: "Add", exact: true }).click();
  await page.getByLabel("Role of Beatrice in research").selectOption("member");
  await page.getByText("Beatrice is member of research now").waitFor();
  expect((await named("Beatrice")).orgs).toMatchObject([{ name: "research", role: "member" }]);
  await page.getByRole("button", { name: "Remove" }).click();
  await portray(page, "person-remove");
  await page.getByRole("group").getByRole("button", { name: "Remove" }).click();
  await page.getByText("In no organization").waitFor();
  await page.getByRole("button", { name: "Switch off" }).click();
  await page.getByRole("group").getByRole("button", { name: "Switch off" }).click();
  await page.getByRole("button", { name: "Switch on" }).waitFor();
  expect((await named("Beatrice")).disabled_at).toBeTruthy();
  await page.getByRole("button", { name: "Switch on" }).click();
  await page.getByRole("button", { name: "Switch off" }).waitFor();
  expect((await named("Beatrice")).disabled_at).toBeFalsy();
  await context.close();
  expect(faults).toEqual([]);
});

test("a service gets a token, shown once, and loses it", async () => {
  const { page, context, faults } = await open(chromium);
  await signIn(page, here, here.people.owner, "people?show=services");
  await page.getByRole("table").waitFor();
  await unharmed(page);
  await portray(page, "services");
  await page.getByRole("button", { name: "New service" }).click();
  const form = page.getByRole("dialog", { name: "New service" });
  await form.getByLabel("Name").fill("builder");
  await form.getByRole("button", { name: "Add service" }).click();
  await page.getByRole("heading", { name: "builder", exact: true }).waitFor();
  await page.getByRole("button", { name: "New token" }).click();
  await page.getByLabel("Name").fill("ci");
  await page.getByLabel("Scope").selectOption("write");
  await accessible(page);
  await page.getByRole("button", { name: "Make token" }).click();
  const secret = await page.getByRole("region", { name: "Secret of the token" }).textContent();
  await accessible(page);
  const ask = () =>
    fetch(`${here.url}/api/v1/me`, { headers: { authorization: `Bearer ${secret}` } });
  expect((await ask()).status).toBe(200);
  await page.getByRole("button", { name: "Done" }).click();
  await page.getByRole("row", { name: /ci tht_.* write .* active/ }).waitFor();
  expect(await page.content()).not.toContain(secret);
  await portray(page, "service");
  await page.getByRole("button", { name: "Revoke" }).click();
  await page.getByRole("group").getByRole("button", { name: "Revoke" }).click();
  await page.getByRole("row", { name: /ci tht_.* revoked/ }).waitFor();
  expect((await ask()).status).toBe(401);
  await context.close();
  expect(faults).toEqual([]);
});

test("an organization is made, filled, renamed and switched off", async () => {
  const { page, context, faults } = await open(chromium);
  await signIn(page, here, here.people.root, "people?show=orgs");
  await page.getByRole("row", { name: /research/ }).waitFor();
  await portray(page, "organizations");
  await page.getByRole("button", { name: "New organization" }).click();
  const form = page.getByRole("dialog", { name: "New organization" });
  await form.getByLabel("Name").fill("Not A Name");
  await form.getByRole("button", { name: "Add organization" }).click();
  await form.locator("[aria-invalid]").waitFor();
  await form.getByLabel("Name").fill("design");
  await form.getByLabel("Owner").selectOption({ label: "Mika" });
  await portray(page, "organization-new");
  await form.getByRole("button", { name: "Add organization" }).click();
  await page.getByRole("heading", { name: "design", exact: true }).waitFor();
  await page.getByRole("row", { name: /Mika/ }).waitFor();
  await page.getByRole("button", { name: "Add a member" }).click();
  await page.getByLabel("Who").selectOption({ label: "Vera (vera@example.com)" });
  await portray(page, "organization-add");
  await page.getByRole("button", { name: "Add", exact: true }).click();
  await page.getByRole("row", { name: /Vera/ }).waitFor();
  await portray(page, "organization");
  // The last owner stays, and the control plane says why.
  await page.getByLabel("Role of Mika in design").selectOption("member");
  await page.getByText(/owner/).last().waitFor();
  await page.getByRole("button", { name: "Rename" }).click();
  await page.getByRole("textbox", { name: "Name" }).fill("designers");
  await accessible(page);
  await page.getByRole("dialog").getByRole("button", { name: "Rename" }).click();
  await page.getByRole("heading", { name: "designers", exact: true }).waitFor();
  await page.getByRole("button", { name: "Switch off" }).click();
  await page.getByRole("group").getByRole("button", { name: "Switch off" }).click();
  await page.getByRole("button", { name: "Switch on" }).waitFor();
  await context.close();
  expect(faults).toEqual([]);
});

test("what a role may not do is not shown", async () => {
  const { page, context, faults } = await open(chromium);
  await signIn(page, here, here.people.viewer, "people");
  await page.getByRole("row", { name: /Olga/ }).waitFor();
  expect(await page.getByRole("button", { name: /^New/ }).count()).toBe(0);
  await page.getByRole("link", { name: "Olga" }).click();
  await page.getByRole("heading", { name: "Olga", exact: true }).waitFor();
  expect(await page.getByRole("button", { name: /Edit|Set|Switch|Remove|Add/ }).count()).toBe(0);
  expect(await page.getByText("Tokens").count()).toBe(0);
  await page.goto(`${here.url}/dashboard/organizations/${here.orgs[0]?.id}`);
  await page.getByRole("row", { name: /Olga.*owner/ }).waitFor();
  // They may leave, and nothing else.
  expect(await page.getByRole("button", { name: "Leave" }).count()).toBe(1);
  expect(await page.getByRole("button", { name: /Rename|Switch|Remove|Add/ }).count()).toBe(0);
  await portray(page, "organization-viewer");
  await page.goto(`${here.url}/dashboard/people/user_nobody`);
  await page.getByText("Nobody here has this id").waitFor();
  await context.close();
  expect(faults).toEqual([]);
});

test("what is looked for stands in the address, and what fails says why", async () => {
  const { page, context } = await open(chromium);
  await signIn(page, here, here.people.root, "people?q=nobody+at+all");
  await page.getByText("Nobody is called that").waitFor();
  await page.getByLabel("Search").fill("vera");
  await page.waitForURL(/q=vera/);
  await page.getByRole("row", { name: /Vera/ }).waitFor();
  expect(await page.getByRole("row", { name: /Olga/ }).count()).toBe(0);
  await page.route("**/api/v1/users?*", (route) => route.fulfill({ status: 500, body: "{}" }));
  await page.reload();
  await page.getByText("That did not work").waitFor();
  await accessible(page);
  await page.unroute("**/api/v1/users?*");
  await page.getByRole("button", { name: "Try again" }).click();
  await page.getByRole("row", { name: /Vera/ }).waitFor();
  await here.api("POST", "/orgs", { name: "empty" });
  await page.goto(`${here.url}/dashboard/people?show=services&org=research`);
  await page.getByText("There are no services here yet").waitFor();
  await portray(page, "people-empty");
  await context.close();
});

test("of more people than one answer holds, all are there, and few are drawn", async () => {
  const many = Array.from({ length: 1040 }, (_, at) => at);
  while (many.length > 0) {
    const some = many.splice(0, 20);
    await Promise.all(
      some.map((at) => {
        const email = `crowd-${at}@example.com`;
        return here.api("POST", "/users", { name: `Crowd ${at}`, email, kind: "person" });
      }),
    );
  }
  const { page, context, faults } = await open(chromium);
  await signIn(page, here, here.people.root, "people");
  const table = page.getByRole("table", { name: "people" });
  await table.getByRole("row").nth(3).waitFor();
  expect(Number(await table.getAttribute("aria-rowcount"))).toBeGreaterThan(1040);
  expect(await table.getByRole("row").count()).toBeLessThan(100);
  await portray(page, "people-many");
  for (const at of [0, 517, 1039]) {
    await page.getByLabel("Search").fill(`crowd-${at}@`);
    await table.getByText(`Crowd ${at}`, { exact: true }).waitFor();
  }
  await context.close();
  expect(faults).toEqual([]);
});
