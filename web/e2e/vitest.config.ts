import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["e2e/**/*.e2e.ts"],
    // One browser and one gateway at a time: what is measured is measured alone.
    fileParallelism: false,
    // A browser on a busy machine is not always in time: what fails twice in a row fails.
    retry: 1,
    testTimeout: 60_000,
    hookTimeout: 300_000,
  },
});
