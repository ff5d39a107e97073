// One classic script and one style sheet: browsers refuse modules and fetch() over file://.
import { defineConfig } from "vite";

export default defineConfig({
  root: import.meta.dirname,
  publicDir: false,
  logLevel: "warn",
  build: {
    outDir: process.env.MIEN_WEB_OUT ?? "../build/web",
    emptyOutDir: true,
    target: "es2022",
    cssCodeSplit: false,
    reportCompressedSize: false,
    lib: {
      entry: "src/main.ts",
      formats: ["iife"],
      name: "mienReport",
      fileName: () => "report.js",
      cssFileName: "report",
    },
  },
});
