// Writes src/api/schema.ts from the document that the gateway's own test keeps.
import { writeFileSync } from "node:fs";
import { schema, target } from "./schema.mjs";

writeFileSync(target, await schema());
