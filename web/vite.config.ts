import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

const dist = fileURLToPath(new URL("dist", import.meta.url));

/** Leaves nothing of the last build behind but `.gitignore`, which keeps the directory in git. */
function clean(): Plugin {
  return {
    name: "clean",
    apply: "build",
    buildStart() {
      for (const name of readdirSync(dist)) {
        if (name !== ".gitignore") rmSync(join(dist, name), { recursive: true });
      }
    },
  };
}

/** Writes `x.gz` beside every file `x`: that is what the binary embeds and sends. */
function compress(): Plugin {
  return {
    name: "compress",
    apply: "build",
    closeBundle() {
      for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile() || entry.name === ".gitignore") continue;
        const path = join(entry.parentPath, entry.name);
        writeFileSync(`${path}.gz`, gzipSync(readFileSync(path), { level: 9 }));
      }
    },
  };
}

export default defineConfig({
  base: "/dashboard/",
  plugins: [react(), clean(), compress()],
  build: {
    outDir: "dist",
    emptyOutDir: false,
    target: "es2022",
    // A policy without `data:` for scripts and styles is worth more than a request saved.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: {
      output: {
        // What pages share comes in one piece: a request each for things of 300 bytes takes longer.
        codeSplitting: {
          groups: [
            { name: "base", test: /node_modules\/(?!uplot)/ },
            { name: "parts", test: /src\/(?:api|format|shell|ui\/(?!Chart))/ },
            { name: "shared", test: /src\/pages/, minShareCount: 2 },
            { name: "chart", test: /node_modules\/uplot|src\/ui\/Chart/ },
          ],
        },
      },
    },
  },
  // `npm run dev` shows a gateway that runs elsewhere: TOLLHOUSE_URL=http://127.0.0.1:8787.
  server: {
    proxy: { "/api": { target: process.env.TOLLHOUSE_URL ?? "http://127.0.0.1:8787" } },
  },
  test: { include: ["tests/**/*.test.ts", "src/**/*.test.ts"] },
});
